// Whispers: which private messages a room passed on lately, so that it knows them when they come back.
//
// An error about one says something of that message, not of the occupant, who hears everybody else;
// what comes back has nothing of it for certain but its id. Who sent it hears of the error if no
// client that the message was passed on to has taken it. Part of a Room, on its shard.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/jid.h"

namespace clarion::muc {

/// A private message, as who sent it knows it.
struct Whisper {
    Jid sender{};  // the session that sent it
    Jid to{};      // the occupant's address that it was sent to
};

class Whispers {
public:
    /// To these sessions. One without an id cannot be known again. Beyond `most` the older ones are
    /// forgotten.
    void note(Whisper whisper, const std::vector<Jid>& sessions, std::string_view id,
              std::size_t most) {
        if (id.empty() || most == 0) return;
        Passed passed{std::move(whisper), {}};
        for (const Jid& each : sessions) passed.copies.push_back({key(each.full(), id)});
        if (passed_.size() < most)
            passed_.push_back(std::move(passed));
        else
            passed_[next_++ % passed_.size()] = std::move(passed);
    }

    struct Failure {
        bool is_known = false;
        /// Of whose copies this was the last one; nullptr: there are others, or it was told before.
        const Whisper* failed = nullptr;
    };
    /// What was sent to a session, by its full address, came back.
    Failure fail(std::string_view session, std::string_view id) {
        Failure failure;
        if (id.empty()) return failure;
        const std::size_t wanted = key(session, id);
        for (Passed& each : passed_) {
            const auto copy = std::find_if(each.copies.begin(), each.copies.end(),
                                           [&](const Copy& one) { return one.key == wanted; });
            if (copy == each.copies.end()) continue;
            failure.is_known = true;
            if (std::exchange(copy->has_failed, true)) continue;  // another one of the same id
            const bool all = std::all_of(each.copies.begin(), each.copies.end(),
                                         [](const Copy& one) { return one.has_failed; });
            if (all) failure.failed = &each.whisper;
            return failure;
        }
        return failure;
    }

private:
    struct Copy {
        std::size_t key;
        bool has_failed = false;
    };
    struct Passed {
        Whisper whisper;
        std::vector<Copy> copies;
    };
    static std::size_t key(std::string_view session, std::string_view id) {
        return std::hash<std::string>()(std::string(session) + '\n' + std::string(id));
    }

    std::vector<Passed> passed_;  // a ring, once it is full
    std::size_t next_ = 0;
};

}  // namespace clarion::muc
