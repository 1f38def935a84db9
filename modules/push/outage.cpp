#include "modules/push/outage.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "modules/push/counters.h"
#include "modules/push/failed_attempts.h"
#include "modules/push/parts.h"
#include "modules/push/pending_notification.h"
#include "modules/push/push.h"
#include "modules/push/services.h"
#include "server/runtime/shard.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
/// The other shards try later than the one that leads, one after the other.
constexpr Duration patience = std::chrono::seconds(5);
constexpr Duration patience_each = std::chrono::milliseconds(500);
/// Of services not known here, no more than that many are learned from others' failures.
constexpr std::size_t learned_services = 1000;

}  // namespace

Duration Outage::patience_after(unsigned leader) const {
    const unsigned shards = context_.shards().count();
    const unsigned distance = (context_.shard().index() + shards - leader) % shards;
    return distance == 0 ? Duration::zero() : patience + patience_each * (distance - 1);
}

// ---- Silence: has anybody heard from it? -------------------------------------------------------

bool Outage::may_be_silent(const PendingNotification& notification) {
    const ServiceLink& link = notification.service->link;
    return link.is_current(notification.departure) && link.silent_since(notification.departure);
}

void Outage::ask_others(const PendingNotification& notification,
                        std::function<void(bool heard)> then) {
    const std::size_t others = context_.shards().count() - 1;
    if (others == 0) return then(false);
    const std::uint64_t number = ++last_question_;
    questions_.emplace(number, Question{std::move(then), others});
    tell_others([&here = context_, number, jid = notification.service->jid.full(),
                 since = notification.departure.at](Outage& other) {
        const Service* service = other.services_.find(jid);
        const bool heard = service && service->link.heard_at() > since;
        here.shards().post(here.shard().index(), [&here, number, heard] {
            if (Push* push = find_push(here)) push->outage.on_heard_elsewhere(number, heard);
        });
    });
}

void Outage::on_heard_elsewhere(std::uint64_t number, bool heard) {
    const auto question = questions_.find(number);
    if (question == questions_.end()) return;
    question->second.heard |= heard;
    if (--question->second.left > 0) return;
    const Question decided = std::move(question->second);
    questions_.erase(question);
    decided.then(decided.heard);
}

// ---- A failed attempt --------------------------------------------------------------------------

bool Outage::note_failure(Service& service, const ServiceLink::Departure& departure) {
    return service.link.failed(departure, context_.shard().index(), context_.clock().steady(),
                               random_u64());
}

void Outage::attempt_failed(Service& service, std::string_view condition) {
    fail_all_that_waits(service, condition);
    tell_others([jid = service.jid, failure = service.link.last_failure(),
                 text = std::string(condition)](Outage& other) {
        other.hear_of_failure(jid, failure, text);
    });
}

/// After an attempt that failed here or elsewhere.
void Outage::fail_all_that_waits(Service& service, std::string_view condition) {
    const WallTime now = context_.clock().wall();
    if (service.stats.unreachable_since == WallTime{}) service.stats.unreachable_since = now;
    service.stats.last_error = condition;
    service.stats.last_error_at = now;
    service.waiting.note_failing(context_.clock().lasting());
    const FailedAttempt failure = service.link.last_failure();
    if (failure.shard == context_.shard().index()) {
        counters_.failed_attempts.add();
        logger.info("service-unreachable",
                    {{"service", service.jid.full()},
                     {"condition", condition},
                     {"attempts", failure.step},
                     {"waiting", service.waiting.size()},
                     {"retry_in_seconds", std::chrono::duration_cast<std::chrono::seconds>(
                                              failure.retry_at - failure.at)
                                              .count()}});
    }
    attempts_.retire_due(service);
    arm_retry(service);
}

void Outage::arm_retry(Service& service) {
    if (service.link.up() || service.link.probing()) return;
    const SteadyTime due = service.link.retry_at();
    const SteadyTime now = context_.clock().steady();
    // If it is time already, what is on its way ends with another change.
    if (due <= now || (service.retry != core::TimerId::none && service.retry_due == due)) return;
    if (service.retry != core::TimerId::none) context_.shard().cancel(service.retry);
    service.retry_due = due;
    service.retry = context_.shard().after(std::chrono::ceil<Duration>(due - now),
                                           [this, jid = service.jid.full()] {
                                               Service* back = services_.find(jid);
                                               if (!back) return;
                                               back->retry = core::TimerId::none;
                                               services_.changed(*back);
                                           });
}

// ---- It is there again -------------------------------------------------------------------------

void Outage::note_answer(Service& service) {
    if (!service.link.heard(context_.clock().steady())) return;
    logger.info("service-answers",
                {{"service", service.jid.full()}, {"waiting", service.waiting.size()}});
    service.stats.unreachable_since = {};
    tell_others([jid = service.jid.full()](Outage& other) { other.hear_of_answer(jid); });
}

void Outage::on_reachable(const events::DomainReachable& event) {
    event.context.everywhere([domain = std::string(event.domain)](core::Context& context) {
        if (Push* there = find_push(context)) there->outage.domain_reachable(domain);
    });
}

void Outage::domain_reachable(std::string_view domain) {
    std::vector<std::string> there;
    for (const auto& [jid, service] : services_.all())
        if (service.jid.domain() == domain && !service.link.up()) there.push_back(jid);
    for (const auto& jid : there) {
        Service* service = services_.find(jid);
        if (!service) continue;
        const bool leads = service->link.last_failure().shard == context_.shard().index();
        if (!service->link.reachable()) continue;
        logger.info("service-reachable", {{"service", jid}, {"waiting", service->waiting.size()}});
        service->stats.unreachable_since = {};
        // A failure that others hear of later than of this is over for them, too.
        if (leads) tell_others([jid](Outage& other) { other.hear_of_answer(jid); });
        services_.changed(*service);
    }
}

// ---- What the shards tell each other -----------------------------------------------------------

void Outage::tell_others(std::function<void(Outage&)> what) {
    core::Context* const here = &context_;
    here->everywhere([here, what = std::move(what)](core::Context& context) {
        Push* there = &context == here ? nullptr : find_push(context);
        if (there) what(there->outage);
    });
}

void Outage::hear_of_failure(const Jid& jid, const FailedAttempt& failure,
                             std::string_view condition) {
    if (!services_.find(jid.full()) && services_.all().size() >= learned_services) return;
    Service& service = services_.of(jid);
    if (service.link.heard_at() > failure.at)
        return tell_others([name = jid.full()](Outage& other) { other.hear_of_answer(name); });
    if (service.link.adopt(failure, patience_after(failure.shard)))
        fail_all_that_waits(service, condition);
}

void Outage::hear_of_answer(std::string_view jid) {
    Service* service = services_.find(jid);
    if (!service || !service->link.reachable()) return;
    service->stats.unreachable_since = {};
    services_.changed(*service);
}

void Outage::hear_of_probe(std::string_view jid, unsigned shard, SteadyTime until) {
    if (Service* service = services_.find(jid))
        service->link.hold_off(until + patience_after(shard));
}

void Outage::note_probe(const Service& service, std::string_view host) {
    const SteadyTime until =
        context_.clock().steady() + context_.options<PushOptions>(host).answer_timeout;
    tell_others([jid = service.jid.full(), until, here = context_.shard().index()](Outage& other) {
        other.hear_of_probe(jid, here, until);
    });
}

}  // namespace clarion::push
