// Whispers: which private messages a room passed on lately, so that it knows them when they come back.
//
// An error about one says something of that message, not of the occupant, who hears everybody else;
// what comes back has nothing of it for certain but its id. Part of a Room, on its shard.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace clarion::muc {

class Whispers {
public:
    /// To a session, by its full address. One without an id cannot be known again. Beyond `most`
    /// the older ones are forgotten.
    void note(std::string_view session, std::string_view id, std::size_t most) {
        if (id.empty() || most == 0) return;
        if (passed_.size() < most)
            passed_.push_back(key(session, id));
        else
            passed_[next_++ % passed_.size()] = key(session, id);
    }
    bool has(std::string_view session, std::string_view id) const {
        return !id.empty() &&
               std::find(passed_.begin(), passed_.end(), key(session, id)) != passed_.end();
    }

private:
    static std::size_t key(std::string_view session, std::string_view id) {
        return std::hash<std::string>()(std::string(session) + '\n' + std::string(id));
    }

    std::vector<std::size_t> passed_;  // a ring, once it is full
    std::size_t next_ = 0;
};

}  // namespace clarion::muc
