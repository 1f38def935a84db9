// Guess: one attempt, by somebody who has not logged in, to learn what is as secret as a password:
// whether a name is taken, or a token valid. Who guesses wrong waits, by network (LoginThrottle).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "server/core/streams/login_throttle.h"

namespace clarion::core {
class Context;
}

namespace clarion::registration {

/// On one shard. Lives as long as the attempt.
class Guess {
public:
    /// `network`: ConnectionInfo::network.
    Guess(core::Context& context, std::string_view host, std::string network);

    /// Waits for its turn. Error "resource-constraint": not now.
    Task<Result<>> begin();
    /// It was wrong: waits as long as the answer must.
    Task<> was_wrong();

private:
    core::Context& context_;
    std::string network_;
    core::LoginThrottle::Pauses pauses_;
    std::optional<core::LoginThrottle::Attempt> attempt_;
};

}  // namespace clarion::registration
