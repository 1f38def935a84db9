// TLS for clients of a benchmark: OpenSSL driven on the descriptor. Certificates are not checked:
// the server is the one under test, with whatever certificate it has.
//
// TlsContext: one per run. TlsSession: one per connection, gone before its descriptor is closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace clarion::bench {

/// What a read, write or handshake came to.
enum class TlsOutcome : std::uint8_t { done, want_read, want_write, closed, failed };

class TlsContext {
public:
    TlsContext();
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    ssl_ctx_st* native() const { return native_; }

private:
    ssl_ctx_st* native_;
};

class TlsSession {
public:
    /// `server_name` is sent as SNI; `direct` announces "xmpp-client" by ALPN (XEP-0368).
    TlsSession(const TlsContext& context, int descriptor, const std::string& server_name,
               bool direct);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    TlsOutcome handshake();
    /// `count` says how many bytes went through when the outcome is done.
    TlsOutcome read(char* data, std::size_t size, std::size_t& count);
    TlsOutcome write(std::string_view data, std::size_t& count);

private:
    TlsOutcome outcome(int result) const;

    ssl_st* ssl_;
};

}  // namespace clarion::bench
