// How it goes with another server, for `clarionctl push stats`, `push test` and `s2s test`. Who
// knows is RemotePort (hosts.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"
#include "proto/negotiation_s2s.h"

namespace clarion::core {

struct RemoteReach {
    enum class State : std::uint8_t {
        idle,        // no stream to it; one is opened when something must go there
        connecting,  // `text`: how far it is
        up,          // `text`: how the stream was authenticated
        failed,      // `text`: why; nobody dials before `retry_in` is over
    };
    State state = State::idle;
    std::string text;
    WallTime since{};  // of the stream that is up
    Duration retry_in{};
};

/// One thing that was tried on the way to a domain.
struct RemoteStep {
    s2s::Stage stage;
    bool ok;
    std::string text;  // one line for the operator
};
using RemoteReport = std::function<void(const RemoteStep&)>;

}  // namespace clarion::core
