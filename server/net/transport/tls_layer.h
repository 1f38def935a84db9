// TlsLayer: OpenSSL on one socket. Private to Transport.
//
// OpenSSL reads and writes the socket itself, through a BIO over Socket (so that a blocked
// direction costs no system call and a write raises no SIGPIPE). Its buffers are released whenever
// they are empty: an idle connection keeps about 14 KB. Thread: the transport's shard; nothing in
// here is bound to it, so it moves along.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "proto/sasl.h"
#include "server/net/transport/socket.h"
#include "server/net/transport/tls_context.h"

struct ssl_st;

namespace clarion::net {

struct TlsSettings;

class TlsLayer {
public:
    enum class Status : std::uint8_t { ok, want_read, want_write, closed, failed };
    struct Moved {
        Status status = Status::ok;
        std::size_t bytes = 0;
    };

    /// `socket` outlives it and stays where it is.
    TlsLayer(Socket& socket, const TlsSettings& settings);
    ~TlsLayer();
    TlsLayer(const TlsLayer&) = delete;
    TlsLayer& operator=(const TlsLayer&) = delete;

    /// A step of the handshake.
    Status handshake();
    /// At most one record.
    Moved read(std::span<char> out);
    Moved write(std::string_view bytes);
    /// Sends close_notify if it can be sent now.
    void close_notify();
    /// OpenSSL's reason for the last `failed`.
    const std::string& problem() const { return problem_; }

    std::string version() const;
    std::string cipher() const;
    std::string server_name() const;
    std::string protocol() const;
    sasl::ChannelBindings bindings() const;
    /// Empty: the peer's certificate is valid and made out to `domain`. Else why not.
    std::string peer_problem(std::string_view domain) const;

private:
    static int choose_protocol(ssl_st* ssl, const unsigned char** out, unsigned char* out_size,
                               const unsigned char* in, unsigned in_size, void* unused);
    static int choose_certificate(ssl_st* ssl, int* alert, void* unused);
    friend class TlsLoader;  // installs those two in each context

    Status status_of(int result);
    std::string exporter() const;
    std::string end_point() const;
    std::string finished() const;

    ssl_st* ssl_;
    std::shared_ptr<const TlsContexts> contexts_;  // during the handshake
    std::string alpn_;                             // likewise, in wire format
    std::string problem_;
    bool accepting_;
    bool done_ = false;
};

}  // namespace clarion::net
