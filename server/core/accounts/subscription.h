// Subscription states: what a subscription stanza changes, and what must be done about it.
//
// Pure functions: the tables of RFC 6121, appendix A, from the point of view of one of our accounts
// (the "user") towards one contact. `outbound` is for what the user's client sends, `inbound` for
// what arrives from the contact. Routing, storing and telling clients are up to the caller
// (presence.h).
#pragma once

#include <cstdint>
#include <optional>

#include "proto/stanza.h"
#include "storage/rosters.h"

namespace clarion::core {

using storage::RosterItem;
using storage::Subscription;

/// One of the nine states of appendix A.1, and whether a request would be approved at once
/// (section 3.4).
struct SubscriptionState {
    Subscription subscription = Subscription::none;
    bool pending_out = false;  // the user asked and the contact has not answered: ask='subscribe'
    bool pending_in = false;   // the contact asked and the user has not answered
    bool approved = false;     // the user said yes before the contact asked

    bool operator==(const SubscriptionState&) const = default;
    /// The contact sees the user's presence.
    bool shown() const {
        return subscription == Subscription::from || subscription == Subscription::both;
    }
    /// The user sees the contact's presence.
    bool seen() const {
        return subscription == Subscription::to || subscription == Subscription::both;
    }
};

/// The state of a roster item; nullptr is a contact not in the roster: "None".
SubscriptionState state_of(const RosterItem* item);

struct SubscriptionStep {
    SubscriptionState state;
    /// Outbound: route the stanza to the contact. Inbound: deliver it to the user's clients.
    bool pass_on = false;
    /// Inbound: what the server answers to the contact on the user's behalf.
    std::optional<StanzaType> answer{};

    bool operator==(const SubscriptionStep&) const = default;
};

/// Appendix A.2 and section 3.4.2. REQUIRES: `type` is one of the four subscription types.
SubscriptionStep outbound(SubscriptionState state, StanzaType type);

/// Appendix A.3 and section 3.4.2: a pre-approved request is answered and its approval used up.
/// REQUIRES: `type` is one of the four subscription types.
SubscriptionStep inbound(SubscriptionState state, StanzaType type);

/// Whether this is a presence stanza of type subscribe, subscribed, unsubscribe or unsubscribed.
bool is_subscription(StanzaType type);

}  // namespace clarion::core
