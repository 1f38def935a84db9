#include "modules/push/pending_notification.h"

#include "server/core/accounts/account.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/address/homes.h"
#include "server/core/context.h"

namespace clarion::push {

std::size_t RegistrationKey::Hash::operator()(const RegistrationKey& key) const noexcept {
    const std::uint64_t mixed =
        (static_cast<std::uint64_t>(key.account) * 0x9e3779b97f4a7c15) ^ key.registration;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
}

storage::PendingPublish StoredNotification::record() const {
    return {.registration = key.registration,
            .important = important,
            .urgent = urgent,
            .log_id = log_id,
            .offline_seq = offline_seq,
            .caused = caused};
}

StoredNotification StoredNotification::from(const storage::PendingPublishEntry& entry) {
    StoredNotification stored;
    stored.key = {entry.account, entry.pending.registration};
    stored.caused = entry.pending.caused;
    stored.log_id = entry.pending.log_id;
    stored.offline_seq = entry.pending.offline_seq;
    stored.important = entry.pending.important;
    stored.urgent = entry.pending.urgent;
    return stored;
}

void StoredNotification::replace(StoredNotification older) {
    if (older.important && !important && !clear) {
        caused = older.caused;
        log_id = older.log_id;
        offline_seq = older.offline_seq;
        important = true;
        urgent = older.urgent;
    }
    if (!queue) queue = std::move(older.queue);
    if (older.failing_since != LastingTime{}) failing_since = older.failing_since;
    failures = older.failures;
}

StoredNotification PendingNotification::take_stored() {
    if (share.session != 0) stored.queue = std::make_unique<QueueShare>(share);
    return std::move(stored);
}

std::uint32_t epoch_of(const core::Context& context, storage::AccountId account) {
    return context.homes().of(storage::partition_of(account)).epoch;
}

core::Account* account_of(core::Context& context, const PendingNotification& notification) {
    core::Account* account = context.accounts().find(notification.account);
    const storage::AccountId id = notification.stored.key.account;
    const bool same = account && account->id() == id && epoch_of(context, id) == notification.epoch;
    return same ? account : nullptr;
}

}  // namespace clarion::push
