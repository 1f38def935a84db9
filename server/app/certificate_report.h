// What clients and servers will think of a certificate and the chain that is shown with it.
//
// Asks the system's authorities, not those of [tls] ca: everybody else has the former. Blocks on
// the disk for moments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/time.h"

struct ssl_ctx_st;
struct x509_st;

namespace clarion::app {

/// One thing that was looked at.
struct CheckRow {
    std::string check;   // "names"
    std::string result;  // "ok", "warning" or "failed"
    std::string detail;  // a sentence, or what was found
};

struct CertificateReport {
    std::vector<CheckRow> rows;
    bool names_domain = false;
    bool trusted = false;  // it leads to an authority that everybody knows, and is valid now
};

/// `chain`: in DER, the domain's own certificate first; not empty. `warning`: how long before it
/// expires that is worth a word.
CertificateReport report_on(const std::vector<std::string>& chain, std::string_view domain,
                            WallTime now, Duration warning);

/// Whether the first of them is made out to this name as browsers understand it.
bool serves_web_name(const std::vector<std::string>& chain, const std::string& name);

std::string to_der(x509_st* certificate);
/// What a context shows, in DER; empty: it has no certificate.
std::vector<std::string> chain_of(ssl_ctx_st* context);

}  // namespace clarion::app
