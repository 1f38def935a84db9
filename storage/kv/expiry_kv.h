// ExpiryKv: what storage/expiry.h says, in keys and records. Owned by KvStorage; any shard.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/expiry.h"
#include "storage/kv/engine.h"

namespace clarion::storage {

class ExpiryKv final : public Expiry {
public:
    explicit ExpiryKv(Engine& engine) : engine_(engine) {}
    Task<Result<ExpiredEntries>> find(OwnerId owner, Keep keep, std::size_t limit) override;
    void remove(Batch& batch, OwnerId owner, const ExpiredEntries& entries) override;
    std::unique_ptr<LogSweep> sweep(WallTime before) override;

private:
    Engine& engine_;
    std::atomic<std::uint64_t> sweeps_{0};
};

}  // namespace clarion::storage
