#include "server/core/setup/partition_moves.h"

#include <algorithm>
#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/hibernation_recovery.h"
#include "server/core/accounts/next_deadline.h"
#include "server/core/actors/directory.h"
#include "server/core/address/homes.h"
#include "server/core/address/partition_scopes.h"
#include "server/core/address/partitions.h"
#include "server/core/context.h"
#include "server/core/events/partition_events.h"
#include "server/core/internals.h"
#include "server/core/options.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/domain_links.h"
#include "server/core/routing/router.h"
#include "server/core/routing/strays.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"homes"};

Error refusal(std::string why) { return fail(error_code::conflict, std::move(why)); }

void drain(Context& context, const PartitionSet& partitions) {
    for (ActorTable* table : context.internals().directories) table->drain(partitions);
}

bool drained(Context& context, const PartitionSet& partitions) {
    return std::all_of(context.internals().directories.begin(),
                       context.internals().directories.end(),
                       [&](const ActorTable* table) { return table->drained(partitions); });
}

bool free_to_go(Context& context, const PartitionSet& partitions) {
    bool free = context.internals().scopes.idle(partitions);
    for (const ActorTable* table : context.internals().directories)
        if (!table->free_to_go(partitions)) free = false;
    return free;
}

/// Waits until `done`, at most for release_limit, and not at all once a loss has come.
Task<bool> wait_until(Context& context, std::function<bool()> done) {
    const SteadyTime until =
        context.clock().steady() + context.options<PartitionsOptions>().release_limit;
    while (true) {
        co_await context.shard().committed();
        if (done()) co_return true;
        const auto left = std::chrono::ceil<Duration>(until - context.clock().steady());
        if (left <= Duration::zero() || context.homes().loss_has_come()) co_return false;
        co_await context.partitions_changed().wait(context.shard(), left);
    }
}

/// Waits until what is under way to somebody on this shard now has been delivered, and `then` was
/// done right behind it.
Task<> delivered(Context& context, std::function<void()> then = {}) {
    bool done = false;
    Signal passed;
    context.deliveries().push([&](Context&) {
        if (then) then();
        done = true;
        passed.notify();
    });
    while (!done) co_await passed.wait(context.shard());
}

/// What comes for a component that moved here waits for it, but not for ever.
void expect_component(Context& context, const std::string& domain) {
    context.links().expect(domain);
    const Duration patience = context.options<PartitionsOptions>().component_patience;
    context.shard().after(patience, [&context, domain] {
        for (Envelope& envelope : context.links().give_up(domain))
            context.router().deliver_to_component(std::move(envelope));
    });
}

void part_with_components(Context& context, const PartitionSet& partitions) {
    for (const std::string& domain : context.links().part_with(partitions, false))
        context.strays().leave({.task = [domain](Context& home) { expect_component(home, domain); },
                                .partition = partition_of(domain),
                                .to = DeliveryQueue::To::task_at_home});
}

/// Waits until nothing is under way for them, who are closed: what comes for them is held. False:
/// something still is.
Task<bool> fall_silent(Context& context, PartitionSet partitions) {
    bool free = true;
    do {
        free = co_await wait_until(context, [&] { return free_to_go(context, partitions); });
        co_await delivered(context);  // what they said last, to their sessions
    } while (free && !free_to_go(context, partitions));
    co_return free;
}

/// Whoever still holds one of their actors sees that it is gone.
void clear_out(Context& context, const PartitionSet& partitions) {
    context.internals().scopes.cancel(partitions);
    (void)free_to_go(context, partitions);  // whatever modules say now, they write what they keep
    for (ActorTable* table : context.internals().directories) table->take_out(partitions);
    context.accounts().forget_hibernating(partitions);
    part_with_components(context, partitions);
    context.bus().fire(events::PartitionsReleased{context, partitions});
}

/// They stay, and what was put off for their next home is done here.
void reopen(Context& context, const PartitionSet& partitions) {
    logger.warning("not-released", {{"partitions", partitions.size()}});
    context.partition_table().reopen(partitions);
    acquire(context, partitions, true);
}

/// On their home.
Task<Result<>> release(Context& context, PartitionSet partitions) {
    context.partition_table().drain(partitions);
    drain(context, partitions);
    const bool stored = co_await wait_until(context, [&] {
        drain(context, partitions);  // whoever came in meanwhile
        return drained(context, partitions);
    });
    context.partition_table().close(partitions);
    co_await delivered(context);
    auto written = co_await context.shard().committed();
    if (!stored || !written || !drained(context, partitions)) {
        reopen(context, partitions);
        co_return refusal("what is under way does not end, or cannot be stored");
    }
    const bool silent = co_await fall_silent(context, partitions);
    if (context.homes().loss_has_come()) {  // nothing is cut off for having had no time
        reopen(context, partitions);
        co_return refusal("partitions were lost meanwhile");
    }
    if (!silent) logger.warning("still-in-use", {{"partitions", partitions.size()}});
    clear_out(context, partitions);
    written = co_await context.shard().committed();
    if (!written) logger.error("not-stored", {{"error", written.error().text}});
    co_return Result<>{};
}

