// OpenRequests: how many requests of occupants to each other a room has passed on that are not
// answered yet, by who asked. Part of a Room, on its shard.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text.h"

namespace clarion::muc {

class OpenRequests {
public:
    /// One more of that user. False: there are so many already.
    bool begin(std::string_view user, std::size_t most_of_user, std::size_t most) {
        if (all_ >= most) return false;
        const auto known = by_user_.find(user);
        if (known == by_user_.end()) {
            by_user_.emplace(user, 1);
        } else {
            if (known->second >= most_of_user) return false;
            ++known->second;
        }
        ++all_;
        return true;
    }
    /// REQUIRES: begin() of that user.
    void end(std::string_view user) {
        const auto known = by_user_.find(user);
        if (--known->second == 0) by_user_.erase(known);
        --all_;
    }
    std::size_t size() const { return all_; }

private:
    std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> by_user_;
    std::size_t all_ = 0;
};

}  // namespace clarion::muc
