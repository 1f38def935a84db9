#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {

// Twice: by time, to be found when due, and with the account, to go when it goes.
void DeadlinesKv::put(Batch& batch, const Deadline& deadline) {
    auto& out = static_cast<KvBatch&>(batch);
    const Key key = deadline_key(deadline);
    out.put(Table::deadlines, key, encode_empty());
    out.put(Table::owners, owner_deadline_key(deadline), key);
}

void DeadlinesKv::remove(Batch& batch, const Deadline& deadline) {
    auto& out = static_cast<KvBatch&>(batch);
    out.erase(Table::deadlines, deadline_key(deadline));
    out.erase(Table::owners, owner_deadline_key(deadline));
}

Task<Result<std::vector<Deadline>>> DeadlinesKv::due(PartitionSet partitions, LastingTime until,
                                                     std::size_t limit,
                                                     std::optional<Deadline> after_this) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        std::vector<Deadline> due;
        const Key from = after_this ? after(deadline_key(*after_this)) : Key();
        for_partitions(snapshot, Table::deadlines, partitions, from, [&](const Entry& entry) {
            if (due.size() == limit) return Walk::stop;
            const Deadline deadline = key_deadline(entry.key);
            if (deadline.at > until) return Walk::next_partition;
            due.push_back(deadline);
            return Walk::on;
        });
        return due;
    });
}

}  // namespace clarion::storage
