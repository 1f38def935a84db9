#include "modules/muc/room_store.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "proto/crypto.h"
#include "proto/nickname.h"
#include "server/runtime/shard.h"
#include "storage/owners.h"
#include "storage/storage.h"

namespace clarion::muc {

namespace {

constexpr Logger logger{"muc"};

std::string affiliation_key(std::string_view address) {
    return record_key(affiliation_prefix, address);
}

/// Another one each time the server starts, the same on all shards.
std::uint64_t this_run() {
    static const std::uint64_t run = [] {
        std::uint64_t number = 0;
        for (const char byte : crypto::random_bytes(sizeof number))
            number = number << 8 | static_cast<std::uint8_t>(byte);
        return number;
    }();
    return run;
}

}  // namespace

RoomStore::RoomStore(core::ModuleSetup& setup)
    : context_(setup.context()),
      resident_(setup.resident_data(resident_bytes)),
      stored_(setup.stored_data()),
      module_(setup.name()) {}

// ---- Rooms -------------------------------------------------------------------------------------

void RoomStore::create(storage::OwnerId id, const std::string& address, const RoomRecord& record,
                       const std::string& secret, const AffiliationRecord& creator) const {
    storage::Batch& batch = context_.shard().batch();
    context_.storage().owners().put(batch, {id, storage::OwnerKind::actor, address});
    storage::ModuleData& data = context_.storage().module_data();
    const storage::DataSpace space{id, module_, storage::DataKind::resident};
    data.put(batch, space, config_key, encode(record));
    data.put(batch, space, secret_key, secret);
    data.put(batch, space, affiliation_key(creator.address), encode(creator));
}

void RoomStore::remove(core::Actor& room) const {
    context_.storage().owners().remove(
        context_.shard().batch(),
        {room.id(), storage::OwnerKind::actor, std::string(room.jid().bare())});
}

void RoomStore::put(storage::OwnerId service, const MadeRoom& made) const {
    stored_.put_uncounted(service, made_key(made), encode(made));
}

void RoomStore::remove(storage::OwnerId service, const MadeRoom& made) const {
    stored_.remove(service, made_key(made));
}

Task<Result<std::size_t>> RoomStore::made_by(storage::OwnerId service, std::string creator,
                                             std::size_t most) const {
    constexpr std::size_t page_size = 200;
    storage::DataQuery query;
    query.prefix = made_prefix_of(creator);
    std::size_t count = 0;
    while (count < most) {
        query.limit = std::min(page_size, most - count);
        const auto page = co_await stored_.read(service, query);
        if (!page) co_return page.error();
        count += page->entries.size();
        if (page->complete || page->entries.empty()) break;
        query.after = page->entries.back().key;
        co_await context_.shard().sleep(Duration::zero());  // others first
    }
    co_return count;
}

Result<RoomRecord> RoomStore::record(const core::DataOwner& room) const {
    const auto kept = resident_.get(room, config_key);
    if (!kept) return fail("bad-record", "the room has no configuration");
    return decode_room(*kept);
}

Task<Result<RoomRecord>> RoomStore::stored_record(storage::OwnerId room) const {
    const storage::DataSpace space{room, module_, storage::DataKind::resident};
    const auto kept = co_await context_.storage().module_data().get(space, std::string(config_key));
    if (!kept) co_return kept.error();
    if (!*kept) co_return fail("item-not-found", "the room is gone");
    co_return decode_room(**kept);
}

std::string_view RoomStore::secret(const core::DataOwner& room) const {
    return resident_.get(room, secret_key).value_or(std::string_view{});
}

std::optional<SubjectRecord> RoomStore::subject(const core::DataOwner& room) const {
    const auto kept = resident_.get(room, subject_key);
    if (!kept) return std::nullopt;
    auto read = decode_subject(*kept);
    if (!read) return std::nullopt;
    return std::move(*read);
}

Result<> RoomStore::put(core::DataOwner& room, const RoomRecord& record) const {
    return resident_.put(room, config_key, encode(record));
}

Result<> RoomStore::put(core::DataOwner& room, const SubjectRecord& subject) const {
    return resident_.put(room, subject_key, encode(subject));
}

// ---- Affiliations ------------------------------------------------------------------------------

std::optional<AffiliationRecord> RoomStore::affiliation(const core::DataOwner& room,
                                                        std::string_view address) const {
    const auto kept = resident_.get(room, affiliation_key(address));
    if (!kept) return std::nullopt;
    auto read = decode_affiliation(*kept);
    if (!read || read->address != address) return std::nullopt;
    return std::move(*read);
}

Result<> RoomStore::put(core::DataOwner& room, const AffiliationRecord& affiliation) const {
    const auto before = this->affiliation(room, affiliation.address);
    if (before && !before->nick.empty() && before->nick != affiliation.nick)
        resident_.remove(room, reservation_key(before->nick));
    const std::string key = affiliation_key(affiliation.address);
    if (affiliation.affiliation == Affiliation::none && affiliation.nick.empty()) {
        resident_.remove(room, key);
        return {};
    }
    if (!affiliation.nick.empty()) {
        const ReservationRecord reservation{affiliation.nick, affiliation.address};
        auto reserved = resident_.put(room, reservation_key(affiliation.nick), encode(reservation));
        if (!reserved) return reserved;
    }
    return resident_.put(room, key, encode(affiliation));
}

void RoomStore::for_each_affiliation(
    const core::DataOwner& room, const std::function<void(const AffiliationRecord&)>& use) const {
    resident_.for_each(room, [&](std::string_view key, std::string_view value) {
        if (!key.starts_with(affiliation_prefix)) return;
        if (const auto read = decode_affiliation(value)) use(*read);
    });
}

std::optional<std::string> RoomStore::reserved_for(const core::DataOwner& room,
                                                   std::string_view nick) const {
    const auto kept = resident_.get(room, reservation_key(nick));
    if (!kept) return std::nullopt;
    auto read = decode_reservation(*kept);
    if (!read || nickname_key(read->nick) != nickname_key(nick)) return std::nullopt;
    return std::move(read->address);
}

// ---- Occupants ---------------------------------------------------------------------------------

void RoomStore::put_occupant(storage::OwnerId room, OccupantRecord occupant) const {
    occupant.run = this_run();
    stored_.put_uncounted(room, record_key(occupant_prefix, occupant.jid), encode(occupant));
}

bool RoomStore::is_of_former_run(const OccupantRecord& occupant) {
    return occupant.run != this_run();
}

void RoomStore::remove_occupant(storage::OwnerId room, std::string_view jid) const {
    stored_.remove(room, record_key(occupant_prefix, jid));
}

template <class Record>
Task<Result<std::vector<Record>>> RoomStore::read_all(
    storage::OwnerId room, std::string_view prefix,
    Result<Record> (*decode)(std::string_view)) const {
    std::vector<Record> found;
    storage::DataQuery query;
    query.prefix = prefix;
    query.limit = 1000;
    for (;;) {
        auto page = co_await stored_.read(room, query);
        if (!page) co_return page.error();
        for (const auto& [key, value] : page->entries) {
            auto read = decode(value);
            if (read)
                found.push_back(std::move(*read));
            else
                logger.error("unreadable", {{"key", key}, {"error", read.error().text}});
        }
        if (page->complete || page->entries.empty()) co_return found;
        query.after = page->entries.back().key;
    }
}

Task<Result<std::vector<OccupantRecord>>> RoomStore::occupants(storage::OwnerId room) const {
    return read_all(room, occupant_prefix, decode_occupant);
}

// ---- Pauses, invitations ------------------------------------------------------------------------

void RoomStore::put_pause(storage::OwnerId room, const PauseRecord& pause) const {
    stored_.put_uncounted(room, record_key(pause_prefix, pause.user), encode(pause));
}

void RoomStore::remove_pause(storage::OwnerId room, std::string_view user) const {
    stored_.remove(room, record_key(pause_prefix, user));
}

Task<Result<std::vector<PauseRecord>>> RoomStore::pauses(storage::OwnerId room) const {
    return read_all(room, pause_prefix, decode_pause);
}

/// What cannot be read cannot be declined.
PassedInvitations RoomStore::invitations(const core::DataOwner& room) const {
    const auto kept = resident_.get(room, invitations_key);
    if (!kept) return {};
    auto read = PassedInvitations::decode(*kept);
    return read ? std::move(*read) : PassedInvitations();
}

void RoomStore::put(core::DataOwner& room, const PassedInvitations& invitations) const {
    if (invitations.empty()) return resident_.remove(room, invitations_key);
    (void)resident_.put(room, invitations_key, invitations.encode());
}

// ---- Authors -----------------------------------------------------------------------------------

void RoomStore::put_author(storage::OwnerId room, std::string_view occupant_id,
                           const AuthorRecord& author) const {
    stored_.put_uncounted(room, record_key(author_prefix, occupant_id), encode(author));
}

Task<Result<std::string>> RoomStore::author(storage::OwnerId room, std::string occupant_id) const {
    const auto kept = co_await stored_.get(room, record_key(author_prefix, occupant_id));
    if (!kept) co_return kept.error();
    if (!*kept) co_return std::string();
    auto read = decode_author(**kept);
    if (!read) co_return read.error();
    co_return std::move(read->address);
}

Task<Result<>> RoomStore::remove_authors(storage::OwnerId room, WallTime before,
                                         std::function<bool(const AuthorRecord&)> stays) const {
    storage::DataQuery query;
    query.prefix = author_prefix;
    for (;;) {
        const auto page = co_await stored_.read(room, query);
        if (!page) co_return page.error();
        for (const auto& [key, value] : page->entries) {
            const auto read = decode_author(value);
            if (read && read->said < before && !stays(*read)) stored_.remove(room, key);
        }
        if (page->complete || page->entries.empty()) co_return Result<>{};
        query.after = page->entries.back().key;
        co_await context_.shard().sleep(Duration::zero());  // others first
    }
}

// ---- The vCard ---------------------------------------------------------------------------------

Task<Result<std::string>> RoomStore::vcard(storage::OwnerId room) const {
    const auto kept = co_await stored_.get(room, std::string(vcard_key));
    if (!kept) co_return kept.error();
    if (!*kept) co_return std::string();
    co_return decode_vcard(**kept);
}

Result<> RoomStore::put_vcard(core::DataOwner& room, std::string_view xml,
                              const std::vector<std::string>& pictures) const {
    if (pictures.empty())
        resident_.remove(room, pictures_key);
    else if (auto kept = resident_.put(room, pictures_key, encode_pictures(pictures)); !kept)
        return kept;
    if (xml.empty())
        stored_.remove(room.id(), vcard_key);
    else
        stored_.put_uncounted(room.id(), vcard_key, encode_vcard(xml));
    return {};
}

std::vector<std::string> RoomStore::pictures(const core::DataOwner& room) const {
    const auto kept = resident_.get(room, pictures_key);
    if (!kept) return {};
    auto read = decode_pictures(*kept);
    return read ? std::move(*read) : std::vector<std::string>();
}

/// What cannot be read is counted anew.
Activity RoomStore::activity(const core::DataOwner& room) const {
    const auto kept = resident_.get(room, activity_key);
    if (!kept) return {};
    auto read = Activity::decode(*kept);
    return read ? *read : Activity();
}

/// It is an estimate, so nobody minds if it cannot be kept.
void RoomStore::put(core::DataOwner& room, const Activity& activity) const {
    (void)resident_.put(room, activity_key, activity.encode());
}

}  // namespace clarion::muc
