// ShardNet: the sockets of one shard: listeners, connections, what they share, and their sweeps.
//
// One per shard, made and owned by App, used on its shard only (App may call listen() before
// the threads run). It gives each accepted socket to its listener's type (listener_types.h) and
// knows none of them.
//
// An idle connection owns no timer and no buffer: whoever has something that time may change (not
// authenticated, blocked, closing, a parser to give back) asks to be swept, once a second.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <typeindex>
#include <unordered_map>
#include <vector>

#include "proto/stream_error.h"
#include "proto/xml_stream.h"
#include "server/core/context.h"
#include "server/net/connection_counts.h"
#include "server/net/listener.h"
#include "server/net/transport/out_buffer.h"
#include "server/net/transport/poller.h"
#include "server/net/transport/tls_context.h"
#include "server/net/transport/transport.h"
#include "server/net/transport/turn_queue.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

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
    /// What it holds in memory, without what OpenSSL holds for it.
    virtual std::size_t memory() const = 0;

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
    explicit ShardNet(core::Context& context);
    ~ShardNet();

    // For App.
    /// Certificates for handshakes from now on; at start and after each reload.
    void set_tls(std::shared_ptr<const TlsContexts> tls) { tls_ = std::move(tls); }
    /// Accepts on a socket from open_port(). Errors: "resource-constraint".
    Result<> listen(const ListenerType& type, FileDescriptor socket);
    /// Stop order (docs/design/001-core.md): no new connections; nothing more is read; streams end;
    /// all ended.
    void stop_accepting();
    void stop_reading();
    void close_all(StreamErrorCondition condition);
    /// Completes when every connection's coroutine has ended; cuts those that take too long.
    Task<> joined(Duration limit);

    // For who takes sockets of a type, and is one on each shard.
    template <class T>
    void attach(T* service) {
        services_[typeid(T)] = service;
    }
    /// nullptr: there is none on this shard.
    template <class T>
    T* attached() const {
        const auto found = services_.find(typeid(T));
        return found == services_.end() ? nullptr : static_cast<T*>(found->second);
    }

    /// What one kind of connection keeps on each shard; made when it is first asked for.
    template <class T>
    T& part() {
        std::shared_ptr<void>& part = parts_[typeid(T)];
        if (!part) part = std::make_shared<T>(*this);
        return *static_cast<T*>(part.get());
    }

    // For connections.
    core::Context& context() const { return context_; }
    Poller& poller() { return poller_; }
    const std::shared_ptr<xml::ParserPool>& parsers() const { return parsers_; }
    BufferPool& buffers() { return buffers_; }
    core::Scope& scope() { return scope_; }
    const std::shared_ptr<const TlsContexts>& tls() const { return tls_; }
    /// Shared by all connections of the shard: contents are good until the next co_await.
    std::span<char> read_buffer() { return read_buffer_; }
    ConnectionCounts& counts() { return *counts_; }
    TurnQueue& handshakes() { return handshakes_; }
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
    /// What all connections hold in memory, without what OpenSSL holds for them.
    std::size_t memory() const;
    bool stopping() const { return stopping_; }

private:
    void accepted(const ListenerType& type, FileDescriptor socket);
    void follow_options();
    void arm_sweep();
    void sweep();

    core::Context& context_;
    Poller poller_;
    TurnQueue handshakes_;
    std::shared_ptr<xml::ParserPool> parsers_;
    BufferPool buffers_;
    std::vector<char> read_buffer_;
    std::shared_ptr<const TlsContexts> tls_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::vector<ShardNet*> peers_;
    std::vector<Connection*> all_;
    std::vector<Connection*> watched_;
    std::shared_ptr<ConnectionCounts> counts_ = std::make_shared<ConnectionCounts>();
    std::unordered_map<std::type_index, void*> services_;
    std::unordered_map<std::type_index, std::shared_ptr<void>> parts_;
    core::TimerId sweep_timer_{};
    SteadyTime swept_{};
    bool stopping_ = false;
    core::Scope scope_;
};

}  // namespace clarion::net
