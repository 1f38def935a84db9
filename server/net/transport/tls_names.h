// Certificates and the domains they are made out to (RFC 6120, 13.7.1; RFC 6125).
//
// Private to net's TLS files. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct x509_st;

namespace clarion::net {

/// Whether one of the subject alternative names is this domain (in ASCII or not): a dNSName, whose
/// first label may be "*"; an SRVName for _xmpp-client or _xmpp-server; an XmppAddr. The common
/// name does not count.
bool certificate_names(x509_st* certificate, std::string_view domain);

/// Its dNSNames, as they stand there.
std::vector<std::string> dns_names(x509_st* certificate);

/// "example.org" against "example.org" or "*.org": whole labels, ASCII, any case.
bool dns_name_matches(std::string_view pattern, std::string_view name);

/// What OpenSSL has to say about its last error; empties its queue.
std::string openssl_reason();

}  // namespace clarion::net
