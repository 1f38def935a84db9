#include "storage/kv/keys.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

void put_version(KvBatch& out, AccountId account, std::uint64_t version) {
    out.put(Table::accounts, account_key(account, AccountEntry::roster_version),
            encode_number(version));
}

}  // namespace

void RostersKv::put(Batch& batch, AccountId account, const RosterItem& item,
                    std::uint64_t version) {
    auto& out = static_cast<KvBatch&>(batch);
    out.put(Table::accounts, roster_item_key(account, item.jid), encode(item));
    put_version(out, account, version);
}

void RostersKv::remove(Batch& batch, AccountId account, std::string_view jid,
                       std::uint64_t version) {
    auto& out = static_cast<KvBatch&>(batch);
    out.erase(Table::accounts, roster_item_key(account, jid));
    put_version(out, account, version);
}

}  // namespace clarion::storage