/// Each shard says, behind all that it sent here before it knew of the move, that this was the
/// last.
Task<> hear_the_last(Context& context) {
    ShardSet& shards = context.shards();
    unsigned left = shards.count();
    Signal heard;
    const unsigned here = context.shard().index();
    for (unsigned i = 0; i < shards.count(); ++i)
        shards.post(i, [&shards, &left, &heard, here] {
            shards.post(here, [&left, &heard] {
                if (--left == 0) heard.notify();
            });
        });
    while (left > 0) co_await heard.wait(context.shard());
    co_await delivered(context);  // so that it has gone on
}

/// On their last home, where none of them is any more.
Task<> hand_over(Context& context, PartitionSet partitions, unsigned to, bool released_in_order) {
    context.internals().homes.move(partitions, to);
    context.partition_table().leave(partitions);
    Context* const next = &context.at(to);
    context.shards().post(to, [next, partitions] {
        next->partition_table().arrive(partitions);
        next->partitions_changed().notify();
    });
    context.strays().forward(partitions);
    context.partitions_changed().notify();
    co_await hear_the_last(context);
    // Behind all that was forwarded; and what has come there directly is among the strays by then.
    co_await call_on_shard(context, to, [&](Context& home) {
        return delivered(home, [&] { acquire(home, partitions, released_in_order); });
    });
}

/// Those of `partitions` that Homes names that shard for.
PartitionSet of_shard(const Context& context, const PartitionSet& partitions, unsigned shard) {
    PartitionSet some;
    partitions.for_each([&](Partition partition) {
        if (context.homes().shard_of(partition) == shard) some.add(partition);
    });
    return some;
}

/// On their last home. Those that are here are released, the others were lost.
Task<Result<>> move_from(Context& context, PartitionSet partitions, unsigned to) {
    PartitionSet here, lost;
    partitions.for_each([&](Partition partition) {
        (context.partition_table().is_here(partition) ? here : lost).add(partition);
    });
    if (!lost.empty()) co_await hand_over(context, lost, to, false);
    if (here.empty() || to == context.shard().index()) co_return Result<>{};
    const auto released = co_await release(context, here);
    if (!released) co_return released;
    // Who had no time to clean up after a crash leaves that to the next.
    const bool in_order = !context.internals().awaiting_lost_sessions.intersects(here);
    context.internals().awaiting_lost_sessions.remove(here);
    co_await hand_over(context, here, to, in_order);
    logger.info("moved", {{"partitions", here.size()}, {"to", to}});
    co_return released;
}

void lose(Context& context, const PartitionSet& partitions) {
    context.partition_table().lose(partitions);
    context.internals().scopes.cancel(partitions);
    context.bus().fire(events::PartitionsLost{context, partitions});
    for (ActorTable* table : context.internals().directories) table->take_out(partitions);
    (void)context.links().part_with(partitions, true);
    context.accounts().forget_hibernating(partitions);
    context.internals().awaiting_lost_sessions.remove(partitions);
    context.partitions_changed().notify();
    logger.warning("lost", {{"partitions", partitions.size()}});
}

/// Those who wait for their turn, or for something to end, look again.
void tell_all(Context& here) {
    here.everywhere([](Context& context) { context.partitions_changed().notify(); });
}

Task<Result<>> move_all(Context& here, PartitionSet partitions, unsigned to) {
    Result<> all;
    for (unsigned shard = 0; shard < here.shards().count(); ++shard) {
        const PartitionSet some = of_shard(here, partitions, shard);
        if (some.empty()) continue;
        co_await call_on_shard(here, shard, [&](Context& context) -> Task<> {
            const auto moved = co_await move_from(context, some, to);
            if (!moved) all = moved;
        });
    }
    co_return all;
}

Task<> lose_all(Context& here, PartitionSet partitions) {
    for (unsigned shard = 0; shard < here.shards().count(); ++shard) {
        const PartitionSet some = of_shard(here, partitions, shard);
        if (some.empty()) continue;
        co_await call_on_shard(here, shard, [&](Context& context) -> Task<> {
            lose(context, some);
            co_return;
        });
    }
}

}  // namespace

Task<Result<>> move_partitions(Context& here, PartitionSet partitions, unsigned to) {
    Homes& homes = here.internals().homes;
    if (!homes.begin_change()) co_return refusal("partitions are being moved already");
    const auto moved = co_await move_all(here, partitions, to);
    homes.end_change();
    tell_all(here);
    co_return moved;
}

Task<> lose_partitions(Context& here, PartitionSet partitions) {
    Homes& homes = here.internals().homes;
    homes.begin_loss();
    tell_all(here);
    while (!homes.begin_change()) co_await here.partitions_changed().wait(here.shard());
    co_await lose_all(here, partitions);
    homes.end_loss();
    homes.end_change();
    tell_all(here);
}

void acquire(Context& context, const PartitionSet& partitions, bool released_in_order) {
    context.partition_table().open(partitions);
    context.scope().spawn("hibernating", learn_hibernating(context, partitions));
    context.internals().next_deadline.note(LastingTime{});  // what is due there is not known yet
    if (!released_in_order)
        context.scope().spawn("lost-sessions", clean_up_crashed_sessions(context, partitions));
    context.bus().fire(events::PartitionsAcquired{context, partitions, released_in_order});
    context.strays().deliver(partitions);
    context.partitions_changed().notify();
}

}  // namespace clarion::core
