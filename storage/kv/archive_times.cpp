#include "storage/kv/archive_times.h"

#include <algorithm>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

/// Entries whose times ascend.
struct Part {
    IdRange ids;
    WallTime from = WallTime::min();  // none is earlier
    WallTime to = WallTime::max();    // none is later
};

std::uint64_t as_id(WallTime time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}

class TimeSearch {
public:
    TimeSearch(Snapshot& snapshot, OwnerId owner, WallTime start, WallTime end)
        : snapshot_(snapshot), owner_(owner), start_(start), end_(end) {}

    std::vector<IdRange> run() {
        const KeyRange steps = archive_step_range(owner_);
        Part part;
        for_range(snapshot_, Table::owners, steps.from, steps.to, [&](const Entry& entry) {
            const auto step = decoded(decode_archive_step(entry.value));
            const std::uint64_t first = key_u64(entry.key, 9);
            part.ids.last = first - 1;
            part.to = step.from;
            search(part);
            part = {.ids = {.first = first}, .from = step.to};
            stepped_ = true;
            return true;
        });
        if (!stepped_) return by_id();
        search(part);
        return std::move(found_);
    }

private:
    /// The clock never went back: an id is a time.
    std::vector<IdRange> by_id() const {
        const IdRange range{as_id(start_), end_ == WallTime::max() ? IdRange{}.last : as_id(end_)};
        return range.empty() ? std::vector<IdRange>{} : std::vector{range};
    }

    void search(const Part& part) {
        if (part.to < start_ || part.from > end_) return;
        IdRange ids = part.ids;
        if (part.from < start_) ids.first = first_not_before(ids, start_);
        if (ids.empty()) return;
        if (part.to > end_) {
            const std::uint64_t later = first_not_before(ids, end_ + WallTime::duration(1));
            if (later == ids.first) return;
            ids.last = later - 1;
        }
        found_.push_back(ids);
    }

    /// An id in the range, or one after it: entries from there on are not earlier than `time`,
    /// those before it are.
    std::uint64_t first_not_before(const IdRange& range, WallTime time) {
        const auto cursor = snapshot_.cursor(Table::archive);
        const Key end = owner_number_key(owner_, range.last + 1);
        std::uint64_t low = range.first, high = range.last + 1;
        if (cursor->seek_before(end) && cursor->entry().key >= owner_range(owner_).from.view())
            high = std::max(low, std::min(high, key_u64(cursor->entry().key, 8) + 1));
        const std::uint64_t none = high;
        while (low < high) {
            const std::uint64_t middle = low + (high - low) / 2;
            const bool found = cursor->seek(owner_number_key(owner_, middle)) &&
                               cursor->entry().key < owner_number_key(owner_, high).view();
            if (found && decoded(decode_archive_index(cursor->entry().value)).time < time)
                low = key_u64(cursor->entry().key, 8) + 1;
            else
                high = middle;
        }
        return low == none ? range.last + 1 : low;
    }

    Snapshot& snapshot_;
    const OwnerId owner_;
    const WallTime start_, end_;
    bool stepped_ = false;
    std::vector<IdRange> found_;
};

}  // namespace

std::vector<IdRange> find_times(Snapshot& snapshot, OwnerId owner, std::optional<WallTime> start,
                                std::optional<WallTime> end) {
    if (!start && !end) return {IdRange{}};
    return TimeSearch(snapshot, owner, start.value_or(WallTime::min()),
                      end.value_or(WallTime::max()))
        .run();
}

}  // namespace clarion::storage
