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
#include "server/core/options.h"
#include "server/net/transport/file_descriptor.h"
#include "server/net/transport/poller.h"

namespace clarion::net {

enum class ListenType : std::uint8_t { c2s, c2s_tls, s2s, s2s_tls, component };

/// "c2s-tls" as in [[listen]] type.
Result<ListenType> parse_listen_type(std::string_view name);
std::string_view name(ListenType type);
/// 5222, 5223, 5269, 5270, 5347.
std::uint16_t usual_port(ListenType type);

struct OpenPort {
    ListenType type;
    std::uint16_t port;                   // the one bound
    std::vector<FileDescriptor> sockets;  // one per shard, listening
};

/// Opens options.address and .port for `shards` shards; "::" takes IPv4 too. `any_port`: take a
/// free port where .port is 0, for tests, instead of the usual one. Errors: "port-in-use" ("port in
/// use: 127.0.0.1:5222"), "bad-address", "listen-failed".
Result<OpenPort> open_port(const core::ListenOptions& options, unsigned shards,
                           bool any_port = false);

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
