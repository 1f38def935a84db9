// AdminSocket: HTTP on a Unix socket, one request at a time per connection; what is asked is
// somebody else's business.
//
// Lives on one shard. Only the owner of the process may connect (mode 0600); requests are small and
// limited all the same (64 KiB head, 16 MiB body, 30 s to send it), connections too (32 at a time;
// one more ends that which has been silent longest, and one that says nothing ends after 5 s).
// An answer without an end of its own is a feed: it is sent in chunks until the asker is gone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "server/runtime/shard.h"

namespace clarion::net {

struct AdminRequest {
    std::string method;  // "POST"
    std::string target;  // "/v1/status"
    std::string body;
    std::uint32_t user = 0;  // who asks, as the system knows it: numbers of user and process
    std::int32_t process = 0;
};

/// What goes on after the head of an answer. Destroyed when its reader is gone, or the server
/// stops.
class AdminFeed {
public:
    virtual ~AdminFeed() = default;
    /// What there is by now; empty after a fraction of a second without anything. A reader that is
    /// slow is not waited for: it is asked of again when that is sent.
    virtual Task<std::string> next() = 0;
};

struct AdminResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::unique_ptr<AdminFeed> feed{};  // instead of a body
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
