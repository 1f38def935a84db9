// Transport: the half that speaks TLS, and TlsLayer, OpenSSL on a Socket.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <stdexcept>

#include "base/metrics.h"
#include "base/text.h"
#include "server/net/transport/tls_layer.h"
#include "server/net/transport/tls_names.h"
#include "server/net/transport/transport.h"
#include "server/net/transport/turn_queue.h"

namespace clarion::net {

namespace {

/// Between STARTTLS and the handshake; nobody needs more than an end of line.
constexpr std::size_t max_leading_space = 64;

// --- a BIO over Socket --------------------------------------------------------------------------

Socket& socket_of(BIO* bio) { return *static_cast<Socket*>(BIO_get_data(bio)); }

int bio_read(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    const Socket::Moved moved = socket_of(bio).receive({out, static_cast<std::size_t>(size)});
    if (moved.status == Socket::Status::ok) return static_cast<int>(moved.bytes);
    if (moved.status == Socket::Status::blocked) BIO_set_retry_read(bio);
    return moved.status == Socket::Status::closed ? 0 : -1;
}

int bio_write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    const Socket::Moved moved = socket_of(bio).send({bytes, static_cast<std::size_t>(size)});
    if (moved.status == Socket::Status::ok) return static_cast<int>(moved.bytes);
    if (moved.status == Socket::Status::blocked) BIO_set_retry_write(bio);
    return -1;
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* socket_method() {
    static BIO_METHOD* const method = [] {
        const int type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK;
        BIO_METHOD* made = BIO_meth_new(type, "clarion socket");
        BIO_meth_set_read(made, bio_read);
        BIO_meth_set_write(made, bio_write);
        BIO_meth_set_ctrl(made, bio_control);
        return made;
    }();
    return method;
}

BIO* make_bio(Socket& socket) {
    BIO* bio = BIO_new(socket_method());
    if (bio == nullptr) throw std::runtime_error("BIO_new failed");
    BIO_set_data(bio, &socket);
    BIO_set_init(bio, 1);
    return bio;
}

/// Certificates are judged by peer_valid_for(), when it is known which domain they must be for.
int accept_any(int, X509_STORE_CTX*) { return 1; }

/// Whether all of a verified chain, the peer's own certificate first, may be used for this.
bool fits(STACK_OF(X509) * chain, int purpose) {
    for (int i = 0; i < sk_X509_num(chain); ++i)
        if (X509_check_purpose(sk_X509_value(chain, i), purpose, i > 0) <= 0) return false;
    return true;
}

/// "a,b" as TLS has it (RFC 7301, 3.1).
std::string to_wire(std::string_view protocols) {
    std::string wire;
    for (const std::string_view each : split(protocols, ','))
        if (!each.empty()) wire.append(1, static_cast<char>(each.size())).append(each);
    return wire;
}

const unsigned char* bytes_of(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

// --- TlsLayer -----------------------------------------------------------------------------------

TlsLayer::TlsLayer(Socket& socket, const TlsSettings& settings)
    : ssl_(SSL_new(settings.contexts->context_for(settings.host))),
      contexts_(settings.contexts),
      alpn_(to_wire(settings.alpn)),
      accepting_(settings.role == TlsSettings::Role::accept) {
    if (ssl_ == nullptr) throw std::runtime_error("SSL_new failed: " + openssl_reason());
    BIO* bio = make_bio(socket);
    SSL_set_bio(ssl_, bio, bio);
    SSL_set_app_data(ssl_, this);
    SSL_set_read_ahead(ssl_, 1);
    if (accepting_) {
        SSL_set_accept_state(ssl_);
        if (!settings.ask_for_certificate) return;
        SSL_set_verify(ssl_, SSL_VERIFY_PEER, accept_any);
        // Servers show the same certificate in both roles; many authorities leave out clientAuth.
        // So peer_problem() asks for one of the two.
        X509_VERIFY_PARAM_set_purpose(SSL_get0_param(ssl_), X509_PURPOSE_ANY);
        SSL_set_options(ssl_, SSL_OP_NO_TICKET);
        SSL_set_num_tickets(ssl_, 0);
    } else {
        SSL_set_connect_state(ssl_);
        SSL_set_verify(ssl_, SSL_VERIFY_PEER, accept_any);
        if (!settings.peer_name.empty()) {
            SSL_set_tlsext_host_name(ssl_, settings.peer_name.c_str());
        }
        SSL_set_alpn_protos(ssl_, bytes_of(alpn_), static_cast<unsigned>(alpn_.size()));
    }
}

TlsLayer::~TlsLayer() { SSL_free(ssl_); }

int TlsLayer::choose_certificate(ssl_st* ssl, int*, void*) {
    const auto& self = *static_cast<TlsLayer*>(SSL_get_app_data(ssl));
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr || !self.contexts_) return SSL_TLSEXT_ERR_NOACK;
    SSL_CTX* const context = self.contexts_->context_named(name);
    if (context == nullptr) return SSL_TLSEXT_ERR_NOACK;
    if (context != SSL_get_SSL_CTX(ssl)) SSL_set_SSL_CTX(ssl, context);
    return SSL_TLSEXT_ERR_OK;
}

int TlsLayer::choose_protocol(ssl_st* ssl, const unsigned char** out, unsigned char* out_size,
                              const unsigned char* in, unsigned in_size, void*) {
    const std::string& ours = static_cast<TlsLayer*>(SSL_get_app_data(ssl))->alpn_;
    if (ours.empty()) return SSL_TLSEXT_ERR_NOACK;
    unsigned char* chosen = nullptr;
    const int found = SSL_select_next_proto(&chosen, out_size, bytes_of(ours),
                                            static_cast<unsigned>(ours.size()), in, in_size);
    *out = chosen;
    // A client that names protocols and not ours has been led here by mistake or by an attacker.
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

TlsLayer::Status TlsLayer::status_of(int result) {
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_NONE: return Status::ok;
        case SSL_ERROR_WANT_READ: return Status::want_read;
        case SSL_ERROR_WANT_WRITE: return Status::want_write;
        case SSL_ERROR_ZERO_RETURN: return Status::closed;
        case SSL_ERROR_SYSCALL:
            if (ERR_peek_error() != 0) break;
            return Status::closed;
        default: break;
    }
    problem_ = openssl_reason();
    return Status::failed;
}

TlsLayer::Status TlsLayer::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    const Status status = status_of(result);
    if (status == Status::ok) {
        done_ = true;
        contexts_ = nullptr;
    }
    return status;
}

TlsLayer::Moved TlsLayer::read(std::span<char> out) {
    ERR_clear_error();
    Moved moved;
    moved.status = status_of(SSL_read_ex(ssl_, out.data(), out.size(), &moved.bytes));
    return moved;
}

TlsLayer::Moved TlsLayer::write(std::string_view bytes) {
    ERR_clear_error();
    Moved moved;
    moved.status = status_of(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &moved.bytes));
    return moved;
}

