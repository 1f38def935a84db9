// Shard: one thread, its event loop, its timers and its unit of work (docs/design/001-core.md,
// ideas 1 and 3).
//
// What runs on a shard runs in turns. A turn is a handful of ready handlers; everything they write
// to storage is one Batch, and when the turn ends, in this order: what they left to be done in it
// (TurnWork) is done, the batch is submitted, posts to other shards leave (so nobody learns of a
// stanza before its batch is queued), connections flush.
// Everything here is called on the shard's own thread unless a comment says otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "server/runtime/ticket.h"
#include "server/runtime/timers.h"
#include "server/runtime/unique_function.h"
#include "storage/batch.h"

namespace clarion {

namespace storage {
class Storage;
}

namespace core {

/// Something with work left to do when the turn ends (a connection with unflushed output). Asked
/// once per turn in which it called Shard::at_turn_end().
class TurnEnd {
public:
    virtual ~TurnEnd() = default;
    virtual void end_turn() = 0;

private:
    friend class Shard;
    bool queued_ = false;
};

/// What a turn has still to do before it ends. Set once, by Shard::set_turn_work().
class TurnWork {
public:
    virtual ~TurnWork() = default;
    /// A turn begins: does first what the last one left. Whether it did anything.
    virtual bool begin_turn() = 0;
    /// Does what there is, up to the turn's budget. Whether it did anything.
    virtual bool run() = 0;
    virtual bool empty() const = 0;
    /// Destroys what will never be done (see ShardSet::discard()).
    virtual void discard() = 0;
};

class ShardSet;

class Shard {
public:
    Shard(ShardSet& set, unsigned index, Clock& clock, storage::Storage& storage);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    unsigned index() const { return index_; }
    Clock& clock() const { return clock_; }
    storage::Storage& storage() const { return storage_; }
    boost::asio::any_io_executor executor();

    /// The shard whose thread this is; nullptr on other threads. Any thread.
    static Shard* current();
    bool is_current() const { return current() == this; }

    // Time. Deadlines share one timer of the event loop; resolution is a few milliseconds.
    TimerId after(Duration delay, UniqueFunction<void()> fn);
    /// False if it ran already (or is running).
    bool cancel(TimerId timer);
    /// Throws operation_aborted if its task is cancelled meanwhile.
    Task<> sleep(Duration delay);

    // The unit of work.
    /// The batch of the turn that is running.
    storage::Batch& batch();
    /// Keeps the ticket's stanza unacknowledged until what this turn wrote so far is committed; if
    /// that fails, the ticket fails. A no-op if this turn wrote nothing.
    void hold(const Ticket& ticket);
    /// Bytes that this turn has written so far. It grows with each write.
    std::size_t written() const;
    /// The ticket of the stanza that is being dealt with (WriteHold): what the server says now, it
    /// says because of that stanza. nullptr: because of none.
    const Ticket* cause() const { return cause_; }
    /// Calls `fn` when this turn's batch is decided; at once at the turn's end if it stays empty.
    void after_commit(UniqueFunction<void(const Result<>&)> fn);
    /// Runs `write`, which writes what a crash may forget: at once, or, if that was done less than
    /// a few milliseconds ago, a few milliseconds later with others: for many, few commits.
    void write_soon(UniqueFunction<void()> write);
    /// Waits until all that this shard has written so far is decided; the error is that of the
    /// newest batch.
    Task<Result<>> committed();
    /// From the storage's writer, any thread.
    void on_commit(storage::CommitReport report);

    /// Runs a blocking or slow computation (a PBKDF2) on a worker thread and resumes here. Those
    /// who cause such work take turns. `cause`: a network or an account; empty: the server itself.
    Task<> offload(UniqueFunction<void()> work, std::string cause = {});

    /// Asks for end_turn() when the turn ends. Cheap; repeated calls in a turn count once. `who`
    /// must call forget() before it dies.
    void at_turn_end(TurnEnd& who);
    void forget(TurnEnd& who);

