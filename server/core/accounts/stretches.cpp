#include "server/core/accounts/stretches.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.h"

namespace clarion::core {

void Stretches::add(const Stretch& added) {
    // Those that it overlaps or touches become one with it.
    const auto from = std::partition_point(
        stretches_.begin(), stretches_.end(),
        [&](const Stretch& each) { return each.last_ordinal + 1 < added.first_ordinal; });
    const auto to = std::partition_point(from, stretches_.end(), [&](const Stretch& each) {
        return each.first_ordinal <= added.last_ordinal + 1;
    });
    if (from == to) {
        stretches_.insert(from, added);
        if (stretches_.size() > max_count) stretches_.erase(stretches_.begin());
        return;
    }
    const Stretch& last = *std::prev(to);
    *from = {std::min(from->first, added.first), std::max(last.last, added.last),
             std::min(from->first_ordinal, added.first_ordinal),
             std::max(last.last_ordinal, added.last_ordinal)};
    stretches_.erase(std::next(from), to);
}

bool Stretches::has(std::uint64_t key) const {
    const auto next = std::upper_bound(
        stretches_.begin(), stretches_.end(), key,
        [](std::uint64_t wanted, const Stretch& each) { return wanted < each.first; });
    return next != stretches_.begin() && key <= std::prev(next)->last;
}

namespace {

std::string to_text(const Stretches& stretches) {
    std::string text;
    for (const auto& each : stretches.all())
        for (const std::uint64_t number :
             {each.first, each.last, each.first_ordinal, each.last_ordinal})
            text += std::to_string(number) + ' ';
    return text;
}

bool parse(std::string_view text, Stretches& stretches) {
    std::array<std::uint64_t, 4> numbers{};
    std::size_t count = 0;
    for (const std::string_view word : split(text, ' ')) {
        if (word.empty()) continue;
        const auto number = parse_int(word);
        if (!number || *number < 0) return false;
        numbers[count++] = static_cast<std::uint64_t>(*number);
        if (count < numbers.size()) continue;
        stretches.add({numbers[0], numbers[1], numbers[2], numbers[3]});
        count = 0;
    }
    return count == 0;
}

}  // namespace

std::string to_text(const SeenMessages& seen) {
    return to_text(seen.read) + ';' + to_text(seen.delivered) + ';' + to_text(seen.taken) + ';' +
           to_text(seen.missed);
}

Result<SeenMessages> parse_seen_messages(std::string_view text) {
    SeenMessages seen;
    const auto sets = split(text, ';');
    if (sets.size() != 4 || !parse(sets[0], seen.read) || !parse(sets[1], seen.delivered) ||
        !parse(sets[2], seen.taken) || !parse(sets[3], seen.missed))
        return fail("malformed", "not what a session has seen");
    return seen;
}

}  // namespace clarion::core
