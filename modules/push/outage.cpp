// Services that cannot be reached (Sender's third part): one attempt for the whole server per step
// of back-off, what it counts for, and the end of those that stay away too long.
#include <algorithm>

#include "base/id.h"
#include "base/log.h"
#include "modules/push/flight.h"
#include "modules/push/hibernation.h"
#include "modules/push/notification.h"
#include "modules/push/push.h"
#include "modules/push/registrations.h"
#include "server/events/push_events.h"
#include "storage/storage.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
/// The other shards try later than the one that leads, one after the other.
constexpr Duration patience = std::chrono::seconds(5);
constexpr Duration patience_each = std::chrono::milliseconds(500);
/// Of services not known here, no more than that many are learned from others' failures.
constexpr std::size_t learned_services = 1000;

Duration patience_after(unsigned leader, unsigned here, unsigned shards) {
    const unsigned distance = (here + shards - leader) % shards;
    return distance == 0 ? Duration::zero() : patience + patience_each * (distance - 1);
}

}  // namespace

// ---- Silence: has anybody heard from it? -------------------------------------------------------

/// While an answer is awaited from all the others.
struct Sender::Question {
    Flight flight;
    std::size_t left = 0;
    bool heard = false;
};

/// Nothing came here; whether that is an outage the other shards must say.
bool Sender::may_be_silent(Service& service, const Flight& flight) {
    return service.link.is_current(flight.departure) && service.link.silent_since(flight.departure);
}

void Sender::ask_others(const Flight& flight) {
    const std::size_t others = push_.core.shared().shards.count() - 1;
    if (others == 0) return conclude(flight, nullptr, true);
    const std::uint64_t number = ++last_question_;
    questions_.emplace(number, std::make_shared<Question>(Question{flight, others}));
    core::Shared& shared = push_.core.shared();
    tell_others([&shared, number, here = push_.core.shard().index(), jid = flight.service,
                 since = flight.departure.at](Sender& other) {
        const Service* service = other.find_service(jid);
        const bool heard = service && service->link.heard_at() > since;
        shared.shards.post(here, [&shared, here, number, heard] {
            if (Push* push = find_push(*shared.cores[here]))
                push->sender->on_heard_elsewhere(number, heard);
        });
    });
}

void Sender::on_heard_elsewhere(std::uint64_t number, bool heard) {
    const auto question = questions_.find(number);
    if (question == questions_.end()) return;
    const std::shared_ptr<Question> asked = question->second;
    asked->heard |= heard;
    if (--asked->left > 0) return;
    questions_.erase(question);
    conclude(asked->flight, nullptr, !asked->heard);
}

// ---- A failed attempt --------------------------------------------------------------------------

void Sender::on_unreachable(Service& service, const Flight& flight, std::string_view condition) {
    const Notification& lost = *flight.notification;
    const RegistrationKey key{lost.account_id, lost.registration};
    const bool news = service.link.failed(flight.departure, push_.core.shard().index(),
                                          push_.core.clock().steady(), random_u64());
    core::Account* account = push_.account_of(lost);
    Registration* registration =
        account ? push_.accounts.of(*account).find(lost.registration) : nullptr;
    if (registration) push_.hibernation->not_sent(*account, *registration, lost);
    if (registration && !lost.witness) {
        WaitingItem item(lost);
        item.failures = static_cast<std::uint32_t>(flight.departure.failures);
        if (!service.link.up()) item.failing_since = note_failing(*account, *registration);
        service.intervals.not_sent(key);
        if (auto held = service.intervals.release(key)) {
            held->failures = item.failures;
            service.waiting.put(std::move(*held));
        }
        service.waiting.put_back(std::move(item));
        keep(service.waiting.find(key));
    }
    if (!news) return;
    after_failure(service, condition);
    tell_others([jid = service.jid, failure = service.link.last_failure(),
                 text = std::string(condition)](Sender& other) {
        other.hear_of_failure(jid, failure, text);
    });
}

/// Here or elsewhere: whoever waits has failed with it.
void Sender::after_failure(Service& service, std::string_view condition) {
    const WallTime now = push_.core.clock().wall();
    if (service.stats.unreachable_since == WallTime{}) service.stats.unreachable_since = now;
    service.stats.last_error = condition;
    service.stats.last_error_at = now;
    service.waiting.note_failing(push_.core.clock().lasting());
    const FailedAttempt failure = service.link.last_failure();
    if (failure.shard == push_.core.shard().index()) {
        push_.counters->failed_attempts.add();
        logger.info("service-unreachable",
                    {{"service", service.jid.full()},
                     {"condition", condition},
                     {"attempts", failure.step},
                     {"waiting", service.waiting.size()},
                     {"retry_in_seconds", std::chrono::duration_cast<std::chrono::seconds>(
                                              failure.retry_at - failure.at)
                                              .count()}});
    }
    retire_due(service);
    arm_retry(service);
}

/// When it began to fail; written when that is news, since the count of days must survive restarts.
LastingTime Sender::note_failing(core::Account& account, Registration& registration) {
    auto& record = registration.record;
    if (record.failing_since == LastingTime{}) {
        record.failing_since = push_.core.clock().lasting();
        push_.registrations->save(account, registration);
    }
    return record.failing_since;
}

// ---- What the shards tell each other -----------------------------------------------------------

void Sender::tell_others(std::function<void(Sender&)> what) {
    core::Core* const here = &push_.core;
    here->everywhere([here, what = std::move(what)](core::Core& core) {
        Push* there = &core == here ? nullptr : find_push(core);
        if (there) what(*there->sender);
    });
}

