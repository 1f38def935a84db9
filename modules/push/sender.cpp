// Getting publishes out: gates, waiting and back-off. What comes back is in answers.cpp.
#include "modules/push/sender.h"

#include <vector>

#include "modules/push/counters.h"
#include "modules/push/flight.h"
#include "modules/push/notification.h"
#include "modules/push/push.h"
#include "modules/push/sleeper.h"
#include "server/base/log.h"
#include "server/core/pending_iq.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
/// Services remembered while nothing waits for them or is under way.
constexpr std::size_t idle_services = 1000;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Service* Sender::find_service(std::string_view jid) {
    const auto at = services_.find(jid);
    return at == services_.end() ? nullptr : &at->second;
}

Service& Sender::service_of(const Jid& jid) {
    if (Service* known = find_service(jid.full())) return *known;
    if (services_.size() >= idle_services)
        std::erase_if(services_, [](const auto& each) {
            const Service& service = each.second;
            return service.waiting.empty() && service.link.outstanding() == 0 && service.link.up();
        });
    Service& service = services_[jid.full()];
    service.jid = jid;
    return service;
}

void Sender::submit(core::Account& account, Registration& registration,
                    NotificationPtr notification) {
    if (held_back(account, registration, notification)) return;
    Service& service = service_of(registration.service);
    const auto waiting =
        service.waiting.extract({notification->account_id, notification->registration});
    if (waiting && waiting.mapped()->important && !notification->important)
        notification = waiting.mapped();
    const auto limit =
        static_cast<std::size_t>(push_.options(account.host()).max_outstanding_per_service);
    if (service.link.may_send(push_.core.clock().steady(), limit))
        return publish(service, account, registration, std::move(notification));
    if (notification->witness) return notification->witness("not sent: the service is in back-off", false);
    wait(service, std::move(notification));
}

/// [push] min_interval: the newest state goes when the interval is over.
bool Sender::held_back(core::Account& account, Registration& registration,
                       const NotificationPtr& notification) {
    const Duration interval = push_.options(account.host()).min_interval;
    if (interval == Duration::zero() || notification->urgent || !registration.last_sent)
        return false;
    const SteadyTime due = *registration.last_sent + interval;
    const SteadyTime now = push_.core.clock().steady();
    if (now >= due) return false;
    const bool timer_runs = registration.held != nullptr;
    if (!timer_runs || notification->important || !registration.held->important)
        registration.held = notification;
    if (timer_runs) return true;
    push_.core.shard().after(std::chrono::ceil<Duration>(due - now),
                             [this, who = notification] { release_held(*who); });
    return true;
}

void Sender::release_held(const Notification& notification) {
    core::Account* account = push_.account_of(notification);
    Registration* registration =
        account ? push_.accounts.of(*account).find(notification.registration) : nullptr;
    if (registration && registration->held)
        submit(*account, *registration, std::exchange(registration->held, nullptr));
}

void Sender::wait(Service& service, NotificationPtr notification) {
    const std::pair key{notification->account_id, notification->registration};
    service.waiting[key] = std::move(notification);
    arm_retry(service);
}

/// It came back; what waits already is newer.
void Sender::wait_again(Service& service, NotificationPtr notification) {
    const auto newer = service.waiting.find({notification->account_id, notification->registration});
    if (newer == service.waiting.end() || (notification->important && !newer->second->important))
        wait(service, std::move(notification));
}

void Sender::arm_retry(Service& service) {
    if (service.link.up() || service.link.probing() || service.retry != core::TimerId::none) return;
    const SteadyTime now = push_.core.clock().steady();
    const auto wait = std::chrono::ceil<Duration>(std::max(service.link.retry_at(), now) - now);
    service.retry = push_.core.shard().after(wait, [this, jid = service.jid.full()] {
        Service* due = find_service(jid);
        if (!due) return;
        due->retry = core::TimerId::none;
        flush(*due);
    });
}

void Sender::publish(Service& service, core::Account& account, Registration& registration,
                     NotificationPtr notification) {
    const SteadyTime now = push_.core.clock().steady();
    auto request = notification->publish;
    if (notification->was_sent) notification->publish = request = request->clone();
    const Duration on_its_way =
        std::chrono::duration_cast<Duration>(push_.core.clock().wall() - notification->caused);
    if (!notification->was_sent)
        push_.counters->until_published.observe(std::max(0.0, seconds(on_its_way)));
    notification->was_sent = true;
    registration.last_sent = now;
    ++push_.accounts.of(account).busy;
    ++service.stats.sent;
    push_.counters->published.add();
    Flight flight{service.jid.full(), service.link.depart(now), notification};
    logger.debug("publish", {{"account", account.jid().bare()},
                             {"service", service.jid.full()},
                             {"node", node_tag(registration.record)},
                             {"important", notification->important}});
    if (notification->witness) notification->witness("published to " + service.jid.full(), true);
    push_.sleeper->sent(account, registration, *notification);
    const Duration timeout = push_.options(account.host()).answer_timeout;
    // Last: the answer may come before this returns.
    push_.core.pending().send(std::move(request), timeout,
                              [this, flight = std::move(flight)](const Stanza* answer, bool local) {
                                  on_answer(flight, answer, local);
                              });
}

void Sender::flush(Service& service) {
    // The limit is each account's own; submit() looks again.
    const auto limit = static_cast<std::size_t>(push_.options({}).max_outstanding_per_service);
    // After a failed attempt one publish goes first, the others when it is answered.
    for (auto left = service.link.up() ? service.waiting.size() : 1;
         left > 0 && !service.waiting.empty() &&
         service.link.may_send(push_.core.clock().steady(), limit);
         --left)
        deliver(service.waiting.extract(service.waiting.begin()).mapped());
    if (!service.waiting.empty()) arm_retry(service);
}

void Sender::deliver(const NotificationPtr& notification) {
    push_.core.accounts().with(notification->account,
                               [this, notification](const Result<core::Account*>& found) {
                                   if (!found || (*found)->id() != notification->account_id) return;
                                   Registration* registration =
                                       push_.accounts.of(**found).find(notification->registration);
                                   if (registration) submit(**found, *registration, notification);
                               });
}

void Sender::forget(storage::AccountId account, std::string_view service,
                    std::uint64_t registration) {
    if (Service* known = find_service(service)) known->waiting.erase({account, registration});
}

void Sender::forget(storage::AccountId account) {
    for (auto& [jid, service] : services_)
        std::erase_if(service.waiting,
                      [&](const auto& each) { return each.first.first == account; });
}

bool Sender::waits(storage::AccountId account, const Registration& registration) const {
    const auto at = services_.find(registration.record.service);
    return at != services_.end() && at->second.waiting.contains({account, registration.record.seq});
}

void Sender::domain_reachable(std::string_view domain) {
    std::vector<std::string> there;
    for (const auto& [jid, service] : services_)
        if (service.jid.domain() == domain && !service.link.up()) there.push_back(jid);
    for (const auto& jid : there) {
        Service* service = find_service(jid);
        if (!service || !service->link.reachable()) continue;
        logger.info("service-reachable", {{"service", jid}, {"waiting", service->waiting.size()}});
        flush(*service);
    }
}

}  // namespace clarion::push
