#include "modules/push/ledger.h"

#include "base/log.h"
#include "modules/push/notifier.h"
#include "modules/push/push.h"
#include "storage/storage.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
constexpr std::size_t slice = 200;

}  // namespace

std::size_t Ledger::Hash::operator()(const Key& key) const {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(key.account) * 0x9e3779b97f4a7c15 ^
                                    key.registration);
}

void Ledger::owe(storage::AccountId account, const storage::OwedPush& owed, std::uint64_t number) {
    push_.core.storage().push_registrations().put_owed(push_.core.shard().batch(), account, owed);
    adopt(account, owed, number);
}

void Ledger::keep(storage::AccountId account, const storage::OwedPush& owed, std::uint64_t number) {
    const auto at = open_.find({account, owed.registration});
    const Newest newest{number, owed.log_id, owed.important};
    if (at == open_.end() || at->second != newest) owe(account, owed, number);
}

void Ledger::adopt(storage::AccountId account, const storage::OwedPush& owed,
                   std::uint64_t number) {
    open_[{account, owed.registration}] = {number, owed.log_id, owed.important};
    if (paying_) renewed_.insert({account, owed.registration});
}

void Ledger::settle(storage::AccountId account, std::uint64_t registration, std::uint64_t number) {
    const auto at = open_.find({account, registration});
    if (at == open_.end() || at->second.number != number) return;
    open_.erase(at);
    settled_.push_back({account, registration});
    if (settled_.size() == 1) push_.core.shard().write_soon([this] { erase_settled(); });
}

void Ledger::erase_settled() {
    auto& batch = push_.core.shard().batch();
    for (const Key& key : std::exchange(settled_, {}))
        if (!open_.contains(key))  // it owes again
            push_.core.storage().push_registrations().remove_owed(batch, key.account,
                                                                  key.registration);
}

void Ledger::forget(storage::AccountId account, std::uint64_t registration) {
    open_.erase({account, registration});
}

Task<> Ledger::pay_after_restart() {
    core::Core& core = push_.core;
    storage::OwedEntry last;
    bool more = true;
    paying_ = true;
    while (more && !core.stopping()) {
        auto page = co_await core.storage().push_registrations().owed(
            last.account, last.owed.registration, slice);
        if (!page) {
            logger.error("owed-unreadable", {{"error", page.error().text}});
            break;
        }
        more = page->size() == slice;
        if (more) last = page->back();
        co_await pay_page(std::move(*page));
        co_await core.shard().sleep(Duration::zero());  // others first
    }
    paying_ = false;
    renewed_.clear();
}

Task<> Ledger::pay_page(std::vector<storage::OwedEntry> page) {
    for (auto& entry : page) co_await pay(std::move(entry));
}

Task<> Ledger::pay(storage::OwedEntry entry) {
    core::Core& core = push_.core;
    const std::uint64_t seq = entry.owed.registration;
    auto name = co_await core.storage().accounts().name_of(entry.account);
    if (!name || !name->has_value() || !core.is_home(**name)) co_return;
    const bool was_loaded = core.accounts().find(**name) != nullptr;
    auto pin = co_await core.accounts().load(**name);
    if (!was_loaded)
        core.accounts().evict_soon(std::move(**name));  // very many must not stay loaded
    if (!pin || (*pin)->id() != entry.account || renewed_.contains({entry.account, seq})) co_return;
    Registration* registration = push_.accounts.of(**pin).find(seq);
    if (!registration) co_return;
    Waiting waiting;
    waiting.number = push_.notifier->next_number();
    waiting.caused = entry.owed.caused;
    waiting.log_id = entry.owed.log_id;
    waiting.offline_seq = entry.owed.offline_seq;
    waiting.important = entry.owed.important;
    waiting.urgent = entry.owed.urgent;
    adopt(entry.account, entry.owed, waiting.number);
    co_await push_.notifier->renew_stored(std::move(*pin), seq, std::move(waiting));
}

}  // namespace clarion::push
