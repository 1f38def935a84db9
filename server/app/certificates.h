// Certificates as those see them who have to renew them: what is wrong with one, or soon will be,
// and what to do.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/config.h"
#include "base/option.h"
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

/// When files are read again that somebody else writes, and when it is told that they cannot be
/// used. Who renews a certificate writes one file after the other: what does not fit together now
/// may do so a moment later, so it is told only once the files have stayed as they are.
class FileWatch {
public:
    enum class Step { nothing, read, tell };
    /// What is to be done about files that are in this state now (file_state()).
    Step look(const std::string& state);
    /// They were read while, or after, they were in this state.
    void note(std::string state, bool good);

private:
    std::string state_;
    bool good_ = true;
    bool told_ = false;
};

/// What the files are that [tls] names for these domains: another text, other files. Symbolic links
/// are followed.
std::string file_state(const Config& config, const std::vector<std::string>& domains);

/// How often the files are looked at.
struct CertificateWatchOptions {
    Duration watch_interval = std::chrono::seconds(60);
    static void declare(OptionTable<CertificateWatchOptions>& table);
};

/// The certificates in use, and their files. Any thread. When each expires is a metric.
class Certificates {
public:
    using Problem = net::TlsContexts::Problem;

    std::vector<net::CertificateInfo> get() const;
    /// What is wrong with files that have changed: what was in them before is in use.
    std::vector<Problem> unusable() const;
    /// Takes what was loaded; `state` is that of the files before they were read. Returns those
    /// that are new: another domain's, or other bytes than before.
    std::vector<net::CertificateInfo> set(const net::TlsContexts::Loaded& loaded,
                                          std::string state);

    struct Renewal {
        std::shared_ptr<const net::TlsContexts> contexts{};  // nullptr: nothing was read
        std::vector<net::CertificateInfo> fresh{};
        std::vector<Problem> to_tell{};
    };
    /// Looks at the files, and reads them if they have changed. Blocks on the disk.
    Renewal renew(const Config& config, const std::vector<std::string>& domains);

private:
    std::vector<net::CertificateInfo> replace(std::vector<net::CertificateInfo> now);

    mutable std::mutex mutex_;
    FileWatch watch_;
    std::shared_ptr<const net::TlsContexts> contexts_;
    std::vector<net::CertificateInfo> all_;
    std::vector<Problem> problems_;  // found at the last reading
    std::vector<Problem> unusable_;  // those of them that were told
};

}  // namespace clarion::app
