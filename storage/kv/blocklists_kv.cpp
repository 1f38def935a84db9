#include "storage/kv/blocklists_kv.h"

#include "storage/kv/keys.h"
#include "storage/kv/kv_batch.h"
#include "storage/records.h"

namespace clarion::storage {

void BlocklistsKv::add(Batch& batch, AccountId account, std::string_view jid) {
    static_cast<KvBatch&>(batch).put(Table::owners, blocked_key(account, jid), encode_blocked(jid));
}

void BlocklistsKv::remove(Batch& batch, AccountId account, std::string_view jid) {
    static_cast<KvBatch&>(batch).erase(Table::owners, blocked_key(account, jid));
}

void BlocklistsKv::clear(Batch& batch, AccountId account) {
    static_cast<KvBatch&>(batch).erase_range(Table::owners, blocked_range(account));
}

}  // namespace clarion::storage
