// Connection: one TCP connection of a scripted client, with TLS if asked, and its XML parser.
//
// Non-blocking reads, driven by whoever polls fd(); writes wait for room. One thread. Everything
// that arrived is kept in events() in its order until somebody takes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proto/xml.h"

namespace clarion::script {

using Millis = std::chrono::milliseconds;

struct Endpoint {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
};

struct Incoming {
    enum class Kind {
        open,     // the server's stream header; `stream_id` is set
        element,  // `document`
        close,    // </stream:stream>
        lost,     // end of file or reset
        garbage,  // what came is no XMPP; `stream_id` says why
    };
    Kind kind;
    xml::Document document;
    std::string stream_id;
};

class Connection {
public:
    Connection();
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Result<void> open(const Endpoint& endpoint, Millis timeout);
    /// The TLS handshake, after <proceed/>. The certificate is not checked.
    Result<void> start_tls(const std::string& server_name, Millis timeout);
    /// The next bytes from the server begin a new stream.
    void restart_stream();

    /// False if the connection is gone.
    bool write(std::string_view bytes);
    /// Reads what is there and appends to events().
    void read();
    std::deque<Incoming>& events() { return events_; }

    /// -1 when closed.
    int fd() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    /// In order (FIN), or as when a link breaks (RST, nothing flushed).
    enum class Manner { orderly, cut };
    void close(Manner manner);

private:
    struct Impl;
    std::ptrdiff_t read_some(char* buffer, std::size_t size);
    std::ptrdiff_t write_some(std::string_view bytes);
    void parse(std::string_view bytes);

    std::unique_ptr<Impl> impl_;
    std::deque<Incoming> events_;
    int fd_ = -1;
};

}  // namespace clarion::script
