// Executions: commands that somebody has begun and not ended, on one shard.
//
// Who carries out a step takes the execution out, and puts it back if it goes on: meanwhile nobody
// else finds it. It is kept in memory only: a restart ends it.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "server/core/actors/command_table.h"

namespace clarion::commands {

struct Execution {
    std::string id;  // what the client calls its session
    const core::Command* command = nullptr;
    std::string who;                    // the full JID that began it
    std::string whom;                   // the address that was asked
    std::vector<DataForm> submitted{};  // what was filled in
    DataForm offered{};                 // what is being filled in
    SteadyTime expires{};
};

/// Which execution is asked for.
struct ExecutionKey {
    std::string_view id, node, who, whom;
};

/// Codes of errors: conditions of XEP-0050.
inline constexpr std::string_view bad_sessionid = "bad-sessionid";
inline constexpr std::string_view session_expired = "session-expired";

class Executions {
public:
    /// Keeps it until it expires. An account that has `most` already loses its oldest one.
    void keep(Execution execution, SteadyTime now, std::size_t most);
    /// Takes it out. Errors: session_expired (it is over, one way or another, and that was not long
    /// ago), bad_sessionid (there is none such, or it is somebody else's).
    Result<Execution> take(SteadyTime now, const ExecutionKey& key);
    /// It is over, and not kept any more.
    void end(const Execution& execution);

    std::size_t size() const { return kept_.size(); }

private:
    /// Executions that are over and remembered.
    static constexpr std::size_t most_ended = 1000;
    struct Ended {
        std::string id, who;
    };
    void expire(SteadyTime now);
    void end_at(std::size_t index);

    std::vector<Execution> kept_;  // oldest first
    std::deque<Ended> ended_;      // oldest first
};

}  // namespace clarion::commands
