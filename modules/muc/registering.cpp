#include "modules/muc/registering.h"

#include <optional>
#include <utility>

#include "base/clock.h"
#include "modules/muc/affairs.h"
#include "modules/muc/announce.h"
#include "modules/muc/haste.h"
#include "modules/muc/invitations.h"
#include "modules/muc/nicknames.h"
#include "proto/data_form.h"
#include "proto/ns.h"
#include "server/core/context.h"

namespace clarion::muc {

using core::IqAnswer;
using core::IqRequest;
using Condition = StanzaErrorCondition;

namespace {

/// As apps for phones know it (docs/rooms.md).
constexpr std::string_view offline_field = "{http://tigase.org/protocol/muc}offline";

/// Nobody becomes a member before the owner has said who may. What a server is to the room all its
/// users are, so it does not register.
std::optional<StanzaError> refuse_registering(const Room& room, const Jid& who) {
    if (!who.has_local()) return StanzaError(Condition::not_allowed, "only users register");
    const Affiliation affiliation = room.affiliation_of(who);
    if (affiliation == Affiliation::outcast) return StanzaError(Condition::not_allowed);
    if (room.record().is_locked && affiliation != Affiliation::owner)
        return StanzaError(Condition::item_not_found, "the room is not ready yet");
    return std::nullopt;
}

Cause by_user() { return {.is_by_user = true}; }

/// Whether its administrators decide who becomes a member, because a member is more there than who
/// just comes: it enters, has voice, or hears and reads what is behind the password.
bool asks_administrators(const Room& room, const Jid& who) {
    const RoomConfig& config = room.config();
    if (config.is_members_only || config.is_moderated) return true;
    return !config.password.empty() && !room.occupants().has(who.bare());
}

/// Who has become a member, and has nothing else, is none any more. What those who run the room have
/// made somebody stays, and what its domain is to it, too.
IqAnswer unregister(Room& room, const IqRequest& request) {
    const Jid who = request.from.to_bare();
    auto own = room.store().affiliation(room.owner(), who.full());
    if (!own) return make_result(*request.stanza);
    own->nick.clear();
    own->hears_offline = false;
    if (auto kept = room.put(*own); !kept) return to_stanza_error(kept.error());
    if (own->affiliation == Affiliation::member)
        if (auto set = set_affiliation(room, who, Affiliation::none, by_user()); !set)
            return to_stanza_error(set.error());
    return make_result(*request.stanza);
}

/// What others know of it is shown anew (7.10).
void tell_of_user(Room& room, const Jid& who) {
    for (const Occupant* each : room.occupants().of(who.bare())) tell_available(room, *each, {});
}

/// Whom nobody has named is listed as a member who registered, also if its domain is more: that may
/// change.
Result<> keep_registration(Room& room, const Jid& who, const std::string& nick,
                           bool hears_offline) {
    const auto own = room.store().affiliation(room.owner(), who.full());
    const bool is_named = own && !own->is_by_user && own->affiliation != Affiliation::none;
    if (!is_named)
        if (auto place = check_registration(room, who, nick); !place) return place;
    const bool is_affiliated = room.affiliation_of(who) != Affiliation::none;
    AffiliationRecord record = own ? *own : AffiliationRecord{who.full()};
    const bool is_news = record.nick != nick;
    if (!own && is_affiliated) record.affiliation = Affiliation::member;
    record.nick = nick;
    record.hears_offline = hears_offline;
    record.is_by_user = !is_named;
    if (auto kept = room.put(record); !kept) return kept;
    if (!is_affiliated) return set_affiliation(room, who, Affiliation::member, by_user());
    if (is_news) tell_of_user(room, who);
    return {};
}

IqAnswer reserve(Room& room, const IqRequest& request, std::string nick, bool hears_offline) {
    const Jid who = request.from.to_bare();
    if (nick.empty()) return StanzaError(Condition::not_acceptable, "a nickname is needed");
    if (auto refused = refuse_nickname(room, nick)) return *refused;
    const auto address = room.occupant_address(nick);
    if (!address) return to_stanza_error(address.error());
    nick = address->resource();
    if (is_taken(room, nick, who)) return StanzaError(Condition::conflict);
    if (room.affiliation_of(who) == Affiliation::none && asks_administrators(room, who)) {
        ask_for_membership(room, who, nick);
        return make_result(*request.stanza);
    }
    if (auto kept = keep_registration(room, who, nick, hears_offline); !kept)
        return to_stanza_error(kept.error());
    hold_to_nickname(room, who);
    return make_result(*request.stanza);
}

}  // namespace

IqAnswer answer_registration(Room& room, const IqRequest& request) {
    if (auto refused = refuse_registering(room, request.from)) return *refused;
    const AffiliationRecord record = room.affiliation_record(request.from);
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::register_);
    if (!record.nick.empty()) {
        query.add("registered");
        query.add_text_child("username", record.nick);
        return result;
    }
    DataForm form = DataForm::make("form", ns::muc_register);
    form.title = "Registration with the room";
    form.instructions = "Which nickname is to be yours in this room?";
    DataFormField& nick = form.add("muc#register_roomnick", std::string_view(), "text-single");
    nick.label = "Nickname";
    nick.required = true;
    if (room.options().offline_delivery == "registered")
        form.add_boolean(offline_field, false).label = "Hear of messages while you are not here";
    form.append_to(query);
    return result;
}

IqAnswer take_registration(Room& room, const IqRequest& request) {
    if (auto refused = refuse_registering(room, request.from)) return *refused;
    const xml::Element& query = request.payload();
    // Who gives the form up leaves things as they are (XEP-0004, 3.2). It need not say which form.
    const auto any_form = DataForm::find_in(query);
    if (any_form && any_form->type == "cancel") return make_result(*request.stanza);
    if (auto refused = refuse_haste(room, request.from, room.context().clock().steady()))
        return *refused;
    if (query.child(ns::register_, "remove")) return unregister(room, request);
    const auto form = DataForm::find_in(query, ns::muc_register);
    if (!form || form->type != "submit") return StanzaError(Condition::bad_request);
    std::string nick(form->value("muc#register_roomnick"));
    const DataFormField* const offline = form->field(offline_field);
    const bool hears_offline = offline && offline->boolean().value_or(false);
    return reserve(room, request, std::move(nick), hears_offline);
}

}  // namespace clarion::muc
