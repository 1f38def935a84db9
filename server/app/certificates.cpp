#include "server/app/certificates.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "base/metrics.h"
#include "base/text.h"
#include "server/core/options.h"

namespace clarion::app {

namespace {

constexpr const char* renew = "Renew it; then: clarionctl reload";

std::string joined(const std::vector<std::string>& names) {
    std::string result;
    for (const auto& name : names) result += (result.empty() ? "" : ", ") + name;
    return result.empty() ? "no domain at all" : result;
}

/// A file that is replaced, or is reached by another link, has another number; one that is written
/// again, another time.
std::string state_of(const std::string& file) {
    struct stat found {};
    std::string state = file;
    if (::stat(file.c_str(), &found) != 0) return state + " none\n";
    for (const auto number : {std::uint64_t{found.st_dev}, std::uint64_t{found.st_ino},
                              static_cast<std::uint64_t>(found.st_size),
                              static_cast<std::uint64_t>(found.st_mtim.tv_sec),
                              static_cast<std::uint64_t>(found.st_mtim.tv_nsec),
                              static_cast<std::uint64_t>(found.st_ctim.tv_sec),
                              static_cast<std::uint64_t>(found.st_ctim.tv_nsec)})
        state += " " + std::to_string(number);
    return state + "\n";
}

void note_expiry(const std::string& domain, WallTime until) {
    metrics()
        .gauge("clarion_certificate_expiry_timestamp_seconds",
               "When the certificate of a domain expires, as Unix time; 0: it has none any more.",
               "domain=\"" + domain + '"')
        .set(std::chrono::floor<std::chrono::seconds>(until).time_since_epoch().count());
}

}  // namespace

std::optional<CertificateAlarm> judge(const net::CertificateInfo& certificate, WallTime now,
                                      Duration warning) {
    const std::string& domain = certificate.domain;
    const std::string which = "the certificate of " + domain + " (" + certificate.file + ") ";
    const std::string until = format_datetime(certificate.valid_until);
    if (certificate.valid_until <= now)
        return CertificateAlarm{
            true, which + "expired on " + until + ": clients and other servers refuse it", renew};
    if (certificate.valid_from > now)
        return CertificateAlarm{
            true, which + "is not valid before " + format_datetime(certificate.valid_from),
            "Look at this machine's clock (date), or use the one before it; then: clarionctl "
            "reload"};
    if (!certificate.names_domain)
        return CertificateAlarm{
            true, which + "is not made out to " + domain + ", but to " + joined(certificate.names),
            "Get one for " + domain + ", or name its own in [host.\"" + domain +
                "\".tls]; then: clarionctl reload"};
    const auto left = certificate.valid_until - now;
    if (left > warning) return std::nullopt;
    const auto days = std::chrono::duration_cast<std::chrono::hours>(left).count() / 24;
    const std::string in = days == 0
                               ? "in less than a day"
                               : "in " + std::to_string(days) + (days == 1 ? " day" : " days");
    return CertificateAlarm{false, which + "expires on " + until + ", " + in, renew};
}

FileWatch::Step FileWatch::look(const std::string& state) {
    if (state != state_) return Step::read;
    if (good_ || told_) return Step::nothing;
    told_ = true;
    return Step::tell;
}

void FileWatch::note(std::string state, bool good) {
    state_ = std::move(state);
    good_ = good;
    told_ = false;
}

std::string file_state(const Config& config, const std::vector<std::string>& domains) {
    std::set<std::string> files;
    for (const auto& domain : domains) {
        const auto& options = config.get<core::TlsOptions>(domain);
        files.insert({options.certificate, options.private_key, options.ca});
    }
    files.erase("");
    std::string state;
    for (const auto& file : files) state += state_of(file);
    return state;
}

void CertificateWatchOptions::declare(OptionTable<CertificateWatchOptions>& t) {
    using namespace std::chrono_literals;
    t.joins("tls");
    t.add("watch_interval", &CertificateWatchOptions::watch_interval)
        .min(100ms)
        .max(24h)
        .doc(
            "How often it is looked whether certificates and keys were renewed. They are then used "
            "for new connections, as soon as certificate and key fit together; no reload is "
            "needed. "
            "Read for the server as a whole.");
}

// ---- Certificates ------------------------------------------------------------------------------

std::vector<net::CertificateInfo> Certificates::get() const {
    const std::lock_guard lock(mutex_);
    return all_;
}

std::vector<Certificates::Problem> Certificates::unusable() const {
    const std::lock_guard lock(mutex_);
    return unusable_;
}

std::vector<net::CertificateInfo> Certificates::set(const net::TlsContexts::Loaded& loaded,
                                                    std::string state) {
    const std::lock_guard lock(mutex_);
    watch_.note(std::move(state), loaded.problems.empty());
    contexts_ = loaded.contexts;
    problems_ = loaded.problems;
    unusable_.clear();
    return replace(loaded.certificates);
}

Certificates::Renewal Certificates::renew(const Config& config,
                                          const std::vector<std::string>& domains) {
    const std::lock_guard lock(mutex_);
    std::string state = file_state(config, domains);
    const FileWatch::Step step = watch_.look(state);
    if (step == FileWatch::Step::nothing) return {};
    if (step == FileWatch::Step::tell) {
        unusable_ = problems_;
        return {.to_tell = unusable_};
    }
    auto loaded = net::TlsContexts::renew(config, domains, *contexts_);
    watch_.note(std::move(state), loaded.problems.empty());
    contexts_ = loaded.contexts;
    problems_ = std::move(loaded.problems);
    unusable_.clear();
    return {.contexts = contexts_, .fresh = replace(std::move(loaded.certificates))};
}

std::vector<net::CertificateInfo> Certificates::replace(std::vector<net::CertificateInfo> now) {
    std::vector<net::CertificateInfo> fresh;
    for (const auto& each : now)
        if (std::none_of(all_.begin(), all_.end(), [&](const auto& old) {
                return old.domain == each.domain && old.fingerprint == each.fingerprint;
            }))
            fresh.push_back(each);
    for (const auto& each : now) note_expiry(each.domain, each.valid_until);
    for (const auto& old : all_)
        if (std::none_of(now.begin(), now.end(),
                         [&](const auto& each) { return each.domain == old.domain; }))
            note_expiry(old.domain, WallTime{});
    all_ = std::move(now);
    return fresh;
}

}  // namespace clarion::app
