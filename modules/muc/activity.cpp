#include "modules/muc/activity.h"

#include <algorithm>
#include <chrono>

#include "proto/ns.h"
#include "storage/record_codec.h"

namespace clarion::muc {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint32_t quiet = 16;  // messages in an hour

std::int64_t hour_of(WallTime time) {
    return std::chrono::duration_cast<std::chrono::hours>(time.time_since_epoch()).count();
}

}  // namespace

/// A clock that was set back counts in the newest hour.
void Activity::count(WallTime now) {
    const std::int64_t hour = std::max(hour_of(now), last_);
    if (first_ == 0) first_ = last_ = hour;
    for (std::int64_t old = std::max(last_ + 1, hour - hours); old <= hour; ++old) of(old) = 0;
    last_ = hour;
    ++of(hour);
}

std::optional<double> Activity::per_hour(WallTime now) const {
    const std::int64_t hour = std::max(hour_of(now), last_);
    const std::int64_t complete = std::min(hours, hour - first_);
    if (first_ == 0 || complete <= 0) return std::nullopt;
    double sum = 0;
    for (std::int64_t each = hour - complete; each < hour && each <= last_; ++each)
        if (each + hours >= last_) sum += of(each);
    return sum / static_cast<double>(complete);
}

bool Activity::is_to_be_kept() const { return of(last_) <= quiet || of(last_) % quiet == 0; }

std::string Activity::encode() const {
    storage::Encoder out(version);
    out.u64(static_cast<std::uint64_t>(first_)).u64(static_cast<std::uint64_t>(last_));
    for (const std::uint32_t each : counts_) out.varint(each);
    return out.take();
}

Result<Activity> Activity::decode(std::string_view bytes) {
    storage::Decoder in(bytes, version);
    Activity read;
    read.first_ = static_cast<std::int64_t>(in.u64());
    read.last_ = static_cast<std::int64_t>(in.u64());
    for (std::uint32_t& each : read.counts_) each = static_cast<std::uint32_t>(in.varint());
    if (auto fits = in.finish("activity of a room"); !fits) return fits.error();
    constexpr std::int64_t latest = 1ll << 40;
    if (read.first_ < 0 || read.last_ < read.first_ || read.last_ > latest)
        return fail("bad-record", "activity of a room: hours that cannot be");
    return read;
}

bool tells_activity(const RoomConfig& config) {
    return config.is_public && config.is_persistent && !config.is_members_only &&
           config.password.empty();
}

bool is_activity(const Stanza& message) {
    return !message.body().empty() && !message.root().child(ns::message_correct, "replace");
}

}  // namespace clarion::muc
