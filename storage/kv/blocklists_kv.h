// BlocklistsKv: what storage/blocklists.h says, in keys and records. Owned by KvStorage; any shard.
#pragma once

#include "storage/blocklists.h"

namespace clarion::storage {

class BlocklistsKv final : public Blocklists {
public:
    void add(Batch& batch, AccountId account, std::string_view jid) override;
    void remove(Batch& batch, AccountId account, std::string_view jid) override;
    void clear(Batch& batch, AccountId account) override;
};

}  // namespace clarion::storage
