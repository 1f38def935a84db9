// Framing: how a stream begins, ends and carries what is between on its transport: over TCP (RFC
// 6120), over WebSocket (RFC 7395) and over BOSH (XEP-0206).
//
// Everything above speaks of headers, features, stanzas and errors; only here it is known whether
// they stand inside one long <stream:stream> element, each alone, or in a <body/>. Each call appends
// one message whole: what WebSocket must send apart from others, and TCP may join. Over BOSH header
// and end are no messages, but said by the <body/> around them (bosh_conversation.h).
// Pure and without state: one object of each kind serves all streams, on any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/stream_error.h"
#include "proto/xml.h"
#include "proto/xml_stream.h"

namespace clarion {

/// What an opening <stream:stream> tag or <open/> of ours says. What is empty is left out.
struct StreamHeaderText {
    /// "jabber:client" and the like: the default namespace. WebSocket knows only that of clients.
    std::string_view content_ns;
    /// A domain of ours; the peer, as its own header named it (a client's bare JID).
    std::string_view from = {}, to = {};
    /// Fresh and unguessable, in answer to a peer's header.
    std::string_view id = {};
    /// Empty where the peer is older than XMPP 1.0, and for components (XEP-0114).
    std::string_view version = "1.0";
    /// The language of what we write ourselves: a response must say one. Not said where we pass
    /// on what others wrote: it would become the language of their stanzas (8.1.5).
    std::string_view lang = {};
    /// Declares xmlns:db, without which older servers know no dialback (XEP-0220, 2).
    bool dialback = false;
};

/// The language of the texts that this server makes.
inline constexpr std::string_view our_language = "en";

class Framing {
public:
    virtual ~Framing() = default;
    Framing() = default;
    Framing(const Framing&) = delete;
    Framing& operator=(const Framing&) = delete;

    /// Our half of the stream begins (RFC 6120, 4.7; RFC 7395, 3.4).
    virtual void append_header(std::string& out, const StreamHeaderText& header) const = 0;
    /// `features`: an element whose children they are (RFC 6120, 4.3.2; RFC 7395, 3.4).
    virtual void append_features(std::string& out, const xml::Element& features) const = 0;
    /// A stanza (inside the server: in jabber:client) for a stream whose content namespace is
    /// `content_ns`.
    virtual void append_stanza(std::string& out, const xml::Element& stanza,
                               std::string_view content_ns) const = 0;
    /// A stream error; the end must follow (RFC 6120, 4.9.1.1).
    virtual void append_error(std::string& out, const StreamError& error) const = 0;
    /// Our half of the stream ends (RFC 6120, 4.4; RFC 7395, 3.6).
    virtual void append_end(std::string& out) const = 0;
};

const Framing& tcp_framing();
const Framing& websocket_framing();
const Framing& bosh_framing();

/// The header that a peer's <open/> stands for (RFC 7395, 3.4); nullopt if it is another element.
/// The content namespace is that of clients.
std::optional<xml::StreamHeader> read_websocket_open(const xml::Element& element);
/// Whether the element is a peer's <close/> (RFC 7395, 3.6).
bool is_websocket_close(const xml::Element& element);

}  // namespace clarion
