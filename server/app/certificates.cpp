#include "server/app/certificates.h"

#include <algorithm>

#include "base/text.h"

namespace clarion::app {

namespace {

constexpr const char* renew = "Renew it; then: clarionctl reload";

std::string joined(const std::vector<std::string>& names) {
    std::string result;
    for (const auto& name : names) result += (result.empty() ? "" : ", ") + name;
    return result.empty() ? "no domain at all" : result;
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

std::vector<net::CertificateInfo> Certificates::set(std::vector<net::CertificateInfo> now) {
    const std::lock_guard lock(mutex_);
    std::vector<net::CertificateInfo> fresh;
    for (const auto& each : now)
        if (std::none_of(all_.begin(), all_.end(), [&](const auto& old) {
                return old.domain == each.domain && old.fingerprint == each.fingerprint;
            }))
            fresh.push_back(each);
    all_ = std::move(now);
    return fresh;
}

}  // namespace clarion::app
