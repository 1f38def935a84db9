// Activity: how many messages an hour a room hears, of late (XEP-0502).
//
// One counter for each of the last complete hours, and one for the hour that it is. Kept with the
// room, though not at each message. A plain value; pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "modules/muc/room_config.h"
#include "proto/stanza.h"

namespace clarion::muc {

class Activity {
public:
    /// Complete hours that are looked at.
    static constexpr std::int64_t hours = 24;

    void count(WallTime now);
    /// On average over the complete hours since it began to count, at most the last 24; nullopt:
    /// there is none yet.
    std::optional<double> per_hour(WallTime now) const;
    /// Whether what was counted last is to be kept: always of a quiet room, which may be put away at
    /// any time, and of a busy one now and then.
    bool is_to_be_kept() const;

    std::string encode() const;
    static Result<Activity> decode(std::string_view bytes);
    bool operator==(const Activity&) const = default;

private:
    std::uint32_t& of(std::int64_t hour) { return counts_[static_cast<std::size_t>(hour) % size]; }
    std::uint32_t of(std::int64_t hour) const {
        return counts_[static_cast<std::size_t>(hour) % size];
    }

    static constexpr std::size_t size = hours + 1;
    std::int64_t first_ = 0;  // the hour in which it began, since 1970; 0: it has not
    std::int64_t last_ = 0;   // the newest that is counted
    std::array<std::uint32_t, size> counts_{};
};

/// Whether a room may tell it: whoever likes may find it and enter.
bool tells_activity(const RoomConfig& config);
/// Whether a message to all counts: something new was said.
bool is_activity(const Stanza& message);

}  // namespace clarion::muc
