// ShardNet: the sockets of one shard: listeners, connections, what they share, and their sweeps.
//
// One per Core, made and owned by App, used on the core's shard only (App may call listen() before
// the threads run). It gives each accepted socket to whom its listener's type names: clients and
// components are net's own, servers go to the handler that S2S registered.
//
// An idle connection owns no timer and no buffer: whoever has something that time may change (not
// authenticated, blocked, closing, a parser to give back) asks to be swept, once a second.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "proto/stream_error.h"
#include "proto/xml_stream.h"
#include "server/core/core.h"
#include "server/core/options.h"
#include "server/net/connection_counts.h"
#include "server/net/listener.h"
#include "server/net/transport/out_buffer.h"
#include "server/net/transport/poller.h"
#include "server/net/transport/tls_context.h"
#include "server/net/transport/transport.h"
#include "server/runtime/scope.h"

namespace clarion::net {

/// What ShardNet knows of a connection. It must leave() before it dies.
class Connection {
public:
    /// Once a second after ShardNet::watch(), until it returns false: nothing depends on time now.
    /// `elapsed` since the last sweep. Must not destroy the connection: ask its coroutine to end.
    virtual bool sweep(SteadyTime now, Duration elapsed) = 0;
    /// The server stops: end the stream with this error. Must not destroy the connection.
    virtual void shut_down(StreamErrorCondition condition) = 0;
    /// The server is about to stop: take nothing more from the peer, but go on writing.
    virtual void stop_reading() = 0;

protected:
    virtual ~Connection() = default;

private:
    friend class ShardNet;
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
    std::size_t position_ = nowhere;          // among all
    std::size_t watched_position_ = nowhere;  // among those swept
};

class ShardNet {
public:
    explicit ShardNet(core::Core& core);
    ~ShardNet();

    // For App.
    /// Certificates for handshakes from now on; at start and after each reload.
    void set_tls(std::shared_ptr<const TlsContexts> tls) { tls_ = std::move(tls); }
    /// Accepts on a socket from open_port(). Errors: "resource-constraint".
    Result<> listen(ListenType type, FileDescriptor socket);
    /// S2S takes sockets of type s2s and s2s_tls. Without a handler they are closed.
    using AcceptHandler = std::function<void(std::unique_ptr<Transport>, ListenType)>;
    void on_server(AcceptHandler handler) { on_server_ = std::move(handler); }
    /// Stop order (docs/design/001-core.md): no new connections; nothing more is read; streams end;
    /// all ended.
    void stop_accepting();
    void stop_reading();
    void close_all(StreamErrorCondition condition);
    /// Completes when every connection's coroutine has ended; cuts those that take too long.
    Task<> joined(Duration limit);

    // For connections.
    core::Core& core() const { return core_; }
    Poller& poller() { return poller_; }
    const std::shared_ptr<xml::ParserPool>& parsers() const { return parsers_; }
    BufferPool& buffers() { return buffers_; }
    core::Scope& scope() { return scope_; }
    const std::shared_ptr<const TlsContexts>& tls() const { return tls_; }
    /// Shared by all connections of the shard: contents are good until the next co_await.
    std::span<char> read_buffer() { return read_buffer_; }
    ConnectionCounts& counts() { return *counts_; }
    /// The ShardNet of another shard, for connections that move. Any thread.
    ShardNet& peer(unsigned shard) const;
    /// All shards' nets, this one among them; before the first connection: they count together.
    void set_peers(std::vector<ShardNet*> peers) {
        peers_ = std::move(peers);
        counts_ = peers_.front()->counts_;
    }

    void join(Connection& connection);
    void leave(Connection& connection);
    /// Asks for sweep(). Cheap; repeated calls count once.
    void watch(Connection& connection);
    std::size_t connections() const { return all_.size(); }
    bool stopping() const { return stopping_; }

private:
    void accepted(ListenType type, FileDescriptor socket);
    std::optional<ConnectionCounts::Place> admit(const Transport& transport);
    void arm_sweep();
    void sweep();

    core::Core& core_;
    Poller poller_;
    std::shared_ptr<xml::ParserPool> parsers_;
    BufferPool buffers_;
    std::vector<char> read_buffer_;
    std::shared_ptr<const TlsContexts> tls_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::vector<ShardNet*> peers_;
    std::vector<Connection*> all_;
    std::vector<Connection*> watched_;
    std::shared_ptr<ConnectionCounts> counts_ = std::make_shared<ConnectionCounts>();
    AcceptHandler on_server_;
    core::TimerId sweep_timer_{};
    SteadyTime swept_{};
    bool stopping_ = false;
    core::Scope scope_;
};

}  // namespace clarion::net
