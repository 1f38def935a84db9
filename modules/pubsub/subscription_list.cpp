#include "modules/pubsub/subscription_list.h"

#include <algorithm>
#include <utility>

namespace clarion::pubsub {

SubscriptionList::Entries::const_iterator SubscriptionList::place_of(std::string_view jid) const {
    return std::lower_bound(entries_.begin(), entries_.end(), jid,
                            [](const Subscription& each, std::string_view wanted) {
                                return std::string_view(each.jid) < wanted;
                            });
}

const Subscription* SubscriptionList::find(std::string_view jid) const {
    const auto at = place_of(jid);
    return at != entries_.end() && at->jid == jid ? &*at : nullptr;
}

/// Addresses of others stand between a bare address and those with a resource: "a@b.c" is less than
/// "a@b/c".
std::vector<const Subscription*> SubscriptionList::of(std::string_view bare_jid) const {
    std::vector<const Subscription*> found;
    if (const Subscription* const bare = find(bare_jid)) found.push_back(bare);
    const std::string prefix = std::string(bare_jid) + '/';
    for (auto at = place_of(prefix); at != entries_.end() && at->jid.starts_with(prefix); ++at)
        found.push_back(&*at);
    return found;
}

void SubscriptionList::put(Subscription subscription) {
    pending_ += subscription.pending ? 1 : 0;
    const auto place = place_of(subscription.jid);
    const auto at = entries_.begin() + (place - entries_.begin());
    if (at == entries_.end() || at->jid != subscription.jid) {
        entries_.insert(at, std::move(subscription));
        return;
    }
    pending_ -= at->pending ? 1 : 0;
    *at = std::move(subscription);
}

void SubscriptionList::remove(std::string_view jid) {
    const auto at = place_of(jid);
    if (at == entries_.end() || at->jid != jid) return;
    pending_ -= at->pending ? 1 : 0;
    entries_.erase(at);
}

void SubscriptionList::add_unsorted(Subscription subscription) {
    pending_ += subscription.pending ? 1 : 0;
    entries_.push_back(std::move(subscription));
}

void SubscriptionList::sort() {
    std::sort(entries_.begin(), entries_.end(),
              [](const Subscription& a, const Subscription& b) { return a.jid < b.jid; });
}

}  // namespace clarion::pubsub
