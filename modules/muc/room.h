// Room: one room of a service, as an actor: its configuration, who is in it and what was said last.
//
// What it holds is also in storage (RoomStore), occupants too, so that a room is evicted with its
// occupants in it, and they are still in it after a restart. Here is what is known; what happens is
// in entering.h, leaving.h, room_messages.h and so on. On its home shard.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modules/muc/activity.h"
#include "modules/muc/history.h"
#include "modules/muc/measures.h"
#include "modules/muc/muc_options.h"
#include "modules/muc/occupants.h"
#include "modules/muc/open_requests.h"
#include "modules/muc/passed_invitations.h"
#include "modules/muc/pauses.h"
#include "modules/muc/room_store.h"
#include "modules/muc/whispers.h"
#include "server/core/actors/actor.h"
#include "server/core/delivery/fan_out.h"
#include "storage/archive.h"

namespace clarion::muc {

/// The last message that set the subject.
struct Subject {
    StanzaPtr message;  // as occupants were sent it; nullptr: nobody set one
    WallTime set{};
};

class Room final : public core::Actor {
public:
    /// `store` lasts as long as the shard.
    Room(core::Context& context, Jid jid, Stored stored, const RoomStore& store, RoomRecord record);
    ~Room() override;

    /// Owner: its owners. Contact: who may enter, and so may know what is in it.
    core::Relation relation_to(const Jid& who) const override;

    const RoomStore& store() const { return store_; }
    const MucOptions& options() const;
    const RoomRecord& record() const { return record_; }
    const RoomConfig& config() const { return record_.config; }
    /// In memory and in the turn's batch. Error: "resource-constraint".
    Result<> set_record(RoomRecord record);

    // ---- Loading: what storage has ----
    void restore(RoomRecord record) { record_ = std::move(record); }
    void restore(const OccupantRecord& kept, StanzaPtr presence);
    /// Sessions that a former run of the server left in it, and of which nothing was heard since;
    /// returned once.
    std::vector<Jid> take_unverified() { return std::exchange(unverified_, {}); }
    void restore(const Activity& activity) { activity_ = activity; }
    void restore(PassedInvitations invitations) { invitations_ = std::move(invitations); }
    /// Who spoke, and may have to wait.
    void restore(const PauseRecord& kept);
    /// Of its archive, in order.
    void restore(const storage::ArchivedMessage& kept);

    Occupants& occupants() { return occupants_; }
    const Occupants& occupants() const { return occupants_; }
    /// What it says, to one or many: in this order.
    core::FanOut& outbox() { return outbox_; }
    History& history() { return history_; }
    const Activity& activity() const { return activity_; }
    /// One more message that counts was said.
    void count_activity();
    /// Of those who enter, together.
    Flood& joins() { return joins_; }
    /// Of those who ask for something, and are not in it.
    Flood& requests() { return requests_; }
    /// Of each user.
    Measures& measures() { return measures_; }
    /// Of occupants to each other.
    OpenRequests& open_requests() { return open_requests_; }
    Whispers& whispers() { return whispers_; }
    /// Of those who speak, in slow mode.
    const Pauses& pauses() const { return pauses_; }
    std::chrono::seconds pause() const { return std::chrono::seconds(config().slow_mode); }
    /// Who spoke is kept, so that nobody speaks earlier because the room left memory or the server
    /// was restarted. That is one small entry for a message; of a shorter pause, in which messages
    /// are many, it is not worth that: a restart takes a good part of it.
    static constexpr std::chrono::seconds shortest_kept_pause{60};
    bool keeps_pauses() const { return pause() >= shortest_kept_pause; }
    /// The user says something now.
    void begin_pause(std::string_view user);

    /// It passed an invitation on, which may be declined.
    void note_invitation(PassedInvitation invitation);
    /// See PassedInvitations::take().
    std::optional<std::string> take_invitation(std::string_view invitee, const Jid& to);

    /// Who entered was told of all others: what was made for that is kept for who enters next.
    void note_shown();
    /// Forgets it, if nobody has entered for a minute: called whenever something happens in the room.
    /// One in which nothing does leaves memory.
    void forget_shown();
    /// Of those in its archive; true once, after it was loaded.
    bool begin_forgetting_authors() { return !std::exchange(has_forgotten_authors_, true); }

    const Subject& subject() const { return subject_; }
    void set_subject(Subject subject) { subject_ = std::move(subject); }

    /// What an address is to it: by itself, or by its domain. What a user became by registering counts
    /// only where nobody has said what the domain is.
    Affiliation affiliation_of(const Jid& who) const;
    /// The same, with a nickname that may be reserved.
    AffiliationRecord affiliation_record(const Jid& who) const;
    /// Keeps what somebody is to it, or has reserved. Error: "resource-constraint".
    Result<> put(const AffiliationRecord& affiliation);
    /// Bare addresses that hear of what is said while they are not in it.
    const std::vector<Jid>& offline_hearers() const;
    /// Unlinkable between rooms (XEP-0421).
    std::string occupant_id(std::string_view user) const;
    /// The address of an occupant with this nickname. Errors: "jid-malformed".
    Result<Jid> occupant_address(std::string_view nick) const;
    /// Whether an occupant sees the real addresses of others.
    bool shows_jids_to(const Occupant& viewer) const {
        return config().who_is == WhoIs::anyone || viewer.role == Role::moderator;
    }
    /// Whether the presence of occupants of that role is told to others.
    bool broadcasts(Role role) const { return config().presence_broadcast.contains(role); }

    /// Keeps an occupant's session as it is now.
    void keep(const Occupant& occupant, const OccupantSession& session) const;
    /// Keeps all sessions of an occupant.
    void keep(const Occupant& occupant) const;
    void forget(const Jid& session) const;

private:
    const RoomStore& store_;
    RoomRecord record_;
    Occupants occupants_;
    History history_;
    Subject subject_;
    Activity activity_;
    std::vector<Jid> unverified_;
    mutable std::optional<std::vector<Jid>> offline_hearers_;  // nullopt: not known now
    Flood joins_, requests_;
    Measures measures_;
    OpenRequests open_requests_;
    bool has_forgotten_authors_ = false;
    std::optional<SteadyTime> shown_;  // when last
    Whispers whispers_;
    Pauses pauses_;
    PassedInvitations invitations_;
    core::FanOut outbox_{*this};
};

}  // namespace clarion::muc
