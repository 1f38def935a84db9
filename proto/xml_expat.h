// ExpatParser: one expat parser, set up the way XMPP needs it, behind a plain interface.
//
// Used by XmlStream (resumable, in pieces), parse_element (in one go) and the readers of BOSH's
// <body/>; nobody else includes it.
// Names arrive as expat makes them in namespace mode, "uri\x01local" or "local": U+0001 cannot
// occur in XML, so no URI can contain it. Positions are bytes since the last prepare(), which
// begins at a small number. No thread of its own, no globals: may move between threads as a whole.
// Source: RFC 6120, section 11 (restrictions); expat 2.5 (Debian 12) and later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/stream_error.h"

struct XML_ParserStruct;

namespace clarion::xml {

/// Between namespace and local name in the names given to XmlEvents.
inline constexpr char name_separator = '\x01';

/// What the parser reports, in document order. Texts are valid during the call only.
class XmlEvents {
public:
    /// `attributes` alternates names and values and ends with nullptr.
    virtual void on_start(const char* name, const char** attributes) = 0;
    virtual void on_end() = 0;
    virtual void on_text(std::string_view text) = 0;
    /// A namespace declaration, before the on_start() of its element. Empty prefix: the default.
    virtual void on_namespace(std::string_view prefix, std::string_view uri) = 0;
    /// Something that is refused: DTD, comment, processing instruction, foreign encoding.
    virtual void on_forbidden(StreamErrorCondition condition, std::string_view what) = 0;

protected:
    ~XmlEvents() = default;
};

class ExpatParser {
public:
    enum class Status : std::uint8_t { ok, suspended, failed };

    ExpatParser();
    ~ExpatParser();
    ExpatParser(const ExpatParser&) = delete;
    ExpatParser& operator=(const ExpatParser&) = delete;

    /// Forgets everything parsed before and reports to `events` from now on. `salt` protects
    /// expat's hash tables and should be unpredictable; with 0 expat asks the system for one.
    void prepare(XmlEvents& events, std::uint64_t salt);
    /// REQUIRES: not suspended.
    Status parse(std::string_view bytes, bool is_last = false);
    /// Goes on after suspend().
    Status resume();
    /// From within an event: stand still after it / give up. For an empty element on_end() follows
    /// on_start() all the same.
    void suspend();
    void abort();

    /// First byte of the event being reported or, after parse() said ok, of the token still
    /// incomplete.
    std::size_t token_start() const;
    /// One past the last byte of the event being reported (also while suspended after it).
    std::size_t token_end() const;
    /// Where the next byte given to parse() will be.
    std::size_t fed() const { return fed_; }
    /// Bytes given to parse() since the parser was made: says how much it may have accumulated.
    std::size_t lifetime() const { return lifetime_; }
    /// The start tag being reported as it is on the wire, from '<' (for its qualified name).
    std::string_view raw_token() const;
    /// The bytes of the incomplete token, after parse() said ok.
    std::string_view incomplete() const;

    /// After `failed`: what RFC 6120 calls it, and expat's own words. not_well_formed after
    /// abort().
    StreamErrorCondition condition() const;
    std::string_view message() const;

private:
    Status status(int expat_status) const;

    XML_ParserStruct* parser_;
    std::size_t fed_ = 0;
    std::size_t lifetime_ = 0;
    bool used_ = false;
};

}  // namespace clarion::xml
