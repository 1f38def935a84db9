#include "storage/kv/writer.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace clarion::storage {
namespace {

// Entries cleared away between two groups: a few milliseconds.
constexpr std::size_t clear_slice_size = 2000;

}  // namespace

Writer::Writer(Engine& engine, std::size_t group_bytes, BatchHook hook)
    : engine_(engine), group_bytes_(group_bytes), hook_(std::move(hook)) {
    thread_ = std::thread([this] { run(); });
}

Writer::~Writer() { stop(); }

Writer::Shard& Writer::shard_locked(unsigned shard) {
    while (shards_.size() <= shard) shards_.emplace_back();
    return shards_[shard];
}

void Writer::set_listener(unsigned shard, CommitListener listener) {
    const std::lock_guard lock(mutex_);
    shard_locked(shard).listener = std::move(listener);
}

Token Writer::submit(unsigned shard_number, std::unique_ptr<KvBatch> batch) {
    backlog_.fetch_add(batch->bytes(), std::memory_order_relaxed);
    std::unique_lock lock(mutex_);
    Shard& shard = shard_locked(shard_number);
    const Token token{++shard.last_token};
    queue_.push_back({.shard = &shard, .token = token, .batch = std::move(batch), .error = {}});
    const bool wake = std::exchange(waiting_, false);
    lock.unlock();
    if (wake) wake_.notify_one();
    return token;
}

void Writer::when_backlog_below(std::size_t bytes, std::function<void()> fn) {
    {
        const std::lock_guard lock(mutex_);
        if (backlog_bytes() >= bytes) return backlog_waiters_.push_back({bytes, std::move(fn)});
    }
    fn();
}

/// After the backlog has shrunk: with the lock, so that nobody begins to wait unseen.
void Writer::tell_of_backlog() {
    std::vector<BacklogWaiter> told;
    {
        const std::lock_guard lock(mutex_);
        const auto high = std::partition(
            backlog_waiters_.begin(), backlog_waiters_.end(),
            [this](const BacklogWaiter& waiter) { return backlog_bytes() >= waiter.bytes; });
        told.assign(std::move_iterator(high), std::move_iterator(backlog_waiters_.end()));
        backlog_waiters_.erase(high, backlog_waiters_.end());
    }
    for (const BacklogWaiter& waiter : told) waiter.fn();
}

std::optional<Error> Writer::commit(std::unique_ptr<KvBatch> batch) {
    std::promise<std::optional<Error>> decided;
    backlog_.fetch_add(batch->bytes(), std::memory_order_relaxed);
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            backlog_.fetch_sub(batch->bytes(), std::memory_order_relaxed);
            return fail("cancelled", "the server is stopping");
        }
        const Token token{++nobody_.last_token};
        queue_.push_back({.shard = &nobody_,
                          .token = token,
                          .batch = std::move(batch),
                          .error = {},
                          .waiter = &decided});
        waiting_ = false;
    }
    wake_.notify_one();
    return decided.get_future().get();
}

void Writer::wait_until_idle() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return (queue_.empty() && waiting_) || stopping_; });
}

void Writer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        waiting_ = false;
    }
    wake_.notify_one();
    idle_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Writer::run() {
    std::vector<Pending> batches;
    while (take(batches)) {
        const SteadyTime began = copy_ ? std::chrono::steady_clock::now() : SteadyTime();
        turn_bytes_ = 0;
        decide_all(batches);
        batches.clear();
        if (clearing_) clear_slice();
        if (copy_) copy_slice(began);
    }
}

bool Writer::take(std::vector<Pending>& batches) {
    std::unique_lock lock(mutex_);
    while (!wants_slice_locked() && queue_.empty() && !stopping_ && !clearing_) {
        waiting_ = true;
        idle_.notify_all();
        wake_.wait(lock, [this] { return !waiting_; });
    }
    batches.swap(queue_);
    return !batches.empty() || !stopping_;
}

/// Whether a backup has something to do, an empty queue or not.
bool Writer::wants_slice_locked() {
    if (next_copy_) copy_ = std::move(next_copy_);
    return copy_ && copy_->wants_slice();
}

void Writer::start_copy(std::shared_ptr<BackupStream> stream) {
    {
        const std::lock_guard lock(mutex_);
        next_copy_ = std::make_unique<BackupCopy>(std::move(stream));
    }
    wake();
}

