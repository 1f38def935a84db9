#include "modules/push/publish_log.h"

#include "base/log.h"
#include "modules/push/notifier.h"
#include "modules/push/push.h"
#include "storage/storage.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
constexpr std::size_t slice = 200;

}  // namespace

std::size_t PublishLog::Hash::operator()(const Key& key) const {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(key.account) * 0x9e3779b97f4a7c15 ^
                                    key.registration);
}

void PublishLog::add_pending(storage::AccountId account, const storage::PendingPublish& pending,
                             std::uint64_t number, std::string_view xml) {
    push_.core.storage().pending_publishes().put(push_.core.shard().batch(), account, pending, xml);
    adopt(account, pending, number);
}

void PublishLog::keep(storage::AccountId account, const storage::PendingPublish& pending,
                      std::uint64_t number) {
    const auto at = open_.find({account, pending.registration});
    const Newest newest{number, pending.log_id, pending.important};
    if (at == open_.end() || at->second != newest) add_pending(account, pending, number);
}

void PublishLog::adopt(storage::AccountId account, const storage::PendingPublish& pending,
                       std::uint64_t number) {
    open_[{account, pending.registration}] = {number, pending.log_id, pending.important};
    if (resending_) renewed_.insert({account, pending.registration});
}

void PublishLog::settle(storage::AccountId account, std::uint64_t registration,
                        std::uint64_t number) {
    const auto at = open_.find({account, registration});
    if (at == open_.end() || at->second.number != number) return;
    open_.erase(at);
    settled_.push_back({account, registration});
    if (settled_.size() == 1) push_.core.shard().write_soon([this] { erase_settled(); });
}

void PublishLog::erase_settled() {
    auto& batch = push_.core.shard().batch();
    for (const Key& key : std::exchange(settled_, {}))
        if (!open_.contains(key))  // it owes again
            push_.core.storage().pending_publishes().remove(batch, key.account, key.registration);
}

void PublishLog::forget(storage::AccountId account, std::uint64_t registration) {
    open_.erase({account, registration});
}

Task<> PublishLog::resend_after_restart() {
    core::Core& core = push_.core;
    storage::PendingPublishEntry last;
    bool more = true;
    resending_ = true;
    while (more && !core.stopping()) {
        auto page = co_await core.storage().pending_publishes().read(
            core.partitions(), last.account, last.pending.registration, slice);
        if (!page) {
            logger.error("owed-unreadable", {{"error", page.error().text}});
            break;
        }
        more = page->size() == slice;
        if (more) last = page->back();
        co_await resend_page(std::move(*page));
        co_await core.shard().sleep(Duration::zero());  // others first
    }
    resending_ = false;
    renewed_.clear();
}

Task<> PublishLog::resend_page(std::vector<storage::PendingPublishEntry> page) {
    for (auto& entry : page) co_await resend(std::move(entry));
}

Task<> PublishLog::resend(storage::PendingPublishEntry entry) {
    core::Core& core = push_.core;
    const std::uint64_t seq = entry.pending.registration;
    auto name = co_await core.storage().owners().address_of(entry.account);
    if (!name || !name->has_value()) co_return;
    const bool was_loaded = core.accounts().find(**name) != nullptr;
    auto pin = co_await core.accounts().load(**name);
    if (!was_loaded)
        core.accounts().evict_soon(std::move(**name));  // very many must not stay loaded
    if (!pin || (*pin)->id() != entry.account || renewed_.contains({entry.account, seq})) co_return;
    Registration* registration = push_.accounts.of(**pin).find(seq);
    if (!registration) co_return;
    Waiting waiting;
    waiting.number = push_.notifier->next_number();
    waiting.caused = entry.pending.caused;
    waiting.log_id = entry.pending.log_id;
    waiting.offline_seq = entry.pending.offline_seq;
    waiting.important = entry.pending.important;
    waiting.urgent = entry.pending.urgent;
    adopt(entry.account, entry.pending, waiting.number);
    co_await push_.notifier->renew_stored(std::move(*pin), seq, std::move(waiting));
}

}  // namespace clarion::push
