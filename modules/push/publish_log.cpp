#include "modules/push/publish_log.h"

#include "base/log.h"
#include "modules/push/composer.h"
#include "modules/push/turns.h"
#include "server/core/accounts/account_directory.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
constexpr std::size_t slice = 200;

}  // namespace

void PublishLog::add_pending(const StoredNotification& stored, std::string_view xml) {
    context_.storage().pending_publishes().put(context_.shard().batch(), stored.key.account,
                                               stored.record(), xml);
    adopt(stored);
}

void PublishLog::keep(const StoredNotification& stored) {
    const auto at = open_.find(stored.key);
    const Newest newest{stored.number, stored.log_id, stored.important};
    if (at == open_.end() || at->second != newest) add_pending(stored);
}

void PublishLog::adopt(const StoredNotification& stored) {
    open_[stored.key] = {stored.number, stored.log_id, stored.important};
    if (resending_) renewed_.insert(stored.key);
}

void PublishLog::settle(const RegistrationKey& key, std::uint64_t number) {
    const auto at = open_.find(key);
    if (at == open_.end() || at->second.number != number) return;
    open_.erase(at);
    settled_.push_back(key);
    if (settled_.size() == 1) context_.shard().write_soon([this] { erase_settled(); });
}

void PublishLog::erase_settled() {
    auto& batch = context_.shard().batch();
    for (const Key& key : std::exchange(settled_, {}))
        if (!open_.contains(key))  // a newer notification has it
            context_.storage().pending_publishes().remove(batch, key.account, key.registration);
}

void PublishLog::forget(const PartitionSet& partitions) {
    const auto theirs = [&](const Key& key) {
        return partitions.contains(storage::partition_of(key.account));
    };
    std::erase_if(open_, [&](const auto& each) { return theirs(each.first); });
    std::erase_if(settled_, theirs);
    std::erase_if(renewed_, theirs);
}

Task<> PublishLog::resend_acquired(Turns& turns, PartitionSet partitions) {
    storage::PendingPublishEntry last;
    bool more = true;
    ++resending_;
    while (more && !context_.stopping()) {
        auto page = co_await context_.storage().pending_publishes().read(
            partitions, last.account, last.pending.registration, slice);
        if (!page) {
            logger.error("pending-publishes-unreadable", {{"error", page.error().text}});
            break;
        }
        more = page->size() == slice;
        if (more) last = page->back();
        co_await resend_page(turns, std::move(*page));
        co_await context_.shard().sleep(Duration::zero());  // others first
    }
    if (--resending_ == 0) renewed_.clear();
}

Task<> PublishLog::resend_page(Turns& turns, std::vector<storage::PendingPublishEntry> page) {
    for (auto& entry : page) co_await resend(turns, std::move(entry));
}

Task<> PublishLog::resend(Turns& turns, storage::PendingPublishEntry entry) {
    const RegistrationKey key{entry.account, entry.pending.registration};
    auto name = co_await context_.storage().owners().address_of(entry.account);
    if (!name || !name->has_value()) co_return;
    const bool was_loaded = context_.accounts().find(**name) != nullptr;
    auto pin = co_await context_.accounts().load(**name);
    if (!was_loaded)
        context_.accounts().evict_soon(std::move(**name));  // very many must not stay loaded
    if (!pin || (*pin)->id() != key.account || renewed_.contains(key)) co_return;
    if (!accounts_.of(**pin).find(key.registration)) co_return;
    StoredNotification stored = StoredNotification::from(entry);
    stored.number = composer_.next_number();
    adopt(stored);
    co_await turns.renew_stored(std::move(*pin), std::move(stored));
}

}  // namespace clarion::push
