#include "proto/xml_stream.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "base/memory.h"
#include "proto/ns.h"
#include "proto/xml_parser_pool.h"
#include "proto/xml_stream_opening.h"

namespace clarion::xml {

namespace {

/// expat copies what it is given: small slices keep its buffer, and so every stream's, small.
constexpr std::size_t slice_size = 4096;
/// A stream that has said no more than this gives its parser back whenever it waits: most clients
/// log in and then say nothing for hours.
constexpr std::uint8_t few_elements = 16;

constexpr std::string_view white_space = " \t\r\n";
/// What messages stand in for the parser: nothing holds from one to the next.
constexpr std::string_view around_messages = "<messages>";

bool is_stanza(const Element& element) {
    return element.is(ns::client, "message") || element.is(ns::client, "presence") ||
           element.is(ns::client, "iq");
}

}  // namespace

// --- XmlStream ----------------------------------------------------------------------------------

struct XmlStream::Impl final : XmlEvents, Borrower {
    enum class Phase : std::uint8_t { before_header, open, closed, failed };

    Impl(ParserPool& from, Limits with, std::string_view content, Form form)
        : pool(from.impl_.get()), limits(with), usual_content_ns(content) {
        if (form == Form::stream) return;
        phase = Phase::open;
        opening = around_messages;
        content_ns = content;
    }
    ~Impl() { drop_machine(); }

    ParserPool::Impl* pool;
    Limits limits;
    const std::string_view usual_content_ns;
    std::unique_ptr<Machine> machine;
    std::string_view input;  // fed, not yet given to the parser
    std::string rest;        // what `input` views after keep_rest()
    std::unique_ptr<StreamHeader> header =
        std::make_unique<StreamHeader>();  // until the first release
    std::string content_ns;
    std::unique_ptr<const std::string> language;  // of stanzas that say none; usually nobody's
    std::string opening;  // the opening tag a parser is primed with, by the peer's own root name
    Document ready;
    std::string error_text;

    // Positions are the parser's own (ExpatParser::fed()), priming included.
    std::size_t element_start = 0;
    std::size_t stopped_at = 0;  // while suspended: one past the event that we stopped after
    std::size_t declared = 0;    // namespaces declared by the element about to start
    std::uint8_t elements = 0;   // since the header, up to few_elements
    Phase phase = Phase::before_header;
    StreamErrorCondition error = StreamErrorCondition::undefined_condition;
    bool suspended = false;
    bool priming = false;
    bool open_due = false;
    bool element_due = false;
    bool close_due = false;
    bool element_refused = false;

    // what the parser reports
    void on_start(const char* name, const char** attributes) override;
    void on_end() override;
    void on_text(std::string_view text) override;
    void on_namespace(std::string_view prefix, std::string_view uri) override;
    void on_forbidden(StreamErrorCondition condition, std::string_view what) override;

    void start_stream(const char* name, const char** attributes);
    void start_element(const char* name, const char** attributes);
    bool start_tag_allowed(const char** attributes);
    void stop_here();
    void stamp_language();

    // the owner's side
    Event next();
    std::optional<Event> due();
    void parse_more();
    void parsed(ExpatParser::Status status);
    void check_unfinished();
    bool acquire_machine();
    void drop_machine();
    void recycle_machine();
    void discard_input();
    void keep_rest();
    std::string restart();
    bool is_idle() const;
    bool redeliver() override;

