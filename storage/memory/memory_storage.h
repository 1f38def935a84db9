// MemoryStorage: storage for tests, whose commits can be held, failed and waited for, and whose reads
// can fail.
//
// It is the real thing above the engine: the same repositories, writer thread and order of commits.
// Owned by the test.
// The hooks may be called on any thread.
#pragma once

#include <cstddef>
#include <memory>

#include "storage/kv/kv_storage.h"

namespace clarion::storage {

class MemoryStorage : public KvStorage {
public:
    /// The next `count` batches that are not empty fail with `error`, each alone.
    virtual void fail_next_batches(std::size_t count, Error error) = 0;
    /// The next `count` attempts to commit fail as a full disk does. The writer then tries the
    /// batches of that group in smaller groups, so a batch fails only when alone in its attempt.
    virtual void fail_next_commits(std::size_t count) = 0;

    /// The next `count` reads fail as a failing disk's do. A read is what one call asks for: one
    /// record, or one page of a list.
    virtual void fail_next_reads(std::size_t count) = 0;

    /// From now on commits wait: what is submitted stays undecided and unseen until
    /// release_commits(). stop() releases too.
    virtual void hold_commits() = 0;
    virtual void release_commits() = 0;

protected:
    using KvStorage::KvStorage;
};

std::unique_ptr<MemoryStorage> make_memory_test_storage(const StorageLimits& limits = {});
/// The same as a plain Storage.
std::unique_ptr<Storage> make_memory_storage();

}  // namespace clarion::storage
