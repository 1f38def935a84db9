// SessionEnd: why a session ended, and what its client is told of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/stream_error.h"

namespace clarion::core {

enum class SessionEnd : std::uint8_t {
    closed,      // the client closed its stream
    lost,        // the connection broke and the session could not hibernate
    replaced,    // another connection took the resource
    kicked,      // by the administrator
    signed_out,  // by its user, or the administrator: it is not to come back by itself
    expired,     // time hibernating ran out
    shutdown,
    moved,             // its account, to another home
    password_changed,  // by somebody else: the client must log in again
    disabled,          // the account was
    deleted,           // the account is being
};

/// What a client that is connected is told when the server ends its stream.
struct Farewell {
    std::optional<StreamErrorCondition> error{};
    std::string_view text{};
};
Farewell farewell(SessionEnd why);
/// For a trace.
std::string_view describe(SessionEnd why);

}  // namespace clarion::core
