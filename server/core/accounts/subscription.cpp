#include "server/core/accounts/subscription.h"

#include <cassert>

namespace clarion::core {

namespace {

// The two halves of a subscription are bits of the stored value.
constexpr auto to_bit = static_cast<std::uint8_t>(Subscription::to);
constexpr auto from_bit = static_cast<std::uint8_t>(Subscription::from);
static_assert((to_bit | from_bit) == static_cast<std::uint8_t>(Subscription::both));

Subscription with(Subscription subscription, std::uint8_t bit) {
    return static_cast<Subscription>(static_cast<std::uint8_t>(subscription) | bit);
}
Subscription without(Subscription subscription, std::uint8_t bit) {
    return static_cast<Subscription>(static_cast<std::uint8_t>(subscription) & ~bit);
}

/// The user asks; table 2.
SubscriptionStep ask(SubscriptionState state) {
    if (!state.seen()) state.pending_out = true;
    return {state, true};
}

/// The user sees the contact no longer, and asks no longer; table 3.
SubscriptionStep stop_seeing(SubscriptionState state) {
    state.subscription = without(state.subscription, to_bit);
    state.pending_out = false;
    return {state, true};
}

/// The user says yes: to a request, or in advance; table 4.
SubscriptionStep approve(SubscriptionState state) {
    if (state.shown()) return {state, false};
    if (!state.pending_in) {
        state.approved = true;
        return {state, false};
    }
    state.subscription = with(state.subscription, from_bit);
    state.pending_in = false;
    return {state, true};
}

/// The user says no: to a request, to what was granted, or to an approval in advance; table 5.
SubscriptionStep revoke(SubscriptionState state) {
    const bool concerns_contact = state.shown() || state.pending_in;
    state.subscription = without(state.subscription, from_bit);
    state.pending_in = false;
    state.approved = false;
    return {state, concerns_contact};
}

/// The contact asks; table 6.
SubscriptionStep asked(SubscriptionState state) {
    if (state.shown()) return {state, false, StanzaType::subscribed};
    if (state.approved) {
        state.subscription = with(state.subscription, from_bit);
        state.pending_in = false;
        state.approved = false;
        return {state, false, StanzaType::subscribed};
    }
    if (state.pending_in) return {state, false};
    state.pending_in = true;
    return {state, true};
}

/// The contact stops seeing the user, or asking for it; table 7. Who only asked is not answered: it
/// may be a stranger, and nobody's server is silent too (sections 3.3.3 and 8.5.1).
SubscriptionStep no_longer_seen(SubscriptionState state) {
    if (!state.shown() && !state.pending_in) return {state, false};
    std::optional<StanzaType> answer;
    if (state.shown()) answer = StanzaType::unsubscribed;
    state.subscription = without(state.subscription, from_bit);
    state.pending_in = false;
    return {state, true, answer};
}

/// The contact says yes; table 8.
SubscriptionStep granted(SubscriptionState state) {
    if (!state.pending_out) return {state, false};
    state.subscription = with(state.subscription, to_bit);
    state.pending_out = false;
    return {state, true};
}

/// The contact says no, or no longer; table 9.
SubscriptionStep refused(SubscriptionState state) {
    if (!state.pending_out && !state.seen()) return {state, false};
    state.subscription = without(state.subscription, to_bit);
    state.pending_out = false;
    return {state, true};
}

}  // namespace

SubscriptionState state_of(const RosterItem* item) {
    if (!item) return {};
    return {item->subscription, item->ask_subscribe, !item->pending_in.empty(), item->approved};
}

bool is_subscription(StanzaType type) {
    return type == StanzaType::subscribe || type == StanzaType::subscribed ||
           type == StanzaType::unsubscribe || type == StanzaType::unsubscribed;
}

SubscriptionStep outbound(SubscriptionState state, StanzaType type) {
    assert(is_subscription(type));
    switch (type) {
        case StanzaType::subscribe: return ask(state);
        case StanzaType::unsubscribe: return stop_seeing(state);
        case StanzaType::subscribed: return approve(state);
        default: return revoke(state);
    }
}

SubscriptionStep inbound(SubscriptionState state, StanzaType type) {
    assert(is_subscription(type));
    switch (type) {
        case StanzaType::subscribe: return asked(state);
        case StanzaType::unsubscribe: return no_longer_seen(state);
        case StanzaType::subscribed: return granted(state);
        default: return refused(state);
    }
}

}  // namespace clarion::core
