// S2sLinkInfo: one stream with another server, for `clarionctl s2s list`.
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

}  // namespace clarion::net
