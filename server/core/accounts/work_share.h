// WorkShare: how much of its shard's time what an account's clients say may take.
//
// Stanzas are bounded by their bytes, but bytes cost differently: sixty kilobytes of empty elements
// take ten times the time of a long text. So the time itself is counted. An account that has used
// more than its share is read no further until it has been made up for; who used little for a while
// has some in hand (a client that fetches its archive, say).
//
// One per Account, on its shard. Eight bytes.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace clarion::core {

class WorkShare {
public:
    /// What may be used beyond the share by who used nothing lately.
    static constexpr Duration in_hand = std::chrono::milliseconds(250);

    /// `worked` was spent just now, of which `percent` (1 to 100) is the account's share. Returns
    /// how long nothing more may be; zero: there is something in hand.
    Duration spend(SteadyTime now, SteadyTime::duration worked, std::int64_t percent);

private:
    SteadyTime made_up_at_{};
};

}  // namespace clarion::core
