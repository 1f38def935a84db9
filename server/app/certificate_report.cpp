#include "server/app/certificate_report.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include "base/text.h"
#include "server/net/transport/tls_names.h"

namespace clarion::app {

namespace {

struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using CertificatePtr = std::unique_ptr<X509, FreeCertificate>;
using Chain = std::vector<CertificatePtr>;
struct FreeStore {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};
struct FreeStoreContext {
    void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
};
struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

Chain parse(const std::vector<std::string>& ders) {
    Chain chain;
    for (const std::string& der : ders) {
        const auto* at = reinterpret_cast<const unsigned char*>(der.data());
        if (X509* made = d2i_X509(nullptr, &at, static_cast<long>(der.size())))
            chain.emplace_back(made);
    }
    return chain;
}

/// "R11, Let's Encrypt"; the whole of it if it has no common name.
std::string name_of(const X509_NAME* name) {
    std::array<char, 256> text{};
    auto* const plain = const_cast<X509_NAME*>(name);  // OpenSSL 3.0 reads it only
    std::string result;
    for (const int part : {NID_commonName, NID_organizationName})
        if (X509_NAME_get_text_by_NID(plain, part, text.data(), text.size()) > 0)
            result += (result.empty() ? "" : ", ") + std::string(text.data());
    if (!result.empty()) return result;
    X509_NAME_oneline(plain, text.data(), text.size());
    return text.data();
}

bool is_self_signed(X509* certificate) {
    return X509_check_issued(certificate, certificate) == X509_V_OK;
}

// ---- The rows ----------------------------------------------------------------------------------

CheckRow names_row(X509* certificate, std::string_view domain, bool names_domain) {
    std::string names;
    for (const auto& name : net::dns_names(certificate))
        names += (names.empty() ? "" : ", ") + name;
    if (names.empty()) names = "no DNS name at all";
    if (names_domain) return {"names", "ok", names};
    return {"names", "failed",
            names + ": " + std::string(domain) +
                " is not among them, so nobody believes that this "
                "is its server"};
}

CheckRow dates_row(X509* certificate, WallTime now, Duration warning) {
    const auto [from, until] = net::validity_of(certificate);
    const std::string dates = format_datetime(from) + " to " + format_datetime(until);
    if (until <= now) return {"dates", "failed", dates + ": it has expired"};
    if (from > now) return {"dates", "failed", dates + ": it is not valid yet"};
    const auto days = std::chrono::duration_cast<std::chrono::hours>(until - now).count() / 24;
    return {"dates", until - now <= warning ? "warning" : "ok",
            dates + ": " + std::to_string(days) + (days == 1 ? " day left" : " days left")};
}

CheckRow key_row(X509* certificate) {
    constexpr int least_rsa_bits = 2048;
    EVP_PKEY* const key = X509_get0_pubkey(certificate);
    if (key == nullptr) return {"key", "failed", "the key cannot be read"};
    const int bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
            return {"key", bits < least_rsa_bits ? "failed" : "ok",
                    "RSA, " + std::to_string(bits) + " bits" +
                        (bits < least_rsa_bits ? ": too few, it is refused" : "")};
        case EVP_PKEY_EC: {
            std::array<char, 64> group{};
            std::size_t size = 0;
            EVP_PKEY_get_group_name(key, group.data(), group.size(), &size);
            return {"key", "ok", "ECDSA, " + std::string(group.data(), size)};
        }
        case EVP_PKEY_ED25519:
        case EVP_PKEY_ED448:
            return {"key", "warning", "EdDSA: browsers and many servers do not take it"};
        default: return {"key", "warning", "of an unusual kind"};
    }
}

/// What the system's authorities say: an error of X509_verify_cert().
int verify(const Chain& chain, WallTime now) {
    const std::unique_ptr<X509_STORE, FreeStore> store(X509_STORE_new());
    X509_STORE_set_default_paths(store.get());
    const std::unique_ptr<STACK_OF(X509), FreeStack> others(sk_X509_new_null());
    for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(others.get(), chain[i].get());
    const std::unique_ptr<X509_STORE_CTX, FreeStoreContext> context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(), others.get());
    X509_STORE_CTX_set_time(context.get(), 0, std::chrono::system_clock::to_time_t(now));
    const int good = X509_verify_cert(context.get());
    const int error = X509_STORE_CTX_get_error(context.get());
    ERR_clear_error();
    return good == 1 ? X509_V_OK : error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
}