    std::size_t tail() const { return suspended ? machine->parser.fed() - stopped_at : 0; }
    /// Everything fed that no event has covered; the parser's copy of the first part included.
    std::string_view unparsed() const { return {input.data() - tail(), input.size() + tail()}; }
    bool building() const { return machine && machine->builder.depth() > 0; }
    void fail(StreamErrorCondition condition, std::string text, bool in_element = true);
};

void XmlStream::Impl::fail(StreamErrorCondition condition, std::string text, bool in_element) {
    if (phase == Phase::failed) return;
    element_refused = phase == Phase::open && in_element;
    phase = Phase::failed;
    error = condition;
    error_text = std::move(text);
    if (machine) machine->parser.abort();
}

// --- events of the parser -----------------------------------------------------------------------

void XmlStream::Impl::on_start(const char* name, const char** attributes) {
    if (phase == Phase::failed || priming) return;
    if (!start_tag_allowed(attributes)) return;
    if (phase == Phase::before_header) {
        start_stream(name, attributes);
    } else {
        start_element(name, attributes);
    }
}

bool XmlStream::Impl::start_tag_allowed(const char** attributes) {
    const ExpatParser& parser = machine->parser;
    // Before the header everything counts, the XML declaration too.
    const std::size_t begin = phase == Phase::before_header ? 0 : parser.token_start();
    if (parser.token_end() - begin > limits.max_start_tag_bytes) {
        fail(StreamErrorCondition::policy_violation, "a start tag is too long");
        return false;
    }
    std::size_t count = std::exchange(declared, 0);
    for (const char** at = attributes; *at != nullptr; at += 2) ++count;
    if (count > limits.max_attributes) {
        fail(StreamErrorCondition::policy_violation, "an element has too many attributes");
        return false;
    }
    return true;
}

void XmlStream::Impl::start_stream(const char* name, const char** attributes) {
    const QName qname{name};
    if (qname.ns != ns::streams) {
        return fail(StreamErrorCondition::invalid_namespace, "the stream has a wrong namespace");
    }
    if (qname.local != "stream") {
        return fail(StreamErrorCondition::bad_format, "the first element is not a stream");
    }
    for (const char** at = attributes; *at != nullptr; at += 2) {
        read_header_attribute(*header, at[0], at[1]);
    }
    opening = opening_tag(tag_name(machine->parser.raw_token()), *header);
    if (header->content_ns.empty() || header->content_ns == ns::streams)
        header->content_ns = usual_content_ns;
    content_ns = header->content_ns;
    machine->builder.set_content_ns(content_ns);
    if (is_language(header->lang)) language = std::make_unique<const std::string>(header->lang);
    phase = Phase::open;
    open_due = true;
    stop_here();
}

void XmlStream::Impl::start_element(const char* name, const char** attributes) {
    TreeBuilder& builder = machine->builder;
    if (builder.depth() == limits.max_depth) {
        return fail(StreamErrorCondition::policy_violation, "elements are nested too deeply");
    }
    if (builder.depth() == 0) element_start = machine->parser.token_start();
    builder.start(name, attributes);
    const std::size_t arrived = machine->parser.token_end() - element_start;
    if (builder.footprint() > limits.free_memory + limits.memory_per_byte * arrived) {
        fail(StreamErrorCondition::policy_violation, "an element has too many parts");
    }
}

void XmlStream::Impl::on_end() {
    if (phase == Phase::failed) return;
    TreeBuilder& builder = machine->builder;
    if (builder.depth() == 0) {
        phase = Phase::closed;
        close_due = true;
        return stop_here();
    }
    builder.end();
    if (builder.depth() > 0) return;
    if (machine->parser.token_end() - element_start > limits.max_stanza_bytes) {
        return fail(StreamErrorCondition::policy_violation, "a stanza is too large");
    }
    ready = builder.take();
    if (language) stamp_language();
    element_due = true;
    if (elements < few_elements) ++elements;
    stop_here();
}

void XmlStream::Impl::stamp_language() {
    Element& root = ready.root();
    if (!is_stanza(root) || root.find_attr("lang", ns::xml)) return;
    root.set_attr("lang", *language, ns::xml);
}

void XmlStream::Impl::stop_here() {
    stopped_at = machine->parser.token_end();
    machine->parser.suspend();
}

void XmlStream::Impl::on_text(std::string_view text) {
    if (phase == Phase::failed) return;
    if (building()) return machine->builder.text(text);
    if (text.find_first_not_of(white_space) != std::string_view::npos) {
        fail(StreamErrorCondition::bad_format, "text between stanzas", false);
    }
}

void XmlStream::Impl::on_namespace(std::string_view prefix, std::string_view uri) {
    if (phase == Phase::failed || priming) return;
    ++declared;
    if (phase != Phase::before_header) return;
    if (uri == ns::dialback) header->declares_dialback = true;
    if (prefix.empty()) {
        header->content_ns = uri;
    } else if (declared <= limits.max_attributes) {
        header->namespaces.emplace_back(prefix, uri);
    }
}

void XmlStream::Impl::on_forbidden(StreamErrorCondition condition, std::string_view what) {
    fail(condition, "not allowed in a stream: " + std::string(what), building());
}

// --- driving the parser -------------------------------------------------------------------------

XmlStream::Event XmlStream::Impl::next() {
    for (;;) {
        if (const auto event = due()) return *event;
        if (suspended && machine->parser.lifetime() > parser_lifetime) recycle_machine();
        if (suspended) {
            suspended = false;
            parsed(machine->parser.resume());
        } else if (!input.empty()) {
            parse_more();
        } else {
            discard_input();
            if (elements < few_elements) redeliver();
            return Event::need_more;
        }
    }
}

/// What next() has to say before any further byte is looked at.
std::optional<XmlStream::Event> XmlStream::Impl::due() {
    if (phase == Phase::failed) {
        drop_machine();
        discard_input();
        return Event::error;
    }
    if (std::exchange(open_due, false)) return Event::open;
    if (std::exchange(element_due, false)) return Event::element;
    if (std::exchange(close_due, false)) return Event::close;
    if (phase == Phase::closed) {
        drop_machine();
        discard_input();
        return Event::need_more;
    }
    return std::nullopt;
}

void XmlStream::Impl::parse_more() {
    if (!machine) {
        // White space keeps a connection alive and may precede a header; it needs no parser.
        input.remove_prefix(std::min(input.find_first_not_of(white_space), input.size()));
        if (input.empty() || !acquire_machine()) return;
    }
    const std::string_view slice = input.substr(0, slice_size);
    input.remove_prefix(slice.size());
    parsed(machine->parser.parse(slice));
}

void XmlStream::Impl::parsed(ExpatParser::Status status) {
    switch (status) {
        case ExpatParser::Status::ok: check_unfinished(); break;
        case ExpatParser::Status::suspended: suspended = true; break;
        case ExpatParser::Status::failed:
            fail(machine->parser.condition(),
                 "invalid XML: " + std::string(machine->parser.message()));
            break;
    }
}

/// The same limits for what has only begun to arrive, so that it cannot pile up.
void XmlStream::Impl::check_unfinished() {
    const ExpatParser& parser = machine->parser;
    const std::size_t begin = phase == Phase::before_header ? 0 : parser.token_start();
    if (parser.fed() - begin > limits.max_start_tag_bytes) {
        fail(StreamErrorCondition::policy_violation, "a start tag is too long");
    } else if (building() && parser.fed() - element_start > limits.max_stanza_bytes) {
        fail(StreamErrorCondition::policy_violation, "a stanza is too large");
    }
}

/// Borrows a parser; in the middle of a stream it is primed with the stream's opening tag.
bool XmlStream::Impl::acquire_machine() {
    machine = pool->acquire(*this, *this);
    machine->builder.set_content_ns(content_ns);
    if (phase != Phase::open) return true;
    priming = true;
    const auto status = machine->parser.parse(opening);
    priming = false;
    if (status != ExpatParser::Status::ok) {
        fail(StreamErrorCondition::internal_server_error, "the stream header cannot be repeated");
    }
    return phase == Phase::open;
}

void XmlStream::Impl::drop_machine() {
    suspended = false;
    if (machine) pool->release(*this, std::move(machine));
}

/// Between two elements: the bytes the parser has not come to are given to a fresh one.
void XmlStream::Impl::recycle_machine() {
    input = unparsed();
    drop_machine();
}

void XmlStream::Impl::discard_input() {
    input = {};
    std::string().swap(rest);
}

void XmlStream::Impl::keep_rest() {
    const std::size_t in_parser = tail();
    std::string kept(unparsed());
    rest = std::move(kept);
    input = std::string_view(rest).substr(in_parser);
}

std::string XmlStream::Impl::restart() {
    std::string left;
    // A token that has only begun to arrive was swallowed already.
    if (machine && !suspended && !building()) left = machine->parser.incomplete();
    left += unparsed();
    drop_machine();
    discard_input();
    ready = {};
    header = std::make_unique<StreamHeader>();
    content_ns.clear();
    language.reset();
    opening.clear();
    phase = Phase::before_header;
    elements = 0;
    open_due = element_due = close_due = false;
    return left;
}

bool XmlStream::Impl::is_idle() const {
    if (phase != Phase::open || !machine) return phase != Phase::before_header;
    if (building() || open_due || element_due || !input.empty()) return false;
    return suspended ? tail() == 0 : machine->parser.incomplete().empty();
}

bool XmlStream::Impl::redeliver() {
    if (!is_idle()) return false;
    drop_machine();
    header.reset();
    return true;
}

// --- the interface ------------------------------------------------------------------------------

XmlStream::XmlStream(ParserPool& pool, Limits limits, std::string_view content_ns, Form form)
    : impl_(std::make_unique<Impl>(pool, limits, content_ns, form)) {}
XmlStream::~XmlStream() = default;
XmlStream::XmlStream(XmlStream&&) noexcept = default;
XmlStream& XmlStream::operator=(XmlStream&&) noexcept = default;

void XmlStream::feed(std::string_view bytes) {
    assert(impl_->input.empty() && !impl_->suspended);
    impl_->input = bytes;
    if (impl_->machine) impl_->pool->touch(*impl_);
}

XmlStream::Event XmlStream::next() { return impl_->next(); }
const StreamHeader& XmlStream::header() const { return *impl_->header; }
Document XmlStream::take() { return std::move(impl_->ready); }
StreamErrorCondition XmlStream::error() const { return impl_->error; }
std::string_view XmlStream::error_text() const { return impl_->error_text; }
bool XmlStream::element_refused() const { return impl_->element_refused; }
bool XmlStream::is_between_elements() const { return impl_->is_idle(); }
std::string XmlStream::restart() { return impl_->restart(); }

bool XmlStream::restart_for_tls() {
    return restart().find_first_not_of(white_space) == std::string::npos;
}

void XmlStream::keep_rest() { impl_->keep_rest(); }
std::size_t XmlStream::memory() const {
    const Impl& held = *impl_;
    return heap_bytes(sizeof held) + heap_bytes(held.rest) + heap_bytes(held.content_ns) +
           heap_bytes(held.opening) + (held.header ? heap_bytes(sizeof *held.header) : 0) +
           held.ready.footprint();
}

void XmlStream::set_limits(Limits limits) { impl_->limits = limits; }

bool XmlStream::release_if_idle() {
    impl_->redeliver();
    return impl_->machine == nullptr;
}

void XmlStream::rehome(ParserPool& pool) {
    impl_->keep_rest();
    impl_->pool->forget(*impl_);  // the new one hears of it at its first use, on its own thread
    impl_->pool = pool.impl_.get();
}

}  // namespace clarion::xml
