#include "server/core/partition_moves.h"

#include <algorithm>
#include <memory>

#include "base/log.h"
#include "server/core/core.h"
#include "server/core/hibernation_recovery.h"
#include "server/core/remote_call.h"
#include "server/events/partition_events.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"homes"};
/// A component that was told to connect again is expected back within this time.
constexpr Duration component_patience = std::chrono::seconds(10);

void drain(Core& core, const PartitionSet& partitions) {
    for (ActorTable* table : core.directories()) table->drain(partitions);
}

bool drained(Core& core, const PartitionSet& partitions) {
    return std::all_of(core.directories().begin(), core.directories().end(),
                       [&](const ActorTable* table) { return table->drained(partitions); });
}

bool free_to_go(Core& core, const PartitionSet& partitions) {
    bool free = core.scopes().idle(partitions);
    for (const ActorTable* table : core.directories())
        if (!table->free_to_go(partitions)) free = false;
    return free;
}

/// Waits until `done`, at most for release_limit.
Task<bool> wait_until(Core& core, std::function<bool()> done) {
    const SteadyTime until = core.clock().steady() + release_limit;
    while (true) {
        co_await core.shard().committed();
        if (done()) co_return true;
        const auto left = std::chrono::ceil<Duration>(until - core.clock().steady());
        if (left <= Duration::zero()) co_return false;
        co_await core.partitions_changed().wait(core.shard(), left);
    }
}

/// Waits until what is under way to somebody on this shard now has been delivered, and `then` was
/// done right behind it.
Task<> delivered(Core& core, std::function<void()> then = {}) {
    bool done = false;
    Signal passed;
    core.deliveries().push([&](Core&) {
        if (then) then();
        done = true;
        passed.notify();
    });
    while (!done) co_await passed.wait(core.shard());
}

/// What comes for a component that moved here waits for it, but not for ever.
void expect_component(Core& core, const std::string& domain) {
    core.links().expect(domain);
    core.shard().after(component_patience, [&core, domain] {
        for (Envelope& envelope : core.links().give_up(domain))
            core.router().deliver_to_component(std::move(envelope));
    });
}

void part_with_components(Core& core, const PartitionSet& partitions) {
    for (const std::string& domain : core.links().part_with(partitions, false))
        core.strays().leave({.task = [domain](Core& home) { expect_component(home, domain); },
                             .partition = partition_of(domain),
                             .to = DeliveryQueue::To::task_at_home});
}

/// From here on the partitions are closed: what comes for them is held.
Task<> clear_out(Core& core, PartitionSet partitions) {
    bool free = true;
    do {
        free = co_await wait_until(core, [&] { return free_to_go(core, partitions); });
        co_await delivered(core);  // what they said last, to their sessions
    } while (free && !free_to_go(core, partitions));
    if (!free) logger.warning("still-in-use", {{"partitions", partitions.size()}});
    core.scopes().cancel(partitions);
    (void)free_to_go(core, partitions);  // whatever modules say now, they write what they keep
    for (ActorTable* table : core.directories()) table->take_out(partitions);
    core.accounts().forget_hibernating(partitions);
    part_with_components(core, partitions);
    core.bus().fire(events::PartitionsReleased{core, partitions});
}

/// They stay, and what was put off for their next home is done here.
void reopen(Core& core, const PartitionSet& partitions) {
    logger.warning("not-released", {{"partitions", partitions.size()}});
    core.partition_table().reopen(partitions);
    acquire(core, partitions, true);
}

/// On their home.
Task<Result<>> release(Core& core, PartitionSet partitions) {
    core.partition_table().drain(partitions);
    drain(core, partitions);
    const bool stored = co_await wait_until(core, [&] {
        drain(core, partitions);  // whoever came in meanwhile
        return drained(core, partitions);
    });
    core.partition_table().close(partitions);
    co_await delivered(core);
    auto written = co_await core.shard().committed();
    if (!stored || !written || !drained(core, partitions)) {
        reopen(core, partitions);
        co_return fail(error_code::conflict, "what is under way does not end, or cannot be stored");
    }
    co_await clear_out(core, partitions);
    written = co_await core.shard().committed();
    if (!written) logger.error("not-stored", {{"error", written.error().text}});
    co_return Result<>{};
}

