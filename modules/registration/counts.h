// Counts: how often something was done for each of many, within a time that begins with the first.
//
// In memory, bounded; not shared between shards. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "proto/jid.h"

namespace clarion::registration {

class Counts {
public:
    /// `most`: are remembered; when there are so many within the time, no others may.
    Counts(std::size_t most, Duration window) : most_(most), window_(window) {}

    /// Whether one more is within `limit` (0: none); then it counts.
    bool take(SteadyTime now, std::string_view whose, std::int64_t limit);
    /// What was taken came to nothing.
    void give_back(std::string_view whose);
    std::size_t size() const { return counted_.size(); }

private:
    struct Counted {
        SteadyTime began;
        std::int64_t count = 0;
    };
    const std::size_t most_;
    const Duration window_;
    std::unordered_map<std::string, Counted, TextHash, std::equal_to<>> counted_;
    SteadyTime clean_at_{};  // when those are looked for whose time is over
};

}  // namespace clarion::registration
