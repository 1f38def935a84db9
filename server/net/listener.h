// Listening: opening a port once for all shards, and accepting on one shard's socket of it.
//
// Every shard has a socket of its own on each port (SO_REUSEPORT), and the kernel spreads the
// connections. That option would also let two servers share a port unnoticed, so open_port() first
// binds without it: a port in use is reported.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/net/listener_types.h"
#include "base/file_descriptor.h"
#include "server/net/transport/poller.h"

namespace clarion::net {

struct OpenPort {
    const ListenerType* type;
    std::uint16_t port;                   // the one bound
    std::vector<FileDescriptor> sockets;  // one per shard, listening
};

/// Opens options.address and .port for `shards` shards; "::" takes IPv4 too. `any_port`: take a
/// free port where .port is 0, for tests, instead of the usual one. Errors: "port-in-use" ("port in
/// use: 127.0.0.1:5222"), "bad-address", "bad-listen-type", "listen-failed".
Result<OpenPort> open_port(const ListenOptions& options, unsigned shards, bool any_port = false);

/// Accepts on one socket. When descriptors run out it pauses, says so once, and goes on at retry().
class Listener final : private Watch {
public:
    using Accepted = std::function<void(FileDescriptor socket)>;

    Listener(Poller& poller, FileDescriptor socket, Accepted accepted);
    ~Listener();

    /// Errors: "resource-constraint".
    Result<> start();
    /// Called once a second.
    void retry();

private:
    void on_ready(Ready ready) override;
    void accept_some();
    /// Whether accepting may go on at once after this errno.
    bool survive(int error);

    Poller& poller_;
    FileDescriptor socket_;
    Accepted accepted_;
    bool paused_ = false;
};

}  // namespace clarion::net
