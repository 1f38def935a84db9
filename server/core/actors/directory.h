// Directory: the actors of one kind on one shard: loaded on first use, kept while used, evicted
// when idle.
//
// While an actor is being loaded, what wants it waits in order in a bounded inbox, which is emptied
// in the shard's delivery queue, so that nothing that came later overtakes it. Addresses at
// which there is none are remembered in a bounded negative cache, so that spam to unknown ones
// costs no reads. Accounts have one (AccountDirectory), and so has each service with actors
// (core/delivery/service.h).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "server/core/actors/actor.h"
#include "server/runtime/unique_function.h"

namespace clarion::core {

class Context;

/// What directories of all kinds do. For addresses that are not at home on this shard there is
/// nobody.
class ActorTable {
public:
    /// `kind`: what they are, for the log and errors ("account").
    ActorTable(Context& context, std::string_view kind);
    virtual ~ActorTable();
    ActorTable(const ActorTable&) = delete;
    ActorTable& operator=(const ActorTable&) = delete;

    /// The actor is being deleted: who asks for it from now on waits for end_removal().
    void begin_removal(const std::string& address);
    /// Its deletion was committed or, not `gone`, failed. Whoever waited is told that it is not
    /// there. What still holds it keeps the object.
    void end_removal(const std::string& address, bool gone);
    /// There is one now: the address is unknown no more.
    void note_created(std::string_view address);

    /// Puts away those that are idle: not pinned, untouched for a while, may_evict().
    void evict_idle(Duration idle);
    /// The same for the next of `slices` parts of the table, so that nobody waits for a walk over
    /// all of it, and for those of evict_soon().
    void evict_slice(Duration idle, std::size_t slices);
    /// It was loaded for a moment only: it is evicted with the next slice, or as soon after as
    /// nothing needs it.
    void evict_soon(std::string address);

    // For partitions that leave (core/setup/partition_moves.h).
    /// Those in these are to end what keeps them here; may be called again.
    void drain(const PartitionSet& partitions);
    /// Nothing is under way from their sessions, and all that outlives those is stored.
    bool drained(const PartitionSet& partitions) const;
    /// None is being loaded or removed, pinned, or kept by a module: they could all be evicted. All
    /// modules are asked of all of them, and write what they keep in memory only.
    bool free_to_go(const PartitionSet& partitions) const;
    /// Takes them out: what still holds one keeps the object, which is gone. Whoever waits for one
    /// is told "moved".
    void take_out(const PartitionSet& partitions);

    std::size_t loaded() const;
    /// How many were evicted since the start.
    std::uint64_t evicted() const;
    /// Loads waiting for storage right now.
    std::size_t loading() const;

protected:
    using Ready = UniqueFunction<void(Result<Actor*>)>;

    Actor* find_actor(std::string_view address);
    void with_actor(std::string_view address, Ready ready);
    /// Its pin is counted for the caller, who takes it over and unpins.
    Task<Result<Actor*>> load_pinned(std::string address);
    void for_each_actor(const std::function<void(Actor&)>& fn);
    Context& context() const;
    /// "item-not-found".
    Error not_there() const;

private:
    /// Reads the actor, ready to be used. nullptr: there is none. At most one read of an address is
    /// under way.
    virtual Task<Result<std::unique_ptr<Actor>>> read(std::string address) = 0;
    /// Whether nothing but memory would be lost. Of one that is idle and not pinned.
    virtual bool may_evict(Actor&) { return true; }
    /// Its partition is to move: it ends what keeps it in memory (sessions), so that it can be
    /// taken up elsewhere. May be called again.
    virtual void drain(Actor&) {}
    /// That has ended, and all that outlives it is stored.
    virtual bool drained(Actor&) { return true; }
    virtual void on_evict(Actor&) {}

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// `Base`: ActorTable, or what derives from it (Service).
template <class A, class Base = ActorTable>
class Directory : public Base {
public:
    using Base::Base;

    /// The actor if it is loaded.
    A* find(std::string_view address) { return static_cast<A*>(this->find_actor(address)); }
    /// Calls `ready(Result<A*>)`: now if it is loaded, else in order of asking once it is. Errors:
    /// "item-not-found" (there is none), "resource-constraint" (its inbox is full),
    /// "internal-server-error" (storage), "moved" (its partition is not here, any more).
    template <class F>
    void with(std::string_view address, F ready) {
        this->with_actor(address, [ready = std::move(ready)](Result<Actor*> found) mutable {
            if (!found) return ready(Result<A*>(found.error()));
            ready(Result<A*>(static_cast<A*>(*found)));
        });
    }
    /// The same for coroutines; the pin keeps it loaded. One whose deletion has begun is not found.
    Task<Result<ActorPin<A>>> load(std::string address) {
        auto found = co_await this->load_pinned(std::move(address));
        if (!found) co_return found.error();
        ActorPin<A> pin(*static_cast<A*>(*found));
        (*found)->unpin();
        if (!pin.alive()) co_return this->not_there();
        co_return std::move(pin);
    }
    void for_each(const std::function<void(A&)>& fn) {
        this->for_each_actor([&fn](Actor& actor) { fn(static_cast<A&>(actor)); });
    }
};

}  // namespace clarion::core
