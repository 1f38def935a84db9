#include "server/core/archive_read.h"

#include <algorithm>
#include <iterator>

namespace clarion::core {

void ArchiveRead::add(storage::ArchiveId id, std::uint64_t ordinal) {
    // The first stretch that begins behind the message.
    auto next = std::upper_bound(
        stretches_.begin(), stretches_.end(), id,
        [](storage::ArchiveId wanted, const Stretch& each) { return wanted < each.first; });
    if (next != stretches_.begin()) {
        const auto before = std::prev(next);
        if (id <= before->last) return;
        if (before->last_ordinal + 1 == ordinal) {
            before->last = id;
            before->last_ordinal = ordinal;
            if (next != stretches_.end() && next->first_ordinal == ordinal + 1) {
                before->last = next->last;
                before->last_ordinal = next->last_ordinal;
                stretches_.erase(next);
            }
            return;
        }
    }
    if (next != stretches_.end() && next->first_ordinal == ordinal + 1) {
        next->first = id;
        next->first_ordinal = ordinal;
        return;
    }
    stretches_.insert(next, {id, id, ordinal, ordinal});
    if (stretches_.size() > max_stretches) stretches_.erase(stretches_.begin());
}

bool ArchiveRead::has(storage::ArchiveId id) const {
    const auto next = std::upper_bound(
        stretches_.begin(), stretches_.end(), id,
        [](storage::ArchiveId wanted, const Stretch& each) { return wanted < each.first; });
    return next != stretches_.begin() && id <= std::prev(next)->last;
}

}  // namespace clarion::core
