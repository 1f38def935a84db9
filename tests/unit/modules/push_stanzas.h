// Stanzas for Juliet, as the tests of push's rules need them.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>

#include "modules/push/policy.h"
#include "proto/ns.h"

namespace clarion::push {

inline constexpr std::string_view own = "juliet@example.org";

inline std::shared_ptr<Stanza> parse(std::string_view xml) {
    auto stanza = Stanza::from_document(xml::parse_element(xml, ns::client));
    REQUIRE(stanza.ok());
    return std::move(*stanza);
}

inline std::string message(std::string_view type, std::string_view content,
                           std::string_view from = "romeo@example.com/orchard") {
    return "<message from='" + std::string(from) + "' to='juliet@example.org' type='" +
           std::string(type) + "'>" + std::string(content) + "</message>";
}
inline std::string chat(std::string_view content) { return message("chat", content); }
inline std::string carbon(std::string_view side, std::string_view inner,
                          std::string_view from = own) {
    return message("chat",
                   "<" + std::string(side) +
                       " xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>" +
                       std::string(inner) + "</forwarded></" + std::string(side) + ">",
                   from);
}

inline const std::string body = "<body>hi</body>";
inline const std::string no_store = "<no-store xmlns='urn:xmpp:hints'/>";
inline const std::string store = "<store xmlns='urn:xmpp:hints'/>";
inline const std::string replace = "<replace xmlns='urn:xmpp:message-correct:0' id='1'/>";
inline const std::string typing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";

/// XEP-0353: what `action` says of a call.
inline std::string jmi(const std::string& action) {
    return "<" + action + " xmlns='urn:xmpp:jingle-message:0' id='1'/>";
}
inline const std::string propose = jmi("propose");
inline const std::string accept_call = jmi("accept");

inline std::string omemo(const std::string& space) {
    return "<encrypted xmlns='" + space + "'><header sid='1'/></encrypted>";
}
inline std::string inner(const std::string& from, const std::string& to, const std::string& content,
                         const std::string& type = "chat") {
    return "<message xmlns='jabber:client' from='" + from + "' to='" + to + "' type='" + type +
           "'>" + content + "</message>";
}
/// What somebody else, or the account itself, sent.
inline std::string theirs(const std::string& content, const std::string& type = "chat") {
    return inner("romeo@example.com/orchard", "juliet@example.org/a", content, type);
}
inline std::string ours(const std::string& content) {
    return inner("juliet@example.org/a", "romeo@example.com", content);
}
inline std::string forward(const std::string& stanza) {
    return "<forwarded xmlns='urn:xmpp:forward:0'>" + stanza + "</forwarded>";
}
inline std::string presence(const std::string& attributes, const std::string& content = {}) {
    return "<presence " + attributes + ">" + content + "</presence>";
}
inline std::string iq(const std::string& type) {
    return "<iq type='" + type +
           "' id='1' from='romeo@example.com/o' to='juliet@example.org/a'><query "
           "xmlns='jabber:iq:version'/></iq>";
}
inline std::string room(const std::string& content,
                        const std::string& to = "juliet@example.org/a") {
    return "<message from='room@muc.example.com/nurse' to='" + to + "' type='groupchat'>" +
           content + "</message>";
}

inline void in_the_queue(Facts& facts, Trigger trigger) {
    facts.trigger = trigger;
    facts.account_has_session = facts.device_has_session = facts.same_device = true;
    facts.session = "juliet@example.org/a";
}

}  // namespace clarion::push
