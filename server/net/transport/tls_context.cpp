#include "server/net/transport/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>

#include "base/text.h"
#include "proto/jid.h"
#include "server/core/options.h"
#include "server/net/transport/tls_layer.h"
#include "server/net/transport/tls_names.h"

namespace clarion::net {

namespace {

constexpr const char* tls12_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<SSL_CTX, FreeContext>;
struct FreeStore {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};
using StorePtr = std::unique_ptr<X509_STORE, FreeStore>;

/// A key with a passphrase is an error, not a question on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

using Problem = TlsContexts::Problem;
using Found = std::optional<Problem>;

Found readable(const std::string& file, std::string_view what, std::string_view option) {
    std::FILE* opened = std::fopen(file.c_str(), "re");
    if (opened == nullptr) {
        return Problem{
            {}, std::string(option), std::string(what) + " " + file + ": " + std::strerror(errno)};
    }
    std::fclose(opened);
    return std::nullopt;
}

Problem problem(std::string_view option, std::string_view what, const std::string& file,
                std::string_view text) {
    const std::string reason = openssl_reason();
    std::string message = std::string(what) + " " + file + ": " + std::string(text);
    if (!reason.empty()) message += " (" + reason + ")";
    return {{}, std::string(option), std::move(message)};
}

std::string fingerprint(X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(certificate, EVP_sha256(), digest.data(), &size);
    return {reinterpret_cast<const char*>(digest.data()), size};
}

CertificateInfo describe(X509* certificate, const std::string& file, const std::string& domain) {
    const auto [from, until] = validity_of(certificate);
    return {.domain = domain,
            .file = file,
            .valid_from = from,
            .valid_until = until,
            .names_domain = certificate_names(certificate, domain, our_services),
            .names = dns_names(certificate),
            .fingerprint = fingerprint(certificate)};
}

}  // namespace

/// Builds a TlsContexts; collects everything that is wrong.
class TlsLoader {
public:
    /// `before`: what a domain with a problem keeps; nullptr: nothing.
    explicit TlsLoader(const Config& config, const TlsContexts* before = nullptr)
        : config_(config), before_(before) {}

    void add(const std::string& domain);
    TlsContexts::Loaded finish();

private:
    static ContextPtr make_context(const core::TlsOptions& options);
    Found use_authorities(SSL_CTX* context, const std::string& ca);
    static Found use_certificate(SSL_CTX* context, const core::TlsOptions& options);
    void note(Problem problem, const std::string& domain);
    void keep(const std::string& domain);
    void use(const std::string& domain, ContextPtr context, bool certified);

    const Config& config_;
    const TlsContexts* const before_;
    std::shared_ptr<TlsContexts> contexts_{new TlsContexts};
    std::map<std::string, StorePtr> authorities_;  // by file; shared by the contexts
    TlsContexts::Loaded loaded_;
};

ContextPtr TlsLoader::make_context(const core::TlsOptions& options) {
    ContextPtr context(SSL_CTX_new(TLS_method()));
    if (!context) throw std::runtime_error("SSL_CTX_new failed: " + openssl_reason());
    SSL_CTX* const made = context.get();
    const bool only13 = options.min_version == "1.3";
    SSL_CTX_set_min_proto_version(made, only13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(made, tls12_ciphers);
    SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                  SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                  SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                               SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);  // tickets carry the state instead
    static constexpr unsigned char id[] = "clarion";
    SSL_CTX_set_session_id_context(made, id, sizeof id - 1);
    SSL_CTX_set_num_tickets(made, 1);
    SSL_CTX_set_default_passwd_cb(made, no_passphrase);
    SSL_CTX_set_tlsext_servername_callback(made, &TlsLayer::choose_certificate);
    SSL_CTX_set_alpn_select_cb(made, &TlsLayer::choose_protocol, nullptr);
    return context;
}

Found TlsLoader::use_authorities(SSL_CTX* context, const std::string& ca) {
    StorePtr& store = authorities_[ca];
    if (!store) {
        store.reset(X509_STORE_new());
        if (ca.empty()) {
            X509_STORE_set_default_paths(store.get());
        } else if (Found file = readable(ca, "authorities", "ca")) {
            return file;
        } else if (X509_STORE_load_file(store.get(), ca.c_str()) != 1) {
            return problem("ca", "authorities", ca, "contains no PEM certificates");
        }
        X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
    }
    SSL_CTX_set1_cert_store(context, store.get());
    return std::nullopt;
}

Found TlsLoader::use_certificate(SSL_CTX* context, const core::TlsOptions& options) {
    const std::string& certificate = options.certificate;
    const std::string& key = options.private_key;
    if (key.empty()) {
        return Problem{
            {}, "certificate", "certificate " + certificate + " is set, but no private_key"};
    }
    if (Found file = readable(certificate, "certificate", "certificate")) return file;
    if (Found file = readable(key, "private key", "private_key")) return file;
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
        return problem("certificate", "certificate", certificate,
                       "is not usable as a PEM certificate chain");
    }
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        // OpenSSL compares them while it reads the key.
        const int reason = ERR_GET_REASON(ERR_peek_last_error());
        const bool mismatch =
            reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH;
        return problem("private_key", "private key", key,
                       mismatch ? "does not belong to " + certificate
                                : "is not usable as a PEM key without passphrase");
    }
    if (SSL_CTX_check_private_key(context) == 1) return std::nullopt;
    return problem("private_key", "private key", key, "does not belong to " + certificate);
}

