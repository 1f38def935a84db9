#include "modules/push/sender.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "modules/push/answers.h"
#include "modules/push/failed_attempts.h"
#include "modules/push/hibernation.h"
#include "modules/push/notification.h"
#include "modules/push/outage.h"
#include "modules/push/publish_log.h"
#include "modules/push/push.h"
#include "modules/push/services.h"
#include "server/core/routing/pending_iq.h"
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
    if (held_back(service, account, *notification)) return;
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

/// [push] min_interval: the newest state goes when the interval is over.
bool Sender::held_back(Service& service, core::Account& account,
                       PendingNotification& notification) {
    if (notification.stored.urgent || notification.witness) return false;
    const RegistrationKey key = notification.stored.key;
    const SteadyTime now = context_.clock().steady();
    const auto due = service.intervals.closed_until(key, now);
    if (!due || context_.options<PushOptions>(account.host()).min_interval == Duration::zero())
        return false;
    const bool first = service.intervals.hold(notification.take_stored());
    keep(service.intervals.find(key));
    hibernation_.kept(account, notification);
    if (first)
        context_.shard().after(std::chrono::ceil<Duration>(*due - now),
                               [this, jid = service.jid.full(), key] { release_held(jid, key); });
    return true;
}

void Sender::release_held(const std::string& jid, const RegistrationKey& key) {
    Service* service = services_.find(jid);
    auto held = service ? service->intervals.release(key) : std::nullopt;
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
           service->renewing.contains(key);
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
    services_.changed(service);
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
