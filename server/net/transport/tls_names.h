// Certificates and the domains they are made out to (RFC 6120, 13.7.1; RFC 6125).
//
// For net's TLS files, and for what looks at certificates in app. Pure; any thread.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

struct x509_st;

namespace clarion::net {

/// Services of SRVNames (RFC 4985): what may speak as a server to servers, and all that we are.
using Services = std::span<const std::string_view>;
inline constexpr std::array<std::string_view, 1> server_services{"_xmpp-server."};
inline constexpr std::array<std::string_view, 2> our_services{"_xmpp-server.", "_xmpp-client."};

/// Whether one of the subject alternative names is this domain (in ASCII or not): a dNSName, whose
/// first label may be "*"; an SRVName for one of `services`; an XmppAddr. The common name does not
/// count.
bool certificate_names(x509_st* certificate, std::string_view domain, Services services);

/// Its dNSNames, as they stand there.
std::vector<std::string> dns_names(x509_st* certificate);

/// When it is valid.
struct Validity {
    WallTime from, until;
};
Validity validity_of(const x509_st* certificate);

/// "example.org" against "example.org" or "*.org": whole labels, ASCII, any case.
bool dns_name_matches(std::string_view pattern, std::string_view name);

/// What OpenSSL has to say about its last error; empties its queue.
std::string openssl_reason();

}  // namespace clarion::net
