// BodyReader: what the <body/> of a BOSH request contains, one payload after the other (XEP-0124,
// section 6; XEP-0206, section 2).
//
// A pull interface like XmlStream's, over a text that is there as a whole: however many payloads it
// has, one of them is in memory as a Document. What an element may cost is what it may on a stream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/xml.h"
#include "proto/xml_builder.h"
#include "proto/xml_expat.h"
#include "proto/xml_stream.h"

namespace clarion::bosh {

class BodyReader final : private xml::XmlEvents {
public:
    enum class Event : std::uint8_t {
        element,    // take() it
        end,        // it was well-formed, and all of it was read
        malformed,  // it is no <body/>; nothing more will come
        refused,    // a payload costs too much; nothing more will come
    };

    explicit BodyReader(std::string text);
    ~BodyReader() = default;
    BodyReader(const BodyReader&) = delete;
    BodyReader& operator=(const BodyReader&) = delete;

    Event next(const xml::Limits& limits);
    /// In jabber:client if it was, or was in the namespace of <body/> as many clients write it.
    /// REQUIRES: next() just said `element`.
    xml::Document take() { return builder_.take(); }
    /// A sentence for the log, after `malformed` or `refused`.
    std::string_view error_text() const { return error_; }
    std::size_t memory() const;

private:
    void on_start(const char* name, const char** attributes) override;
    void on_end() override;
    void on_text(std::string_view text) override;
    void on_namespace(std::string_view, std::string_view) override { ++declared_; }
    void on_forbidden(StreamErrorCondition, std::string_view what) override { fail(what, false); }

    void start_payload(const char* name, const char** attributes);
    bool tag_allowed(const char** attributes);
    xml::ExpatParser::Status parse();
    void fail(std::string_view why, bool refused);

    const std::string text_;
    xml::ExpatParser parser_;
    xml::TreeBuilder builder_;
    xml::Limits limits_;
    std::string error_;
    std::size_t fed_ = 0;            // of text_
    std::size_t payload_start_ = 0;  // the parser's position
    std::size_t declared_ = 0;       // namespaces of the element about to start
    bool in_body_ = false;
    bool suspended_ = false;
    bool failed_ = false;
    bool refused_ = false;
};

}  // namespace clarion::bosh
