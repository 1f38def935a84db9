#include "storage/kv/keys.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

void put_version(KvBatch& out, AccountId account, std::uint64_t version) {
    out.put(Table::owners, owner_key(account, OwnerEntry::roster_version), encode_number(version));
}

}  // namespace

void RostersKv::put(Batch& batch, AccountId account, const RosterItem& item,
                    std::uint64_t version) {
    auto& out = static_cast<KvBatch&>(batch);
    out.put(Table::owners, roster_item_key(account, item.jid), encode(item));
    put_version(out, account, version);
}

void RostersKv::remove(Batch& batch, AccountId account, std::string_view jid,
                       std::uint64_t version) {
    auto& out = static_cast<KvBatch&>(batch);
    out.erase(Table::owners, roster_item_key(account, jid));
    put_version(out, account, version);
}

}  // namespace clarion::storage
