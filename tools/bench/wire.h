// Wire: one TCP connection to the server, with TLS over it when asked for. Non-blocking.
//
// Owner: a Client or a Component, which is told what happens through WireOwner. What is sent in one
// round of the loop leaves in one write at its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tools/bench/loop.h"
#include "tools/bench/tls.h"

namespace clarion::bench {

/// Where a Wire connects to, resolved once; and from which local address (0: the system's choice).
struct Endpoint {
    std::uint32_t address = 0;  // IPv4, network byte order
    std::uint16_t port = 0;
    std::uint32_t source = 0;  // IPv4, network byte order
};

class WireOwner {
public:
    virtual ~WireOwner() = default;
    /// TCP stands.
    virtual void on_connected() = 0;
    /// TLS stands, after secure().
    virtual void on_secured() = 0;
    virtual void on_bytes(std::string_view bytes) = 0;
    /// The other side ended it or it broke; not after close().
    virtual void on_lost(std::string_view reason) = 0;
};

class Wire final : public Watcher {
public:
    Wire(Loop& loop, WireOwner& owner) : loop_(loop), owner_(owner) {}
    ~Wire() override { close(); }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    void connect(const Endpoint& endpoint);
    /// Starts TLS. REQUIRES: connected, nothing left to send.
    void secure(const TlsContext& context, const std::string& server_name, bool direct);
    void send(std::string_view bytes);
    /// Sends what is left as far as it goes at once, then closes.
    void close();
    bool is_open() const { return descriptor_ >= 0; }

    void on_ready(std::uint32_t events) override;
    void on_round_end() override;

private:
    enum class State : std::uint8_t { connecting, handshaking, open };

    void finish_connect();
    void handshake();
    void read();
    void flush();
    /// Bytes moved; 0: would block; -1: over, and on_lost() was called.
    std::ptrdiff_t read_some(char* data, std::size_t size);
    std::ptrdiff_t write_some(std::string_view data);
    void want_write(bool wanted);
    void lose(std::string_view reason);

    Loop& loop_;
    WireOwner& owner_;
    std::unique_ptr<TlsSession> tls_;
    std::string out_;
    std::size_t out_done_ = 0;
    int descriptor_ = -1;
    State state_ = State::connecting;
    bool wants_write_ = false;
    bool at_round_end_ = false;
};

}  // namespace clarion::bench
