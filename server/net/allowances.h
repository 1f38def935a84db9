// Allowances: how often each of many may do something: so many times a second on average, and some
// seconds' worth at once.
//
// Bounded: of two generations the older one is forgotten when the younger one is full, so who did
// nothing for as long as that took has all of theirs again. It never walks through all, for anybody
// can fill it. Not for several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "proto/jid.h"

namespace clarion::net {

class Allowances {
public:
    struct Rate {
        std::int64_t per_second = 0;  // 0: as often as they like
        std::int64_t seconds_at_once = 1;
    };

    /// `most`: how many are remembered.
    explicit Allowances(std::size_t most = 50000) : most_(most) {}

    /// Whether `who` may do it once more now; then it counts.
    bool take(std::string_view who, SteadyTime now, Rate rate);
    std::size_t size() const { return young_.size() + old_.size(); }

private:
    struct Left {
        double times;
        SteadyTime at;
    };
    using ByName = std::unordered_map<std::string, Left, TextHash, std::equal_to<>>;
    Left& of(std::string_view who, Left full);

    std::size_t most_;
    ByName young_, old_;
};

}  // namespace clarion::net
