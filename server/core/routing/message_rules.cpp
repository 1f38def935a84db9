#include "server/core/routing/message_rules.h"

#include "proto/delay.h"
#include "proto/hints.h"
#include "proto/ns.h"

namespace clarion::core {
namespace {

/// Elements of jabber:client that say nothing by themselves: an empty body, a thread.
bool is_empty_text(const xml::Element& child) {
    if (child.ns() != ns::client) return false;
    if (child.name() == "body" || child.name() == "subject") return child.text().empty();
    return child.name() == "thread";
}

bool only_accompanies(const xml::Element& child) {
    return child.ns() == ns::chat_states || child.ns() == ns::hints ||
           child.ns() == ns::stanza_id || child.ns() == ns::nick || is_delay(child) ||
           is_empty_text(child);
}

bool has_content(const Stanza& stanza) {
    for (const xml::Element& child : stanza.root().children())
        if (!only_accompanies(child)) return true;
    return false;
}

/// From the account itself to one of its resources.
bool is_from_own_account(const Stanza& stanza) {
    return stanza.is_message() && !stanza.from().empty() && !stanza.from().is_full() &&
           stanza.from().full() == stanza.to().bare();
}

/// About the moment, or about other messages: missed by nobody (see is_transient()).
bool passes(const xml::Element& child) {
    const std::string_view space = child.ns();
    return only_accompanies(child) || space == ns::receipts || space == ns::chat_markers ||
           space == ns::real_time_text || space == ns::events_legacy;
}

bool says_something(const Stanza& stanza) {
    return !stanza.body().empty() || !stanza.root().child_text(ns::client, "subject").empty() ||
           has_encrypted_payload(stanza) || has_room_invitation(stanza);
}

bool is_encrypted(const xml::Element& child) {
    const std::string_view space = child.ns();
    return (child.name() == "encrypted" &&
            (space == ns::omemo_legacy || space == ns::omemo_1 || space == ns::omemo_2)) ||
           space == ns::openpgp || space == ns::openpgp_legacy || child.is(ns::eme, "encryption");
}

}  // namespace

bool may_be_kept_offline(const Stanza& stanza) {
    if (!stanza.is_message()) return false;
    if (stanza.type() != StanzaType::chat && stanza.type() != StanzaType::normal) return false;
    const Hints hints = read_hints(stanza.root());
    if (hints.no_store || is_carbon(stanza)) return false;
    return hints.store || has_content(stanza);
}

bool is_transient(const Stanza& stanza) {
    const bool of_type = stanza.type() == StanzaType::chat || stanza.type() == StanzaType::normal;
    if (!stanza.is_message() || !of_type || !stanza.root().has_children()) return false;
    if (read_hints(stanza.root()).no_store && !says_something(stanza)) return true;
    for (const xml::Element& child : stanza.root().children())
        if (!passes(child)) return false;
    return true;
}

bool is_carbon(const Stanza& stanza) {
    return is_from_own_account(stanza) && (stanza.root().child(ns::carbons, "received") ||
                                           stanza.root().child(ns::carbons, "sent"));
}

bool is_archive_page(const Stanza& stanza) {
    return is_from_own_account(stanza) && stanza.root().child(ns::mam, "result");
}

bool has_room_status(const Stanza& stanza, std::string_view code) {
    const xml::Element* room = stanza.root().child(ns::muc_user, "x");
    if (!room) return false;
    for (const xml::Element& child : room->children())
        if (child.is(ns::muc_user, "status") && child.attr("code") == code) return true;
    return false;
}

bool has_encrypted_payload(const Stanza& stanza) {
    for (const xml::Element& child : stanza.root().children())
        if (is_encrypted(child)) return true;
    return false;
}

bool has_room_invitation(const Stanza& stanza) {
    if (stanza.root().child(ns::muc_conference, "x")) return true;
    const xml::Element* mediated = stanza.root().child(ns::muc_user, "x");
    return mediated && mediated->child(ns::muc_user, "invite");
}

}  // namespace clarion::core
