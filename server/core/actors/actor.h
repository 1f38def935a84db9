// Actor: whatever has an address of its own and is loaded while it is used: a user's account, or
// one address of a service (a room). Lives on its home shard (docs/design/001-core.md, idea 2).
//
// Owned by a directory of its shard (core/actors/directory.h). All that it holds is also in
// storage, so it can be evicted at any turn's end. What modules keep with it hangs on owner(); its
// archive is that of its id.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "proto/jid.h"
#include "server/core/actors/data_owner.h"

namespace clarion::core {

class Context;

/// What somebody is to an actor. In order: who may do what a contact may is a contact or more.
enum class Relation : std::uint8_t {
    stranger,
    contact,  // may see its presence: a contact of an account, a member of a room
    owner,    // of an account: its own resources
};

class Actor {
public:
    /// What is loaded of every actor.
    struct Stored {
        storage::OwnerId id = storage::OwnerId::none;
        storage::ArchiveId last_archive_id = storage::ArchiveId::none;
        storage::ResidentData resident{};
    };

    Actor(Context& context, Jid jid, Stored stored);
    virtual ~Actor() = default;
    Actor(const Actor&) = delete;
    Actor& operator=(const Actor&) = delete;

    Context& context() const { return context_; }
    /// Bare.
    const Jid& jid() const { return jid_; }
    /// The domain of its address.
    std::string_view host() const { return jid_.domain(); }
    storage::OwnerId id() const { return owner_.id(); }
    /// What modules keep for it hangs on this (core/actors/module_data.h).
    DataOwner& owner() { return owner_; }
    const DataOwner& owner() const { return owner_; }

    virtual Relation relation_to(const Jid& who) const = 0;

    /// What the next entry of its archive is written under: an id that was never given before,
    /// strictly increasing whatever the clock does, and the time, which is that of the id unless
    /// the clock was set back.
    struct ArchivePlace {
        storage::ArchiveId id = storage::ArchiveId::none;
        WallTime time{};
    };
    ArchivePlace next_archive_place(WallTime now);
    /// The last one given, committed or not; none: nothing was ever archived.
    storage::ArchiveId last_archive_id() const { return last_archive_id_; }

    /// Set when its deletion begins: nothing may be kept for it any more. Storage passes over what
    /// is written late (storage::Owners::remove).
    bool deleted() const { return deleted_; }
    void set_deleted() { deleted_ = true; }
    /// Set when it is not this shard's any more: nothing is written or sent for it here. It counts
    /// as deleted, for who still holds it.
    bool gone() const { return gone_; }
    virtual void set_gone();

    /// While anything asynchronous refers to it it must not be evicted: count up and down.
    void pin() { ++pins_; }
    void unpin();
    bool pinned() const { return pins_ > 0; }
    SteadyTime last_used() const { return last_used_; }
    void touch();

private:
    Context& context_;
    DataOwner owner_;
    Jid jid_;
    storage::ArchiveId last_archive_id_;
    SteadyTime last_used_{};
    int pins_ = 0;
    bool gave_archive_ids_ = false;
    bool deleted_ = false;
    bool gone_ = false;
};

/// Keeps an actor loaded across an await. After the await it is the same, what it has (sessions)
/// may not be; and it may have been deleted meanwhile, or have left this shard, which alive() says.
template <class A>
class ActorPin {
public:
    explicit ActorPin(A& actor) : actor_(&actor) { actor.pin(); }
    ActorPin(ActorPin&& other) noexcept : actor_(std::exchange(other.actor_, nullptr)) {}
    ActorPin& operator=(ActorPin&&) = delete;
    ~ActorPin() {
        if (actor_) actor_->unpin();
    }
    A& operator*() const { return *actor_; }
    A* operator->() const { return actor_; }
    /// nullptr once its deletion has begun, or it has left: for who acts in its name after an
    /// await.
    A* alive() const { return actor_->deleted() ? nullptr : actor_; }

private:
    A* actor_;
};

}  // namespace clarion::core
