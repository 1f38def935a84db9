#include "modules/push/interval.h"

#include <algorithm>

namespace clarion::push {

void Intervals::sent(const RegistrationKey& key, SteadyTime now, SteadyTime until) {
    if (slots_.size() >= clean_at_) {
        std::erase_if(slots_, [now](const auto& each) {
            return each.second.until <= now && !each.second.held;
        });
        clean_at_ = std::max<std::size_t>(1000, 2 * slots_.size());
    }
    slots_[key].until = until;
}

bool Intervals::idle(SteadyTime now) const {
    return std::all_of(slots_.begin(), slots_.end(), [now](const auto& each) {
        return each.second.until <= now && !each.second.held;
    });
}

void Intervals::not_sent(const RegistrationKey& key) {
    const auto slot = slots_.find(key);
    if (slot != slots_.end()) slot->second.until = {};
}

std::optional<SteadyTime> Intervals::closed_until(const RegistrationKey& key,
                                                  SteadyTime now) const {
    const auto slot = slots_.find(key);
    if (slot == slots_.end() || slot->second.until <= now) return std::nullopt;
    return slot->second.until;
}

bool Intervals::hold(StoredNotification stored) {
    Slot& slot = slots_[stored.key];
    const bool first = slot.held == nullptr;
    if (first) {
        slot.held = std::make_unique<StoredNotification>(std::move(stored));
    } else {
        stored.replace(std::move(*slot.held));
        *slot.held = std::move(stored);
    }
    return first;
}

std::optional<StoredNotification> Intervals::release(const RegistrationKey& key) {
    const auto slot = slots_.find(key);
    if (slot == slots_.end() || !slot->second.held) return std::nullopt;
    StoredNotification stored = std::move(*slot->second.held);
    slot->second.held.reset();
    if (slot->second.until == SteadyTime{}) slots_.erase(slot);
    return stored;
}

std::vector<RegistrationKey> Intervals::held() const {
    std::vector<RegistrationKey> keys;
    for (const auto& [key, slot] : slots_)
        if (slot.held) keys.push_back(key);
    return keys;
}

const StoredNotification* Intervals::find(const RegistrationKey& key) const {
    const auto slot = slots_.find(key);
    return slot == slots_.end() ? nullptr : slot->second.held.get();
}

}  // namespace clarion::push