void TlsLayer::close_notify() {
    if (!done_ || !problem_.empty()) return;
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
}

// --- what is known of the channel ---------------------------------------------------------------

std::string TlsLayer::version() const { return SSL_get_version(ssl_); }
std::string TlsLayer::cipher() const { return SSL_get_cipher_name(ssl_); }

std::string TlsLayer::server_name() const {
    const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? name : "";
}

std::string TlsLayer::protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

/// RFC 9266, section 2: with an empty context, which TLS 1.2 tells from none.
std::string TlsLayer::exporter() const {
    static constexpr std::string_view label = "EXPORTER-Channel-Binding";
    std::array<unsigned char, 32> key{};
    const unsigned char empty = 0;
    if (SSL_export_keying_material(ssl_, key.data(), key.size(), label.data(), label.size(), &empty,
                                   0, 1) != 1) {
        return {};
    }
    return {reinterpret_cast<const char*>(key.data()), key.size()};
}

/// RFC 5929, section 4.1: the server certificate, hashed as its signature was, at least SHA-256.
std::string TlsLayer::end_point() const {
    X509* const certificate =
        accepting_ ? SSL_get_certificate(ssl_) : SSL_get0_peer_certificate(ssl_);
    int hash = NID_undef;
    if (certificate == nullptr ||
        X509_get_signature_info(certificate, &hash, nullptr, nullptr, nullptr) != 1) {
        return {};
    }
    if (hash == NID_md5 || hash == NID_sha1) hash = NID_sha256;
    const EVP_MD* const method = EVP_get_digestbynid(hash);  // none for Ed25519: no binding
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (method == nullptr || X509_digest(certificate, method, digest.data(), &size) != 1) return {};
    return {reinterpret_cast<const char*>(digest.data()), size};
}

/// RFC 5929, section 3.1: the first Finished message, the client's unless a session was resumed.
std::string TlsLayer::finished() const {
    std::array<char, EVP_MAX_MD_SIZE> message{};
    const bool from_client = SSL_session_reused(ssl_) == 0;
    const std::size_t size = from_client == accepting_
                                 ? SSL_get_peer_finished(ssl_, message.data(), message.size())
                                 : SSL_get_finished(ssl_, message.data(), message.size());
    return {message.data(), size};
}

sasl::ChannelBindings TlsLayer::bindings() const {
    const auto some = [](std::string bytes) {
        return bytes.empty() ? std::nullopt : std::optional(std::move(bytes));
    };
    sasl::ChannelBindings bindings;
    const bool tls13 = SSL_version(ssl_) >= TLS1_3_VERSION;
    // Without the extended master secret two connections can be made to agree on either value.
    const bool unique = tls13 || SSL_get_extms_support(ssl_) == 1;
    if (unique) bindings.tls_exporter = some(exporter());
    if (unique) bindings.tls_unique = some(finished());
    bindings.announce_tls_unique = !tls13;
    bindings.tls_server_end_point = some(end_point());
    return bindings;
}

