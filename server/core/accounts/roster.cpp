#include "server/core/accounts/roster.h"

#include <algorithm>

#include "server/core/accounts/subscription.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

namespace {

/// Where the item of this address is or belongs.
template <class Items>
auto place_of(Items& items, std::string_view jid) {
    return std::lower_bound(
        items.begin(), items.end(), jid,
        [](const RosterItem& item, std::string_view j) { return item.jid < j; });
}

}  // namespace

void Roster::load(std::vector<RosterItem> items, std::uint64_t version) {
    items_ = std::move(items);
    std::sort(items_.begin(), items_.end(),
              [](const RosterItem& a, const RosterItem& b) { return a.jid < b.jid; });
    version_ = version;
    for (const RosterItem& item : items_) bytes_ += bytes_of(item);
}

std::size_t Roster::bytes_of(const RosterItem& item) {
    std::size_t bytes = item.jid.size() + item.name.size();
    for (const std::string& group : item.groups) bytes += group.size();
    return bytes;
}

const RosterItem* Roster::find(std::string_view key) const {
    const auto at = place_of(items_, key);
    return at != items_.end() && at->jid == key ? &*at : nullptr;
}

std::string_view Roster::key_of(const Jid& contact) const {
    if (contact.has_local() || contact.is_bare()) return contact.bare();
    return find(contact.full()) == nullptr && find(contact.bare()) != nullptr ? contact.bare()
                                                                              : contact.full();
}

bool Roster::shares_presence_with(std::string_view bare_jid) const {
    return state_of(find(bare_jid)).shown();
}

const RosterItem& Roster::put(Shard& shard, storage::AccountId account, RosterItem item) {
    auto at = place_of(items_, item.jid);
    bytes_ += bytes_of(item);
    if (at != items_.end() && at->jid == item.jid) {
        bytes_ -= bytes_of(*at);
        *at = std::move(item);
    } else {
        at = items_.insert(at, std::move(item));
    }
    shard.storage().rosters().put(shard.batch(), account, *at, ++version_);
    return *at;
}

void Roster::remove(Shard& shard, storage::AccountId account, std::string_view bare_jid) {
    const auto at = place_of(items_, bare_jid);
    if (at == items_.end() || at->jid != bare_jid) return;
    shard.storage().rosters().remove(shard.batch(), account, bare_jid, ++version_);
    bytes_ -= bytes_of(*at);
    items_.erase(at);
}

}  // namespace clarion::core
