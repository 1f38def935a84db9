// Getting publishes out: gates, waiting and turns. What comes back is in answers.cpp.
#include "modules/push/sender.h"

#include "base/log.h"
#include "modules/push/counters.h"
#include "modules/push/flight.h"
#include "modules/push/hibernation.h"
#include "modules/push/notification.h"
#include "modules/push/notifier.h"
#include "modules/push/publish_log.h"
#include "modules/push/push.h"
#include "server/core/pending_iq.h"
#include "storage/storage.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
/// Services remembered while nothing waits for them or is under way.
constexpr std::size_t idle_services = 1000;
/// So many accounts are loaded at once to send what waited, of each service.
constexpr std::size_t renewals_at_once = 100;
/// Before storage that has failed is asked again.
constexpr Duration storage_patience = std::chrono::seconds(1);

RegistrationKey key_of(const Notification& notification) {
    return {notification.account_id, notification.registration};
}

}  // namespace

// ---- Services ----------------------------------------------------------------------------------

Service* Sender::find_service(std::string_view jid) {
    const auto at = services_.find(jid);
    return at == services_.end() ? nullptr : &at->second;
}

Service& Sender::service_of(const Jid& jid) {
    if (Service* known = find_service(jid.full())) return *known;
    if (services_.size() >= idle_services) {
        const SteadyTime now = push_.core.clock().steady();
        std::erase_if(services_, [now](const auto& each) {
            const Service& service = each.second;
            return service.waiting.empty() && service.intervals.idle(now) &&
                   service.renewing.empty() && service.link.outstanding() == 0 &&
                   service.link.up() && !service.retiring;
        });
    }
    const bool configured = push_.core.domains().kind(jid.domain()) == core::DomainKind::component;
    Service& service =
        services_.try_emplace(jid.full(), push_.counters->of_service(jid.full(), configured))
            .first->second;
    service.jid = jid;
    service.proved = configured;
    return service;
}

std::size_t Sender::limit(std::string_view host) const {
    return static_cast<std::size_t>(push_.options(host).max_outstanding_per_service);
}

/// Whether one more may begin its way out. After a failed attempt one publish goes first, the
/// others when it is answered.
bool Sender::has_room(const Service& service, std::size_t limit) const {
    const std::size_t begun = service.renewing.size();
    if (begun >= limit || (begun > 0 && !service.link.up())) return false;
    return service.link.may_send(push_.core.clock().steady(), limit - begun);
}

// ---- One notification --------------------------------------------------------------------------

void Sender::submit(core::Account& account, Registration& registration,
                    NotificationPtr notification) {
    Service& service = service_of(registration.service);
    const RegistrationKey key = key_of(*notification);
    if (held_back(service, account, notification)) return;
    if (notification->witness)
        return publish(service, account, registration, std::move(notification));
    const bool its_turn = notification->renewed && service.renewing.erase(key) > 0;
    // Nobody overtakes those who wait, except calls.
    const bool first =
        its_turn || service.waiting.empty() || (notification->urgent && !service.waiting.find(key));
    if (first && has_room(service, limit(account.host())))
        return publish(service, account, registration, std::move(notification));
    wait(service, account, registration, notification);
    flush(service);
}

/// [push] min_interval: the newest state goes when the interval is over.
bool Sender::held_back(Service& service, core::Account& account,
                       const NotificationPtr& notification) {
    if (notification->urgent || notification->witness) return false;
    const RegistrationKey key = key_of(*notification);
    const SteadyTime now = push_.core.clock().steady();
    const auto due = service.intervals.closed_until(key, now);
    if (!due || push_.options(account.host()).min_interval == Duration::zero()) return false;
    const bool first = service.intervals.hold(WaitingItem(*notification));
    keep(service.intervals.find(key));
    push_.hibernation->kept(account, *notification);
    if (first)
        push_.core.shard().after(std::chrono::ceil<Duration>(*due - now),
                                 [this, jid = service.jid.full(), key] { release_held(jid, key); });
    return true;
}

void Sender::release_held(const std::string& jid, const RegistrationKey& key) {
    Service* service = find_service(jid);
    auto item = service ? service->intervals.release(key) : std::nullopt;
    if (!item) return;
    item->failures = static_cast<std::uint32_t>(service->link.failures());
    service->waiting.put(std::move(*item));
    keep(service->waiting.find(key));
    flush(*service);
}

void Sender::wait(Service& service, core::Account& account, Registration& registration,
                  const NotificationPtr& notification) {
    WaitingItem item(*notification);
    item.failures = static_cast<std::uint32_t>(service.link.failures());
    if (!service.link.up()) item.failing_since = note_failing(account, registration);
    service.waiting.put(std::move(item));
    keep(service.waiting.find(key_of(*notification)));
    push_.hibernation->kept(account, *notification);
}

void Sender::keep(const WaitingItem* item) {
    if (item) push_.publish_log->keep(item->key.account, item->pending(), item->number);
}

