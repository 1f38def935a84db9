#include "modules/push/waiting.h"

#include <algorithm>

namespace clarion::push {

std::size_t WaitingPlaceHash::operator()(WaitingPlace place) const noexcept {
    return RegistrationKey::Hash{}(place->key);
}

std::size_t WaitingPlaceHash::operator()(const RegistrationKey& key) const noexcept {
    return RegistrationKey::Hash{}(key);
}

void WaitingList::put(StoredNotification stored) {
    const auto found = kept_->index.find(stored.key);
    if (found != kept_->index.end()) {
        const WaitingPlace place = *found;
        stored.replace(std::move(*place));
        *place = std::move(stored);
        if (place->urgent) kept_->items.splice(kept_->items.begin(), kept_->items, place);
        return;
    }
    const WaitingPlace where = stored.urgent ? kept_->items.begin() : kept_->items.end();
    kept_->index.insert(kept_->items.insert(where, std::move(stored)));
    most_ = std::max(most_, size());
}

void WaitingList::put_back(StoredNotification stored) {
    const auto waits = kept_->index.find(stored.key);
    if (waits != kept_->index.end() && (*waits)->number > stored.number)
        (*waits)->replace(std::move(stored));
    else
        put(std::move(stored));
}

StoredNotification WaitingList::take_out(WaitingPlace place) {
    StoredNotification stored = std::move(*place);
    kept_->items.erase(place);
    forget_if_empty();
    return stored;
}

/// An outage is over: its memory is given back.
void WaitingList::forget_if_empty() {
    constexpr std::size_t many = 1000;
    if (!empty() || most_ < many) return;
    kept_ = std::make_unique<Kept>();
    most_ = 0;
}

StoredNotification WaitingList::take() {
    kept_->index.erase(kept_->items.begin());
    return take_out(kept_->items.begin());
}

const StoredNotification* WaitingList::find(const RegistrationKey& key) const {
    const auto found = kept_->index.find(key);
    return found == kept_->index.end() ? nullptr : &**found;
}

std::optional<StoredNotification> WaitingList::remove(const RegistrationKey& key) {
    const auto found = kept_->index.find(key);
    if (found == kept_->index.end()) return std::nullopt;
    const WaitingPlace place = *found;
    kept_->index.erase(found);
    return take_out(place);
}

void WaitingList::remove(const PartitionSet& partitions) {
    std::vector<RegistrationKey> theirs;
    for (const StoredNotification& each : *this)
        if (partitions.contains(storage::partition_of(each.key.account)))
            theirs.push_back(each.key);
    for (const RegistrationKey& key : theirs) (void)remove(key);
}

void WaitingList::counted(const RegistrationKey& key, std::uint64_t failures) {
    const auto found = kept_->index.find(key);
    if (found != kept_->index.end()) (*found)->failures = static_cast<std::uint32_t>(failures);
}

void WaitingList::note_failing(LastingTime now) {
    for (StoredNotification& each : kept_->items)
        if (each.failing_since == LastingTime{}) each.failing_since = now;
}

}  // namespace clarion::push
