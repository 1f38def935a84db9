// OwnersKv: what storage/owners.h says, in keys and records. Owned by KvStorage; any shard.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "storage/kv/engine.h"
#include "storage/kv/kv_batch.h"
#include "storage/owners.h"

namespace clarion::storage {

class OwnersKv final : public Owners {
public:
    /// `next`: the next id without its partition.
    OwnersKv(Engine& engine, std::atomic<std::uint64_t>& next) : engine_(engine), next_(next) {}
    Task<Result<std::optional<OwnerId>>> find(OwnerKind kind, std::string address) override;
    Task<Result<std::optional<std::string>>> address_of(OwnerId id) override;
    Task<Result<std::optional<OwnerSnapshot>>> load(std::string address) override;
    Task<Result<std::vector<std::string>>> list(OwnerKind kind, std::string domain,
                                                std::string after, std::size_t limit) override;
    Task<Result<std::uint64_t>> count(OwnerKind kind) override;
    OwnerId next_id(std::string_view address) override;
    void put(Batch& batch, const Owner& actor) override;
    void remove(Batch& batch, const Owner& owner) override;

private:
    Engine& engine_;
    std::atomic<std::uint64_t>& next_;
};

// What repositories of owners of one kind share.

/// OwnerId::none: no owner of that kind has the address.
OwnerId find_owner(Snapshot& snapshot, OwnerKind kind, std::string_view address);
void put_name(KvBatch& batch, const Owner& owner);
/// The second number of the last key of the owner in a table, 0 if it has none there.
std::uint64_t last_number(Snapshot& snapshot, Table table, OwnerId id);

}  // namespace clarion::storage
