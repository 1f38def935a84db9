// AdminSocket: HTTP on a Unix socket, one request at a time per connection; what is asked is
// somebody else's business.
//
// Lives on one shard. Only the owner of the process may connect (mode 0600); requests are small and
// limited all the same (64 KiB head, 16 MiB body, 30 s to send it), connections too (32 at a time).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/base/result.h"
#include "server/base/task.h"
#include "server/core/shard.h"

namespace clarion::net {

struct AdminRequest {
    std::string method;  // "POST"
    std::string target;  // "/v1/status"
    std::string body;
};

struct AdminResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
};

using AdminHandler = std::function<Task<AdminResponse>(AdminRequest)>;

class AdminSocket {
public:
    AdminSocket(core::Shard& shard, AdminHandler handler);
    ~AdminSocket();

    /// Binds `path`, replacing a socket nobody answers on, and serves from the shard's next turn.
    /// Called before or while the shard runs. Errors: "admin-socket", names the path.
    Result<> listen(const std::string& path);
    /// On the shard: stops accepting, ends connections after their current request, removes the
    /// socket.
    Task<> stop();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace clarion::net
