// The stream header we write (RFC 6120, section 4.7): one place for all kinds of streams.
#pragma once

#include <string>
#include <string_view>

namespace clarion {

/// What an opening <stream:stream> tag of ours says. What is empty is left out.
struct StreamHeaderText {
    /// "jabber:client" and the like: the default namespace.
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

void append_stream_header(std::string& out, const StreamHeaderText& header);

}  // namespace clarion
