#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {

void PendingPublishesKv::put(Batch& batch, AccountId account, const PendingPublish& pending,
                             std::string_view xml) {
    auto& out = static_cast<KvBatch&>(batch);
    if (!xml.empty()) out.refer_to_log(pending.log_id, pending.caused, xml);
    out.put(Table::pending_publishes, partitioned_key(account, pending.registration),
            encode(pending));
}

void PendingPublishesKv::remove(Batch& batch, AccountId account, std::uint64_t seq) {
    static_cast<KvBatch&>(batch).erase(Table::pending_publishes, partitioned_key(account, seq));
}

Task<Result<std::vector<PendingPublishEntry>>> PendingPublishesKv::read(
    PartitionSet partitions, AccountId after_account, std::uint64_t after_registration,
    std::size_t limit) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        std::vector<PendingPublishEntry> entries;
        const Key from = after_account == AccountId::none
                             ? Key()
                             : after(partitioned_key(after_account, after_registration));
        for_partitions(
            snapshot, Table::pending_publishes, partitions, from, [&](const Entry& entry) {
                if (entries.size() == limit) return false;
                const auto& [key, value] = entry;
                entries.push_back({AccountId{key_u64(key, 2)},
                                   decoded(decode_pending_publish(key_u64(key, 10), value))});
                return true;
            });
        return entries;
    });
}

}  // namespace clarion::storage
