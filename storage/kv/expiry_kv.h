// ExpiryKv: what storage/expiry.h says, in keys and records. Owned by KvStorage; any shard.
#pragma once

#include <cstddef>

#include "storage/expiry.h"
#include "storage/kv/engine.h"

namespace clarion::storage {

class ExpiryKv final : public Expiry {
public:
    explicit ExpiryKv(Engine& engine) : engine_(engine) {}
    Task<Result<ExpiredEntries>> find(OwnerId owner, Keep keep, std::size_t limit) override;
    void remove(Batch& batch, OwnerId owner, const ExpiredEntries& entries) override;

private:
    Engine& engine_;
};

}  // namespace clarion::storage