    /// nullptr: there is none (any more).
    void set_turn_work(TurnWork* work);

    // For ShardSet and App.
    /// Runs the loop on the calling thread until stop().
    void run();
    /// Any thread.
    void stop();
    /// Runs what is ready now, in turns, without blocking; for tests with a manual clock. Returns
    /// whether anything ran.
    bool run_ready();
    /// Nothing written and undecided, nothing posted and not run.
    bool quiet() const;
    /// See ShardSet::discard(). Whether there was anything.
    bool discard();

private:
    friend class ShardSet;
    friend class Ticket;
    friend class WriteHold;
    struct Impl;
    void accept_post(UniqueFunction<void()> fn);  // any thread
    void post_at_turn_end(unsigned target, UniqueFunction<void()> fn);
    void wake();  // any thread
    void run_posts();
    void close_ticket(TicketState* state);  // any thread: settles at home

    void arm(SteadyTime at);
    bool run_due_timers();
    bool work(bool (TurnWork::*step)());
    bool begin_turn();
    // The end of a turn, in order; each says whether it did anything.
    void end_turn();
    bool finish_work();
    bool settle_tickets();
    bool submit_batch();
    void send_posts();
    bool flush_participants();
    void decide(const storage::CommitReport& report);
    void log_failure(const Error& error);

    ShardSet& set_;
    const unsigned index_;
    Clock& clock_;
    storage::Storage& storage_;
    const Ticket* cause_ = nullptr;
    std::unique_ptr<Impl> impl_;
};

/// While it lives, a stanza is being dealt with, and is the cause of what is said (Shard::cause).
/// What is written meanwhile keeps it unacknowledged and is charged to it: when this goes, it holds
/// the ticket (Shard::hold) if the turn has written anything since. On the stack only, never over a
/// co_await.
class WriteHold {
public:
    WriteHold(Shard& shard, const Ticket& ticket)
        : shard_(shard),
          ticket_(ticket),
          before_(ticket ? shard.written() : 0),
          outer_(std::exchange(shard.cause_, ticket_ ? &ticket_ : nullptr)) {}
    ~WriteHold() {
        shard_.cause_ = outer_;
        if (!ticket_ || shard_.written() == before_) return;
        shard_.hold(ticket_);
        if (!outer_) ticket_.charge(shard_.written() - before_);
    }
    WriteHold(const WriteHold&) = delete;
    WriteHold& operator=(const WriteHold&) = delete;

private:
    Shard& shard_;
    const Ticket ticket_;
    const std::size_t before_;
    const Ticket* const outer_;  // it is charged with all of it
};

/// All shards of the server, in a fixed number. Owns their threads.
class ShardSet {
public:
    ShardSet(unsigned count, Clock& clock, storage::Storage& storage);
    ~ShardSet();

    unsigned count() const { return count_; }
    Shard& at(unsigned index) { return *shards_[index]; }

    /// THE crossing function: runs `fn` on that shard. Any thread. From a shard the post leaves
    /// when the turn ends, after its batch was submitted; to the own shard it runs in a later turn.
    /// Posts between two shards keep their order.
    void post(unsigned shard, UniqueFunction<void()> fn);

    /// Runs slow work on a worker thread. Any thread; see Shard::offload.
    void on_worker(std::string cause, UniqueFunction<void()> work);

    void start_threads();
    /// Stops all loops and joins their threads.
    void stop();
    /// Destroys what waits and will never run: timers, posts, suspended coroutines. Called after
    /// stop(), while what those refer to (cores, connections) is still there. REQUIRES: no loop
    /// runs.
    void discard();

private:
    const unsigned count_;
    std::vector<std::unique_ptr<Shard>> shards_;
    struct Threads;
    std::unique_ptr<Threads> threads_;
};

}  // namespace core
}  // namespace clarion
