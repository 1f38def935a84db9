// Certificates as those see them who have to renew them: what is wrong with one, or soon will be,
// and what to do.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/net/transport/tls_context.h"

namespace clarion::app {

struct CertificateAlarm {
    bool serious;      // clients and servers refuse it now
    std::string what;  // "the certificate of example.org (/etc/x.pem) expired on 2026-01-01"
    std::string next;  // what to do
};

/// `warning`: how long before it expires ([tls] expiry_warning). Of several things the worst.
std::optional<CertificateAlarm> judge(const net::CertificateInfo& certificate, WallTime now,
                                      Duration warning);

/// The certificates in use. Any thread.
class Certificates {
public:
    std::vector<net::CertificateInfo> get() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }
    /// Returns those that are new: another domain's, or other bytes than before.
    std::vector<net::CertificateInfo> set(std::vector<net::CertificateInfo> now);

private:
    mutable std::mutex mutex_;
    std::vector<net::CertificateInfo> all_;
};

}  // namespace clarion::app
