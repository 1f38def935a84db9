// AdminServer: JSON over HTTP on the Unix admin socket, for clarionctl and curl.
//
//     POST /v1/COMMAND with a JSON object of arguments
//         -> 200 {"ok":true, ...} | 4xx/5xx {"ok":false,"error":{"code","text"}}
//
// POST /v1/commands says which there are (server/core/setup/admin_command.h). Only trace answers
// with lines of JSON instead, without an end (tracing.h).
//
// A listener of HTTP like others, with routes of its own. Runs on shard 0's loop; a command that
// concerns an account or a domain is carried out on its home shard. Who may open the socket (mode 0600, owner's own) may do anything.
#pragma once

#include <string>

#include "base/result.h"
#include "server/net/http/http_connection.h"

namespace clarion::app {

class App;

class AdminServer {
public:
    explicit AdminServer(App& app);

    /// Binds the socket (replacing a dead one) and serves, from the next turn of shard 0. Errors:
    /// names the path.
    Result<> start(const std::string& path);
    /// Removes the socket. Connections end with the shard's others.
    void stop();

private:
    App& app_;
    net::HttpConnection::AdminRoutes admin_;
    std::string path_;
};

}  // namespace clarion::app
