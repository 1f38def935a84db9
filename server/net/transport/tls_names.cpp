#include "server/net/transport/tls_names.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <ctime>
#include <memory>

#include "base/text.h"
#include "proto/jid.h"

namespace clarion::net {

namespace {

std::string_view view(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

int srv_name_type() {
    static const int nid = OBJ_create("1.3.6.1.5.5.7.8.7", "id-on-dnsSRV-name", "SRVName");
    return nid != NID_undef ? nid : OBJ_txt2nid("1.3.6.1.5.5.7.8.7");
}

int xmpp_address_type() {
    static const int known = OBJ_txt2nid("1.3.6.1.5.5.7.8.5");
    return known;
}

/// "_xmpp-server.example.org"
bool srv_name_matches(std::string_view srv_name, std::string_view ascii, Services services) {
    for (const std::string_view service : services) {
        if (srv_name.substr(0, service.size()) != service) continue;
        if (dns_name_matches(srv_name.substr(service.size()), ascii)) return true;
    }
    return false;
}

bool other_name_matches(const OTHERNAME& other, std::string_view domain, std::string_view ascii,
                        Services services) {
    const int type = OBJ_obj2nid(other.type_id);
    if (type == NID_undef || other.value == nullptr) return false;
    if (type == srv_name_type() && other.value->type == V_ASN1_IA5STRING) {
        return srv_name_matches(view(other.value->value.ia5string), ascii, services);
    }
    if (type == xmpp_address_type() && other.value->type == V_ASN1_UTF8STRING) {
        const Result<std::string> address = prepare_domain(view(other.value->value.utf8string));
        return address && *address == domain;
    }
    return false;
}

WallTime wall_time(const ASN1_TIME* time) {
    std::tm parts{};
    ASN1_TIME_to_tm(time, &parts);
    return WallTime(std::chrono::seconds(timegm(&parts)));
}

struct FreeNames {
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeNames>;

NamesPtr names_of(const X509* certificate) {
    return NamesPtr(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
}

}  // namespace

std::vector<std::string> dns_names(x509_st* certificate) {
    std::vector<std::string> result;
    const NamesPtr names = names_of(certificate);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS) result.emplace_back(view(name->d.dNSName));
    }
    return result;
}

Validity validity_of(const x509_st* certificate) {
    return {wall_time(X509_get0_notBefore(certificate)),
            wall_time(X509_get0_notAfter(certificate))};
}

bool dns_name_matches(std::string_view pattern, std::string_view name) {
    if (pattern.substr(0, 2) == "*.") {
        const std::size_t dot = name.find('.');
        if (dot == std::string_view::npos || dot == 0) return false;
        return pattern.find('*', 1) == std::string_view::npos &&
               to_lower_ascii(pattern.substr(2)) == to_lower_ascii(name.substr(dot + 1));
    }
    return !name.empty() && to_lower_ascii(pattern) == to_lower_ascii(name);
}

bool certificate_names(x509_st* certificate, std::string_view domain, Services services) {
    const Result<std::string> in_ascii = domain_to_ascii(domain);
    const std::string ascii = in_ascii ? *in_ascii : std::string(domain);
    const NamesPtr names = names_of(certificate);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS && dns_name_matches(view(name->d.dNSName), ascii)) return true;
        if (name->type == GEN_OTHERNAME &&
            other_name_matches(*name->d.otherName, domain, ascii, services)) {
            return true;
        }
    }
    return false;
}

std::string openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (code == 0) return {};
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "error " + std::to_string(code);
}

}  // namespace clarion::net
