// StanzaScanner: finds where top-level elements of a stream begin and end, and nothing else.
//
// A measuring client trusts the server it measures, so tags are counted, not parsed: 1 GB/s and
// more, where a parser would be what is measured. Owner: a Client or Component.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clarion::bench {

class StanzaScanner {
public:
    enum class Piece : std::uint8_t {
        need_more,
        header,   // <stream:stream …>
        element,  // a whole stanza or other top-level element
        end,      // </stream:stream>
    };

    void feed(std::string_view bytes);
    /// `text` is valid until the next feed() or restart().
    Piece next(std::string_view& text);
    /// The next bytes begin a new stream: after STARTTLS and SASL.
    void restart();

private:
    /// Moves over one tag; false if it is not complete. Says what kind of tag it was.
    enum class Tag : std::uint8_t { incomplete, opening, closing, empty, declaration };
    Tag next_tag();
    bool skip_to_tag();

    std::string buffer_;
    std::size_t begin_ = 0;     // of the element being looked at
    std::size_t position_ = 0;  // up to here it has been looked at
    std::size_t depth_ = 0;     // open elements within the stream
    bool in_stream_ = false;
};

/// "message" of "<message to=…". REQUIRES: an element or header as next() reports it.
std::string_view element_name(std::string_view element);
/// A raw (still escaped) attribute of the element's own start tag; empty if it has none.
std::string_view attribute(std::string_view element, std::string_view name);
/// What is between the start tag and the first end tag: the text of an element without children.
std::string_view inner_text(std::string_view element);

}  // namespace clarion::bench
