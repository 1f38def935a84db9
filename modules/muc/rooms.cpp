#include "modules/muc/rooms.h"

#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "modules/muc/entering.h"
#include "modules/muc/invitations.h"
#include "modules/muc/leaving.h"
#include "modules/muc/occupant_requests.h"
#include "modules/muc/probes.h"
#include "modules/muc/refusing.h"
#include "modules/muc/roll_call.h"
#include "modules/muc/room_discovery.h"
#include "modules/muc/room_messages.h"
#include "modules/muc/room_metrics.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "server/core/accounts/administrators.h"
#include "server/core/actors/owner_maker.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/routing/router.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/archive.h"
#include "storage/owners.h"
#include "storage/storage.h"

namespace clarion::muc {

using Condition = StanzaErrorCondition;

namespace {

constexpr Logger logger{"muc"};
/// What may wait for a room that is being made.
constexpr std::size_t most_waiting = 1000;
/// What one user may make at the same time.
constexpr std::size_t most_at_once = 10;

Room& as_room(core::Actor& actor) { return static_cast<Room&>(actor); }

/// nullptr: what is kept cannot be read.
StanzaPtr read_stanza(std::string_view text) {
    xml::Document document = xml::parse_element(text, ns::client);
    if (document.empty()) return nullptr;
    auto stanza = Stanza::from_stored(std::move(document));
    return stanza ? StanzaPtr(std::move(*stanza)) : nullptr;
}

}  // namespace

Rooms::Rooms(core::ModuleSetup& setup, std::string domain, const RoomStore& store)
    : Directory(setup.context(), "room"),
      domain_(std::move(domain)),
      store_(store),
      service_(setup.context(), domain_),
      creators_(service_, store_) {}

core::Shard& Rooms::shard() const { return context().shard(); }

// ---- Loading -----------------------------------------------------------------------------------

Task<Result<std::unique_ptr<core::Actor>>> Rooms::read(std::string address) {
    auto stored = co_await context().storage().owners().load(address);
    if (!stored) co_return stored.error();
    if (!*stored) co_return std::unique_ptr<core::Actor>();
    core::Actor::Stored what{(*stored)->owner.id, (*stored)->last_archive_id,
                             std::move((*stored)->resident)};
    auto room = std::make_unique<Room>(context(), Jid::trusted(address), std::move(what), store_,
                                       RoomRecord{});
    const Result<> filled = co_await fill(*room);
    if (!filled) co_return filled.error();
    co_return std::unique_ptr<core::Actor>(std::move(room));
}

/// With what is not resident: its occupants, and what was said last.
Task<Result<>> Rooms::fill(Room& room) {
    auto record = store_.record(room.owner());
    if (!record) co_return record.error();
    room.restore(std::move(*record));
    const auto service = co_await service_.id();
    if (!service) co_return service.error();
    count(room);
    room.restore(store_.activity(room.owner()));
    room.restore(store_.invitations(room.owner()));
    if (auto subject = store_.subject(room.owner()))
        room.set_subject({read_stanza(subject->xml), subject->set});
    auto occupants = co_await store_.occupants(room.id());
    if (!occupants) co_return occupants.error();
    for (const OccupantRecord& each : *occupants)
        if (StanzaPtr presence = read_stanza(each.presence))
            room.restore(each, std::move(presence));
    if (room.keeps_pauses()) {
        auto pauses = co_await store_.pauses(room.id());
        if (!pauses) co_return pauses.error();
        for (const PauseRecord& each : *pauses) room.restore(each);
    }
    if (!room.config().is_archived || room.config().history == 0) co_return Result<>{};
    storage::ArchiveQuery query;
    query.owner = room.id();
    query.from_end = true;
    query.limit = room.config().history;
    query.max_bytes = History::max_bytes;
    auto page = co_await context().storage().archive().query(std::move(query));
    if (!page) co_return page.error();
    for (const storage::ArchivedMessage& message : page->messages) room.restore(message);
    co_return Result<>{};
}

/// One that was made before its service kept an entry for each counts for who made it from when it
/// is next used: nobody waits for a walk over all rooms.
void Rooms::count(Room& room) const {
    if (room.record().is_counted) return;
    RoomRecord record = room.record();
    record.is_counted = true;
    MadeRoom made{record.creator, std::string(room.jid().bare())};
    if (room.set_record(std::move(record))) store_.put(service_.known(), made);
}

/// Its occupants are in storage, too. Who still has to wait in slow mode is only if that is long.
bool Rooms::may_evict(core::Actor& actor) {
    Room& room = as_room(actor);
    return room.outbox().waiting() == 0 &&
           (room.keeps_pauses() || !room.pauses().any(room.pause(), context().clock().steady()));
}

// ---- What comes --------------------------------------------------------------------------------

/// What the room sent came back.
void Rooms::take_failure(Room& room, const core::Envelope& envelope) {
    const Stanza& error = *envelope.stanza;
    const bool is_private = error.is_message() && take_private_failure(room, error);
    const bool is_unserved = read_error(error.root()).condition == Condition::service_unavailable;
    // Servers, this one too, say that also for a client that is not there any more (RFC 6121,
    // 8.5.3.2).
    if (is_unserved) return ask_after(*this, room, error.from());
    if (is_private) return;
    take_error(room, error, envelope.local_bounce);
    destroy_if_over(room);
}

/// Who shows itself need not be looked for, so the roll is called behind what came.
void Rooms::on_message(core::Actor& actor, core::Envelope envelope) {
    Room& room = as_room(actor);
    room.forget_shown();
    take_message(room, std::move(envelope));
    if (!room.deleted()) call_roll(*this, room);
}

void Rooms::on_presence(core::Actor& actor, core::Envelope envelope) {
    Room& room = as_room(actor);
    room.forget_shown();
    take_presence(room, std::move(envelope));
    if (!room.deleted()) call_roll(*this, room);
}

void Rooms::take_message(Room& room, core::Envelope envelope) {
    const Stanza& message = *envelope.stanza;
    if (message.is_error()) return take_failure(room, envelope);
    if (message.to().is_full()) return take_private(room, std::move(envelope));
    if (message.type() == StanzaType::groupchat) return take_groupchat(room, std::move(envelope));
    take_request(room, std::move(envelope));
}

void Rooms::take_presence(Room& room, core::Envelope envelope) {
    switch (envelope.stanza->type()) {
        case StanzaType::available: {
            const auto wanted = read_enter(*envelope.stanza);
            if (!wanted) return take_available(room, std::move(envelope));
            const auto made = just_made_.extract(room.jid().full());
            const bool is_new = !made.empty() && made.mapped() == envelope.stanza->from();
            enter(room, std::move(envelope), *wanted, is_new);
            return destroy_if_over(room);  // of who made it and may not enter as it wants to
        }
        case StanzaType::unavailable:
            take_unavailable(room, *envelope.stanza);
            return destroy_if_over(room);
        case StanzaType::error: return take_failure(room, envelope);
        case StanzaType::probe: return answer_probe(room, std::move(envelope));
        default: return;  // it has no roster
    }
}

void Rooms::on_iq_to_resource(core::Actor& actor, core::Envelope envelope) {
    if (!envelope.stanza->is_request()) return context().router().take_answer(std::move(envelope));
    pass_request(as_room(actor), std::move(envelope));
}

// ---- Making one --------------------------------------------------------------------------------

void Rooms::on_absent(core::Envelope envelope, const Error& why) {
    const Stanza& stanza = *envelope.stanza;
    const bool asks_to_enter =
        stanza.is_presence() && stanza.type() == StanzaType::available && read_enter(stanza);
    if (why.is(error_code::item_not_found) &&
        (asks_to_enter || waiting_.contains(stanza.to().bare())))
        return make(std::move(envelope));
    if (stanza.is_presence() && stanza.type() != StanzaType::available) return;
    // Who asks whether it is still in a room (XEP-0410) is in none. That nobody is found there it
    // would take for an occupant's who was just renamed.
    if (why.is(error_code::item_not_found) && stanza.is_request() && stanza.to().is_full())
        return context().router().bounce(std::move(envelope),
                                         {Condition::not_acceptable, "there is no such room"});
    context().router().bounce(std::move(envelope), to_stanza_error(why));
}

void Rooms::refuse(core::Envelope envelope, const StanzaError& error) const {
    const Stanza& stanza = *envelope.stanza;
    if (stanza.is_presence() && stanza.type() == StanzaType::available)
        return refuse_presence(context(), envelope, error);
    note_refusal(error);
    context().router().bounce(std::move(envelope), error);
}

void Rooms::make(core::Envelope envelope) {
    std::string address(envelope.stanza->to().bare());
    const Jid creator = envelope.stanza->from();
    const auto being_made = waiting_.find(address);
    const bool is_first = being_made == waiting_.end();
    const auto making = making_.find(creator.bare());
    if (is_first ? making != making_.end() && making->second >= most_at_once
                 : being_made->second.size() >= most_waiting)
        return refuse(std::move(envelope), {Condition::resource_constraint, StanzaErrorType::wait});
    waiting_[address].push_back(std::move(envelope));
    if (!is_first) return;
    ++making_[std::string(creator.bare())];
    context().scope().spawn("make-room", make_for(std::move(address), creator));
}

/// If it is not refused, it is counted.
Task<std::optional<StanzaError>> Rooms::refuse_creation(Jid creator) {
    const std::string& create = options_of_service(context().config(), domain_).create;
    const bool local = context().domains().is_host(creator.domain());
    const bool may = create == "anyone" || (create == "local" && local);
    const std::string host(context().domains().host_over(domain_));
    const bool administers = co_await core::administers(context(), creator, host);
    if (!may && !administers)
        co_return StanzaError(Condition::not_allowed, "you may not make rooms here");
    co_return co_await take_place(std::move(creator), administers);
}

Task<std::optional<StanzaError>> Rooms::take_place(Jid creator, bool administers) {
    const auto most = static_cast<std::size_t>(
        options_of_service(context().config(), domain_).max_rooms_of_creator);
    const auto taken = co_await take_room(context(), domain_, std::move(creator),
                                          administers ? Creators::any_number : most);
    if (!taken) co_return to_stanza_error(taken.error());
    if (*taken) co_return std::nullopt;
    co_return StanzaError(Condition::resource_constraint, StanzaErrorType::cancel,
                          "you have made as many rooms as you may");
}

RoomRecord Rooms::new_record(const Jid& creator) const {
    const MucOptions& options = options_of_service(context().config(), domain_);
    RoomRecord record;
    record.config.is_public = options.public_rooms;
    record.config.is_persistent = options.persistent_rooms;
    record.config.is_archived = options.archived_rooms;
    record.is_locked = options.lock_new_rooms;
    record.creator = creator.bare();
    record.created = context().clock().wall();
    return record;
}

Task<Result<>> Rooms::write_new(const std::string& address, const Jid& creator, RoomRecord record) {
    const auto service = co_await service_.id();
    if (!service) co_return service.error();
    const storage::OwnerId id = context().storage().owners().next_id(address);
    store_.create(id, address, record, crypto::random_bytes(secret_size),
                  {.address = std::string(creator.bare()), .affiliation = Affiliation::owner});
    store_.put(*service, {record.creator, address});
    co_return co_await context().shard().committed();
}

Task<Result<>> Rooms::create(std::string address, Jid creator, RoomRecord record) {
    const Result<> written = co_await write_new(address, creator, std::move(record));
    if (!written) {
        give_room_back(context(), domain_, std::string(creator.bare()));
        co_return written;
    }
    logger.info("room-created", {{"room", address}, {"by", creator.full()}});
    note_created(address);
    co_return written;
}

Task<Result<>> Rooms::create(std::string address, Jid owner) {
    const auto claim = core::owner_maker(context()).try_claim(storage::OwnerKind::actor, address);
    if (!claim) co_return fail(error_code::conflict, "it is being made");
    const auto there = co_await load(address);
    if (there) co_return fail(error_code::conflict, "there is such a room");
    if (!there.error().is(error_code::item_not_found)) co_return there.error();
    const auto refused = co_await take_place(owner, true);
    if (refused) co_return fail(std::string(name(refused->condition)), refused->text);
    RoomRecord record = new_record(owner);
    record.is_locked = false;
    record.config.is_persistent = true;
    co_return co_await create(std::move(address), std::move(owner), std::move(record));
}

/// If an administrator has just made it, it is entered as any other.
Task<std::optional<StanzaError>> Rooms::make_alone(std::string address, Jid creator) {
    const auto claim =
        co_await core::owner_maker(context()).claim(storage::OwnerKind::actor, address);
    const auto there =
        co_await context().storage().owners().find(storage::OwnerKind::actor, address);
    if (!there) co_return to_stanza_error(there.error());
    if (*there) co_return std::nullopt;
    auto refused = co_await refuse_creation(creator);
    if (refused) co_return refused;
    RoomRecord record = new_record(creator);
    const Result<> created = co_await create(address, creator, std::move(record));
    if (!created) co_return to_stanza_error(created.error());
    just_made_.insert_or_assign(std::move(address), std::move(creator));
    co_return std::nullopt;
}

Task<> Rooms::make_for(std::string address, Jid creator) {
    const auto refused = co_await make_alone(address, creator);
    const auto making = making_.find(creator.bare());
    if (--making->second == 0) making_.erase(making);
    give_to_waiting(address, refused ? &*refused : nullptr);
}

void Rooms::give_to_waiting(const std::string& address, const StanzaError* refused) {
    auto waited = waiting_.extract(address);
    for (core::Envelope& envelope : waited.mapped()) {
        if (refused)
            refuse(std::move(envelope), *refused);
        else
            deliver(std::move(envelope));
    }
}

// ---- The end of one ----------------------------------------------------------------------------

void Rooms::destroy_if_over(Room& room) {
    if (!room.deleted() && is_over(room)) destroy(room);
}

void Rooms::destroy(Room& room) {
    std::string address(room.jid().bare());
    std::string creator = room.record().creator;
    room.set_deleted();
    store_.remove(room);
    store_.remove(service_.known(), {creator, address});
    begin_removal(address);
    logger.info("room-destroyed", {{"room", address}});
    context().scope().spawn("destroy-room",
                            end_destruction(std::move(address), std::move(creator)));
}

Task<> Rooms::end_destruction(std::string address, std::string creator) {
    const Result<> committed = co_await context().shard().committed();
    if (committed) give_room_back(context(), domain_, creator);
    end_removal(address, committed.ok());
}

// ---- Discovery ---------------------------------------------------------------------------------

void Rooms::describe(xml::Element& query, core::Actor* actor) {
    if (actor) return describe_room(as_room(*actor), query);
    query.add("identity")
        .set_attr("category", "conference")
        .set_attr("type", "text")
        .set_attr("name", options_of_service(context().config(), domain_).name);
}

}  // namespace clarion::muc