/// Each shard says, behind all that it sent here before it knew of the move, that this was the last.
Task<> hear_the_last(Core& core) {
    Shared& shared = core.shared();
    unsigned left = shared.shards.count();
    Signal heard;
    const unsigned here = core.shard().index();
    for (unsigned i = 0; i < shared.shards.count(); ++i)
        shared.shards.post(i, [&shared, &left, &heard, here] {
            shared.shards.post(here, [&left, &heard] {
                if (--left == 0) heard.notify();
            });
        });
    while (left > 0) co_await heard.wait(core.shard());
    co_await delivered(core);  // so that it has gone on
}

/// On their last home, where none of them is any more.
Task<> hand_over(Core& core, PartitionSet partitions, unsigned to, bool released_in_order) {
    Shared& shared = core.shared();
    shared.homes.move(partitions, to);
    core.partition_table().leave(partitions);
    Core* const next = shared.cores[to].get();
    shared.shards.post(to, [next, partitions] {
        next->partition_table().arrive(partitions);
        next->partitions_changed().notify();
    });
    core.strays().forward(partitions);
    core.partitions_changed().notify();
    co_await hear_the_last(core);
    // Behind all that was forwarded; and what has come there directly is among the strays by then.
    co_await call_on_shard(core, to, [&](Core& home) {
        return delivered(home, [&] { acquire(home, partitions, released_in_order); });
    });
}

/// Those of `partitions` that Homes names that shard for.
PartitionSet of_shard(const Core& core, const PartitionSet& partitions, unsigned shard) {
    PartitionSet some;
    partitions.for_each([&](Partition partition) {
        if (core.shared().homes.shard_of(partition) == shard) some.add(partition);
    });
    return some;
}

/// On their last home. Those that are here are released, the others were lost.
Task<Result<>> move_from(Core& core, PartitionSet partitions, unsigned to) {
    PartitionSet here, lost;
    partitions.for_each([&](Partition partition) {
        (core.partition_table().is_here(partition) ? here : lost).add(partition);
    });
    if (!lost.empty()) co_await hand_over(core, lost, to, false);
    if (here.empty() || to == core.shard().index()) co_return Result<>{};
    const auto released = co_await release(core, here);
    if (!released) co_return released;
    // Who had no time to clean up after a crash leaves that to the next.
    const bool in_order = !core.awaiting_lost_sessions().intersects(here);
    core.awaiting_lost_sessions().remove(here);
    co_await hand_over(core, here, to, in_order);
    logger.info("moved", {{"partitions", here.size()}, {"to", to}});
    co_return released;
}

void lose(Core& core, const PartitionSet& partitions) {
    core.partition_table().lose(partitions);
    core.scopes().cancel(partitions);
    core.bus().fire(events::PartitionsLost{core, partitions});
    for (ActorTable* table : core.directories()) table->take_out(partitions);
    (void)core.links().part_with(partitions, true);
    core.accounts().forget_hibernating(partitions);
    core.awaiting_lost_sessions().remove(partitions);
    core.partitions_changed().notify();
    logger.warning("lost", {{"partitions", partitions.size()}});
}

}  // namespace

Task<Result<>> move_partitions(Core& here, PartitionSet partitions, unsigned to) {
    Result<> all;
    for (unsigned shard = 0; shard < here.shared().shards.count(); ++shard) {
        const PartitionSet some = of_shard(here, partitions, shard);
        if (some.empty()) continue;
        co_await call_on_shard(here, shard, [&](Core& core) -> Task<> {
            const auto moved = co_await move_from(core, some, to);
            if (!moved) all = moved;
        });
    }
    co_return all;
}

Task<> lose_partitions(Core& here, PartitionSet partitions) {
    for (unsigned shard = 0; shard < here.shared().shards.count(); ++shard) {
        const PartitionSet some = of_shard(here, partitions, shard);
        if (some.empty()) continue;
        co_await call_on_shard(here, shard, [&](Core& core) -> Task<> {
            lose(core, some);
            co_return;
        });
    }
}

void acquire(Core& core, const PartitionSet& partitions, bool released_in_order) {
    core.partition_table().open(partitions);
    core.scope().spawn("hibernating", learn_hibernating(core, partitions));
    core.next_deadline().note(LastingTime{});  // what is due there is not known yet
    if (!released_in_order)
        core.scope().spawn("lost-sessions", clean_up_crashed_sessions(core, partitions));
    core.bus().fire(events::PartitionsAcquired{core, partitions, released_in_order});
    core.strays().deliver(partitions);
    core.partitions_changed().notify();
}

}  // namespace clarion::core