void Sender::publish(Service& service, core::Account& account, Registration& registration,
                     NotificationPtr notification) {
    const SteadyTime now = push_.core.clock().steady();
    const bool probes = !service.link.up();
    Flight flight{service.jid.full(), service.link.depart(now), notification};
    if (probes) note_probe(service, account.host());
    if (logger.enabled(LogLevel::debug))  // a tag is a hash
        logger.debug("publish", {{"account", account.jid().bare()},
                                 {"service", service.jid.full()},
                                 {"node", node_tag(registration.record)},
                                 {"important", notification->important}});
    note_sent(service, account, flight, now);
    push_.hibernation->sent(account, registration, *notification);
    const Duration timeout = push_.options(account.host()).answer_timeout;
    auto request = std::exchange(notification->publish, nullptr);
    // Last: the answer may come before this returns.
    push_.core.pending().send(account.jid().bare(), std::move(request), timeout,
                              [this, flight = std::move(flight)](const Stanza* answer, bool local) {
                                  on_answer(flight, answer, local);
                              });
}

void Sender::note_sent(Service& service, core::Account& account, Flight& flight, SteadyTime now) {
    const Notification& notification = *flight.notification;
    if (!notification.renewed) {
        const auto took = push_.core.clock().wall() - notification.caused;
        flight.until_published = std::max(0.0, std::chrono::duration<double>(took).count());
    }
    const Duration interval = push_.options(account.host()).min_interval;
    if (interval != Duration::zero())
        service.intervals.sent(key_of(notification), now, now + interval);
    ++push_.accounts.of(account).busy;
    ++service.stats.sent;
    service.metrics.published();
    if (notification.witness) notification.witness("published to " + flight.service, true);
}

// ---- Those who wait ----------------------------------------------------------------------------

void Sender::flush(Service& service) {
    if (service.flushing) return;
    service.flushing = true;
    // The limit is each account's own; submit() looks again.
    const std::size_t all = limit({});
    while (!service.waiting.empty() && service.renewing.size() < renewals_at_once &&
           has_room(service, all)) {
        WaitingItem item = service.waiting.take();
        service.renewing.insert(item.key);
        push_.core.scope().spawn("push-renew", renew(service.jid.full(), std::move(item)));
    }
    service.flushing = false;
    if (!service.waiting.empty()) arm_retry(service);
}

/// One that waited gets its turn. If storage fails it waits on.
Task<> Sender::renew(std::string jid, WaitingItem item) {
    const RegistrationKey key = item.key;
    const bool done = co_await renew_loaded(jid, item);
    if (!done) {
        co_await push_.core.shard().sleep(storage_patience);
        if (Service* service = find_service(jid)) service->waiting.put_back(std::move(item));
    }
    renewed(jid, key);
}

Task<bool> Sender::renew_loaded(std::string jid, WaitingItem& item) {
    const RegistrationKey key = item.key;
    auto name = co_await push_.core.storage().owners().address_of(key.account);
    if (!name) co_return false;
    if (!name->has_value()) co_return true;  // deleted
    auto pin = co_await push_.core.accounts().load(**name);
    if (!pin) co_return pin.error().code == "item-not-found";
    Service* service = find_service(jid);
    if ((*pin)->id() != key.account || !service) co_return true;
    const auto missed = static_cast<std::uint32_t>(service->link.failures()) - item.failures;
    add_attempts(*service, **pin, key.registration, missed);
    if (!push_.accounts.of(**pin).find(key.registration)) co_return true;
    co_await push_.notifier->renew_stored(std::move(*pin), key.registration,
                                          std::move(item).to_waiting());
    co_return true;
}

void Sender::renewed(const std::string& jid, const RegistrationKey& key) {
    Service* service = find_service(jid);
    if (!service) return;
    service->renewing.erase(key);
    flush(*service);
}

void Sender::arm_retry(Service& service) {
    if (service.link.up() || service.link.probing()) return;
    const SteadyTime due = service.link.retry_at();
    const SteadyTime now = push_.core.clock().steady();
    // If it is time already, what is on its way ends with another flush().
    if (due <= now || (service.retry != core::TimerId::none && service.retry_due == due)) return;
    if (service.retry != core::TimerId::none) push_.core.shard().cancel(service.retry);
    service.retry_due = due;
    service.retry = push_.core.shard().after(std::chrono::ceil<Duration>(due - now),
                                             [this, jid = service.jid.full()] {
                                                 Service* back = find_service(jid);
                                                 if (!back) return;
                                                 back->retry = core::TimerId::none;
                                                 flush(*back);
                                             });
}

void Sender::forget(storage::AccountId account, std::string_view service,
                    std::uint64_t registration) {
    Service* known = find_service(service);
    if (!known) return;
    known->waiting.remove({account, registration});
    known->intervals.forget({account, registration});
}

void Sender::forget(core::Account& account) {
    const AccountPush* mine = push_.accounts.find(account);
    if (!mine) return;
    for (const Registration& registration : mine->registrations) {
        forget(account.id(), registration.record.service, registration.record.seq);
        push_.publish_log->forget(account.id(), registration.record.seq);
    }
}

bool Sender::waits(storage::AccountId account, const Registration& registration) const {
    const auto at = services_.find(registration.record.service);
    if (at == services_.end()) return false;
    const RegistrationKey key{account, registration.record.seq};
    const Service& service = at->second;
    return service.waiting.find(key) || service.intervals.find(key) ||
           service.renewing.contains(key);
}

}  // namespace clarion::push
