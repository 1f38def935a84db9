// Measures: what each user lately made a room do, so that nobody may do more of it by leaving and
// entering again, under another nickname or with another client.
//
// Kept until nothing is left of it, some seconds after the user did the last of it, whether they
// are still there or not; of so many users at most. Beyond that the others have one together. Part
// of a Room, on its shard.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text.h"
#include "base/time.h"
#include "modules/muc/flood.h"

namespace clarion::muc {

struct Measure {
    Flood messages, presence, requests, entries, passwords;

    bool is_rested(SteadyTime now) const {
        return messages.is_rested(now) && presence.is_rested(now) && requests.is_rested(now) &&
               entries.is_rested(now) && passwords.is_rested(now);
    }
};

class Measures {
public:
    /// Of a user, by their bare JID, or of all at a domain. Valid until the next
    /// call.
    Measure& of(std::string_view who, SteadyTime now) {
        const auto known = kept_.find(who);
        if (known != kept_.end()) return known->second;
        if (kept_.size() >= clean_at_ && now - cleaned_ >= between_cleanings) clean(now);
        if (kept_.size() >= most_kept) return others_;
        return kept_[std::string(who)];
    }
    /// A domain may be a user, too: a component is.
    Measure& of_domain(std::string_view domain, SteadyTime now) {
        return of("@" + std::string(domain), now);
    }
    std::size_t size() const { return kept_.size(); }

    static constexpr std::size_t most_kept = 4096;

private:
    static constexpr std::size_t few = 64;
    static constexpr auto between_cleanings = std::chrono::seconds(1);

    void clean(SteadyTime now) {
        std::erase_if(kept_, [now](const auto& each) { return each.second.is_rested(now); });
        clean_at_ = std::clamp(2 * kept_.size(), few, most_kept);
        cleaned_ = now;
    }

    std::unordered_map<std::string, Measure, TextHash, std::equal_to<>> kept_;
    Measure others_;
    std::size_t clean_at_ = few;
    SteadyTime cleaned_{};
};

}  // namespace clarion::muc
