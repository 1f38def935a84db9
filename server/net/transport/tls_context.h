// TlsContexts: the certificates of every domain, ready for handshakes.
//
// One SSL_CTX per domain from [tls] and [host."DOMAIN".tls]; immutable, shared by all shards and by
// the handshakes in progress. A reload loads another set and gives it to every shard
// (ShardNet::set_tls): connections that are up keep what they have.
// Policy: TLS 1.2 or 1.3, forward secrecy and AEAD only, no compression, no renegotiation, session
// tickets without server-side state.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "base/time.h"
#include "proto/jid.h"

struct ssl_ctx_st;

namespace clarion::net {

/// The certificate that a domain has, as far as those must know who look after it.
struct CertificateInfo {
    std::string domain;
    std::string file;
    WallTime valid_from{}, valid_until{};
    bool names_domain = false;
    std::vector<std::string> names{};  // DNS names it is made out to
    std::string fingerprint{};         // of its bytes: another one is another certificate
};

class TlsContexts {
public:
    /// Something in [tls] that cannot be used.
    struct Problem {
        std::string domain;
        std::string option;  // "certificate", "private_key" or "ca"
        std::string text;    // names the file
    };
    struct Loaded {
        std::shared_ptr<const TlsContexts> contexts;
        std::vector<CertificateInfo> certificates;  // of the domains that have one
        std::vector<Problem> problems;              // the same for several domains: once
    };
    /// Reads everything [tls] names for these domains (the first one is the fallback). A domain
    /// with a problem has no certificate. Also what `clariond --check` does.
    static Loaded inspect(const Config& config, const std::vector<std::string>& domains);
    /// The same for use. Errors: "tls-config", one line per problem.
    static Result<Loaded> load(const Config& config, const std::vector<std::string>& domains);
    /// The same when files have changed: a domain with a problem keeps what it has in `before`.
    static Loaded renew(const Config& config, const std::vector<std::string>& domains,
                        const TlsContexts& before);

    ~TlsContexts();
    TlsContexts(const TlsContexts&) = delete;
    TlsContexts& operator=(const TlsContexts&) = delete;

    /// Whether clients and servers can be offered TLS for this domain.
    bool has_certificate(std::string_view host) const;
    /// The context of `host`; that of the first domain if it has none of its own. Also used for
    /// connecting out: then the certificate, if there is one, identifies `host`.
    ssl_ctx_st* context_for(std::string_view host) const;
    /// Whether what is shown to those who ask for `host` is made out to it.
    bool is_made_out_to(std::string_view host) const;
    /// The context of exactly this name, matched as SNI does (ASCII, any case); nullptr if unknown.
    ssl_ctx_st* context_named(std::string_view server_name) const;

private:
    struct Entry {
        ssl_ctx_st* context = nullptr;
        bool has_certificate = false;
    };
    TlsContexts() = default;

    std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> by_host_;
    std::unordered_map<std::string, ssl_ctx_st*, TextHash, std::equal_to<>> by_ascii_name_;
    ssl_ctx_st* fallback_ = nullptr;  // the first domain with a certificate, else the first
    bool fallback_certified_ = false;
    friend class TlsLoader;
};

}  // namespace clarion::net
