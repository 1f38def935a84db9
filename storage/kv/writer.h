// Writer: the one thread that writes (docs/design/001-core.md, idea 3).
//
// Shards push batches; the writer takes all that queued up, applies them in one transaction,
// commits once and reports. While it waits for the disk the next group gathers, so groups grow with
// the load and nothing ever waits for a group to fill. A batch whose conditions do not hold is left
// out. If anything else fails, the group is split in halves until the guilty batch stands alone, so
// that it fails and the others do not. Batches of one shard are decided in the order of their
// tokens.
//
// What a removed account leaves behind in its archive is cleared away in slices between groups
// (Table::deleting), so that no group waits long for it; a restart goes on where the last run
// stopped. A backup is copied in slices between groups too (BackupCopy).
//
// Owned by KvStorage. submit(), backlog_bytes() on any thread; listeners run on the writer's
// thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "storage/kv/apply.h"
#include "storage/kv/backup_copy.h"
#include "storage/kv/engine.h"
#include "storage/kv/kv_batch.h"

namespace clarion::storage {

/// Asked once for each batch that is not empty; an Error is that batch's fate. For tests.
using BatchHook = std::function<std::optional<Error>()>;

class Writer {
public:
    Writer(Engine& engine, std::size_t group_bytes, BatchHook hook = {});
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void set_listener(unsigned shard, CommitListener listener);
    Token submit(unsigned shard, std::unique_ptr<KvBatch> batch);
    /// Commits a batch of nobody's shard and waits for it. Any thread but the writer's. Error
    /// "cancelled": the writer stops.
    std::optional<Error> commit(std::unique_ptr<KvBatch> batch);
    std::size_t backlog_bytes() const { return backlog_.load(std::memory_order_relaxed); }
    /// See Storage::last_commit(). Any thread.
    Result<> last_commit() const;
    /// See Storage::when_backlog_below().
    void when_backlog_below(std::size_t bytes, std::function<void()> fn);

    /// Waits until all that was submitted is decided and reported, and nothing is left to clear
    /// away.
    void wait_until_idle();
    /// Copies all that is stored into the stream; an older copy is given up. Any thread.
    void start_copy(std::shared_ptr<BackupStream> stream);
    /// The stream of the copy has room again. Any thread.
    void wake();
    /// Decides what is queued, then ends the thread. Further calls do nothing.
    void stop();

private:
    struct Shard {
        CommitListener listener;
        std::uint64_t last_token = 0;
        CommitReport report;  // the writer's own, being filled
    };
    struct Pending {
        Shard* shard;
        Token token;
        std::unique_ptr<KvBatch> batch;
        std::optional<Error> error;
        std::promise<std::optional<Error>>* waiter = nullptr;  // of commit()
        bool asked = false;                                    // the hook was
        bool refused = false;                                  // by the hook, for good
    };

    void run();
    bool take(std::vector<Pending>& batches);
    bool wants_slice_locked();
    std::unique_ptr<WriteTransaction> begin_write();
    void copy_slice(SteadyTime turn_began);
    void decide_all(std::span<Pending> batches);
    std::span<Pending> next_group(std::span<Pending> batches) const;
    void decide(std::span<Pending> group);
    std::optional<Error> try_commit(std::span<Pending> group);
    bool acceptable(WriteTransaction& transaction, Pending& pending);
    void report(std::span<Pending> group);
    void tell_of_backlog();
    void clear_slice();
    Error failed(Error error);
    void succeeded();
    Shard& shard_locked(unsigned shard);

    Engine& engine_;
    const std::size_t group_bytes_;
    const BatchHook hook_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable idle_;
    std::vector<Pending> queue_;
    std::deque<Shard> shards_;
    struct BacklogWaiter {
        std::size_t bytes;
        std::function<void()> fn;
    };
    std::vector<BacklogWaiter> backlog_waiters_;
    Shard nobody_;  // whose batches commit() submits
    bool waiting_ = false;
    bool stopping_ = false;
    std::unique_ptr<BackupCopy> next_copy_;
    std::atomic<std::size_t> backlog_{0};
    mutable std::mutex outcome_mutex_;
    std::optional<Error> last_failure_;  // under outcome_mutex_; nullopt: the last commit succeeded

    WriterMemory memory_;               // the writer's own
    bool clearing_ = true;              // the writer's own: something may be in Table::deleting
    std::unique_ptr<BackupCopy> copy_;  // the writer's own
    std::size_t turn_bytes_ = 0;        // the writer's own: decided in this turn
    std::thread thread_;                // last: starts when all else is there
};

}  // namespace clarion::storage
