#include "tools/bench/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdexcept>

namespace clarion::bench {

TlsContext::TlsContext() {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    if (!context) throw std::runtime_error("SSL_CTX_new failed");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    native_ = context;
}

TlsContext::~TlsContext() { SSL_CTX_free(native_); }

TlsSession::TlsSession(const TlsContext& context, int descriptor, const std::string& server_name,
                       bool direct)
    : ssl_(SSL_new(context.native())) {
    if (!ssl_) throw std::runtime_error("SSL_new failed");
    SSL_set_fd(ssl_, descriptor);
    SSL_set_tlsext_host_name(ssl_, server_name.c_str());
    constexpr unsigned char alpn[] = "\x0bxmpp-client";
    if (direct) SSL_set_alpn_protos(ssl_, alpn, sizeof alpn - 1);
    SSL_set_connect_state(ssl_);
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

TlsOutcome TlsSession::outcome(int result) const {
    if (result > 0) return TlsOutcome::done;
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ: return TlsOutcome::want_read;
        case SSL_ERROR_WANT_WRITE: return TlsOutcome::want_write;
        case SSL_ERROR_ZERO_RETURN: return TlsOutcome::closed;
        default: return TlsOutcome::failed;
    }
}

TlsOutcome TlsSession::handshake() {
    ERR_clear_error();
    return outcome(SSL_do_handshake(ssl_));
}

TlsOutcome TlsSession::read(char* data, std::size_t size, std::size_t& count) {
    ERR_clear_error();
    return outcome(SSL_read_ex(ssl_, data, size, &count));
}

TlsOutcome TlsSession::write(std::string_view data, std::size_t& count) {
    ERR_clear_error();
    return outcome(SSL_write_ex(ssl_, data.data(), data.size(), &count));
}

}  // namespace clarion::bench
