// HttpPaths: where clients find what they speak XMPP over HTTP with. Net says it of each shard;
// modules that announce it read it (HttpRoutes::paths()).
#pragma once

#include <string>

namespace clarion::core {

struct HttpPaths {
    std::string websocket;  // "/ws"; empty: it is not offered
    std::string bosh;       // "/http-bind"; the same
};

}  // namespace clarion::core
