#include "server/app/tls_probe.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file_descriptor.h"
#include "base/text.h"
#include "server/app/certificate_report.h"

namespace clarion::app {

namespace {

constexpr timeval patience{5, 0};
constexpr std::size_t most_of_a_stream = 65536;
constexpr std::size_t most_of_a_page = 65536;

Error problem(std::string text) { return fail("probe", std::move(text)); }

std::string system_reason() {
    return errno == EAGAIN || errno == EINPROGRESS ? "no answer in time" : std::strerror(errno);
}

/// The TCP address as the system wants it; 0: it is none.
socklen_t socket_address(const ProbeTarget& target, sockaddr_storage& out) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    if (inet_pton(AF_INET, target.address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(target.port);
        return sizeof v4;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    if (inet_pton(AF_INET6, target.address.c_str(), &v6.sin6_addr) != 1) return 0;
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(target.port);
    return sizeof v6;
}

Result<FileDescriptor> connect_to(const ProbeTarget& target) {
    sockaddr_storage address{};
    const socklen_t size = socket_address(target, address);
    if (size == 0) return problem(target.address + " is no IP address");
    FileDescriptor socket(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
        ::setsockopt(socket.get(), SOL_SOCKET, option, &patience, sizeof patience);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
        return problem("cannot connect to " + target.address + ":" + std::to_string(target.port) +
                       ": " + system_reason());
    return socket;
}

bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

/// Reads until one of them has come; what was read, or nothing if the other side ended before.
std::string read_until(int socket, std::string_view either, std::string_view other) {
    std::string text;
    std::array<char, 4096> piece{};
    while (text.size() < most_of_a_stream) {
        const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
        if (got <= 0) return {};
        text.append(piece.data(), static_cast<std::size_t>(got));
        if (text.find(either) != std::string::npos || text.find(other) != std::string::npos)
            return text;
    }
    return {};
}

/// RFC 6120, 5.4.
Result<> start_tls(int socket, const ProbeTarget& target) {
    const std::string header = "<?xml version='1.0'?><stream:stream to='" + target.to +
                               "' version='1.0' xmlns='" + std::string(target.content_ns) +
                               "' xmlns:stream='http://etherx.jabber.org/streams'>";
    if (!send_all(socket, header)) return problem("the stream broke: " + system_reason());
    const std::string features = read_until(socket, "</stream:features>", "</stream:stream>");
    if (features.empty()) return problem("no stream was begun in answer: " + system_reason());
    if (features.find("<starttls") == std::string::npos) return problem("STARTTLS is not offered");
    if (!send_all(socket, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"))
        return problem("the stream broke: " + system_reason());
    if (read_until(socket, "<proceed", "<failure").find("<proceed") == std::string::npos)
        return problem("STARTTLS is offered, and then refused");
    return {};
}

std::string alpn_wire(std::string_view protocol) {
    std::string wire(1, static_cast<char>(protocol.size()));
    return wire.append(protocol);
}

struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

std::string handshake_problem(SSL* ssl) {
    if (const long result = SSL_get_verify_result(ssl);
        SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && result != X509_V_OK)
        return std::string("its certificate is not accepted: ") +
               X509_verify_cert_error_string(result);
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
    ERR_clear_error();
    return std::string("the TLS handshake fails: ") + (reason ? reason : system_reason());
}

}  // namespace

struct TlsProbe::Impl {
    FileDescriptor socket;
    std::unique_ptr<SSL_CTX, FreeContext> context{SSL_CTX_new(TLS_client_method())};
    std::unique_ptr<SSL, FreeSsl> ssl{};
};

TlsProbe::TlsProbe(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsProbe::TlsProbe(TlsProbe&&) noexcept = default;
TlsProbe::~TlsProbe() = default;

Result<TlsProbe> TlsProbe::open(const ProbeTarget& target) {
    auto socket = connect_to(target);
    if (!socket) return socket.error();
    if (!target.content_ns.empty())
        if (auto started = start_tls(socket->get(), target); !started) return started.error();
    auto impl = std::make_unique<Impl>();
    impl->socket = std::move(*socket);
    SSL_CTX* const context = impl->context.get();
    if (target.verify) {
        SSL_CTX_set_default_verify_paths(context);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    impl->ssl.reset(SSL_new(context));
    SSL* const ssl = impl->ssl.get();
    SSL_set_tlsext_host_name(ssl, target.name.c_str());
    SSL_set1_host(ssl, target.name.c_str());
    const std::string alpn = alpn_wire(target.alpn);
    if (!target.alpn.empty())
        SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
    SSL_set_fd(ssl, impl->socket.get());
    ERR_clear_error();
    if (SSL_connect(ssl) != 1) return problem(handshake_problem(ssl));
    return TlsProbe(std::move(impl));
}

std::vector<std::string> TlsProbe::chain() const {
    std::vector<std::string> result;
    STACK_OF(X509)* const shown = SSL_get_peer_cert_chain(impl_->ssl.get());
    for (int i = 0; shown && i < sk_X509_num(shown); ++i)
        result.push_back(to_der(sk_X509_value(shown, i)));
    return result;
}

std::string TlsProbe::version() const { return SSL_get_version(impl_->ssl.get()); }

bool TlsProbe::write(std::string_view bytes) {
    return SSL_write(impl_->ssl.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
}

std::string TlsProbe::read_all(std::size_t most) {
    std::string text;
    std::array<char, 4096> piece{};
    while (text.size() < most) {
        const int got = SSL_read(impl_->ssl.get(), piece.data(), static_cast<int>(piece.size()));
        if (got <= 0) break;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
    ERR_clear_error();
    return text;
}

Result<WebAnswer> ask_web(const std::string& address, const std::string& host,
                          std::string_view path) {
    auto probe = TlsProbe::open(
        {.address = address, .port = 443, .name = host, .alpn = "http/1.1", .verify = true});
    if (!probe) return probe.error();
    const std::string request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + host +
                                "\r\nConnection: close\r\nUser-Agent: Clarion\r\n\r\n";
    if (!probe->write(request)) return problem("the connection broke");
    WebAnswer answer = parse_web_answer(probe->read_all(most_of_a_page));
    if (answer.status == 0) return problem("what it answers is not HTTP");
    return answer;
}

WebAnswer parse_web_answer(std::string_view text) {
    WebAnswer answer;
    const std::size_t end = text.find("\r\n\r\n");
    constexpr std::size_t code_at = 9;  // behind "HTTP/1.1 "
    if (!text.starts_with("HTTP/1.") || end == std::string_view::npos || end < code_at)
        return answer;
    const auto status = parse_int(text.substr(code_at, 3));
    if (!status || *status < 100) return answer;
    answer.status = static_cast<unsigned>(*status);
    for (std::string_view line : split(text.substr(0, end), '\n')) {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        if (equal_ignoring_case(line.substr(0, colon), "Location"))
            answer.location = trim(line.substr(colon + 1));
    }
    answer.body = text.substr(end + 4);
    return answer;
}

}  // namespace clarion::app