/// The same files serve several domains: it is said once.
void TlsLoader::note(Problem problem, const std::string& domain) {
    for (const Problem& known : loaded_.problems)
        if (known.text == problem.text) return;
    problem.domain = domain;
    loaded_.problems.push_back(std::move(problem));
}

void TlsLoader::add(const std::string& domain) {
    const core::TlsOptions& options = config_.get<core::TlsOptions>(domain);
    ContextPtr context = make_context(options);
    Found found = use_authorities(context.get(), options.ca);
    const bool wanted = !options.certificate.empty();
    if (Found other = wanted ? use_certificate(context.get(), options) : std::nullopt) {
        if (found) note(std::move(*found), domain);
        found = std::move(other);
    }
    if (found) {
        note(std::move(*found), domain);
        return keep(domain);
    }
    use(domain, std::move(context), wanted);
}

void TlsLoader::keep(const std::string& domain) {
    if (before_ == nullptr) return;
    const auto found = before_->by_host_.find(domain);
    if (found == before_->by_host_.end()) return;
    SSL_CTX* const kept = found->second.context;
    SSL_CTX_up_ref(kept);
    use(domain, ContextPtr(kept), found->second.has_certificate);
}

void TlsLoader::use(const std::string& domain, ContextPtr context, bool certified) {
    TlsContexts& set = *contexts_;
    TlsContexts::Entry& entry = set.by_host_[domain];
    if (entry.context != nullptr) return;  // named twice
    if (certified)
        loaded_.certificates.push_back(describe(SSL_CTX_get0_certificate(context.get()),
                                                config_.get<core::TlsOptions>(domain).certificate,
                                                domain));
    SSL_CTX* const owned = entry.context = context.release();
    entry.has_certificate = certified;
    const Result<std::string> ascii = domain_to_ascii(domain);
    if (certified && ascii) set.by_ascii_name_[to_lower_ascii(*ascii)] = owned;
    if (set.fallback_ == nullptr || (certified && !set.fallback_certified_)) {
        set.fallback_ = owned;
        set.fallback_certified_ = certified;
    }
}

TlsContexts::Loaded TlsLoader::finish() {
    loaded_.contexts = std::move(contexts_);
    return std::move(loaded_);
}

TlsContexts::Loaded TlsContexts::inspect(const Config& config,
                                         const std::vector<std::string>& domains) {
    TlsLoader loader(config);
    for (const std::string& domain : domains) loader.add(domain);
    return loader.finish();
}

Result<TlsContexts::Loaded> TlsContexts::load(const Config& config,
                                              const std::vector<std::string>& domains) {
    Loaded loaded = inspect(config, domains);
    if (loaded.problems.empty()) return loaded;
    std::string text;
    for (const Problem& each : loaded.problems) text += (text.empty() ? "" : "\n") + each.text;
    return fail("tls-config", text);
}

TlsContexts::Loaded TlsContexts::renew(const Config& config,
                                       const std::vector<std::string>& domains,
                                       const TlsContexts& before) {
    TlsLoader loader(config, &before);
    for (const std::string& domain : domains) loader.add(domain);
    return loader.finish();
}

TlsContexts::~TlsContexts() {
    for (auto& [host, entry] : by_host_) SSL_CTX_free(entry.context);
}

bool TlsContexts::has_certificate(std::string_view host) const {
    const auto found = by_host_.find(host);
    return found == by_host_.end() ? fallback_certified_ : found->second.has_certificate;
}

ssl_ctx_st* TlsContexts::context_for(std::string_view host) const {
    const auto found = by_host_.find(host);
    return found == by_host_.end() ? fallback_ : found->second.context;
}

bool TlsContexts::is_made_out_to(std::string_view host) const {
    const SSL_CTX* const context = context_for(host);
    X509* const certificate = context ? SSL_CTX_get0_certificate(context) : nullptr;
    return certificate != nullptr && certificate_names(certificate, host, our_services);
}

ssl_ctx_st* TlsContexts::context_named(std::string_view server_name) const {
    const auto found = by_ascii_name_.find(to_lower_ascii(server_name));
    return found == by_ascii_name_.end() ? nullptr : found->second;
}

}  // namespace clarion::net
