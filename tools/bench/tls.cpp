#include "tools/bench/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdexcept>

namespace clarion::bench {

struct TlsSession::Impl {
    SSL* ssl = nullptr;
};

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

TlsContext::~TlsContext() { SSL_CTX_free(static_cast<SSL_CTX*>(native_)); }

TlsSession::TlsSession(const TlsContext& context, int descriptor, const std::string& server_name,
                       bool direct)
    : impl_(std::make_unique<Impl>()) {
    impl_->ssl = SSL_new(static_cast<SSL_CTX*>(context.native()));
    if (!impl_->ssl) throw std::runtime_error("SSL_new failed");
    SSL_set_fd(impl_->ssl, descriptor);
    SSL_set_tlsext_host_name(impl_->ssl, server_name.c_str());
    constexpr unsigned char alpn[] = "\x0bxmpp-client";
    if (direct) SSL_set_alpn_protos(impl_->ssl, alpn, sizeof alpn - 1);
    SSL_set_connect_state(impl_->ssl);
}

TlsSession::~TlsSession() { SSL_free(impl_->ssl); }

TlsOutcome TlsSession::outcome(int result) const {
    if (result > 0) return TlsOutcome::done;
    switch (SSL_get_error(impl_->ssl, result)) {
        case SSL_ERROR_WANT_READ: return TlsOutcome::want_read;
        case SSL_ERROR_WANT_WRITE: return TlsOutcome::want_write;
        case SSL_ERROR_ZERO_RETURN: return TlsOutcome::closed;
        default: return TlsOutcome::failed;
    }
}

TlsOutcome TlsSession::handshake() {
    ERR_clear_error();
    return outcome(SSL_do_handshake(impl_->ssl));
}

TlsOutcome TlsSession::read(char* data, std::size_t size, std::size_t& count) {
    ERR_clear_error();
    return outcome(SSL_read_ex(impl_->ssl, data, size, &count));
}

TlsOutcome TlsSession::write(std::string_view data, std::size_t& count) {
    ERR_clear_error();
    return outcome(SSL_write_ex(impl_->ssl, data.data(), data.size(), &count));
}

}  // namespace clarion::bench
