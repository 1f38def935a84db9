#include "modules/http_upload/quota.h"

#include <algorithm>
#include <chrono>

namespace clarion::http_upload {

namespace {

using std::chrono::microseconds;
constexpr microseconds one_day = std::chrono::hours(24);

std::uint64_t at_least_zero(std::uint64_t from, std::uint64_t take) {
    return from > take ? from - take : 0;
}

/// None of them is near the ends of its range: sizes end at 1 TiB.
bool exceeds(std::uint64_t kept, std::uint64_t promised, std::uint64_t size, std::int64_t limit) {
    return limit > 0 && kept + promised + size > static_cast<std::uint64_t>(limit);
}

std::optional<Shortage> of_bytes(const Usage& usage, const Promised& promised,
                                 const UploadOptions& options, Purpose purpose,
                                 std::uint64_t size) {
    const bool is_profile = purpose == Purpose::profile;
    const std::int64_t limit = is_profile ? options.profile_quota : options.quota;
    const std::uint64_t kept = is_profile ? usage.profile_bytes : usage.bytes;
    const std::uint64_t due = is_profile ? promised.profile_bytes : promised.bytes;
    if (!exceeds(kept, due, size, limit)) return std::nullopt;
    // If slots are all that is in the way, some of them may not be used.
    const bool waits = !exceeds(kept, 0, size, limit);
    return Shortage{Shortage::Of::bytes, waits ? promised.next_end : std::nullopt};
}

}  // namespace

std::uint64_t drained(const Usage& usage, const UploadOptions& options, LastingTime now) {
    if (options.daily_quota == 0 || now <= usage.daily_at) return usage.daily;
    const microseconds passed = now - usage.daily_at;
    if (passed >= one_day)
        return at_least_zero(usage.daily, static_cast<std::uint64_t>(options.daily_quota));
    const double share = static_cast<double>(passed.count()) / static_cast<double>(one_day.count());
    const double gone = share * static_cast<double>(options.daily_quota);
    return at_least_zero(usage.daily, static_cast<std::uint64_t>(gone));
}

std::optional<Shortage> find_shortage(const Usage& usage, const Promised& promised,
                                      const UploadOptions& options, Purpose purpose,
                                      std::uint64_t size, LastingTime now) {
    using enum Shortage::Of;
    if (promised.slots >= static_cast<std::size_t>(options.max_slots))
        return Shortage{slots, promised.next_end};
    if (auto shortage = of_bytes(usage, promised, options, purpose, size)) return shortage;
    const auto most = static_cast<std::uint64_t>(options.max_files);
    if (usage.files + promised.files >= most)
        return Shortage{files, usage.files < most ? promised.next_end : std::nullopt};
    const std::uint64_t level = drained(usage, options, now);
    if (!exceeds(level, 0, size, options.daily_quota)) return std::nullopt;
    const auto over = static_cast<double>(level + size) - static_cast<double>(options.daily_quota);
    const double wait =
        over / static_cast<double>(options.daily_quota) * static_cast<double>(one_day.count());
    return Shortage{Shortage::Of::day, now + microseconds(static_cast<std::int64_t>(wait) + 1)};
}

void add_daily(Usage& usage, const UploadOptions& options, std::uint64_t size, LastingTime now) {
    usage.daily = drained(usage, options, now) + size;
    usage.daily_at = now;
}

void give_back_daily(Usage& usage, const UploadOptions& options, std::uint64_t size,
                     LastingTime now) {
    usage.daily = at_least_zero(drained(usage, options, now), size);
    usage.daily_at = now;
}

void add_file(Usage& usage, Purpose purpose, std::uint64_t size) {
    (purpose == Purpose::profile ? usage.profile_bytes : usage.bytes) += size;
    ++usage.files;
}

void remove_file(Usage& usage, Purpose purpose, std::uint64_t size) {
    std::uint64_t& bytes = purpose == Purpose::profile ? usage.profile_bytes : usage.bytes;
    bytes = at_least_zero(bytes, size);
    usage.files = at_least_zero(usage.files, 1);
}

}  // namespace clarion::http_upload
