#include "modules/muc/invitations.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "modules/muc/affairs.h"
#include "modules/muc/haste.h"
#include "modules/muc/nicknames.h"
#include "proto/data_form.h"
#include "proto/ns.h"
#include "server/core/context.h"
#include "server/core/routing/router.h"

namespace clarion::muc {

using Condition = StanzaErrorCondition;

namespace {

constexpr std::size_t most_invitations = 20;

void refuse(Room& room, core::Envelope envelope, const StanzaError& error) {
    room.context().router().bounce(std::move(envelope), error);
}

// ---- Invitations -------------------------------------------------------------------------------

std::optional<StanzaError> refuse_inviting(Room& room, const Jid& from, std::size_t count) {
    Occupant* const inviter = room.occupants().by_session(from);
    if (!inviter) return StanzaError(Condition::not_acceptable, "you are not in this room");
    if (inviter->affiliation >= Affiliation::admin) return std::nullopt;
    if (!room.config().allows_invites || inviter->role < Role::participant)
        return StanzaError(Condition::forbidden);
    // Who is invited to a members-only room becomes a member.
    if (room.config().is_members_only) return StanzaError(Condition::forbidden);
    return refuse_haste(room, *inviter, room.context().clock().steady(), count);
}

void send_invitation(Room& room, const Stanza& request, const Invitation& invitation) {
    const Jid& inviter = request.from();
    auto message = Stanza::make(StanzaKind::message, StanzaType::normal, room.jid(), invitation.to,
                                request.id());
    xml::Element& x = message->root().add("x", ns::muc_user);
    xml::Element& invite = x.add("invite");
    const Occupant* const occupant = room.occupants().by_session(inviter);
    const bool shows = room.config().who_is == WhoIs::anyone || !occupant;
    const std::string told(shows ? inviter.bare() : std::string_view(occupant->address.full()));
    invite.set_attr("from", told);
    if (!invitation.reason.empty()) invite.add_text_child("reason", invitation.reason);
    if (invitation.continued) invite.add_copy(*invitation.continued);
    if (!room.config().password.empty()) x.add_text_child("password", room.config().password);
    xml::Element& direct = message->root().add("x", ns::muc_conference);
    direct.set_attr("jid", room.jid().full());
    if (!invitation.reason.empty()) direct.set_attr("reason", invitation.reason);
    if (!room.config().password.empty()) direct.set_attr("password", room.config().password);
    room.outbox().send(std::move(message));
    room.note_invitation({.inviter = std::string(inviter.bare()),
                          .told = told,
                          .invitee = std::string(invitation.to.bare()),
                          .time = room.context().clock().wall()});
}

Result<> invite(Room& room, const Stanza& request, const Invitation& invitation) {
    if (room.config().is_members_only && room.affiliation_of(invitation.to) < Affiliation::member) {
        if (room.affiliation_of(invitation.to) == Affiliation::outcast)
            return fail("forbidden", "who was banned is not invited");
        auto set = set_affiliation(room, invitation.to.to_bare(), Affiliation::member, {});
        if (!set) return set;
    }
    send_invitation(room, request, invitation);
    return {};
}

void take_invitations(Room& room, core::Envelope envelope,
                      const std::vector<Invitation>& invitations) {
    if (invitations.size() > most_invitations)
        return refuse(room, std::move(envelope), {Condition::not_acceptable, "too many at once"});
    if (auto refused = refuse_inviting(room, envelope.stanza->from(), invitations.size()))
        return refuse(room, std::move(envelope), *refused);
    for (const Invitation& each : invitations)
        if (auto done = invite(room, *envelope.stanza, each); !done)
            return refuse(room, std::move(envelope), to_stanza_error(done.error()));
}

/// To whom invited, by whatever nickname now. Whom nobody invited has nothing to decline: it would
/// say something to people in a room that it is not in.
void take_decline(Room& room, core::Envelope envelope, const Decline& decline) {
    const Stanza& message = *envelope.stanza;
    const auto inviter = room.take_invitation(message.from().bare(), decline.to);
    if (!inviter)
        return refuse(room, std::move(envelope),
                      {Condition::forbidden, "nobody here has invited you, or long ago"});
    std::vector<Jid> to;
    for (const Occupant* each : room.occupants().of(*inviter))
        for (const OccupantSession& session : each->sessions) to.push_back(session.jid);
    if (to.empty())
        return refuse(room, std::move(envelope),
                      {Condition::item_not_found, "who invited you is not here any more"});
    auto passed =
        Stanza::make(StanzaKind::message, StanzaType::normal, room.jid(), {}, message.id());
    xml::Element& declined = passed->root().add("x", ns::muc_user).add("decline");
    declined.set_attr("from", message.from().bare());
    if (!decline.reason.empty()) declined.add_text_child("reason", decline.reason);
    room.outbox().send(std::move(passed), std::move(to));
}

// ---- Asking for something ----------------------------------------------------------------------

void tell_moderators(Room& room, const DataForm& form, bool admins_only) {
    auto message = Stanza::make(StanzaKind::message, StanzaType::normal, room.jid(), {});
    form.append_to(message->root());
    room.outbox().send(std::move(message), room.occupants().sessions_of([&](const Occupant& each) {
        return admins_only ? each.affiliation >= Affiliation::admin : each.role == Role::moderator;
    }));
}

void ask_for_voice(Room& room, core::Envelope envelope) {
    Occupant* const asker = room.occupants().by_session(envelope.stanza->from());
    if (!asker) return refuse(room, std::move(envelope), {Condition::not_acceptable});
    if (!room.config().allows_voice_requests)
        return refuse(room, std::move(envelope), {Condition::forbidden});
    if (asker->role >= Role::participant) return;  // it has what it asks for
    if (auto refused = refuse_haste(room, *asker, room.context().clock().steady()))
        return refuse(room, std::move(envelope), *refused);
    DataForm form = DataForm::make("form", ns::muc_request);
    form.title = "Request for voice";
    form.instructions = "Somebody asks to speak in this room.";
    form.add("muc#role", "participant", "list-single").label = "Role";
    form.add("muc#jid", asker->current().jid.full(), "jid-single").label = "Address";
    form.add("muc#roomnick", asker->nick(), "text-single").label = "Nickname";
    form.add_boolean("muc#request_allow", false).label = "Give voice?";
    tell_moderators(room, form, false);
}

/// Who asked, by the address that the form says: a nickname may be somebody else's by now. nullptr:
/// whoever asked is not here any more.
Occupant* asker_in(const Room& room, const DataForm& form) {
    const std::string_view address = form.value("muc#jid");
    if (address.empty()) return room.occupants().by_nick(form.value("muc#roomnick"));
    const auto who = Jid::parse(address);
    if (!who) return nullptr;
    if (Occupant* const there = room.occupants().by_session(*who)) return there;
    const auto all = room.occupants().of(who->bare());
    const auto visitor = std::find_if(
        all.begin(), all.end(), [](const Occupant* each) { return each->role == Role::visitor; });
    if (visitor != all.end()) return *visitor;
    return all.empty() ? nullptr : all.front();
}

/// The form comes back from a moderator.
void decide_voice(Room& room, core::Envelope envelope, const DataForm& form) {
    const Occupant* const moderator = room.occupants().by_session(envelope.stanza->from());
    if (!moderator || moderator->role != Role::moderator)
        return refuse(room, std::move(envelope), {Condition::forbidden});
    const DataFormField* const allow = form.field("muc#request_allow");
    if (!allow || !allow->boolean().value_or(false)) return;
    Occupant* const asker = asker_in(room, form);
    if (!asker)
        return refuse(room, std::move(envelope),
                      {Condition::item_not_found, "who asked for voice is not here any more"});
    if (asker->role != Role::visitor) return;
    set_role(room, *asker, Role::participant, {std::string(moderator->nick()), {}});
}

void decide_membership(Room& room, core::Envelope envelope, const DataForm& form) {
    const Jid& from = envelope.stanza->from();
    if (room.affiliation_of(from) < Affiliation::admin)
        return refuse(room, std::move(envelope), {Condition::forbidden});
    const DataFormField* const allow = form.field("muc#register_allow");
    const auto who = Jid::parse(form.value("muc#jid"));
    if (!who || !allow || !allow->boolean().value_or(false)) return;
    if (room.affiliation_of(*who) != Affiliation::none) return;
    const std::string_view nick = form.value("muc#register_roomnick");
    if (auto place = check_place(room, {{who->to_bare(), Affiliation::member}}); !place)
        return refuse(room, std::move(envelope), to_stanza_error(place.error()));
    AffiliationRecord record = room.affiliation_record(who->to_bare());
    if (!nick.empty() && !refuse_nickname(room, nick) && !is_taken(room, nick, *who))
        record.nick = nick;
    if (auto kept = room.put(record); !kept)
        return refuse(room, std::move(envelope), to_stanza_error(kept.error()));
    if (auto set = set_affiliation(room, who->to_bare(), Affiliation::member, {}); !set)
        return refuse(room, std::move(envelope), to_stanza_error(set.error()));
}

void take_form(Room& room, core::Envelope envelope, const DataForm& form) {
    if (form.type != "submit") return refuse(room, std::move(envelope), {Condition::bad_request});
    if (form.form_type() == ns::muc_register)
        return decide_membership(room, std::move(envelope), form);
    if (form.form_type() != ns::muc_request)
        return refuse(room, std::move(envelope), {Condition::bad_request});
    if (form.field("muc#request_allow")) return decide_voice(room, std::move(envelope), form);
    ask_for_voice(room, std::move(envelope));
}

}  // namespace

void ask_for_membership(Room& room, const Jid& who, std::string_view nick) {
    DataForm form = DataForm::make("form", ns::muc_register);
    form.title = "Request for membership";
    form.instructions = "Somebody asks to become a member of this room.";
    form.add("muc#jid", who.bare(), "jid-single").label = "Address";
    form.add("muc#register_roomnick", nick, "text-single").label = "Nickname";
    form.add_boolean("muc#register_allow", false).label = "Let them in?";
    tell_moderators(room, form, true);
}

void take_request(Room& room, core::Envelope envelope) {
    const auto read = read_invitations(*envelope.stanza);
    if (!read) return refuse(room, std::move(envelope), to_stanza_error(read.error()));
    if (!read->invitations.empty())
        return take_invitations(room, std::move(envelope), read->invitations);
    if (read->decline && room.affiliation_of(envelope.stanza->from()) == Affiliation::outcast)
        return refuse(room, std::move(envelope), {Condition::forbidden});
    if (read->decline) return take_decline(room, std::move(envelope), *read->decline);
    if (const auto form = DataForm::find_in(envelope.stanza->root()))
        return take_form(room, std::move(envelope), *form);
    refuse(room, std::move(envelope),
           {Condition::bad_request, "a message to all is of type groupchat"});
}

}  // namespace clarion::muc
