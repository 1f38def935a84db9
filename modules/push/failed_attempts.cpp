#include "modules/push/failed_attempts.h"

#include <algorithm>

#include "base/clock.h"
#include "modules/push/push.h"
#include "modules/push/registrations.h"
#include "modules/push/services.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/address/domains.h"
#include "server/core/events/push_events.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "storage/storage.h"

namespace clarion::push {

// ---- What they count for -----------------------------------------------------------------------

FailedAttempts::Missed FailedAttempts::missed(storage::AccountId account,
                                              const Registration& registration) const {
    const Service* service = services_.find(registration.record.service);
    const StoredNotification* waits =
        service ? service->waiting.find({account, registration.record.seq}) : nullptr;
    if (!waits) return {};
    return {static_cast<std::uint32_t>(service->link.failures()) - waits->failures,
            waits->failing_since};
}

void FailedAttempts::count_missed(Service& service, core::Account& account, std::uint64_t seq) {
    const RegistrationKey key{account.id(), seq};
    const StoredNotification* waits = service.waiting.find(key);
    if (!waits) return;
    const auto attempts = static_cast<std::uint32_t>(service.link.failures()) - waits->failures;
    service.waiting.counted(key, service.link.failures());
    add(service, account, seq, attempts);
}

void FailedAttempts::add(const Service& service, core::Account& account, std::uint64_t seq,
                         std::uint32_t attempts) {
    Registration* registration = accounts_.of(account).find(seq);
    if (!registration || attempts == 0) return;
    auto& record = registration->record;
    record.errors += attempts;
    record.unreachable += attempts;
    registration->unsaved = true;
    if (record.failing_since == LastingTime{}) record.failing_since = context_.clock().lasting();
    context_.bus().fire(events::PushFailed{account, record, service.stats.last_error});
}

LastingTime FailedAttempts::note_failing(core::Account& account, Registration& registration) {
    auto& record = registration.record;
    if (record.failing_since == LastingTime{}) {
        record.failing_since = context_.clock().lasting();
        registrations_.save(account, registration);
    }
    return record.failing_since;
}

// ---- Unreachable for too long ------------------------------------------------------------------

/// Looks at what waits without loading anybody, then at the accounts of those whose time is up.
void FailedAttempts::retire_due(Service& service) {
    if (service.retiring) return;
    // Where hosts differ, the shortest time of all; the account's own decides when it is loaded.
    Duration shortest = context_.options<PushOptions>().unreachable_disables_after;
    for (const auto& host : context_.domains().hosts())
        shortest =
            std::min(shortest, context_.options<PushOptions>(host).unreachable_disables_after);
    const LastingTime since = context_.clock().lasting() - shortest;
    std::vector<RegistrationKey> due;
    for (const StoredNotification& each : service.waiting)
        if (each.failing_since != LastingTime{} && each.failing_since <= since)
            due.push_back(each.key);
    if (due.empty()) return;
    service.retiring = true;
    context_.scope().spawn("push-retire", retire(service.jid.full(), std::move(due)));
}

Task<> FailedAttempts::retire(std::string jid, std::vector<RegistrationKey> due) {
    for (const auto& key : due) co_await retire_one(jid, key);
    if (Service* service = services_.find(jid)) service->retiring = false;
}

Task<> FailedAttempts::retire_one(const std::string& jid, RegistrationKey key) {
    auto name = co_await context_.storage().owners().address_of(key.account);
    if (!name || !name->has_value()) co_return;
    auto pin = co_await context_.accounts().load(**name);
    Service* service = services_.find(jid);
    if (!pin || (*pin)->id() != key.account || !service || service->link.up()) co_return;
    core::Account& account = **pin;
    count_missed(*service, account, key.registration);
    const Registration* registration = accounts_.of(account).find(key.registration);
    if (!registration) co_return;
    const LastingTime since = registration->record.failing_since;
    const Duration limit = context_.options<PushOptions>(account.host()).unreachable_disables_after;
    if (since != LastingTime{} && context_.clock().lasting() - since >= limit)
        disable(account, key.registration, "unreachable");
}

void FailedAttempts::disable(core::Account& account, std::uint64_t seq, std::string_view why) {
    const Registration* registration = accounts_.of(account).find(seq);
    if (!registration) return;
    if (Service* service = services_.find(registration->record.service))
        service->stats.disabled.add(context_.clock().wall());
    registrations_.disable(account, seq, why);
}

}  // namespace clarion::push
