// parse_element (xml.h): one element out of one text.
#include <cstdint>
#include <limits>
#include <string>

#include "proto/xml.h"
#include "proto/xml_builder.h"
#include "proto/xml_expat.h"
#include "proto/xml_writer.h"

namespace clarion::xml {

namespace {

constexpr std::size_t max_depth = 128;  // twice that of a stream: a stanza may have been wrapped
constexpr std::size_t max_attributes = 128;

/// Listens to a document whose outermost `wrapped` level (0 or 1) is our own.
class SingleElement final : public XmlEvents {
public:
    explicit SingleElement(ExpatParser& parser, std::size_t wrapped)
        : parser_(parser), wrapped_(wrapped) {}

    void on_start(const char* name, const char** attributes) override {
        if (failed_ || level_++ < wrapped_) return;
        // A second element is an error that expat would not see inside our wrapper.
        if (finished_ || builder_.depth() == max_depth || too_many(attributes)) return give_up();
        builder_.start(name, attributes);
    }

    void on_end() override {
        if (failed_) return;  // the end of an empty element is reported even after abort()
        if (--level_ < wrapped_) {
            // Unless we closed our wrapper ourselves, the text did, and cannot be right.
            if (!wrapper_may_end_) give_up();
            return;
        }
        builder_.end();
        finished_ = builder_.depth() == 0;
    }

    void on_text(std::string_view text) override {
        if (builder_.depth() > 0) {
            builder_.text(text);
        } else if (text.find_first_not_of(" \t\r\n") != std::string_view::npos) {
            give_up();
        }
    }

    void on_namespace(std::string_view, std::string_view) override {}
    void on_forbidden(StreamErrorCondition, std::string_view) override { give_up(); }

    void allow_wrapper_end() { wrapper_may_end_ = true; }
    Document take() { return finished_ && !failed_ ? builder_.take() : Document{}; }

private:
    void give_up() {
        failed_ = true;
        parser_.abort();
    }

    static bool too_many(const char** attributes) {
        for (std::size_t i = 0; i <= 2 * max_attributes; i += 2) {
            if (attributes[i] == nullptr) return false;
        }
        return true;
    }

    ExpatParser& parser_;
    TreeBuilder builder_;
    std::size_t wrapped_;
    std::size_t level_ = 0;
    bool finished_ = false;
    bool failed_ = false;
    bool wrapper_may_end_ = false;
};

}  // namespace

Document parse_element(std::string_view text, std::string_view default_ns) {
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return {};
    ExpatParser parser;
    SingleElement element(parser, default_ns.empty() ? 0 : 1);
    parser.prepare(element, 0);
    std::string wrapper;
    if (!default_ns.empty()) {
        wrapper = "<x xmlns='";
        escape(wrapper, default_ns);
        wrapper += "'>";
        if (parser.parse(wrapper) != ExpatParser::Status::ok) return {};
    }
    const bool bare = default_ns.empty();
    if (parser.parse(text, bare) != ExpatParser::Status::ok) return {};
    if (!bare) {
        element.allow_wrapper_end();
        if (parser.parse("</x>", true) != ExpatParser::Status::ok) return {};
    }
    return element.take();
}

}  // namespace clarion::xml
