#include "modules/push/turns.h"

#include "modules/push/composer.h"
#include "modules/push/failed_attempts.h"
#include "modules/push/outage.h"
#include "modules/push/publish_log.h"
#include "modules/push/sender.h"
#include "modules/push/services.h"
#include "server/core/accounts/account_directory.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::push {

namespace {
/// So many accounts are loaded at once to send what waited, of each service.
constexpr std::size_t renewals_at_once = 100;
/// Before storage that has failed is asked again.
constexpr Duration storage_patience = std::chrono::seconds(1);
}  // namespace

Turns::Turns(core::Context& context, core::AccountSlot<AccountPush> accounts, Services& services,
             Outage& outage, FailedAttempts& attempts, Composer& composer, PublishLog& publish_log,
             Sender& sender)
    : context_(context),
      accounts_(accounts),
      services_(services),
      outage_(outage),
      attempts_(attempts),
      composer_(composer),
      publish_log_(publish_log),
      sender_(sender) {
    services_.when_changed([this](Service& service) { take_turns(service); });
}

void Turns::take_turns(Service& service) {
    if (service.flushing) return;
    service.flushing = true;
    // The limit is each account's own; submit() looks again.
    const std::size_t all = services_.limit({});
    while (!service.waiting.empty() && service.renewing.size() < renewals_at_once &&
           services_.has_room(service, all)) {
        StoredNotification stored = service.waiting.take();
        service.renewing.insert(stored.key);
        core::Scope& scope = context_.scope_of(stored.key.account);
        scope.spawn("push-renew", renew(service.jid.full(), std::move(stored)));
    }
    service.flushing = false;
    if (!service.waiting.empty()) outage_.arm_retry(service);
}

/// One that waited gets its turn. If storage fails it waits on.
Task<> Turns::renew(std::string jid, StoredNotification stored) {
    const RegistrationKey key = stored.key;
    const bool done = co_await renew_loaded(jid, stored);
    if (!done) {
        co_await context_.shard().sleep(storage_patience);
        if (Service* service = services_.find(jid)) service->waiting.put_back(std::move(stored));
    }
    renewed(jid, key);
}

Task<bool> Turns::renew_loaded(std::string jid, StoredNotification& stored) {
    const RegistrationKey key = stored.key;
    auto name = co_await context_.storage().owners().address_of(key.account);
    if (!name) co_return false;
    if (!name->has_value()) co_return true;  // deleted
    auto pin = co_await context_.accounts().load(**name);
    if (!pin) co_return pin.error().is(error_code::item_not_found);
    Service* service = services_.find(jid);
    if ((*pin)->id() != key.account || !service) co_return true;
    const auto missed = static_cast<std::uint32_t>(service->link.failures()) - stored.failures;
    attempts_.add(*service, **pin, key.registration, missed);
    if (accounts_.of(**pin).find(key.registration))
        co_await renew_stored(std::move(*pin), std::move(stored));
    co_return true;
}

void Turns::renewed(const std::string& jid, const RegistrationKey& key) {
    Service* service = services_.find(jid);
    if (!service) return;
    service->renewing.erase(key);
    services_.changed(*service);
}

Task<> Turns::renew_stored(core::AccountPin account, StoredNotification stored) {
    const StanzaPtr stanza = co_await composer_.read_stanza(stored);
    if (!account.alive()) co_return;
    Registration* registration = accounts_.of(*account).find(stored.key.registration);
    if (registration) renew_with(*account, *registration, std::move(stored), stanza.get());
}

void Turns::renew_with(core::Account& account, Registration& registration,
                       StoredNotification stored, const Stanza* stanza) {
    const RegistrationKey key = stored.key;
    const std::uint64_t number = stored.number;
    stored.failing_since = {};  // what it has waited through is counted
    stored.failures = 0;
    auto notification = composer_.compose(account, registration, stanza, std::move(stored));
    if (!notification) return publish_log_.settle(key, number);
    notification->renewed = true;
    sender_.submit(account, registration, std::move(notification));
}

}  // namespace clarion::push
