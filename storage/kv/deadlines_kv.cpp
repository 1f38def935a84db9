#include <algorithm>
#include <utility>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

/// The order in which deadlines are found: what is at the same time goes by partition.
bool is_before(const Deadline& a, const Deadline& b) {
    return std::make_pair(a.at, deadline_key(a).view()) <
           std::make_pair(b.at, deadline_key(b).view());
}

/// The earliest of the first deadlines of many partitions: from each are read only those that may
/// still be among them.
class Earliest {
public:
    Earliest(std::size_t limit, LastingTime until, const std::optional<Deadline>& after_this)
        : limit_(limit), until_(until), after_(after_this) {}

    void read(Snapshot& snapshot, const PartitionSet& partitions) {
        const auto cursor = snapshot.cursor(Table::deadlines);
        for (auto next = partitions.first_from(0); next && limit_ > 0;) {
            if (!cursor->seek(first_key(*next))) return;
            const Partition found = key_partition(cursor->entry().key);
            if (found == *next) read_partition(*cursor, *next);
            // Partitions in between have nothing.
            const std::size_t behind = PartitionSet::index(*next) + 1;
            next = partitions.first_from(std::max(behind, PartitionSet::index(found)));
        }
    }
    std::vector<Deadline> take() {
        std::sort_heap(found_.begin(), found_.end(), is_before);
        return std::move(found_);
    }

private:
    /// Where in the partition those behind after_ begin.
    Key first_key(Partition partition) const {
        if (!after_) return partition_key(partition);
        const Partition last = partition_of(after_->account);
        if (partition == last) return after(deadline_key(*after_));
        Key key = deadline_time_key(partition, after_->at);
        return partition > last ? key : key.u8(0xff);  // behind all of that time: no kind is ff
    }
    void read_partition(Cursor& cursor, Partition partition) {
        for (bool more = true; more; more = cursor.next()) {
            const auto key = cursor.entry().key;
            if (key_partition(key) != partition) return;
            const Deadline deadline = key_deadline(key);
            if (deadline.at > until_ || !takes(deadline)) return;
        }
    }
    /// False: as many earlier ones are known.
    bool takes(const Deadline& deadline) {
        const bool full = found_.size() == limit_;
        if (full && !is_before(deadline, found_.front())) return false;
        if (full) {
            std::pop_heap(found_.begin(), found_.end(), is_before);
            found_.pop_back();
        }
        found_.push_back(deadline);
        std::push_heap(found_.begin(), found_.end(), is_before);
        return true;
    }

    const std::size_t limit_;
    const LastingTime until_;
    const std::optional<Deadline>& after_;
    std::vector<Deadline> found_;  // a heap, the latest on top
};

}  // namespace

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
        Earliest earliest(limit, until, after_this);
        earliest.read(snapshot, partitions);
        return earliest.take();
    });
}

}  // namespace clarion::storage
