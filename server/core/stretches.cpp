#include "server/core/stretches.h"

#include <algorithm>
#include <iterator>

namespace clarion::core {

void Stretches::add(std::uint64_t key, std::uint64_t ordinal) {
    // The first stretch that begins behind the message.
    auto next = std::upper_bound(
        stretches_.begin(), stretches_.end(), key,
        [](std::uint64_t wanted, const Stretch& each) { return wanted < each.first; });
    if (next != stretches_.begin()) {
        const auto before = std::prev(next);
        if (key <= before->last) return;
        if (before->last_ordinal + 1 == ordinal) {
            before->last = key;
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
        next->first = key;
        next->first_ordinal = ordinal;
        return;
    }
    stretches_.insert(next, {key, key, ordinal, ordinal});
    if (stretches_.size() > max_count) stretches_.erase(stretches_.begin());
}

bool Stretches::has(std::uint64_t key) const {
    const auto next = std::upper_bound(
        stretches_.begin(), stretches_.end(), key,
        [](std::uint64_t wanted, const Stretch& each) { return wanted < each.first; });
    return next != stretches_.begin() && key <= std::prev(next)->last;
}

}  // namespace clarion::core