std::string TlsLayer::peer_problem(std::string_view domain) const {
    X509* const certificate = SSL_get0_peer_certificate(ssl_);
    if (certificate == nullptr) return "it showed no certificate";
    const long verdict = SSL_get_verify_result(ssl_);
    if (verdict != X509_V_OK) return X509_verify_cert_error_string(verdict);
    STACK_OF(X509)* const chain = SSL_get0_verified_chain(ssl_);
    if (!fits(chain, X509_PURPOSE_SSL_SERVER) && !fits(chain, X509_PURPOSE_SSL_CLIENT))
        return "its certificate is not for TLS";
    if (certificate_names(certificate, domain, server_services)) return {};
    return "its certificate is not made out to " + std::string(domain);
}

// --- Transport ----------------------------------------------------------------------------------

Task<Result<>> Transport::handshake(TlsSettings settings) {
    static Counter& failures =
        metrics().counter("clarion_tls_handshake_failures_total", "TLS handshakes that failed");
    if (settings.after_text) socket_.leading_space = max_leading_space;
    tls_ = std::make_unique<TlsLayer>(socket_, settings);
    if (settings.turns) co_await suspend(Awaited::read);
    for (;;) {
        if (settings.turns) {
            std::string network = peer_address().network();
            co_await wait_for_turn(*settings.turns, std::move(network));
        }
        const TlsLayer::Status status = is_open() ? tls_->handshake() : TlsLayer::Status::closed;
        if (status == TlsLayer::Status::ok) break;
        const bool goes_on =
            status == TlsLayer::Status::want_read || status == TlsLayer::Status::want_write;
        if (goes_on && is_open()) {
            co_await suspend(status == TlsLayer::Status::want_read ? Awaited::read
                                                                   : Awaited::read_or_write);
            if (is_open()) continue;
        }
        failures.add();
        if (!is_open() || status == TlsLayer::Status::closed) {
            co_return fail("closed", "the connection closed during the TLS handshake");
        }
        co_return fail("tls-error", tls_->problem());
    }
    tls_has_more_ = true;  // what follows the handshake may be in OpenSSL's buffer already
    co_return Result<>();
}

Task<> Transport::wait_for_turn(TurnQueue& turns, std::string network) {
    const TurnQueue::Place place(turns, std::move(network), [this] {
        wake();
        return is_open();
    });
    while (!place.has_come() && is_open()) co_await suspend(Awaited::wake);
}

Result<std::size_t> Transport::read_tls(std::span<char> out) {
    std::size_t got = 0;
    while (got < out.size()) {
        const TlsLayer::Moved moved = tls_->read(out.subspan(got));
        if (moved.status == TlsLayer::Status::ok) {
            got += moved.bytes;
            continue;
        }
        const bool blocked = moved.status == TlsLayer::Status::want_read ||
                             moved.status == TlsLayer::Status::want_write;
        tls_has_more_ = !blocked;  // an end is told once what came before it was read
        if (blocked || got > 0) return got;
        if (moved.status == TlsLayer::Status::closed) {
            return fail("closed", "the peer closed the connection");
        }
        return fail("tls-error", tls_->problem());
    }
    tls_has_more_ = true;
    return got;
}

Result<std::size_t> Transport::write_tls(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size()) {
        const TlsLayer::Moved moved = tls_->write(bytes.substr(taken));
        switch (moved.status) {
            case TlsLayer::Status::ok: taken += moved.bytes; continue;
            case TlsLayer::Status::want_read:
            case TlsLayer::Status::want_write: write_blocked_ = true; return taken;
            case TlsLayer::Status::closed: return lost();
            case TlsLayer::Status::failed: return fail("tls-error", tls_->problem());
        }
    }
    return taken;
}

core::ConnectionInfo Transport::info() const {
    core::ConnectionInfo info;
    const SocketAddress peer = peer_address();
    info.address = peer.ip();
    info.network = peer.is_ipv6() ? peer.network() : info.address;
    info.port = peer.port();
    info.encrypted = tls_ != nullptr;
    if (tls_) {
        info.tls_version = tls_->version();
        info.tls_cipher = tls_->cipher();
    }
    return info;
}

sasl::ChannelBindings Transport::bindings() const {
    return tls_ ? tls_->bindings() : sasl::ChannelBindings{};
}

std::string Transport::server_name() const { return tls_ ? tls_->server_name() : std::string(); }

std::string Transport::protocol() const { return tls_ ? tls_->protocol() : std::string(); }

bool Transport::peer_valid_for(std::string_view domain) const {
    return tls_ && tls_->peer_problem(domain).empty();
}

std::string Transport::peer_problem(std::string_view domain) const {
    return tls_ ? tls_->peer_problem(domain) : "the connection is not encrypted";
}

}  // namespace clarion::net
