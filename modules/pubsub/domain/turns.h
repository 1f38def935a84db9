// Turns: what one asks is carried out in the order in which it was asked (RFC 6120, 10.1), also
// where something has to be read first.
//
// The sessions of this shard keep that order themselves (core/delivery); others of whom requests
// come, of other servers for one, have no session here. How many of one asker wait is limited by the
// windows of the streams on which they came. One shard.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/task.h"
#include "server/runtime/signal.h"

namespace clarion::pubsub {

class Turns {
    struct Line {
        std::uint64_t last = 0;     // number that was given
        std::uint64_t serving = 1;  // whose turn it is
        core::Signal moved{};
    };
    using Lines = std::map<std::string, std::shared_ptr<Line>>;

public:
    /// As long as it lives it is the asker's turn.
    class Turn {
    public:
        Turn(Turns& turns, std::string asker) : turns_(&turns), asker_(std::move(asker)) {}
        Turn(Turn&& other) noexcept
            : turns_(std::exchange(other.turns_, nullptr)), asker_(std::move(other.asker_)) {}
        Turn& operator=(Turn&&) = delete;
        ~Turn() {
            if (turns_) turns_->end(asker_);
        }

    private:
        Turns* turns_;
        std::string asker_;
    };

    /// Waits until all that the asker asked before has been dealt with.
    Task<Turn> take(core::Shard& shard, std::string asker);

private:
    void end(const std::string& asker);
    Lines lines_;
};

}  // namespace clarion::pubsub
