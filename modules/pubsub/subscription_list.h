// SubscriptionList: who asked to hear of a node, in the order of their addresses, so that one, or all
// of one user, is found without looking at the others. A plain value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "proto/pubsub_config.h"

namespace clarion::pubsub {

/// Who asked to hear of a node.
struct Subscription {
    std::string jid;       // full or bare
    bool pending = false;  // an owner has not decided yet
    SubscribeOptions options{};
    SubscriptionState state() const {
        return pending ? SubscriptionState::pending : SubscriptionState::subscribed;
    }
};

class SubscriptionList {
public:
    using Entries = std::vector<Subscription>;

    std::size_t size() const { return entries_.size(); }
    Entries::const_iterator begin() const { return entries_.begin(); }
    Entries::const_iterator end() const { return entries_.end(); }
    /// How many wait for an owner.
    std::size_t pending() const { return pending_; }

    /// nullptr: that address has none.
    const Subscription* find(std::string_view jid) const;
    /// Those of a user, by whichever address.
    std::vector<const Subscription*> of(std::string_view bare_jid) const;

    /// In the place of that address's own, if it has one.
    void put(Subscription subscription);
    void remove(std::string_view jid);
    /// Of many, one after the other, each of another address; sort() ends it. Nothing is found
    /// meanwhile.
    void add_unsorted(Subscription subscription);
    void sort();

private:
    Entries::const_iterator place_of(std::string_view jid) const;

    Entries entries_;  // by address
    std::size_t pending_ = 0;
};

}  // namespace clarion::pubsub
