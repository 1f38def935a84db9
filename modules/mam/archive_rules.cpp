#include "modules/mam/archive_rules.h"

#include "proto/hints.h"
#include "proto/ns.h"
#include "server/core/routing/message_rules.h"

namespace clarion::mam {

namespace {

/// Payloads without a body that a client must find again, and why.
std::string_view memorable(const xml::Element& child) {
    const std::string_view space = child.ns();
    const std::string_view name = child.name();
    if (space == ns::receipts && name == "received") return "receipt";
    if (space == ns::chat_markers && name != "markable") return "marker";
    if (space == ns::retract && name == "retract") return "retraction";
    if (space == ns::reactions && name == "reactions") return "reaction";
    if (space == ns::jingle_message || space == ns::call_invites) return "call";
    return {};
}

std::string_view reason_to_archive(const Stanza& message) {
    if (!message.body().empty()) return "body";
    if (core::has_encrypted_payload(message)) return "encrypted";
    if (core::has_room_invitation(message)) return "invitation";
    if (!message.root().child_text(ns::client, "subject").empty()) return "subject";
    for (const xml::Element& child : message.root().children())
        if (const auto reason = memorable(child); !reason.empty()) return reason;
    return {};
}

}  // namespace

Verdict should_archive(const Stanza& message) {
    if (!message.is_message()) return {false, "no-message"};
    if (message.type() != StanzaType::chat && message.type() != StanzaType::normal)
        return {false, "type"};
    const Hints hints = read_hints(message.root());
    if (hints.forbids_archive()) return {false, "hint"};
    if (core::is_carbon(message)) return {false, "carbon"};
    if (hints.store) return {true, "hint"};
    const std::string_view reason = reason_to_archive(message);
    return reason.empty() ? Verdict{false, "nothing"} : Verdict{true, reason};
}

}  // namespace clarion::mam
