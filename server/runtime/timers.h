// Timers: functions that wait for their time, in order of it. Knows no clock and no loop: Shard, whose
// part it is, asks for those that are due.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/time.h"
#include "server/runtime/unique_function.h"

namespace clarion::core {

enum class TimerId : std::uint64_t { none = 0 };

class Timers {
public:
    TimerId add(SteadyTime at, UniqueFunction<void()> fn);
    /// False if it was taken already.
    bool cancel(TimerId timer);
    /// The earliest, if it is due; empty if none is.
    UniqueFunction<void()> take_due(SteadyTime now);
    /// When the earliest is due; SteadyTime::max(): there is none.
    SteadyTime next() const { return due_.empty() ? SteadyTime::max() : due_.begin()->first; }
    bool empty() const { return due_.empty(); }
    /// Destroys them. What dies with them may still add and cancel.
    void discard();

private:
    using Due = std::multimap<SteadyTime, std::pair<TimerId, UniqueFunction<void()>>>;
    Due due_;
    std::unordered_map<std::uint64_t, Due::iterator> by_id_;
    std::uint64_t last_ = 0;
};

}  // namespace clarion::core
