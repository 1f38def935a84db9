#include "modules/muc/moderation.h"

#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "modules/muc/room_messages.h"
#include "proto/ns.h"
#include "proto/stanza_id.h"
#include "proto/xml_writer.h"
#include "server/core/actors/archive_id.h"
#include "server/core/context.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::muc {

using core::IqAnswer;
using core::IqRequest;
using Condition = StanzaErrorCondition;

namespace {

std::shared_ptr<Stanza> parse(std::string_view xml) {
    auto parsed = Stanza::from_stored(xml::parse_element(xml, ns::client));
    return parsed ? std::move(*parsed) : nullptr;
}

std::string_view occupant_of(const Stanza& message) {
    const xml::Element* const id = message.root().child(ns::occupant_id, "occupant-id");
    return id ? id->attr("id") : std::string_view();
}

bool is_retractable(const Stanza& message) {
    return !message.root().child(ns::retract, "retracted") &&
           !message.root().child(ns::retract, "retract");
}

/// An entry of the room's archive by its id. nullopt: there is none, or it is damaged.
Task<std::optional<storage::ArchivedMessage>> find(const Room& room, std::string id) {
    const auto archive_id = room.context().archive_ids(room.id()).parse(id);
    if (!archive_id) co_return std::nullopt;
    storage::ArchiveQuery query;
    query.owner = room.id();
    query.ids = {*archive_id};
    (void)co_await room.context().shard().committed();
    auto page = co_await room.context().storage().archive().query(std::move(query));
    if (!page || page->messages.empty()) co_return std::nullopt;
    co_return std::move(page->messages.front());
}

void replace(Room& room, const storage::ArchivedMessage& message, const Stanza& tombstone,
             std::string_view id) {
    const std::string xml = xml::to_string(tombstone.root());
    room.context().storage().archive().replace(room.context().shard().batch(), room.id(),
                                               {.id = message.id,
                                                .log_id = message.log_id,
                                                .time = message.time,
                                                .xml = xml,
                                                .received = message.time});
    auto shown = tombstone.clone();
    core::add_stanza_id(*shown, room, message.id);
    room.history().replace(
        [&](const Stanza& each) { return find_stanza_id(each.root(), room.jid()) == id; }, shown);
}

// ---- By a moderator ----------------------------------------------------------------------------

struct Moderator {
    std::string address;  // of the occupant
    std::string id;
};

void fill_retraction(xml::Element& retraction, const Moderator& moderator,
                     const std::string& reason) {
    xml::Element& moderated = retraction.add("moderated", ns::moderate);
    moderated.set_attr("by", moderator.address);
    moderated.add("occupant-id", ns::occupant_id).set_attr("id", moderator.id);
    if (!reason.empty()) retraction.add_text_child("reason", reason);
}

/// What all are told.
std::shared_ptr<Stanza> announcement(const Room& room, const ModerationRequest& wanted,
                                     const Moderator& moderator) {
    auto message = Stanza::make(StanzaKind::message, StanzaType::groupchat, room.jid(), {},
                                "moderated-" + wanted.id);
    fill_retraction(message->root().add("retract", ns::retract).set_attr("id", wanted.id),
                    moderator, wanted.reason);
    return message;
}

std::shared_ptr<Stanza> moderated_tombstone(const Room& room, const Stanza& original,
                                            const ModerationRequest& wanted,
                                            const Moderator& moderator) {
    xml::Document retracted("retracted", ns::retract);
    retracted.root().set_attr("stamp", format_datetime(room.context().clock().wall()));
    fill_retraction(retracted.root(), moderator, wanted.reason);
    return make_tombstone(original, retracted.root());
}

}  // namespace

std::optional<ModerationRequest> read_moderation(const xml::Element& payload) {
    if (payload.is(ns::moderate, "moderate")) {
        if (!payload.child(ns::retract, "retract")) return std::nullopt;
        return ModerationRequest{std::string(payload.attr("id")),
                                 std::string(payload.child_text(ns::moderate, "reason"))};
    }
    const xml::Element* const moderate = payload.child(ns::moderate_0, "moderate");
    if (!payload.is(ns::fasten, "apply-to") || !moderate ||
        !moderate->child(ns::retract_0, "retract"))
        return std::nullopt;
    return ModerationRequest{std::string(payload.attr("id")),
                             std::string(moderate->child_text(ns::moderate_0, "reason"))};
}

