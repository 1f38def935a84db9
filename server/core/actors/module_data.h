// ResidentSpace, StoredSpace: what a module keeps for an account or another owner, as entries of
// its own (storage/module_data.h says which kind is for what).
//
//     lists_ = setup.resident_data();                              // once, in install()
//     if (auto done = lists_.put(account.owner(), key, value); !done) return refuse(done.error());
//     lists_.for_each(account.owner(), [](std::string_view key, std::string_view value) { … });
//
// Writes go into this turn's batch: who must not be answered before they are durable holds its
// ticket (Shard::hold). Values are encoded by the module; a value may be of an older version of the
// server, or damaged. Values themselves, cheap to copy; on one shard, as long as it. The name under
// which data is kept is the module's, so a module's name never changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "server/core/actors/data_owner.h"
#include "storage/module_data.h"

namespace clarion::core {

class Context;

/// Resident entries: there while the owner is loaded, from AccountLoaded on.
class ResidentSpace {
public:
    /// Valid until the module's next change for this owner.
    std::optional<std::string_view> get(const DataOwner& owner, std::string_view key) const {
        return owner.resident().get(module_, key);
    }
    /// In order of the keys. `use` must change nothing.
    template <class Use>
    void for_each(const DataOwner& owner, Use use) const {
        owner.resident().for_each(module_, std::move(use));
    }
    bool empty(const DataOwner& owner) const { return owner.resident().empty(module_); }

    /// Creates or replaces an entry. Error "resource-constraint", and nothing changed: the module
    /// would keep too much. REQUIRES: a key of 1 to storage::max_data_key bytes.
    Result<> put(DataOwner& owner, std::string_view key, std::string_view value) const;
    void remove(DataOwner& owner, std::string_view key) const;
    void clear(DataOwner& owner) const;

    /// How many bytes more the module may keep for the owner (ResidentData::entry_bytes each).
    std::size_t room(const DataOwner& owner) const;

private:
    friend class ModuleSetup;
    ResidentSpace(Context& context, std::string_view module, std::size_t bound)
        : context_(&context), module_(module), bound_(bound) {}
    storage::DataSpace space(const DataOwner& owner) const {
        return {owner.id(), module_, storage::DataKind::resident};
    }

    Context* context_;
    std::string_view module_;
    std::size_t bound_;  // the module's own; 0: the common ones
};

/// How much a module may store for one owner.
struct DataQuota {
    std::uint64_t entries = 1000;
    std::uint64_t bytes = 1u << 20;  // of keys and values
};

/// Stored entries: read when asked for. Reading sees what is committed.
class StoredSpace {
public:
    Task<Result<std::optional<std::string>>> get(storage::OwnerId owner, std::string key) const;
    Task<Result<storage::DataPage>> read(storage::OwnerId owner, storage::DataQuery query) const;
    Task<Result<storage::DataUsage>> usage(storage::OwnerId owner) const;

    /// Creates or replaces an entry, in the batch of the turn in which it returns; waits for this
    /// shard's own writes before. Error "resource-constraint": the owner has no room for it (what
    /// several such tasks write at once is counted afterwards: together they may exceed the quota
    /// by what they write).
    Task<Result<>> put(storage::OwnerId owner, std::string key, std::string value) const;
    /// Creates or replaces an entry in this turn's batch, and counts nothing: for who has counted, or
    /// keeps few entries of bounded size.
    void put_uncounted(storage::OwnerId owner, std::string_view key, std::string_view value) const;
    /// Creates an entry unless there is one, then the whole batch fails with "conflict": for who
    /// waits for the commit in a turn of its own.
    void put_new(storage::OwnerId owner, std::string_view key, std::string_view value) const;
    void remove(storage::OwnerId owner, std::string_view key) const;
    void clear(storage::OwnerId owner) const;

private:
    friend class ModuleSetup;
    StoredSpace(Context& context, std::string_view module, DataQuota quota)
        : context_(&context), module_(module), quota_(quota) {}
    storage::DataSpace space(storage::OwnerId owner) const {
        return {owner, module_, storage::DataKind::stored};
    }

    Context* context_;
    std::string_view module_;
    DataQuota quota_;
};

/// Modules that declared a bound of their own for what they keep resident: what they keep does not
/// count towards storage::max_resident_of_owner. One per shard.
using BoundedModules = std::vector<std::string_view>;

}  // namespace clarion::core
