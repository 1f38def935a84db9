#include "tests/script/runner/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>

namespace clarion::script {

namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
    void operator()(std::FILE* file) const { std::fclose(file); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::string alternative_names(const std::vector<std::string>& domains) {
    std::string all;
    for (const auto& domain : domains) all += (all.empty() ? "DNS:" : ",DNS:") + domain;
    return all;
}

Owned<X509> self_signed(EVP_PKEY* key, const std::vector<std::string>& domains) {
    Owned<X509> certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * 3600);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* name = X509_get_subject_name(certificate.get());
    const auto* text = reinterpret_cast<const unsigned char*>(domains.front().c_str());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    const Owned<X509_EXTENSION> names(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                                          alternative_names(domains).c_str()));
    if (!names) return nullptr;
    X509_add_ext(certificate.get(), names.get(), -1);
    if (X509_sign(certificate.get(), key, EVP_sha256()) == 0) return nullptr;
    return certificate;
}

}  // namespace

Result<void> write_certificate(const std::vector<std::string>& domains,
                               const std::string& certificate_file, const std::string& key_file) {
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const auto certificate = key ? self_signed(key.get(), domains) : nullptr;
    if (!certificate) return fail("certificate", "OpenSSL cannot make a certificate");
    const Owned<std::FILE> certificate_out(std::fopen(certificate_file.c_str(), "w"));
    const Owned<std::FILE> key_out(std::fopen(key_file.c_str(), "w"));
    if (!certificate_out || !key_out ||
        PEM_write_X509(certificate_out.get(), certificate.get()) == 0 ||
        PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
            0) {
        return fail("certificate", "cannot write " + certificate_file);
    }
    return {};
}

}  // namespace clarion::script
