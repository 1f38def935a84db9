#include "modules/push/waiting.h"

#include <algorithm>

namespace clarion::push {

std::size_t RegistrationKey::Hash::operator()(const RegistrationKey& key) const noexcept {
    const std::uint64_t mixed =
        (static_cast<std::uint64_t>(key.account) * 0x9e3779b97f4a7c15) ^ key.registration;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
}

// ---- One ---------------------------------------------------------------------------------------

WaitingItem::WaitingItem(const Notification& notification)
    : key{notification.account_id, notification.registration},
      number(notification.number),
      caused(notification.caused),
      log_id(notification.log_id),
      offline_seq(notification.offline_seq),
      important(notification.important),
      urgent(notification.urgent),
      clear(notification.clear) {
    if (notification.session != 0)
        queue =
            std::make_unique<QueueShare>(QueueShare{notification.session, notification.coverage});
}

storage::PendingPublish WaitingItem::pending() const {
    return {.registration = key.registration,
            .important = important,
            .urgent = urgent,
            .log_id = log_id,
            .offline_seq = offline_seq,
            .caused = caused};
}

Waiting WaitingItem::to_waiting() && {
    Waiting waiting;
    waiting.number = number;
    waiting.caused = caused;
    waiting.log_id = log_id;
    waiting.offline_seq = offline_seq;
    waiting.queue = std::move(queue);
    waiting.important = important;
    waiting.urgent = urgent;
    waiting.clear = clear;
    return waiting;
}

void WaitingItem::replace(WaitingItem older) {
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

// ---- All ---------------------------------------------------------------------------------------

std::size_t WaitingPlaceHash::operator()(WaitingPlace place) const noexcept {
    return RegistrationKey::Hash{}(place->key);
}

std::size_t WaitingPlaceHash::operator()(const RegistrationKey& key) const noexcept {
    return RegistrationKey::Hash{}(key);
}

void WaitingList::put(WaitingItem item) {
    const auto found = kept_->index.find(item.key);
    if (found != kept_->index.end()) {
        const WaitingPlace place = *found;
        item.replace(std::move(*place));
        *place = std::move(item);
        if (place->urgent) kept_->items.splice(kept_->items.begin(), kept_->items, place);
        return;
    }
    const WaitingPlace where = item.urgent ? kept_->items.begin() : kept_->items.end();
    kept_->index.insert(kept_->items.insert(where, std::move(item)));
    most_ = std::max(most_, size());
}

void WaitingList::put_back(WaitingItem item) {
    const auto waits = kept_->index.find(item.key);
    if (waits != kept_->index.end() && (*waits)->number > item.number)
        (*waits)->replace(std::move(item));
    else
        put(std::move(item));
}

WaitingItem WaitingList::take_out(WaitingPlace place) {
    WaitingItem item = std::move(*place);
    kept_->items.erase(place);
    forget_if_empty();
    return item;
}

/// An outage is over: its memory is given back.
void WaitingList::forget_if_empty() {
    constexpr std::size_t many = 1000;
    if (!empty() || most_ < many) return;
    kept_ = std::make_unique<Kept>();
    most_ = 0;
}

WaitingItem WaitingList::take() {
    kept_->index.erase(kept_->items.begin());
    return take_out(kept_->items.begin());
}

const WaitingItem* WaitingList::find(const RegistrationKey& key) const {
    const auto found = kept_->index.find(key);
    return found == kept_->index.end() ? nullptr : &**found;
}

std::optional<WaitingItem> WaitingList::remove(const RegistrationKey& key) {
    const auto found = kept_->index.find(key);
    if (found == kept_->index.end()) return std::nullopt;
    const WaitingPlace place = *found;
    kept_->index.erase(found);
    return take_out(place);
}

void WaitingList::counted(const RegistrationKey& key, std::uint64_t failures) {
    const auto found = kept_->index.find(key);
    if (found != kept_->index.end()) (*found)->failures = static_cast<std::uint32_t>(failures);
}

void WaitingList::note_failing(LastingTime now) {
    for (WaitingItem& item : kept_->items)
        if (item.failing_since == LastingTime{}) item.failing_since = now;
}

}  // namespace clarion::push
