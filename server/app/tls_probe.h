// TlsProbe: a server's TLS as others see it: connect, STARTTLS where there is such a thing,
// handshake, and what certificates are shown. Blocks, within limits of a few seconds: on a worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clarion::app {

struct ProbeTarget {
    std::string address;  // IP
    std::uint16_t port = 0;
    std::string name;               // in ASCII: what TLS is asked for (SNI)
    std::string to{};               // with STARTTLS: the domain that the stream is for
    std::string_view content_ns{};  // "jabber:client": with STARTTLS; empty: TLS from the start
    std::string_view alpn{};        // "xmpp-client"; empty: nothing is said of protocols
    bool verify = false;            // the certificate must be valid by this system's authorities
};

class TlsProbe {
public:
    /// Errors: "probe", with a sentence: nobody answers, no TLS is offered, ….
    static Result<TlsProbe> open(const ProbeTarget& target);
    TlsProbe(TlsProbe&&) noexcept;
    TlsProbe& operator=(TlsProbe&&) = delete;
    ~TlsProbe();

    /// The certificates that were shown, in DER, the server's own first.
    std::vector<std::string> chain() const;
    std::string version() const;  // "TLSv1.3"
    bool write(std::string_view bytes);
    /// All there is until the other side ends, or that much.
    std::string read_all(std::size_t most);

private:
    struct Impl;
    explicit TlsProbe(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// What https://HOST answers to GET.
struct WebAnswer {
    unsigned status = 0;
    std::string location;  // of a redirection
    std::string body;
};
/// Asks at that address. Errors: as above.
Result<WebAnswer> ask_web(const std::string& address, const std::string& host,
                          std::string_view path);
/// What an answer in HTTP/1.1 says; status 0: it is none.
WebAnswer parse_web_answer(std::string_view text);

}  // namespace clarion::app
