#include "modules/muc/room_messages.h"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "modules/muc/authors.h"
#include "modules/muc/haste.h"
#include "modules/muc/moderation.h"
#include "modules/muc/room_metrics.h"
#include "proto/hints.h"
#include "proto/ns.h"
#include "proto/stanza_id.h"
#include "proto/xml_writer.h"
#include "server/core/actors/archive_id.h"
#include "server/core/context.h"
#include "server/core/events/archive_events.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"

namespace clarion::muc {

using Condition = StanzaErrorCondition;

namespace {

void refuse(Room& room, core::Envelope envelope, const StanzaError& error) {
    note_refusal(error);
    room.context().router().bounce(std::move(envelope), error);
}

std::optional<StanzaError> refuse_subject(const Room& room, const Occupant& sender,
                                          const Stanza& message) {
    const bool may = sender.role == Role::moderator ||
                     (room.config().changes_subject && sender.role == Role::participant);
    if (!may) return StanzaError(Condition::forbidden, "only moderators change the subject");
    const auto most = static_cast<std::size_t>(room.options().max_subject_bytes);
    if (message.root().child_text(ns::client, "subject").size() > most)
        return StanzaError(Condition::not_acceptable, "the subject is too long");
    return std::nullopt;
}

/// All but moderators wait between two messages that people read (XEP-0500).
std::optional<StanzaError> refuse_in_pause(const Room& room, const Occupant& sender,
                                           const Stanza& message, SteadyTime now) {
    if (room.config().slow_mode == 0 || sender.role == Role::moderator) return std::nullopt;
    if (message.body().empty()) return std::nullopt;
    const auto left = room.pauses().left(sender.user, room.pause(), now);
    if (left == std::chrono::seconds::zero()) return std::nullopt;
    return StanzaError(Condition::policy_violation, StanzaErrorType::wait,
                       "one message in " + std::to_string(room.config().slow_mode) +
                           " seconds: the next one in " + std::to_string(left.count()));
}

// ---- As it is said -----------------------------------------------------------------------------

/// As occupants are sent it: from the occupant, with nothing in it that only a room may say.
std::shared_ptr<Stanza> as_said(const Room& room, const Stanza& message, const Occupant& sender) {
    auto said = message.clone();
    strip_room_elements(said->root());
    strip_stanza_id(said->root(), room.jid());
    said->set_from(sender.address);
    said->set_to({});  // each copy has its own, and the archive's none (XEP-0313, 5.1.2)
    said->root().add("occupant-id", ns::occupant_id).set_attr("id", sender.id);
    return said;
}

/// What is kept of it in the archive and in the history: what means something later.
bool is_kept(const Stanza& message) {
    if (read_hints(message.root()).forbids_archive()) return false;
    return !message.body().empty() || sets_subject(message) ||
           message.root().child(ns::retract, "retract") || read_hints(message.root()).store;
}

/// Members who are not in the room, and want to hear of what is said there (muc#offline).
void tell_absent(Room& room, const StanzaPtr& said) {
    if (said->body().empty() || room.offline_hearers().empty()) return;
    std::vector<Jid> absent;
    for (const Jid& each : room.offline_hearers())
        if (!room.occupants().has(each.full())) absent.push_back(each);
    room.outbox().send(said, std::move(absent));
}

void set_subject(Room& room, StanzaPtr message) {
    const WallTime now = room.context().clock().wall();
    // What cannot be kept is lost with the room's memory, no more.
    (void)room.store().put(room.owner(), SubjectRecord{xml::to_string(message->root()), now});
    room.set_subject({std::move(message), now});
}

}  // namespace

std::optional<StanzaError> refuse_message(Room& room, const Occupant& sender, const Stanza& message,
                                          SteadyTime now) {
    if (sender.role < Role::participant)
        return StanzaError(Condition::forbidden, "visitors have no voice in this room");
    if (sets_subject(message))
        if (auto refused = refuse_subject(room, sender, message)) return refused;
    if (auto refused = refuse_haste(room, sender, now)) return refused;
    return refuse_in_pause(room, sender, message, now);
}

StanzaPtr say(Room& room, core::Envelope envelope, const Jid& author) {
    storage::ArchiveId id = storage::ArchiveId::none;
    const bool kept = is_kept(*envelope.stanza);
    if (kept && room.config().is_archived)
        room.context().bus().fire(events::ActorArchiving{room, envelope, author, id});
    if (id != storage::ArchiveId::none) core::add_stanza_id(envelope.edit(), room, id);
    // It may be kept long, in the history and by all who have not acknowledged it.
    const StanzaPtr said = envelope.stanza->compact();
    if (kept && !sets_subject(*said))
        room.history().add({said, room.context().clock().wall()}, room.config().history);
    const auto everybody = room.occupants().everybody();
    room_metrics().messages.add();
    room_metrics().deliveries.add(everybody->size());
    room.outbox().send(said, everybody);
    return said;
}

void take_groupchat(Room& room, core::Envelope envelope) {
    Occupant* const sender = room.occupants().by_session(envelope.stanza->from());
    if (!sender)
        return refuse(room, std::move(envelope),
                      {Condition::not_acceptable, "you are not in this room"});
    const SteadyTime now = room.context().clock().steady();
    if (auto refused = refuse_message(room, *sender, *envelope.stanza, now))
        return refuse(room, std::move(envelope), *refused);
    if (!envelope.stanza->body().empty()) room.begin_pause(sender->user);
    const Jid author = envelope.stanza->from().to_bare();
    if (room.config().is_archived && is_kept(*envelope.stanza)) note_author(room, *sender);
    envelope.stanza = as_said(room, *envelope.stanza, *sender);
    envelope.xml = nullptr;
    StanzaPtr said = say(room, std::move(envelope), author);
    retract(room, said);
    if (tells_activity(room.config()) && is_activity(*said)) room.count_activity();
    tell_absent(room, said);
    if (sets_subject(*said)) set_subject(room, std::move(said));
}

// ---- Private messages --------------------------------------------------------------------------

namespace {

bool may_send_private(const RoomConfig& config, const Occupant& sender, const Occupant& to) {
    if (sender.role == Role::moderator || to.role == Role::moderator) {
        if (config.allow_pm != AllowPm::none) return true;
    }
    switch (config.allow_pm) {
        case AllowPm::anyone: return true;
        case AllowPm::participants: return sender.role >= Role::participant;
        case AllowPm::moderators: return sender.role == Role::moderator;
        case AllowPm::none: return false;
    }
    return false;
}

void pass_on(Room& room, const Stanza& message, const Occupant& sender, const Occupant& to) {
    auto passed = as_said(room, message, sender);
    passed->root().add("x", ns::muc_user);
    const auto most = static_cast<std::size_t>(
        options_of_service(room.context().config(), room.host()).max_private_messages);
    std::vector<Jid> sessions;
    for (const OccupantSession& each : to.sessions) sessions.push_back(each.jid);
    room.whispers().note({message.from(), to.address}, sessions, message.id(), most);
    room.outbox().send(std::move(passed), std::move(sessions));
}

/// From whom it was sent to, as far as the sender knows. What the recipient's client or server says
/// beside the condition may tell a real address.
void tell_sender(Room& room, const Whisper& whisper, const Stanza& error) {
    if (!room.occupants().by_session(whisper.sender)) return;
    const StanzaError why = read_error(error.root());
    auto told = Stanza::make(StanzaKind::message, StanzaType::error, whisper.to, {}, error.id());
    add_error(told->root(), {why.condition, why.type});
    room.outbox().send(std::move(told), {whisper.sender});
}

}  // namespace

bool take_private_failure(Room& room, const Stanza& error) {
    const Whispers::Failure failure = room.whispers().fail(error.from().full(), error.id());
    if (failure.failed) tell_sender(room, *failure.failed, error);
    return failure.is_known;
}

void take_private(Room& room, core::Envelope envelope) {
    const Stanza& message = *envelope.stanza;
    Occupant* const sender = room.occupants().by_session(message.from());
    const Occupant* const to = room.occupants().by_nick(message.to().resource());
    if (!sender)
        return refuse(room, std::move(envelope),
                      {Condition::not_acceptable, "you are not in this room"});
    if (message.type() == StanzaType::groupchat)
        return refuse(room, std::move(envelope),
                      {Condition::bad_request, "a message to one occupant is of another type"});
    if (!to)
        return refuse(room, std::move(envelope),
                      {Condition::item_not_found, "nobody here has this nickname"});
    if (!may_send_private(room.config(), *sender, *to))
        return refuse(room, std::move(envelope), {Condition::forbidden});
    const SteadyTime now = room.context().clock().steady();
    if (auto refused = refuse_haste(room, *sender, now))
        return refuse(room, std::move(envelope), *refused);
    pass_on(room, message, *sender, *to);
}

}  // namespace clarion::muc
