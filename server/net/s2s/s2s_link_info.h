// S2sLinkInfo: one stream with another server, for `clarionctl s2s list`; S2sReach: how it goes
// with one domain, for `clarionctl push stats`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace clarion::net {

struct S2sLinkInfo {
    enum class Direction : std::uint8_t { in, out };
    std::string local, remote;
    Direction direction = Direction::out;
    std::string state;    // "resolve", "connect", "open", "secure", "authenticate", "up"
    std::string address;  // the peer's, with its port; empty before it is connected
    bool encrypted = false;
    std::string tls_version;     // "TLSv1.3"
    std::string authentication;  // "certificate", "dialback", "none"
    std::size_t queued = 0;      // stanzas
    WallTime since{};            // when the stream, or the attempt, began
};

struct S2sReach {
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

}  // namespace clarion::net
