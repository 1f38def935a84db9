// RoomStore: where rooms are kept, on one shard: as module data under their ids (records.h).
//
// Writes go into the turn's batch. What counts as many (affiliations) is bounded by options, so that
// a write is refused only by them.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "modules/muc/activity.h"
#include "modules/muc/passed_invitations.h"
#include "modules/muc/records.h"
#include "server/core/setup/module.h"

namespace clarion::muc {

class RoomStore {
public:
    /// What a room may keep resident: its affiliations mostly.
    static constexpr std::size_t resident_bytes = 8u << 20;

    explicit RoomStore(core::ModuleSetup& setup);

    /// A room that there was not: its owner, its record and its secret.
    void create(storage::OwnerId id, const std::string& address, const RoomRecord& record,
                const std::string& secret, const AffiliationRecord& creator) const;
    void remove(core::Actor& room) const;
    /// What the service keeps of a room that somebody made.
    void put(storage::OwnerId service, const MadeRoom& made) const;
    void remove(storage::OwnerId service, const MadeRoom& made) const;
    /// How many rooms a user made, of those that are there: counts up to `most`.
    Task<Result<std::size_t>> made_by(storage::OwnerId service, std::string creator,
                                      std::size_t most) const;

    Result<RoomRecord> record(const core::DataOwner& room) const;
    /// Of a room that need not be loaded.
    Task<Result<RoomRecord>> stored_record(storage::OwnerId room) const;
    std::string_view secret(const core::DataOwner& room) const;
    /// nullopt: nobody set one.
    std::optional<SubjectRecord> subject(const core::DataOwner& room) const;
    Result<> put(core::DataOwner& room, const RoomRecord& record) const;
    Result<> put(core::DataOwner& room, const SubjectRecord& subject) const;

    /// Of a bare address or a domain; nullopt: none is kept.
    std::optional<AffiliationRecord> affiliation(const core::DataOwner& room,
                                                 std::string_view address) const;
    /// One of none and without a nickname is not kept any more.
    Result<> put(core::DataOwner& room, const AffiliationRecord& affiliation) const;
    void for_each_affiliation(const core::DataOwner& room,
                              const std::function<void(const AffiliationRecord&)>& use) const;
    /// The address for which a nickname is reserved; nullopt: nobody's.
    std::optional<std::string> reserved_for(const core::DataOwner& room,
                                            std::string_view nick) const;

    /// Written as of this run of the server.
    void put_occupant(storage::OwnerId room, OccupantRecord occupant) const;
    /// Whether it was written by another run of the server than this.
    static bool is_of_former_run(const OccupantRecord& occupant);
    void remove_occupant(storage::OwnerId room, std::string_view jid) const;
    /// All of them. What cannot be read is left out.
    Task<Result<std::vector<OccupantRecord>>> occupants(storage::OwnerId room) const;

    void put_author(storage::OwnerId room, std::string_view occupant_id,
                    const AuthorRecord& author) const;
    /// Who has that occupant id, as far as that was committed; empty: it is not known.
    Task<Result<std::string>> author(storage::OwnerId room, std::string occupant_id) const;
    /// Forgets those of whom nothing is as new as that, unless `stays`.
    Task<Result<>> remove_authors(storage::OwnerId room, WallTime before,
                                  std::function<bool(const AuthorRecord&)> stays) const;

    /// `<vCard/>`; empty: there is none. What was committed.
    Task<Result<std::string>> vcard(storage::OwnerId room) const;
    /// Replaces it and what is known of its pictures; an empty one is none. Error:
    /// "resource-constraint".
    Result<> put_vcard(core::DataOwner& room, std::string_view xml,
                       const std::vector<std::string>& pictures) const;
    Activity activity(const core::DataOwner& room) const;
    void put(core::DataOwner& room, const Activity& activity) const;
    std::vector<std::string> pictures(const core::DataOwner& room) const;
    PassedInvitations invitations(const core::DataOwner& room) const;
    void put(core::DataOwner& room, const PassedInvitations& invitations) const;

    void put_pause(storage::OwnerId room, const PauseRecord& pause) const;
    void remove_pause(storage::OwnerId room, std::string_view user) const;
    /// All of them. What cannot be read is left out.
    Task<Result<std::vector<PauseRecord>>> pauses(storage::OwnerId room) const;

private:
    template <class Record>
    Task<Result<std::vector<Record>>> read_all(storage::OwnerId room, std::string_view prefix,
                                               Result<Record> (*decode)(std::string_view)) const;

    core::Context& context_;
    core::ResidentSpace resident_;
    core::StoredSpace stored_;
    std::string_view module_;
};

}  // namespace clarion::muc
