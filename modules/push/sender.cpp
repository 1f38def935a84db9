#include "modules/push/sender.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "modules/push/answers.h"
#include "modules/push/failed_attempts.h"
#include "modules/push/hibernation.h"
#include "modules/push/notification.h"
#include "modules/push/outage.h"
#include "modules/push/publish_log.h"
#include "modules/push/push.h"
#include "server/core/routing/pending_iq.h"
#include "server/core/routing/refusal_log.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"

namespace clarion::push {

namespace {
constexpr Logger logger{"push"};
}  // namespace

Sender::Sender(core::Context& context, core::AccountSlot<AccountPush> accounts, Services& services,
               Outage& outage, FailedAttempts& attempts, Answers& answers, PublishLog& publish_log,
               Hibernation& hibernation)
    : context_(context),
      accounts_(accounts),
      services_(services),
      outage_(outage),
      attempts_(attempts),
      answers_(answers),
      publish_log_(publish_log),
      hibernation_(hibernation) {}

void Sender::submit(core::Account& account, Registration& registration,
                    NotificationPtr notification) {
    Service& service = services_.of(registration.service);
    const RegistrationKey key = notification->stored.key;
    if (held_back(service, account, registration, *notification)) return;
    if (notification->witness)
        return publish(service, account, registration, std::move(notification));
    const bool its_turn = notification->renewed && service.renewing.erase(key) > 0;
    // Nobody overtakes those who wait, except calls.
    const bool first = its_turn || service.waiting.empty() ||
                       (notification->stored.urgent && !service.waiting.find(key));
    if (first && services_.has_room(service, services_.limit(account.host())))
        return publish(service, account, registration, std::move(notification));
    wait(service, account, registration, *notification);
    services_.changed(service);
}

// ---- Those who cannot leave now ----------------------------------------------------------------

bool Sender::held_back(Service& service, core::Account& account, const Registration& registration,
                       PendingNotification& notification) {
    if (notification.witness) return false;
    if (const auto due = unproved_until(service, account, registration, notification)) {
        hold(service, &Service::unproved, account, notification, *due);
        return true;
    }
    const auto due = closed_until(service, account, notification);
    if (due) hold(service, &Service::intervals, account, notification, *due);
    return due.has_value();
}

/// [push] min_interval: the newest state goes when the interval is over.
std::optional<SteadyTime> Sender::closed_until(const Service& service, const core::Account& account,
                                               const PendingNotification& notification) const {
    if (notification.stored.urgent ||
        context_.options<PushOptions>(account.host()).min_interval == Duration::zero())
        return std::nullopt;
    return service.intervals.closed_until(notification.stored.key, context_.clock().steady());
}

/// [push] max_unproved_per_hour: the newest state goes when the service has accepted one, or the
/// hour is over. Calls, too: who is sent them may not be a push service.
std::optional<SteadyTime> Sender::unproved_until(const Service& service, core::Account& account,
                                                 const Registration& registration,
                                                 PendingNotification& notification) const {
    const auto most = context_.options<PushOptions>(account.host()).max_unproved_per_hour;
    if (most == 0 || service.accepts || registration.record.last_used != WallTime{})
        return std::nullopt;
    notification.on_trial = true;
    return trials_.closed_until(account.id(), service.jid.domain(),
                                static_cast<std::uint64_t>(most), context_.clock().steady());
}

void Sender::hold(Service& service, Held where, core::Account& account,
                  PendingNotification& notification, SteadyTime until) {
    const RegistrationKey key = notification.stored.key;
    const bool first = (service.*where).hold(notification.take_stored());
    keep((service.*where).find(key));
    hibernation_.kept(account, notification);
    if (!first) return;
    context_.shard().after(
        std::chrono::ceil<Duration>(until - context_.clock().steady()),
        [this, jid = service.jid.full(), key, where] { release_held(jid, key, where); });
    if (where == &Service::unproved)
        context_.refusals().tell(
            logger, account.jid().bare(), "service-unproved",
            {{"account", account.jid().bare()}, {"service", service.jid.full()}});
}

void Sender::release_held(const std::string& jid, const RegistrationKey& key, Held where) {
    Service* service = services_.find(jid);
    auto held = service ? (service->*where).release(key) : std::nullopt;
    if (!held) return;
    held->failures = static_cast<std::uint32_t>(service->link.failures());
    service->waiting.put(std::move(*held));
    keep(service->waiting.find(key));
    services_.changed(*service);
}

void Sender::wait(Service& service, core::Account& account, Registration& registration,
                  PendingNotification& notification) {
    const RegistrationKey key = notification.stored.key;
    StoredNotification waits = notification.take_stored();
    waits.failures = static_cast<std::uint32_t>(service.link.failures());
    if (!service.link.up()) waits.failing_since = attempts_.note_failing(account, registration);
    service.waiting.put(std::move(waits));
    keep(service.waiting.find(key));
    hibernation_.kept(account, notification);
}

void Sender::keep(const StoredNotification* waits) {
    if (waits) publish_log_.keep(*waits);
}

bool Sender::waits(storage::AccountId account, const Registration& registration) const {
    const Service* service = services_.find(registration.record.service);
    if (!service) return false;
    const RegistrationKey key{account, registration.record.seq};
    return service->waiting.find(key) || service->intervals.find(key) ||
           service->unproved.find(key) || service->renewing.contains(key);
}

void Sender::on_removed(const RegistrationRemoved& event) {
    forget(event.account.id(), event.registration);
}

void Sender::forget_all(core::Account& account) {
    const AccountPush* mine = accounts_.find(account);
    if (!mine) return;
    for (const Registration& registration : mine->registrations)
        forget(account.id(), registration.record);
}

void Sender::forget(storage::AccountId account, const events::PushRegistration& registration) {
    const RegistrationKey key{account, registration.seq};
    publish_log_.forget(key);
    Service* service = services_.find(registration.service);
    if (!service) return;
    service->waiting.remove(key);
    service->intervals.forget(key);
    service->unproved.forget(key);
}

// ---- One that leaves ---------------------------------------------------------------------------

void Sender::publish(Service& service, core::Account& account, Registration& registration,
                     NotificationPtr notification) {
    const bool probes = !service.link.up();
    notification->service = &service;
    notification->departure = service.link.depart(context_.clock().steady());
    if (probes) outage_.note_probe(service, account.host());
    if (logger.enabled(LogLevel::debug))  // a tag is a hash
        logger.debug("publish", {{"account", account.jid().bare()},
                                 {"service", service.jid.full()},
                                 {"node", node_tag(registration.record)},
                                 {"important", notification->stored.important}});
    note_sent(account, *notification);
    hibernation_.sent(account, registration, *notification);
    const Duration timeout = context_.options<PushOptions>(account.host()).answer_timeout;
    auto request = std::exchange(notification->publish, nullptr);
    // Last: the answer may come before this returns.
    context_.pending().send(
        account.jid().bare(), std::move(request), timeout,
        [this, notification = std::move(notification)](const Stanza* answer, bool local) {
            on_answer(notification, answer, local);
        });
}

void Sender::note_sent(core::Account& account, PendingNotification& notification) {
    Service& service = *notification.service;
    const SteadyTime now = notification.departure.at;
    if (!notification.renewed) {
        const auto took = context_.clock().wall() - notification.stored.caused;
        notification.until_published = std::max(0.0, std::chrono::duration<double>(took).count());
    }
    const Duration interval = context_.options<PushOptions>(account.host()).min_interval;
    if (interval != Duration::zero())
        service.intervals.sent(notification.stored.key, now, now + interval);
    if (notification.on_trial) trials_.sent(account.id(), service.jid.domain(), now);
    ++accounts_.of(account).busy;
    ++service.stats.sent;
    service.metrics.published();
    if (notification.witness) notification.witness("published to " + service.jid.full(), true);
}

// ---- What comes of it --------------------------------------------------------------------------

void Sender::on_answer(const NotificationPtr& notification, const Stanza* answer, bool local) {
    if (answer) return conclude(*notification, answer, local);
    if (!Outage::may_be_silent(*notification)) {
        const ServiceLink& link = notification->service->link;
        return conclude(*notification, nullptr,
                        !link.up() && link.silent_since(notification->departure));
    }
    outage_.ask_others(*notification, [this, notification](bool heard) {
        conclude(*notification, nullptr, !heard);
    });
}

void Sender::conclude(PendingNotification& notification, const Stanza* answer, bool unreachable) {
    Service& service = *notification.service;
    service.link.settle();
    const Outcome outcome = answers_.conclude(notification, answer, unreachable);
    core::Account* account = account_of(context_, notification);
    if (account && --accounts_.of(*account).busy == 0) context_.partitions_changed().notify();
    if (outcome == Outcome::unreachable) {
        // What this server answers itself has not left it.
        if (answer && notification.on_trial)
            trials_.not_sent(notification.stored.key.account, service.jid.domain());
        on_unreachable(account, notification,
                       answer ? name(read_error(answer->root()).condition) : "no answer");
        return services_.changed(service);
    }
    const RegistrationKey key = notification.stored.key;
    publish_log_.settle(key, notification.stored.number);
    if (answer) outage_.note_answer(service);
    Registration* registration = account ? accounts_.of(*account).find(key.registration) : nullptr;
    if (registration && outcome == Outcome::result) {
        service.waiting.counted(key, service.link.failures());
        answers_.on_result(*account, *registration);
    } else if (registration && outcome == Outcome::error) {
        answers_.on_error(*account, *registration, read_error(answer->root()));
    }
    if (outcome == Outcome::result) note_accepted(service, key.account);
    services_.changed(service);
}

/// It is a push service. An error, or silence, does not say that: whoever is sent something by
/// mistake answers so.
void Sender::note_accepted(Service& service, storage::AccountId account) {
    if (std::exchange(service.accepts, true)) return;
    trials_.accepted(account, service.jid.domain());
    std::vector<std::pair<std::string, RegistrationKey>> held;
    for (const auto& [jid, other] : services_.all())
        if (other.jid.domain() == service.jid.domain())
            for (const RegistrationKey& key : other.unproved.held()) held.emplace_back(jid, key);
    for (const auto& [jid, key] : held) release_held(jid, key, &Service::unproved);
}

void Sender::on_unreachable(core::Account* account, PendingNotification& notification,
                            std::string_view condition) {
    Service& service = *notification.service;
    const bool news = outage_.note_failure(service, notification.departure);
    Registration* registration =
        account ? accounts_.of(*account).find(notification.stored.key.registration) : nullptr;
    if (registration) {
        hibernation_.not_sent(*account, *registration, notification);
        if (!notification.witness) wait_again(*account, *registration, notification);
    }
    if (news) outage_.attempt_failed(service, condition);
}

void Sender::wait_again(core::Account& account, Registration& registration,
                        PendingNotification& notification) {
    Service& service = *notification.service;
    const RegistrationKey key = notification.stored.key;
    StoredNotification waits = notification.take_stored();
    waits.failures = static_cast<std::uint32_t>(notification.departure.failures);
    if (!service.link.up()) waits.failing_since = attempts_.note_failing(account, registration);
    service.intervals.not_sent(key);
    if (auto held = service.intervals.release(key)) {
        held->failures = waits.failures;
        service.waiting.put(std::move(*held));
    }
    service.waiting.put_back(std::move(waits));
    keep(service.waiting.find(key));
}

}  // namespace clarion::push
