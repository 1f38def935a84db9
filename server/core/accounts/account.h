// Account: a user's account while it is loaded: the actor that has sessions.
//
// Owned by the shard's AccountDirectory. Holds what the stanza path needs: sessions, roster, what
// an actor has; modules have their own state in slots. All of it is also in storage, so an account
// without live sessions can be evicted at any turn's end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "proto/jid.h"
#include "server/core/accounts/roster.h"
#include "server/core/accounts/work_share.h"
#include "server/core/actors/actor.h"
#include "server/runtime/slots.h"
#include "storage/accounts.h"

namespace clarion {
class Stanza;
}

namespace clarion::core {

class Context;
class Session;
struct Envelope;
enum class SessionEnd : std::uint8_t;

class Account final : public Actor {
public:
    Account(Context& context, storage::AccountSnapshot snapshot);
    ~Account() override;

    /// A contact is who may see its presence (RFC 6121, 3).
    Relation relation_to(const Jid& who) const override;

    WallTime created() const { return created_; }
    bool disabled() const { return disabled_; }
    void set_disabled(bool disabled) { disabled_ = disabled; }
    /// Its record in storage, without the credentials. They are not kept here: 400 bytes that are
    /// wanted for a moment when somebody logs in.
    storage::AccountRecord record() const;

    Roster& roster() { return roster_; }
    const Roster& roster() const { return roster_; }

    /// The next place in the order of messages for this account.
    std::uint64_t next_offline_seq() { return ++last_offline_seq_; }
    /// The last place given.
    std::uint64_t last_offline_seq() const { return last_offline_seq_; }
    /// Places up to this one were given before the account was evicted, if nothing has them now.
    void skip_offline_seqs(std::uint64_t up_to);
    /// Offline messages stored and not yet delivered, and the bytes of their records.
    std::uint64_t offline_count() const { return offline_.size(); }
    std::uint64_t offline_bytes() const;
    /// Puts a message among them, under its own number (StanzaMeta::offline_seq).
    void add_offline(Envelope& envelope);
    /// Drops one of them, or nothing if it is gone already: of several sessions that were sent a
    /// message the first to acknowledge it does. 0: none is meant.
    void remove_offline(std::uint64_t seq);

    /// Whether a stanza for it that waited may still be handed over (events::HandingOver).
    bool may_hand_over(const Stanza& stanza);

    // Sessions, live and hibernating.
    const std::vector<std::shared_ptr<Session>>& sessions() const { return sessions_; }
    Session* find_session(std::string_view resource) const;
    Session* find_session_by_number(std::uint64_t number) const;
    std::uint64_t next_session_number();
    void add_session(std::shared_ptr<Session> session);
    void remove_session(Session& session);
    /// Whether any session is connected.
    bool has_live_session() const;
    /// Ends all of them but `stays`.
    void end_sessions(SessionEnd why, const Session* stays = nullptr);

    /// What a client that comes back too late is told (XEP-0198, section 5: <failed h='…'/>).
    struct EndedSession {
        std::uint64_t number = 0;
        std::string sm_id;
        std::uint32_t handled_in = 0;
        /// Set while some of what it received is not handled yet: its count still grows.
        std::shared_ptr<Session> settling{};
    };
    std::optional<std::uint32_t> ended_handled(std::string_view sm_id) const;
    /// nullptr: there is none such, or its count does not grow any more.
    std::shared_ptr<Session> settling_session(std::string_view sm_id) const;
    /// The newest few are remembered; with an older one goes its record.
    void remember_ended(EndedSession ended);
    /// All that an ended session received is handled.
    void settled(Session& session);
    /// Whether there are ended sessions of which that cannot be said.
    bool has_settling_sessions() const;

    Slots& slots() { return slots_; }
    WorkShare& work_share() { return work_share_; }

    /// As Actor's; what its ended sessions received is not handled any more.
    void set_deleted();
    /// As Actor's; its sessions are dropped.
    void set_gone() override;

private:
    WallTime created_;
    bool disabled_;
    Roster roster_;
    std::uint64_t last_offline_seq_;
    std::vector<storage::OfflineEntry> offline_;  // by number
    void stop_settling(EndedSession& ended);

    std::uint64_t last_session_number_ = 0;
    std::vector<std::shared_ptr<Session>> sessions_;
    std::vector<EndedSession> ended_;
    Slots slots_;
    WorkShare work_share_;
};

using AccountPin = ActorPin<Account>;

}  // namespace clarion::core