void Sender::hear_of_failure(const Jid& jid, const FailedAttempt& failure,
                             std::string_view condition) {
    if (!find_service(jid.full()) && services_.size() >= learned_services) return;
    Service& service = service_of(jid);
    if (service.link.heard_at() > failure.at)
        return tell_others([name = jid.full()](Sender& other) { other.hear_of_answer(name); });
    const Duration later = patience_after(failure.shard, push_.core.shard().index(),
                                          push_.core.shared().shards.count());
    if (service.link.adopt(failure, later)) after_failure(service, condition);
}

void Sender::hear_of_answer(std::string_view jid) {
    Service* service = find_service(jid);
    if (!service || !service->link.reachable()) return;
    service->stats.unreachable_since = {};
    flush(*service);
}

void Sender::hear_of_probe(std::string_view jid, unsigned shard, SteadyTime until) {
    Service* service = find_service(jid);
    if (service)
        service->link.hold_off(until + patience_after(shard, push_.core.shard().index(),
                                                      push_.core.shared().shards.count()));
}

/// This shard tries: the others wait for what comes of it.
void Sender::note_probe(const Service& service, std::string_view host) {
    const SteadyTime until = push_.core.clock().steady() + push_.options(host).answer_timeout;
    tell_others([jid = service.jid.full(), until, here = push_.core.shard().index()](
                    Sender& other) { other.hear_of_probe(jid, here, until); });
}

void Sender::domain_reachable(std::string_view domain) {
    std::vector<std::string> there;
    for (const auto& [jid, service] : services_)
        if (service.jid.domain() == domain && !service.link.up()) there.push_back(jid);
    for (const auto& jid : there) {
        Service* service = find_service(jid);
        if (!service) continue;
        const bool leads = service->link.last_failure().shard == push_.core.shard().index();
        if (!service->link.reachable()) continue;
        logger.info("service-reachable", {{"service", jid}, {"waiting", service->waiting.size()}});
        service->stats.unreachable_since = {};
        // A failure that others hear of later than of this is over for them, too.
        if (leads) tell_others([jid](Sender& other) { other.hear_of_answer(jid); });
        flush(*service);
    }
}

// ---- What failed attempts count for ------------------------------------------------------------

Sender::Missed Sender::missed(storage::AccountId account, const Registration& registration) const {
    const auto at = services_.find(registration.record.service);
    if (at == services_.end()) return {};
    const WaitingItem* item = at->second.waiting.find({account, registration.record.seq});
    if (!item) return {};
    return {static_cast<std::uint32_t>(at->second.link.failures()) - item->failures,
            item->failing_since};
}

void Sender::count_missed(Service& service, core::Account& account, std::uint64_t seq) {
    const RegistrationKey key{account.id(), seq};
    const WaitingItem* item = service.waiting.find(key);
    if (!item) return;
    const auto attempts = static_cast<std::uint32_t>(service.link.failures()) - item->failures;
    service.waiting.counted(key, service.link.failures());
    add_attempts(service, account, seq, attempts);
}

void Sender::add_attempts(const Service& service, core::Account& account, std::uint64_t seq,
                          std::uint32_t attempts) {
    Registration* registration = push_.accounts.of(account).find(seq);
    if (!registration || attempts == 0) return;
    auto& record = registration->record;
    record.errors += attempts;
    record.unreachable += attempts;
    registration->unsaved = true;
    if (record.failing_since == LastingTime{}) record.failing_since = push_.core.clock().lasting();
    push_.core.bus().fire(events::PushFailed{account, record, service.stats.last_error});
}

// ---- Unreachable for too long ------------------------------------------------------------------

/// Looks at what waits without loading anybody, then at the accounts of those whose time is up.
void Sender::retire_due(Service& service) {
    if (service.retiring) return;
    // Where hosts differ, the shortest time of all; the account's own decides when it is loaded.
    Duration shortest = push_.options({}).unreachable_disables_after;
    for (const auto& host : push_.core.domains().hosts())
        shortest = std::min(shortest, push_.options(host).unreachable_disables_after);
    const LastingTime since = push_.core.clock().lasting() - shortest;
    std::vector<RegistrationKey> due;
    for (const WaitingItem& item : service.waiting)
        if (item.failing_since != LastingTime{} && item.failing_since <= since)
            due.push_back(item.key);
    if (due.empty()) return;
    service.retiring = true;
    push_.core.scope().spawn("push-retire", retire(service.jid.full(), std::move(due)));
}

Task<> Sender::retire(std::string jid, std::vector<RegistrationKey> due) {
    for (const auto& key : due) co_await retire_one(jid, key);
    if (Service* service = find_service(jid)) service->retiring = false;
}

Task<> Sender::retire_one(const std::string& jid, RegistrationKey key) {
    auto name = co_await push_.core.storage().owners().address_of(key.account);
    if (!name || !name->has_value()) co_return;
    auto pin = co_await push_.core.accounts().load(**name);
    Service* service = find_service(jid);
    if (!pin || (*pin)->id() != key.account || !service || service->link.up()) co_return;
    core::Account& account = **pin;
    count_missed(*service, account, key.registration);
    const Registration* registration = push_.accounts.of(account).find(key.registration);
    if (!registration) co_return;
    const LastingTime since = registration->record.failing_since;
    const Duration limit = push_.options(account.host()).unreachable_disables_after;
    if (since != LastingTime{} && push_.core.clock().lasting() - since >= limit)
        disable(account, key.registration, "unreachable");
}

}  // namespace clarion::push
