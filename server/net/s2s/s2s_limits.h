// What servers may cost that have not proved who they are: the part of [limits] that is about them.
#pragma once

#include <cstdint>

#include "base/option.h"

namespace clarion::net {

/// 0: no limit. Networks are those of SocketAddress::network(); all hold for the whole process.
struct ServerLimits {
    std::int64_t s2s_connections_per_address = 1000;
    std::int64_t s2s_unauthenticated_per_address = 100;
    std::int64_t dialback_questions_per_address = 50;
    std::int64_t dialback_questions = 500;
    static void declare(OptionTable<ServerLimits>& table);
};

}  // namespace clarion::net