bool lacks_issuer(int error) {
    return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

/// "example.org <- R11, Let's Encrypt <- ISRG Root X1, …"
std::string path_text(const Chain& chain) {
    std::string text;
    for (const auto& each : chain)
        text += (text.empty() ? "" : " <- ") + name_of(X509_get_subject_name(each.get()));
    X509* const last = chain.back().get();
    if (!is_self_signed(last)) text += " <- " + name_of(X509_get_issuer_name(last));
    return text;
}

CheckRow chain_row(const Chain& chain, int verdict) {
    const std::string path = path_text(chain);
    for (std::size_t i = 1; i < chain.size(); ++i)
        if (X509_check_issued(chain[i].get(), chain[i - 1].get()) != X509_V_OK)
            return {"chain", "failed",
                    path + ": " + name_of(X509_get_subject_name(chain[i].get())) +
                        " did not issue what stands before it"};
    X509* const last = chain.back().get();
    if (is_self_signed(last))
        return {"chain", "ok",
                path + (chain.size() == 1 ? ", which signed itself" : ", with the root")};
    if (!lacks_issuer(verdict)) return {"chain", "ok", path};
    if (chain.size() > 1)
        return {"chain", "warning", path + ": the last one is no authority that this system knows"};
    return {"chain", "failed",
            path +
                ": the certificate stands alone and its issuer is no authority that this system "
                "knows, so the intermediate certificate is missing: [tls] certificate must have "
                "it too (fullchain.pem, not cert.pem)"};
}

CheckRow trust_row(int verdict) {
    if (verdict == X509_V_OK)
        return {"trust", "ok", "it leads to an authority that this system knows"};
    return {"trust", "failed",
            std::string("not trusted publicly: ") + X509_verify_cert_error_string(verdict)};
}

}  // namespace

CertificateReport report_on(const std::vector<std::string>& ders, std::string_view domain,
                            WallTime now, Duration warning) {
    CertificateReport report;
    const Chain chain = parse(ders);
    if (chain.empty()) return report;
    X509* const own = chain.front().get();
    const int verdict = verify(chain, now);
    report.names_domain = net::certificate_names(own, domain, net::our_services);
    report.trusted = verdict == X509_V_OK;
    report.rows = {names_row(own, domain, report.names_domain), dates_row(own, now, warning),
                   key_row(own), chain_row(chain, verdict), trust_row(verdict)};
    return report;
}

bool serves_web_name(const std::vector<std::string>& ders, const std::string& name) {
    const Chain chain = parse(ders);
    return !chain.empty() && X509_check_host(chain.front().get(), name.data(), name.size(),
                                             X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
}

std::string to_der(x509_st* certificate) {
    std::string der(static_cast<std::size_t>(i2d_X509(certificate, nullptr)), '\0');
    auto* out = reinterpret_cast<unsigned char*>(der.data());
    i2d_X509(certificate, &out);
    return der;
}

std::vector<std::string> chain_of(ssl_ctx_st* context) {
    std::vector<std::string> result;
    X509* const own = context ? SSL_CTX_get0_certificate(context) : nullptr;
    if (own == nullptr) return result;
    result.push_back(to_der(own));
    STACK_OF(X509)* others = nullptr;
    SSL_CTX_get0_chain_certs(context, &others);
    for (int i = 0; others && i < sk_X509_num(others); ++i)
        result.push_back(to_der(sk_X509_value(others, i)));
    return result;
}

}  // namespace clarion::app
