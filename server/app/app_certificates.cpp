// What App does about certificates while the server runs: renewed ones go to every shard, and the
// log says what needs somebody's attention.
#include "base/log.h"
#include "base/text.h"
#include "server/app/app.h"
#include "server/core/options.h"
#include "server/net/shard_net.h"

namespace clarion::app {

namespace {

constexpr Logger logger{"server"};

CertificateAlarm alarm_of(const Certificates::Problem& problem) {
    return {false, problem.text + "; what was there before is in use, as long as the server runs",
            "Put it right: it is looked at again when a file changes"};
}

}  // namespace

void App::tell_of(const std::vector<net::CertificateInfo>& loaded) {
    for (const auto& certificate : loaded)
        logger.info("certificate-loaded", {{"domain", certificate.domain},
                                           {"file", certificate.file},
                                           {"expires", format_datetime(certificate.valid_until)}});
}

std::vector<CertificateAlarm> App::certificate_alarms(const core::Context& context) const {
    std::vector<CertificateAlarm> alarms;
    const WallTime now = context.clock().wall();
    for (const auto& certificate : certificates_.get()) {
        const auto& options = context.options<core::TlsOptions>(certificate.domain);
        if (auto alarm = judge(certificate, now, options.expiry_warning))
            alarms.push_back(std::move(*alarm));
    }
    for (const auto& problem : certificates_.unusable()) alarms.push_back(alarm_of(problem));
    return alarms;
}

/// On a worker, while nobody reloads: the files are those of the configuration in use.
void App::renew_certificates() {
    const std::lock_guard lock(reloading_);
    const auto renewal = certificates_.renew(*config_, domains_.hosts());
    for (const auto& problem : renewal.to_tell)
        logger.warning("certificate-unusable", {{"text", alarm_of(problem).what}});
    tell_of(renewal.fresh);
    if (!renewal.contexts) return;
    for (const auto& core : shared_->cores) {
        const unsigned shard = core->shard().index();
        net::ShardNet* const net = nets_[shard].get();
        shards_->post(shard, [net, contexts = renewal.contexts] { net->set_tls(contexts); });
    }
}

Task<> App::watch_certificates(core::Context& context) {
    while (!context.stopping()) {
        co_await context.shard().sleep(context.options<CertificateWatchOptions>().watch_interval);
        co_await context.shard().offload([this] { renew_certificates(); });
    }
}

/// The log says once a day what `status` says all the time.
Task<> App::tell_certificate_alarms(core::Context& context) {
    while (!context.stopping()) {
        co_await context.shard().sleep(std::chrono::hours(24));
        for (const auto& alarm : certificate_alarms(context)) {
            const std::string text = alarm.what + ". " + alarm.next;
            if (alarm.serious)
                logger.error("certificate", {{"text", text}});
            else
                logger.warning("certificate", {{"text", text}});
        }
    }
}

}  // namespace clarion::app
