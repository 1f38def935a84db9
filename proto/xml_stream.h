// XmlStream: bytes of one XMPP stream in, stream header, top-level elements and stream end out.
//
// A pull interface over expat: feed() a chunk, then call next() until it says `need_more`. After
// each element the parser stands still, so the owner may answer, wait, start TLS or hand the
// connection to another thread before it goes on. Refuses what RFC 6120 section 11 forbids (DTD,
// processing instructions, comments, entity references other than the predefined five, encodings
// other than UTF-8, text between stanzas) and what would cost memory: too deep, too long, too many
// attributes, oversized start tags.
//
// Memory: an expat parser is 10 KB, so a stream borrows one from a ParserPool at its first byte
// that is not white space and returns it between two elements: at once while it has said little,
// later with release_if_idle(). The next one is primed with the stream's own header namespaces. A
// parser that has seen 256 KB is replaced between two elements. Thread: the owner's; a stream may
// move to another thread after rehome().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/ns.h"
#include "proto/stream_error.h"
#include "proto/xml.h"

namespace clarion::xml {

/// What one stream may cost; beyond it the error is policy-violation. Bytes count from the '<' that
/// starts a top-level element, however they arrive. An element is also refused once its tree takes
/// more memory than `free_memory` and `memory_per_byte` for each byte of it that has arrived: very
/// many very small elements.
struct Limits {
    std::size_t max_stanza_bytes = 262144;
    std::size_t max_start_tag_bytes = 16384;  // the header: with all that precedes it
    std::uint32_t max_depth = 64;             // a stanza has depth 1
    std::uint32_t max_attributes = 128;       // per element, namespace declarations included
    std::uint32_t free_memory = 65536;
    std::uint32_t memory_per_byte = 8;  // an empty element costs a hundred bytes
};

/// The opening <stream:stream ...> tag. Absent attributes are empty.
struct StreamHeader {
    std::string from, to, id, version, lang;
    std::string content_ns;  // of stanzas: the default namespace, or what XmlStream() was told
    std::vector<std::pair<std::string, std::string>> namespaces;  // prefix -> uri, as declared
    bool declares_dialback = false;  // xmlns:db='jabber:server:dialback' (XEP-0220)
};

/// expat parsers kept for reuse by the streams of one shard, at most `max_kept` idle ones; beyond
/// `max_lent` in use, streams between two stanzas lose theirs (and are primed again, 2 us, when
/// they go on), so that a thousand clients that are active at once do not hold 10 MB. Long-used
/// ones are freed rather than kept (names accumulate inside). Outlives its streams.
class ParserPool {
public:
    explicit ParserPool(std::size_t max_kept = 8, std::size_t max_lent = 128);
    ~ParserPool();
    ParserPool(const ParserPool&) = delete;
    ParserPool& operator=(const ParserPool&) = delete;

    std::size_t kept() const;
    /// How many streams hold one.
    std::size_t lent() const;

private:
    friend class XmlStream;
    friend class Borrower;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

class XmlStream {
public:
    enum class Event : std::uint8_t {
        need_more,  // the chunk is used up: feed() more
        open,       // header() is there
        element,    // take() it
        close,      // </stream:stream>
        error,      // error() says which; nothing more will come
    };

    /// How the bytes are made up.
    enum class Form : std::uint8_t {
        stream,    // one element, whose children are told (RFC 6120)
        messages,  // one document after the other, without a header (RFC 7395): each says its own
                   // namespaces and language; the owner sees to it that they are whole
    };

    /// `content_ns` (a constant): the namespace of stanzas where the header has none for them as
    /// its default, that is no default at all or the streams' own; each child says it then (RFC
    /// 6120, 4.8.2, "prefix-free canonicalization").
    XmlStream(ParserPool& pool, Limits limits, std::string_view content_ns = ns::client,
              Form form = Form::stream);
    ~XmlStream();
    XmlStream(XmlStream&&) noexcept;
    XmlStream& operator=(XmlStream&&) noexcept;

    /// Gives the parser bytes. REQUIRES: the last next() said need_more, or nothing was fed yet, or
    /// restart() was called since; `bytes` stay valid until next() says need_more again or
    /// keep_rest() was called.
    void feed(std::string_view bytes);
    /// What comes next. After `close` everything is ignored; after `error` it is `error` for ever.
    Event next();

    /// Valid from `open` until restart().
    /// REQUIRES: Event::open was told and release_if_idle() has not returned the parser since: an
    /// idle stream keeps only what it needs to go on.
    const StreamHeader& header() const;
    /// The element that next() reported, in 'jabber:client' if it was in the content namespace
    /// (xml_writer.h). A stanza without xml:lang has that of the header, if it said one (RFC 6120,
    /// 4.7.4 and 8.1.5): it means the same wherever it is kept or sent.
    /// REQUIRES: next() just said `element`.
    Document take();
    StreamErrorCondition error() const;
    /// A sentence for the log about error().
    std::string_view error_text() const;

    /// Whether error() is about a top-level element, of which at least the beginning arrived: a
    /// peer that counts stanzas (XEP-0198) has counted it. False for what is wrong between elements
    /// or before the header.
    bool element_refused() const;

    /// Whether no element has begun that is not told yet, as far as it was asked: at the end of a
    /// message it must be so.
    bool is_between_elements() const;

    /// Starts over for a stream restart (after STARTTLS or SASL): the next bytes must be a new
    /// header. Bytes fed but not yet parsed are returned: after SASL they belong to the new stream.
    std::string restart();
    /// The same before a TLS handshake, where what was read ahead could have been put there by
    /// anybody: it is discarded. False if it was more than white space, which some clients write
    /// behind <starttls/>: then the stream must be refused.
    bool restart_for_tls();

    /// Copies what was fed but not parsed into the stream, so that the caller's buffer may go.
    void keep_rest();

    /// Between stanzas with nothing buffered: returns the parser to the pool. True if none is held
    /// now.
    bool release_if_idle();
    /// Prepares for another thread: like keep_rest(), then gives up the pool; from now on `pool`
    /// serves.
    void rehome(ParserPool& pool);

    void set_limits(Limits limits);
    /// What it holds in memory, besides itself and a parser it has borrowed.
    std::size_t memory() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clarion::xml
