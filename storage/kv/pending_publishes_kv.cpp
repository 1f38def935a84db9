#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {

void PendingPublishesKv::put(Batch& batch, AccountId account, const PendingPublish& pending,
                             std::string_view xml) {
    auto& out = static_cast<KvBatch&>(batch);
    if (!xml.empty()) out.refer_to_log(pending.log_id, pending.caused, xml);
    out.put(Table::pending_publishes, owner_number_key(account, pending.registration),
            encode(pending));
}

void PendingPublishesKv::remove(Batch& batch, AccountId account, std::uint64_t seq) {
    static_cast<KvBatch&>(batch).erase(Table::pending_publishes, owner_number_key(account, seq));
}

Task<Result<std::vector<PendingPublishEntry>>> PendingPublishesKv::read(AccountId after_account,
                                                                        std::uint64_t after_seq,
                                                                        std::size_t limit) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        std::vector<PendingPublishEntry> entries;
        const auto cursor = snapshot.cursor(Table::pending_publishes);
        bool found = cursor->seek(after(owner_number_key(after_account, after_seq)));
        for (; found && entries.size() < limit; found = cursor->next()) {
            const auto [key, value] = cursor->entry();
            entries.push_back({AccountId{key_u64(key, 0)},
                               decoded(decode_pending_publish(key_u64(key, 8), value))});
        }
        return entries;
    });
}

}  // namespace clarion::storage
