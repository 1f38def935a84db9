// Transport: one TCP connection, in the clear or with TLS, as streams use it.
//
// Owned by a connection (C2sConnection, ComponentConnection, an S2S stream); lives on one shard at
// a time and is handed to another with leave() and join(). Reading and writing never block and
// never suspend: they are functions. One coroutine at a time may suspend on it, in wait() or
// handshake(). An idle transport keeps no buffers: read into the shard's (ShardNet::read_buffer()).
//
//     for (;;) {
//         const Result<std::size_t> n = transport.read(buffer);
//         if (!n) break;                                     // closed or lost
//         if (*n > 0) parse({buffer.data(), *n});            // before the next co_await
//         if (*n < buffer.size()) co_await transport.wait();
//     }
//
// TLS is OpenSSL on the descriptor (tls_layer.h); certificates come from TlsContexts.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "proto/sasl.h"
#include "server/core/accounts/session_port.h"
#include "server/core/options.h"
#include "server/net/transport/poller.h"
#include "server/net/transport/socket.h"
#include "server/net/transport/socket_address.h"
#include "server/runtime/unique_function.h"

namespace clarion::net {

class TlsContexts;
class TlsLayer;
class TurnQueue;

struct TlsSettings {
    enum class Role : std::uint8_t { accept, connect };
    Role role = Role::accept;
    std::shared_ptr<const TlsContexts> contexts;
    /// Our domain: whose certificate is shown, unless (accept) the client's SNI names another.
    std::string host;
    /// connect: the name for SNI, in ASCII; empty for none.
    std::string peer_name;
    /// With TLS from the start what is spoken in it: "xmpp-client", "xmpp-server" (XEP-0368); accept:
    /// several, by commas, the one liked best first. Else empty.
    std::string alpn;
    /// accept: ask for a certificate (servers do). It is never refused here: see peer_valid_for().
    bool ask_for_certificate = false;
    /// accept: where each step waits for its turn; nullptr: nowhere. Outlives the handshake.
    TurnQueue* turns = nullptr;
    /// STARTTLS: a little white space that still comes in the clear is no part of the handshake.
    bool after_text = false;
};

/// Hears that write() may go on. Must not destroy the transport from within.
class WritableSink {
public:
    virtual void on_writable() = 0;

protected:
    ~WritableSink() = default;
};

class Transport final : private Watch {
public:
    /// Whether those that are not of low priority are read and written first (Poller).
    using Watch::set_low_priority;

    /// `fd`: connected (or connecting, see connect() in tcp_connect.h) and non-blocking.
    Transport(Poller& poller, FileDescriptor fd);
    /// Closes at once. REQUIRES: nobody waits: close(), and let the waiter end first.
    ~Transport();

    /// What can be had now. Fewer bytes than `out` holds (0 included) means: nothing more, wait().
    /// Errors: "closed" (an orderly end), "connection-lost", "tls-error".
    Result<std::size_t> read(std::span<char> out);
    /// Suspends until read() is worth trying, wake() or close(). At once if it is already so.
    Task<> wait();
    /// Suspends until wake() or close() only: for who may not read now.
    Task<> wait_for_wake();
    /// Suspends until a connecting socket is connected, or failed (SO_ERROR says), or wake().
    Task<> wait_until_connected();
    /// Suspends until its next turn: for who read a lot and lets others have theirs.
    Task<> yield();
    /// Suspends until the turn of this network has come there, or close().
    Task<> wait_for_turn(TurnQueue& turns, std::string network);
    /// Ends the wait that is running, or the next one; the waiter goes on in a later turn.
    void wake();

    /// Takes what it can; the rest has to be offered again (same bytes first) once the sink heard
    /// on_writable(). Errors: "connection-lost", "tls-error".
    Result<std::size_t> write(std::string_view bytes);
    void set_sink(WritableSink* sink) { sink_ = sink; }
    /// The kernel watches over the peer from now on, without waking us: if it is gone, the
    /// connection is lost.
    void set_keepalive(const core::KeepaliveOptions& options);

    /// Starts TLS on what is now a clear connection. REQUIRES: nothing waits to be written. The
    /// caller limits the time, by close(). Errors: "tls-error" (with OpenSSL's reason), "closed".
    Task<Result<>> handshake(TlsSettings settings);

    /// Says that nothing more will be written (close_notify, then FIN). Reading goes on.
    void shut_down();
    /// Closes at once; a waiter goes on in a later turn and finds is_open() false.
    void close();
    bool is_open() const { return socket_.is_open(); }

    /// Hands the connection to another shard: leave() here, move the Transport, join() there. It
    /// may be destroyed in between. REQUIRES: nobody waits.
    void leave();
    /// Errors: "resource-constraint". What was there before is reported again: read before waiting.
    Result<> join(Poller& poller);

    bool encrypted() const { return tls_ != nullptr; }
    /// Peer's address, TLS version and cipher.
    core::ConnectionInfo info() const;
    SocketAddress peer_address() const;
    /// What SASL may bind to (RFC 9266, RFC 5929); none in the clear.
    sasl::ChannelBindings bindings() const;
    /// The name the client asked for (SNI); empty if none.
    std::string server_name() const;
    /// Which of TlsSettings::alpn was agreed on; empty: the client named none.
    std::string protocol() const;
    /// Who is at the other end of a Unix socket: numbers of user and process. Untouched: unknown.
    void identify(std::uint32_t& user, std::int32_t& process) const;
    /// Whether the peer's certificate is valid now, from a known authority, and made out to this
    /// domain (RFC 6125: dNSName with wildcard, SRVName of a server, XmppAddr). False without TLS.
    bool peer_valid_for(std::string_view domain) const;
    /// Why peer_valid_for() says no, for the log and for `s2s test`.
    std::string peer_problem(std::string_view domain) const;

    std::uint64_t bytes_in() const { return socket_.bytes_in; }
    std::uint64_t bytes_out() const { return socket_.bytes_out; }

private:
    enum class Awaited : std::uint8_t { nothing, read, read_or_write, wake };

    void on_ready(Ready ready) override;
    bool due() const;
    Task<> suspend(Awaited what);
    Result<std::size_t> read_tls(std::span<char> out);
    Result<std::size_t> write_clear(std::string_view bytes);
    Result<std::size_t> write_tls(std::string_view bytes);
    Error lost() const;

    Poller* poller_;  // nullptr between leave() and join(), and once closed
    Socket socket_;
    std::unique_ptr<TlsLayer> tls_;
    UniqueFunction<void()> waiter_;
    WritableSink* sink_ = nullptr;
    Awaited awaited_ = Awaited::nothing;
    bool woken_ = false;
    bool write_blocked_ = false;
    bool tls_has_more_ = false;
};

}  // namespace clarion::net
