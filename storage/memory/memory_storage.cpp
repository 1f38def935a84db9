#include "storage/memory/memory_storage.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "storage/memory/memory_engine.h"

namespace clarion::storage {
namespace {

/// What the hooks of MemoryStorage set and the writer obeys.
class CommitGate {
public:
    void hold(bool held) {
        const std::lock_guard lock(mutex_);
        held_ = held;
        released_.notify_all();
    }
    void fail_batches(std::size_t count, Error error) {
        const std::lock_guard lock(mutex_);
        failing_batches_ = count;
        batch_error_ = std::move(error);
    }
    void fail_commits(std::size_t count) {
        const std::lock_guard lock(mutex_);
        failing_commits_ = count;
    }

    void fail_reads(std::size_t count) {
        const std::lock_guard lock(mutex_);
        failing_reads_ = count;
    }

    void before_read() {
        const std::lock_guard lock(mutex_);
        if (failing_reads_ == 0) return;
        --failing_reads_;
        throw EngineFailure(fail("internal-server-error", "input/output error (injected)"));
    }
    std::optional<Error> before_batch() {
        const std::lock_guard lock(mutex_);
        if (failing_batches_ == 0) return std::nullopt;
        --failing_batches_;
        return batch_error_;
    }
    void before_commit() {
        std::unique_lock lock(mutex_);
        released_.wait(lock, [this] { return !held_; });
        if (failing_commits_ == 0) return;
        --failing_commits_;
        throw EngineFailure(fail(error_code::resource_constraint, "no space left (injected)"));
    }

private:
    std::mutex mutex_;
    std::condition_variable released_;
    bool held_ = false;
    std::size_t failing_batches_ = 0;
    std::size_t failing_commits_ = 0;
    std::size_t failing_reads_ = 0;
    Error batch_error_;
};

class GatedMemoryStorage final : public MemoryStorage {
public:
    explicit GatedMemoryStorage(const StorageLimits& limits)
        : MemoryStorage(std::make_unique<MemoryEngine>([this] { gate_.before_commit(); },
                                                       [this] { gate_.before_read(); })) {
        if (auto started = start(limits.group_bytes, [this] { return gate_.before_batch(); });
            !started) {
            throw EngineFailure(started.error());
        }
    }
    ~GatedMemoryStorage() override { GatedMemoryStorage::stop(); }

    void fail_next_batches(std::size_t count, Error error) override {
        gate_.fail_batches(count, std::move(error));
    }
    void fail_next_commits(std::size_t count) override { gate_.fail_commits(count); }
    void fail_next_reads(std::size_t count) override { gate_.fail_reads(count); }
    void hold_commits() override { gate_.hold(true); }
    void release_commits() override { gate_.hold(false); }

    void stop() override {
        gate_.hold(false);
        KvStorage::stop();
    }

private:
    CommitGate gate_;
};

}  // namespace

std::unique_ptr<MemoryStorage> make_memory_test_storage(const StorageLimits& limits) {
    return std::make_unique<GatedMemoryStorage>(limits);
}

std::unique_ptr<Storage> make_memory_storage() { return make_memory_test_storage(); }

}  // namespace clarion::storage