std::shared_ptr<Stanza> make_tombstone(const Stanza& original, const xml::Element& retracted) {
    auto tombstone = Stanza::make(StanzaKind::message, original.type(), original.from(),
                                  original.to(), original.id());
    if (const xml::Element* id = original.root().child(ns::occupant_id, "occupant-id"))
        tombstone->root().add_copy(*id);
    tombstone->root().add_copy(retracted);
    return tombstone;
}

Task<IqAnswer> moderate(Room& room, IqRequest request) {
    const auto wanted = read_moderation(request.payload());
    if (!wanted || wanted->id.empty()) co_return StanzaError(Condition::bad_request);
    const Occupant* const occupant = room.occupants().by_session(request.from);
    if (!occupant || occupant->role != Role::moderator) co_return StanzaError(Condition::forbidden);
    const Moderator moderator{occupant->address.full(), occupant->id};
    const auto message = co_await find(room, wanted->id);
    if (room.deleted()) co_return StanzaError(Condition::item_not_found);
    const auto original = message ? parse(message->xml) : nullptr;
    if (!original) co_return StanzaError(Condition::item_not_found, "there is no such message");
    if (!is_retractable(*original))
        co_return StanzaError(Condition::not_acceptable, "it cannot be retracted");
    replace(room, *message, *moderated_tombstone(room, *original, *wanted, moderator), wanted->id);
    core::Envelope envelope;
    envelope.stanza = announcement(room, *wanted, moderator);
    envelope.meta.received = room.context().clock().wall();
    (void)say(room, std::move(envelope), room.jid());
    const Result<> committed = co_await room.context().shard().committed();
    if (!committed) co_return to_stanza_error(committed.error());
    co_return make_result(*request.stanza);
}

// ---- By its author -----------------------------------------------------------------------------

namespace {

/// Whether the retraction is about that message, and its author's. The occupant id is the room's own
/// word for the real address.
bool is_by_author(const Stanza& original, const Stanza& retraction) {
    const std::string_view author = occupant_of(original);
    return is_retractable(original) && !author.empty() && author == occupant_of(retraction);
}

std::shared_ptr<Stanza> own_tombstone(const Room& room, const Stanza& original,
                                      const Stanza& retraction) {
    xml::Document retracted("retracted", ns::retract);
    retracted.root().set_attr("id", retraction.id());
    retracted.root().set_attr("stamp", format_datetime(room.context().clock().wall()));
    return make_tombstone(original, retracted.root());
}

/// At once: who enters next does not see it any more.
void retract_from_history(Room& room, const Stanza& retraction, std::string_view id) {
    const auto is_it = [&](const Stanza& each) {
        return find_stanza_id(each.root(), room.jid()) == id && is_by_author(each, retraction);
    };
    const StanzaPtr original = room.history().find(is_it);
    const auto archive_id = room.context().archive_ids(room.id()).parse(id);
    if (!original || !archive_id) return;
    auto tombstone = own_tombstone(room, *original, retraction);
    core::add_stanza_id(*tombstone, room, *archive_id);
    room.history().replace(is_it, std::move(tombstone));
}

Task<> retract_from_archive(core::ActorPin<Room> room, StanzaPtr retraction, std::string id) {
    const auto message = co_await find(*room, id);
    if (!message || !room.alive()) co_return;
    const auto original = parse(message->xml);
    if (original && is_by_author(*original, *retraction))
        replace(*room, *message, *own_tombstone(*room, *original, *retraction), id);
}

}  // namespace

void retract(Room& room, StanzaPtr retraction) {
    const xml::Element* const wanted = retraction->root().child(ns::retract, "retract");
    if (!wanted || wanted->attr("id").empty() || !room.config().is_archived) return;
    std::string id(wanted->attr("id"));
    retract_from_history(room, *retraction, id);
    room.context().scope_of(room.id()).spawn(
        "retraction",
        retract_from_archive(core::ActorPin<Room>(room), std::move(retraction), std::move(id)));
}

}  // namespace clarion::muc