void Writer::wake() {
    {
        const std::lock_guard lock(mutex_);
        waiting_ = false;
    }
    wake_.notify_one();
}

std::unique_ptr<WriteTransaction> Writer::begin_write() {
    auto transaction = engine_.begin_write();
    return copy_ ? copy_->recorded(std::move(transaction)) : std::move(transaction);
}

void Writer::copy_slice(SteadyTime turn_began) {
    copy_->slice(engine_, turn_bytes_, std::chrono::steady_clock::now() - turn_began);
    if (copy_->over()) copy_.reset();
}

void Writer::decide_all(std::span<Pending> batches) {
    while (!batches.empty()) {
        const auto group = next_group(batches);
        decide(group);
        report(group);
        batches = batches.subspan(group.size());
    }
}

std::span<Writer::Pending> Writer::next_group(std::span<Pending> batches) const {
    std::size_t size = 1, bytes = batches[0].batch->bytes();
    while (size < batches.size() && bytes < group_bytes_) bytes += batches[size++].batch->bytes();
    return batches.first(size);
}

void Writer::decide(std::span<Pending> group) {
    auto error = try_commit(group);
    if (!error) return memory_.removed.keep();
    memory_.tails.forget();
    memory_.removed.forget();
    if (group.size() == 1) {
        group[0].error = std::move(error);
        return;
    }
    decide(group.first(group.size() / 2));
    decide(group.subspan(group.size() / 2));
}

std::optional<Error> Writer::try_commit(std::span<Pending> group) {
    try {
        std::unique_ptr<WriteTransaction> transaction;
        bool wrote = false;
        for (Pending& pending : group) {
            if (pending.batch->empty()) continue;
            if (!transaction) transaction = begin_write();
            if (!acceptable(*transaction, pending)) continue;
            apply(*transaction, memory_, *pending.batch);
            wrote = true;
            clearing_ = clearing_ || pending.batch->deletes_owner();
        }
        if (wrote) {
            transaction->commit();
            succeeded();
        }
        return std::nullopt;
    } catch (const EngineFailure& failure) {
        return failed(failure.error());
    } catch (const std::exception& failure) {  // out of memory, say: the server stays up
        return failed(fail("internal-server-error", std::string("storage: ") + failure.what()));
    }
}

Error Writer::failed(Error error) {
    const std::lock_guard lock(outcome_mutex_);
    last_failure_ = error;
    return error;
}

void Writer::succeeded() {
    const std::lock_guard lock(outcome_mutex_);
    last_failure_.reset();
}

Result<> Writer::last_commit() const {
    const std::lock_guard lock(outcome_mutex_);
    if (last_failure_) return *last_failure_;
    return {};
}

bool Writer::acceptable(WriteTransaction& transaction, Pending& pending) {
    if (hook_ && !std::exchange(pending.asked, true)) {
        pending.error = hook_();
        pending.refused = pending.error.has_value();
    }
    if (!pending.refused) pending.error = failed_condition(transaction, memory_, *pending.batch);
    return !pending.error;
}

void Writer::report(std::span<Pending> group) {
    std::vector<Shard*> concerned;
    std::size_t bytes = 0;
    for (Pending& pending : group) {
        CommitReport& report = pending.shard->report;
        if (report.up_to == Token::none) concerned.push_back(pending.shard);
        report.up_to = pending.token;
        if (pending.waiter) {
            pending.waiter->set_value(std::move(pending.error));
            pending.error.reset();
        }
        if (pending.error) report.failures.push_back({pending.token, std::move(*pending.error)});
        bytes += pending.batch->bytes();
        pending.batch.reset();
    }
    backlog_.fetch_sub(bytes, std::memory_order_relaxed);
    turn_bytes_ += bytes;
    for (Shard* shard : concerned) {
        CommitReport report = std::exchange(shard->report, {});
        if (shard->listener) shard->listener(std::move(report));
    }
    tell_of_backlog();
}

void Writer::clear_slice() {
    try {
        const auto transaction = begin_write();
        clearing_ = clear_deleting(*transaction, memory_.watch, clear_slice_size);
        if (clearing_) transaction->commit();
    } catch (const std::exception&) {
        clearing_ = false;  // a later removal, or the next start, tries again
    }
}

}  // namespace clarion::storage
