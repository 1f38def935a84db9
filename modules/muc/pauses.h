// Pauses: when each user last said something to a room in slow mode (XEP-0500).
//
// By user rather than by occupant: another nickname, another client, or leaving and entering again
// shortens nobody's wait. Part of a Room, on its shard.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/time.h"

namespace clarion::muc {

class Pauses {
public:
    using Seconds = std::chrono::seconds;

    /// How long a user is still to wait; zero: not at all.
    Seconds left(std::string_view user, Seconds pause, SteadyTime now) const {
        const auto at = last_.find(user);
        if (at == last_.end() || now - at->second >= pause) return Seconds::zero();
        return std::chrono::ceil<Seconds>(pause - (now - at->second));
    }
    /// The user says something now. Returns who need not wait any more and is forgotten.
    std::vector<std::string> begin(std::string_view user, Seconds pause, SteadyTime now) {
        std::vector<std::string> over;
        for (auto at = last_.begin(); at != last_.end();) {
            const auto each = at++;
            if (now - each->second >= pause) over.push_back(last_.extract(each).key());
        }
        if (pause > Seconds::zero()) last_.insert_or_assign(std::string(user), now);
        return over;
    }
    /// The user said something then.
    void restore(std::string user, SteadyTime then) { last_.emplace(std::move(user), then); }
    /// Whether anybody is still to wait.
    bool any(Seconds pause, SteadyTime now) const {
        for (const auto& [user, last] : last_)
            if (now - last < pause) return true;
        return false;
    }

private:
    std::unordered_map<std::string, SteadyTime, TextHash, std::equal_to<>> last_;
};

}  // namespace clarion::muc
