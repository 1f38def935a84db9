#include "proto/bosh_body.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "proto/ns.h"

namespace clarion::bosh {

namespace {

/// expat copies what it is given.
constexpr std::size_t slice_size = 4096;

}  // namespace

BodyReader::BodyReader(std::string text) : text_(std::move(text)) {
    builder_.set_content_ns(ns::http_bind);
    parser_.prepare(*this, 0);
}

BodyReader::Event BodyReader::next(const xml::Limits& limits) {
    limits_ = limits;
    if (failed_) return refused_ ? Event::refused : Event::malformed;
    const auto status = parse();
    if (failed_) return refused_ ? Event::refused : Event::malformed;
    if (status == xml::ExpatParser::Status::suspended) return Event::element;
    if (status == xml::ExpatParser::Status::ok) return Event::end;
    fail(parser_.message(), false);
    return Event::malformed;
}

/// Until an element is whole, something is wrong, or all was given to the parser.
xml::ExpatParser::Status BodyReader::parse() {
    using Status = xml::ExpatParser::Status;
    Status status = Status::ok;
    if (std::exchange(suspended_, false)) status = parser_.resume();
    while (status == Status::ok && fed_ <= text_.size()) {
        const std::string_view slice = std::string_view(text_).substr(fed_, slice_size);
        const bool is_last = fed_ + slice.size() == text_.size();
        fed_ += slice.size() + (is_last ? 1 : 0);
        status = parser_.parse(slice, is_last);
    }
    suspended_ = status == Status::suspended;
    return status;
}

void BodyReader::fail(std::string_view why, bool refused) {
    if (failed_) return;
    failed_ = true;
    refused_ = refused;
    error_ = why;
    parser_.abort();
}

bool BodyReader::tag_allowed(const char** attributes) {
    std::size_t count = std::exchange(declared_, 0);
    for (const char** at = attributes; *at != nullptr; at += 2) ++count;
    if (count > limits_.max_attributes)
        fail("an element has too many attributes", true);
    else if (parser_.token_end() - parser_.token_start() > limits_.max_start_tag_bytes)
        fail("a start tag is too long", true);
    return !failed_;
}

void BodyReader::on_start(const char* name, const char** attributes) {
    if (failed_) return;
    if (in_body_) return start_payload(name, attributes);
    declared_ = 0;  // read_head() has taken the start tag as it is
    const xml::QName qname{name};
    in_body_ = qname.ns == ns::http_bind && qname.local == "body";
    if (!in_body_) fail("the outermost element is not <body/>", false);
}

void BodyReader::start_payload(const char* name, const char** attributes) {
    if (!tag_allowed(attributes)) return;
    if (builder_.depth() == limits_.max_depth) return fail("elements are nested too deeply", true);
    if (builder_.depth() == 0) payload_start_ = parser_.token_start();
    builder_.start(name, attributes);
    const std::size_t arrived = parser_.token_end() - payload_start_;
    if (builder_.footprint() > limits_.free_memory + limits_.memory_per_byte * arrived)
        fail("an element has too many parts", true);
    else if (arrived > limits_.max_stanza_bytes)
        fail("a stanza is too large", true);
}

void BodyReader::on_end() {
    if (failed_ || builder_.depth() == 0) return;
    builder_.end();
    if (builder_.depth() > 0) return;
    if (parser_.token_end() - payload_start_ > limits_.max_stanza_bytes)
        return fail("a stanza is too large", true);
    parser_.suspend();
}

void BodyReader::on_text(std::string_view text) {
    if (failed_) return;
    if (builder_.depth() > 0) return builder_.text(text);
    if (text.find_first_not_of(" \t\r\n") != std::string_view::npos)
        fail("text between the payloads", false);
}

std::size_t BodyReader::memory() const {
    return heap_bytes(sizeof *this) + heap_bytes(text_) + builder_.footprint();
}

}  // namespace clarion::bosh
