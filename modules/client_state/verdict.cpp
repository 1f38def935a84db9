#include "modules/client_state/verdict.h"

#include <algorithm>
#include <array>

#include "proto/forward.h"
#include "proto/ns.h"
#include "server/core/routing/message_rules.h"

namespace clarion::client_state {

namespace {

/// PEP nodes that hold one item, whatever its id: the newest is all there is to know.
constexpr std::array<std::string_view, 8> nodes_of_one_item{
    ns::avatar_metadata,
    ns::nick,
    ns::vcard4_pubsub,
    "http://jabber.org/protocol/mood",            // XEP-0107
    "http://jabber.org/protocol/activity",        // XEP-0108
    "http://jabber.org/protocol/geoloc",          // XEP-0080
    "http://jabber.org/protocol/tune",            // XEP-0118
    "eu.siacs.conversations.axolotl.devicelist",  // XEP-0384, 0.3
};

/// What a child of a message makes of it; the greatest counts.
enum class Weight : std::uint8_t { nothing, chat_state, slight, event, unknown, content };

struct Content {
    Weight weight = Weight::nothing;
    std::string_view reason = "empty";
};

Content weigh_text(const xml::Element& child) {
    if (child.name() == "body" && !child.text().empty()) return {Weight::content, "body"};
    // Without a text too: it ends what a room sends to one who joins (XEP-0045, 7.2.15).
    if (child.name() == "subject") return {Weight::content, "subject"};
    return {};
}

Content weigh_slight(const xml::Element& child) {
    if (child.ns() == ns::receipts && child.name() == "received")
        return {Weight::slight, "receipt"};
    if (child.ns() == ns::chat_markers && child.name() != "markable")
        return {Weight::slight, "marker"};
    if (child.ns() == ns::reactions) return {Weight::slight, "reaction"};
    return {};
}

bool only_accompanies(const xml::Element& child) {
    for (const auto space : {ns::hints, ns::stanza_id, ns::delay, ns::nick, ns::occupant_id,
                             ns::address, ns::fallback, ns::receipts, ns::chat_markers})
        if (child.ns() == space) return true;
    return false;
}

bool is_encrypted(const xml::Element& child) {
    for (const auto space :
         {ns::omemo_legacy, ns::omemo_1, ns::omemo_2, ns::openpgp, ns::openpgp_legacy, ns::eme})
        if (child.ns() == space) return true;
    return false;
}

bool is_invitation(const xml::Element& child) {
    return child.ns() == ns::muc_conference || child.child(ns::muc_user, "invite");
}

Content weigh(const xml::Element& child) {
    const std::string_view space = child.ns();
    if (space == ns::client) return weigh_text(child);
    if (space == ns::chat_states) return {Weight::chat_state, "chat-state"};
    if (space == ns::pubsub_event) return {Weight::event, "event"};
    if (const Content slight = weigh_slight(child); slight.weight != Weight::nothing) return slight;
    if (only_accompanies(child)) return {};
    if (space == ns::jingle_message || space == ns::call_invites) return {Weight::content, "call"};
    if (is_encrypted(child)) return {Weight::content, "encrypted"};
    if (is_invitation(child)) return {Weight::content, "invitation"};
    return {Weight::unknown, "payload"};
}

Content weigh_all(const xml::Element& message) {
    Content result;
    for (const xml::Element& child : message.children())
        if (const Content each = weigh(child); each.weight > result.weight) result = each;
    return result;
}

Verdict deliver(std::string_view reason, const Topic& obsolete = {}) {
    return {Action::deliver, reason, obsolete};
}
Verdict hold(std::string_view reason) { return {Action::hold, reason}; }

/// What a node's notification is about; no kind: more than one thing.
Topic event_topic(const xml::Element& event, std::string_view from) {
    const xml::Element* items = event.child(ns::pubsub_event, "items");
    if (!items || items->attr("node").empty()) return {};
    const std::string_view node = items->attr("node");
    if (std::find(nodes_of_one_item.begin(), nodes_of_one_item.end(), node) !=
        nodes_of_one_item.end())
        return {Topic::Kind::event, from, node, {}};
    const xml::Element* item = items->first_child();
    if (!item || item->next_sibling() || item->attr("id").empty()) return {};
    return {Topic::Kind::event, from, node, item->attr("id")};
}

/// The user's other devices say what this one should know at once.
bool is_own_business(const xml::Element& event) {
    const xml::Element* items = event.child(ns::pubsub_event, "items");
    if (!items) return false;
    const std::string_view node = items->attr("node");
    return node == ns::displayed_sync || node == ns::bookmarks || node == ns::bookmarks_legacy;
}

Verdict judge_event(const Stanza& stanza) {
    const xml::Element& event = *stanza.root().child(ns::pubsub_event, "event");
    if (stanza.from().full() == stanza.to().bare() && is_own_business(event))
        return deliver("own-event");
    const Topic topic = event_topic(event, stanza.from().full());
    return topic.kind == Topic::Kind::none ? hold("event") : Verdict{Action::merge, "event", topic};
}

/// A message, or the one in a carbon; `own`: this user's other device sent it.
Verdict judge_message(const xml::Element& message, bool own) {
    const Content content = weigh_all(message);
    const Topic state{own ? Topic::Kind::own_chat_state : Topic::Kind::chat_state,
                      message.attr(own ? "to" : "from"),
                      {},
                      {}};
    switch (content.weight) {
        case Weight::content: return deliver(content.reason, state);
        case Weight::unknown:  // a room's are about the room
            return message.attr("type") == "groupchat" ? hold("room")
                                                       : deliver(content.reason, state);
        case Weight::chat_state: return {Action::merge, content.reason, state};
        case Weight::slight:
            return own && content.reason == "marker" ? deliver("own-marker") : hold(content.reason);
        case Weight::event:
        case Weight::nothing: break;
    }
    return hold(content.reason);
}

Verdict judge_carbon(const Stanza& stanza) {
    const xml::Element* sent = stanza.root().child(ns::carbons, "sent");
    const xml::Element* wrapper = sent ? sent : stanza.root().child(ns::carbons, "received");
    const xml::Element* inner = find_forwarded(*wrapper);
    if (!inner || inner->attr("type") == "error") return deliver("error");
    return judge_message(*inner, sent != nullptr);
}

Verdict judge_headline(const Stanza& stanza) {
    const bool urgent = stanza.root().child(ns::attention, "attention") ||
                        weigh_all(stanza.root()).reason == "call";
    return urgent ? deliver("attention") : hold("headline");
}

Verdict judge_presence(const Stanza& stanza) {
    if (stanza.is_error()) return deliver("error");
    if (stanza.type() != StanzaType::available && stanza.type() != StanzaType::unavailable)
        return deliver("subscription");
    if (core::has_room_status(stanza, "110")) return deliver("own-occupant");
    return {Action::merge, "presence", {Topic::Kind::presence, stanza.from().full(), {}, {}}};
}

}  // namespace

Verdict verdict(const Stanza& stanza) {
    if (stanza.is_iq()) return deliver("iq");
    if (stanza.is_presence()) return judge_presence(stanza);
    if (stanza.is_error()) return deliver("error");
    if (core::is_carbon(stanza)) return judge_carbon(stanza);
    if (!stanza.body().empty() && stanza.type() != StanzaType::headline)
        return judge_message(stanza.root(), false);
    if (stanza.root().child(ns::pubsub_event, "event")) return judge_event(stanza);
    if (stanza.type() == StanzaType::headline) return judge_headline(stanza);
    return judge_message(stanza.root(), false);
}

}  // namespace clarion::client_state
