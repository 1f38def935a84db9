#include "modules/push/tigase/filters.h"

#include <array>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "modules/push/mentions.h"
#include "modules/push/tigase/names.h"
#include "proto/ns.h"
#include "server/core/accounts/account.h"
#include "server/core/events/push_events.h"

namespace clarion::push::tigase {

namespace {

using core::Flow;

constexpr Logger logger{"push"};
constexpr std::array<std::string_view, filtered_count> names{"no", "unknown-sender", "muted",
                                                             "room-not-allowed", "not-mentioned"};

std::string_view bare(std::string_view jid) { return jid.substr(0, jid.find('/')); }

StanzaError bad_request(std::string text) {
    return {StanzaErrorCondition::bad_request, StanzaErrorType::modify, std::move(text)};
}

/// Whether the address a client wrote is that one, which is prepared.
bool names_jid(std::string_view written, std::string_view jid) {
    if (written == jid) return true;
    const auto parsed = Jid::parse(written);
    return parsed && parsed->bare() == jid;
}

bool has_jid(const xml::Element& element) {
    const auto jid = Jid::parse(element.attr("jid"));
    return jid && !jid->empty();
}

std::optional<StanzaError> check_room(const xml::Element& room) {
    if (!has_jid(room)) return bad_request("a room without a valid address");
    const auto allow = room.attr("allow");
    if (allow != "always" && allow != "mentioned" && allow != "never")
        return bad_request("'allow' is always, mentioned or never");
    if (allow == "mentioned" && room.attr("nick").empty())
        return bad_request("'mentioned' needs 'nick'");
    return std::nullopt;
}

bool mentions(const xml::Element& message, std::string_view account, std::string_view room,
              std::string_view nick) {
    const auto body = message.child_text(message.ns(), "body");
    return body.find(nick) != std::string_view::npos || is_referenced(message, account, room, nick);
}

Filtered filter_room(const xml::Element& rooms, const xml::Element& message,
                     std::string_view account) {
    const auto sender = bare(message.attr("from"));
    for (const xml::Element& room : rooms.children()) {
        if (!room.is(ns_groupchat, "room") || !names_jid(room.attr("jid"), sender)) continue;
        const auto allow = room.attr("allow");
        if (allow == "always") return Filtered::no;
        if (allow != "mentioned") return Filtered::room_not_allowed;
        const auto nick = room.attr("nick");
        const bool mentioned = !nick.empty() && mentions(message, account, sender, nick);
        return mentioned ? Filtered::no : Filtered::not_mentioned;
    }
    return Filtered::room_not_allowed;
}

bool is_muted(const xml::Element& muted, std::string_view sender) {
    for (const xml::Element& item : muted.children())
        if (item.is(ns_muted, "item") && names_jid(item.attr("jid"), sender)) return true;
    return false;
}

/// The stanza that is judged.
const xml::Element& judged(const Stanza& cause, std::string_view account) {
    return cause.is_message() ? *carried(cause, account).message : cause.root();
}

class Filters {
public:
    Filters() {
        for (std::size_t i = 1; i < filtered_count; ++i)
            counters_[i] = &metrics().counter("clarion_push_filtered_total",
                                              "Notifications that a registration did not want",
                                              "reason=\"" + std::string(names[i]) + '"');
    }

    Flow on_registering(events::PushRegistering& event) const {
        event.error = check_filters(event.enable);
        return event.error ? Flow::stop : Flow::next;
    }

    static void on_reading(events::PushRegistrationReading& event) {
        if (event.enable.child(ns_groupchat, "groupchat")) event.wishes.rooms_are_filtered = true;
    }

    Flow on_sending(events::PushSending& event) const {
        if (!event.cause || !event.enable.has_children()) return Flow::next;
        const auto account = event.account.jid().bare();
        const auto sender = bare(judged(*event.cause, account).attr("from"));
        const core::RosterItem* contact = event.account.roster().find(sender);
        const Filtered filtered =
            filter(event.enable, *event.cause, account, contact && contact->listed);
        if (filtered == Filtered::no) return Flow::next;
        event.reason = name(filtered);
        counters_[static_cast<std::size_t>(filtered)]->add();
        logger.debug("filtered", {{"account", account},
                                  {"service", event.registration.service},
                                  {"from", sender},
                                  {"reason", event.reason}});
        return Flow::stop;
    }

private:
    std::array<Counter*, filtered_count> counters_{};
};

}  // namespace

std::string_view name(Filtered filtered) { return names[static_cast<std::size_t>(filtered)]; }

std::optional<StanzaError> check_filters(const xml::Element& enable) {
    if (const xml::Element* muted = enable.child(ns_muted, "muted"))
        for (const xml::Element& item : muted->children())
            if (item.is(ns_muted, "item") && !has_jid(item))
                return bad_request("an item without a valid address");
    if (const xml::Element* rooms = enable.child(ns_groupchat, "groupchat"))
        for (const xml::Element& room : rooms->children())
            if (room.is(ns_groupchat, "room"))
                if (auto error = check_room(room)) return error;
    return std::nullopt;
}

Filtered filter(const xml::Element& enable, const Stanza& cause, std::string_view account,
                bool in_roster) {
    const xml::Element& stanza = judged(cause, account);
    const auto sender = bare(stanza.attr("from"));
    const bool in_room = cause.is_message() && stanza.attr("type") == "groupchat";
    if (!sender.empty() && sender != account) {
        const xml::Element* muted = enable.child(ns_muted, "muted");
        if (muted && is_muted(*muted, sender)) return Filtered::muted;
        if (!in_room && !in_roster && enable.child(ns_ignore_unknown, "ignore-unknown"))
            return Filtered::unknown_sender;
    }
    const xml::Element* rooms = in_room ? enable.child(ns_groupchat, "groupchat") : nullptr;
    return rooms ? filter_room(*rooms, stanza, account) : Filtered::no;
}

void install_filters(core::ModuleSetup& setup) {
    const Filters& self = setup.state<Filters>();
    for (const auto feature : {ns_ignore_unknown, ns_muted, ns_groupchat})
        setup.account_feature(feature);
    setup.on(events::PushRegistering::Stage::check, self, &Filters::on_registering);
    setup.on(events::PushRegistrationReading::Stage::read, &Filters::on_reading);
    setup.on(events::PushSending::Stage::filter, self, &Filters::on_sending);
}

}  // namespace clarion::push::tigase
