// Account: a user's account while it is loaded; lives on its home shard (docs/design/001-core.md,
// idea 2).
//
// Owned by the shard's AccountDirectory. Holds what the stanza path needs: sessions, roster,
// archive ids, what modules keep with it; modules have their own state in slots. All of it is also in storage,
// so an account without live sessions can be evicted at any turn's end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "proto/jid.h"
#include "server/core/data_owner.h"
#include "server/core/roster.h"
#include "server/runtime/slots.h"
#include "storage/accounts.h"

namespace clarion::core {

class Core;
class Session;
struct Envelope;
enum class SessionEnd : std::uint8_t;

class Account {
public:
    Account(Core& core, storage::AccountSnapshot snapshot);
    ~Account();
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    Core& core() const { return core_; }
    const Jid& jid() const { return jid_; }
    std::string_view host() const { return jid_.domain(); }
    storage::AccountId id() const { return owner_.id(); }
    /// What modules keep for it hangs on this (core/module_data.h).
    DataOwner& owner() { return owner_; }
    const DataOwner& owner() const { return owner_; }
    WallTime created() const { return created_; }
    bool disabled() const { return disabled_; }
    void set_disabled(bool disabled) { disabled_ = disabled; }
    /// Its record in storage, without the credentials. They are not kept here: 400 bytes that are
    /// wanted for a moment when somebody logs in.
    storage::AccountRecord record() const;

    Roster& roster() { return roster_; }
    const Roster& roster() const { return roster_; }

    /// What the next entry of this archive is written under: an id that was never given before,
    /// strictly increasing whatever the clock does, and the time, which is that of the id unless
    /// the clock was set back.
    struct ArchivePlace {
        storage::ArchiveId id = storage::ArchiveId::none;
        WallTime time{};
    };
    ArchivePlace next_archive_place(WallTime now);
    /// The last one given, committed or not; none: nothing was ever archived.
    storage::ArchiveId last_archive_id() const { return last_archive_id_; }
    /// The next place in the order of messages for this account.
    std::uint64_t next_offline_seq() { return ++last_offline_seq_; }
    /// The last place given.
    std::uint64_t last_offline_seq() const { return last_offline_seq_; }
    /// Places up to this one were given before the account was evicted, if nothing has them now.
    void skip_offline_seqs(std::uint64_t up_to);
    /// Offline messages stored and not yet delivered.
    std::uint64_t offline_count() const { return offline_count_; }
    /// Puts a message among them, under its own number (StanzaMeta::offline_seq).
    void add_offline(Envelope& envelope);
    /// Drops one of them, or nothing if it is gone already: of several sessions that were sent a
    /// message the first to acknowledge it does. 0: none is meant.
    void remove_offline(std::uint64_t seq);

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

    /// Set when its deletion begins: nothing may be kept for it any more. Storage passes over what
    /// is written late (storage::Accounts::remove).
    bool deleted() const { return deleted_; }
    void set_deleted();

    /// While anything asynchronous refers to this account it must not be evicted: count up and
    /// down.
    void pin() { ++pins_; }
    void unpin();
    bool pinned() const { return pins_ > 0; }
    SteadyTime last_used() const { return last_used_; }
    void touch();

private:
    Core& core_;
    DataOwner owner_;
    WallTime created_;
    bool disabled_;
    Jid jid_;
    Roster roster_;
    storage::ArchiveId last_archive_id_;
    bool gave_archive_ids_ = false;
    std::uint64_t last_offline_seq_;
    std::uint64_t offline_count_;
    std::uint64_t loaded_offline_seq_;                // those up to it are from before
    std::unordered_set<std::uint64_t> offline_seqs_;  // those after it that are still there
    void stop_settling(EndedSession& ended);

    std::uint64_t last_session_number_ = 0;
    std::vector<std::shared_ptr<Session>> sessions_;
    std::vector<EndedSession> ended_;
    Slots slots_;
    int pins_ = 0;
    bool deleted_ = false;
    SteadyTime last_used_{};
};

/// Keeps an account loaded across an await. After the await the account is the same, its sessions
/// may not be; and it may have been deleted meanwhile, which alive() says.
class AccountPin {
public:
    explicit AccountPin(Account& account) : account_(&account) { account.pin(); }
    AccountPin(AccountPin&& other) noexcept : account_(std::exchange(other.account_, nullptr)) {}
    AccountPin& operator=(AccountPin&&) = delete;
    ~AccountPin() {
        if (account_) account_->unpin();
    }
    Account& operator*() const { return *account_; }
    Account* operator->() const { return account_; }
    /// nullptr once its deletion has begun: for who acts in its name after an await.
    Account* alive() const { return account_->deleted() ? nullptr : account_; }

private:
    Account* account_;
};

}  // namespace clarion::core
