#include "proto/bosh.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "proto/ns.h"
#include "proto/xml_builder.h"
#include "proto/xml_expat.h"
#include "proto/xml_writer.h"

namespace clarion::bosh {

namespace {

constexpr std::size_t max_start_tag = 16384;
constexpr std::string_view white_space = " \t\r\n";

std::optional<std::uint64_t> read_number(std::string_view text) {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    const auto number = parse_int(text);
    return number ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

bool read_small(std::optional<std::uint32_t>& into, std::string_view text) {
    const auto number = read_number(text);
    if (number) into = static_cast<std::uint32_t>(std::min<std::uint64_t>(*number, UINT32_MAX));
    return number.has_value();
}

bool read_version(std::optional<Version>& into, std::string_view text) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return false;
    std::optional<std::uint32_t> major, minor;
    if (!read_small(major, text.substr(0, dot)) || !read_small(minor, text.substr(dot + 1)))
        return false;
    into = Version{*major, *minor};
    return true;
}

bool is_true(std::string_view text) { return text == "true" || text == "1"; }

/// False: the value cannot be right. What we do not know is ignored.
bool read_plain(Head& head, std::string_view name, std::string_view value) {
    if (name == "rid") {
        const auto rid = read_number(value);
        head.rid = rid.value_or(0);
        return head.rid > 0 && head.rid <= max_rid;
    }
    if (name == "wait") return read_small(head.wait, value);
    if (name == "hold") return read_small(head.hold, value);
    if (name == "pause") return read_small(head.pause, value);
    if (name == "ver") return read_version(head.version, value);
    if (name == "ack") return (head.ack = read_number(value)).has_value();
    if (name == "sid") head.sid = value;
    if (name == "to") head.to = value;
    if (name == "from") head.from = value;
    if (name == "content") head.content = value;
    if (name == "key") head.key = value;
    if (name == "newkey") head.new_key = value;
    if (name == "type") head.terminates = value == "terminate";
    return true;
}

bool read_attribute(Head& head, const xml::QName& name, std::string_view value) {
    if (name.ns.empty()) return read_plain(head, name.local, value);
    if (name.ns == ns::xml && name.local == "lang") head.lang = value;
    if (name.ns == ns::xbosh && name.local == "version") head.stream_version = value;
    if (name.ns == ns::xbosh && name.local == "restart") head.restarts = is_true(value);
    return true;
}

/// Stops behind the first start tag.
class HeadReader final : public xml::XmlEvents {
public:
    explicit HeadReader(xml::ExpatParser& parser) : parser_(parser) {}

    void on_start(const char* name, const char** attributes) override {
        if (done_) return;
        done_ = true;
        parser_.suspend();
        const xml::QName qname{name};
        good_ = qname.ns == ns::http_bind && qname.local == "body";
        for (const char** at = attributes; *at != nullptr; at += 2)
            good_ = read_attribute(head_, xml::QName{at[0]}, at[1]) && good_;
        const std::string_view tag = parser_.raw_token();
        closes_itself_ = tag.size() > 1 && tag[tag.size() - 2] == '/';
        size_ = parser_.token_end() - begin_;
    }
    void on_end() override {}
    void on_text(std::string_view) override {}
    void on_namespace(std::string_view, std::string_view) override {}
    void on_forbidden(StreamErrorCondition, std::string_view) override { parser_.abort(); }

    void begin() { begin_ = parser_.fed(); }
    bool is_good() const { return done_ && good_ && head_.rid > 0; }
    Head take(std::string_view body) {
        const std::string_view rest = body.substr(std::min(size_, body.size()));
        const std::size_t next = rest.find_first_not_of(white_space);
        head_.is_empty =
            closes_itself_ || next == std::string_view::npos || rest.substr(next).starts_with("</");
        return std::move(head_);
    }

private:
    xml::ExpatParser& parser_;
    Head head_;
    std::size_t begin_ = 0, size_ = 0;
    bool done_ = false, good_ = false, closes_itself_ = false;
};

}  // namespace

Result<Head> read_head(std::string_view body) {
    xml::ExpatParser parser;
    HeadReader reader(parser);
    parser.prepare(reader, 0);
    reader.begin();
    parser.parse(body.substr(0, max_start_tag));
    if (!reader.is_good())
        return fail(std::string(name(Condition::bad_request)), "the body of the request is none");
    return reader.take(body);
}

std::string_view name(Condition condition) {
    constexpr std::array<std::string_view, 11> names{
        "bad-request",         "host-unknown",    "improper-addressing", "internal-server-error",
        "item-not-found",      "other-request",   "policy-violation",    "remote-connection-failed",
        "remote-stream-error", "system-shutdown", "undefined-condition"};
    return names[static_cast<std::size_t>(condition)];
}

// ---- Answers -----------------------------------------------------------------------------------

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
    out.append(1, ' ').append(name).append("='");
    xml::escape(out, value);
    out += '\'';
}

void append_attribute(std::string& out, std::string_view name, std::uint64_t value) {
    append_attribute(out, name, std::to_string(value));
}

std::string write_body(std::string_view attributes, std::string_view content) {
    std::string out = "<body";
    out.reserve(attributes.size() + content.size() + 128);
    append_attribute(out, "xmlns", ns::http_bind);
    // What it contains says so as well, but clients look for it here (XEP-0206, 2).
    if (content.find("<stream:") != std::string_view::npos)
        append_attribute(out, "xmlns:stream", ns::streams);
    out += attributes;
    if (content.empty()) return out += "/>";
    return out.append(1, '>').append(content).append("</body>");
}

Reply refusal(Condition condition, bool legacy, std::string_view content) {
    if (legacy && condition == Condition::bad_request) return {400, {}};
    if (legacy && condition == Condition::policy_violation) return {403, {}};
    if (legacy && condition == Condition::item_not_found) return {404, {}};
    std::string attributes = " type='terminate'";
    append_attribute(attributes, "condition", name(condition));
    return {200, write_body(attributes, content)};
}

Reply farewell(std::string_view content) { return {200, write_body(" type='terminate'", content)}; }

Reply recoverable_error() { return {200, write_body(" type='error'", {})}; }

std::string_view content_type(std::string_view wanted) {
    constexpr std::string_view usual = "text/xml; charset=utf-8";
    const std::string type = to_lower_ascii(wanted.substr(0, wanted.find(';')));
    if (type == "application/xml") return "application/xml; charset=utf-8";
    if (type == "text/plain") return "text/plain; charset=utf-8";
    return usual;
}

}  // namespace clarion::bosh
