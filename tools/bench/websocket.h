// WebsocketCoat: what a client says over WebSocket (RFC 7395) around its XML: the opening
// handshake, and frames. Owner: a Client.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tools/bench/stanza_scanner.h"

namespace clarion::bench {

class WebsocketCoat {
public:
    /// The request that opens it.
    static std::string handshake(const std::string& domain, const std::string& path);
    /// <open/>.
    static std::string open_tag(const std::string& domain);

    WebsocketCoat() { sent_.feed("<s>"); }

    /// One frame for each of these elements, which say no namespace of their own if they are
    /// stanzas.
    std::string wrap(std::string_view elements);

    enum class Heard : std::uint8_t { more, opened, text, end };
    /// What came: `opened`, once: it may be spoken on, and what came behind that is told when it is
    /// asked again; else the text of all frames that are whole is appended to `text`. `end`: the server
    /// closed it, or refused.
    Heard unwrap(std::string_view bytes, std::string& text);

private:
    bool take_head();

    StanzaScanner sent_;
    std::string buffer_;
    bool is_open_ = false;
};

}  // namespace clarion::bench
