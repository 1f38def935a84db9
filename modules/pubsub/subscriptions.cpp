#include "modules/pubsub/subscriptions.h"

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "modules/pubsub/access.h"
#include "server/core/context.h"
#include "server/core/routing/router.h"

namespace clarion::pubsub {

namespace {

// Copies, for they change meanwhile.
std::vector<std::string> addresses(const Node& node) {
    std::vector<std::string> found;
    found.reserve(node.subscriptions.size());
    for (const Subscription& each : node.subscriptions) found.push_back(each.jid);
    return found;
}
std::vector<std::string> addresses(const Node& node, const Jid& user) {
    std::vector<std::string> found;
    for (const Subscription* each : node.subscriptions.of(user.bare())) found.push_back(each->jid);
    return found;
}

}  // namespace

std::shared_ptr<Stanza> make_event(const Service& service, const Node& node, std::string_view kind,
                                   xml::Element** child) {
    const StanzaType type = node.config.notification_type == NotificationType::normal
                                ? StanzaType::normal
                                : StanzaType::headline;
    auto message =
        Stanza::make(StanzaKind::message, type, service.owner().jid(), Jid(), random_token(9));
    *child = &add_event(message->root(), kind, node.name);
    return message;
}

// ---- Beginning and ending ----------------------------------------------------------------------

std::optional<Refusal> Subscriptions::check_room(const Node& node, SubscriptionState state) const {
    const PubsubOptions& options = service_.options();
    const auto waiting = static_cast<std::int64_t>(node.subscriptions.pending());
    const bool too_many_wait =
        state == SubscriptionState::pending && waiting >= options.max_pending_subscriptions;
    if (too_many_wait ||
        node.subscriptions.size() >= static_cast<std::size_t>(options.max_subscriptions))
        return refusal(StanzaErrorCondition::policy_violation, "too-many-subscriptions");
    return std::nullopt;
}

std::optional<Refusal> Subscriptions::begin(Outcome& outcome, Node& node, const Jid& jid,
                                            const SubscribeOptions& options) const {
    const SubscriptionState state = rightful_state(standing_of(service_, node, jid));
    if (auto refused = check_room(node, state)) return refused;
    if (auto refused = service_.refuses_subscription(jid)) return refused;
    const bool waits = state == SubscriptionState::pending;
    const auto saved = store_.subscribe(service_.owner(), node,
                                        {.jid = jid.full(), .pending = waits, .options = options});
    if (!saved) return Refusal{to_stanza_error(saved.error())};
    outcome.changed = true;
    if (waits)
        ask_owners(outcome, node, jid);
    else
        begin_hearing(outcome, node, jid);
    return std::nullopt;
}

void Subscriptions::approve(Outcome& outcome, Node& node, const std::string& jid) const {
    Subscription changed = *node.find_subscription(jid);
    changed.pending = false;
    // It is not larger than it was.
    (void)store_.subscribe(service_.owner(), node, std::move(changed));
    outcome.changed = true;
    tell(outcome, node, jid, SubscriptionState::subscribed);
    begin_hearing(outcome, node, Jid::trusted(jid));
    // The user may read now: whatever else of theirs waits need not.
    for (const std::string& other : addresses(node, Jid::trusted(jid)))
        if (node.find_subscription(other)->pending) review_one(outcome, node, other);
}

void Subscriptions::give_up(Outcome& outcome, Node& node, const std::string& jid) const {
    const bool was_subscribed = !node.find_subscription(jid)->pending;
    store_.unsubscribe(service_.owner(), node, jid);
    outcome.changed = true;
    if (was_subscribed) tell_owners(outcome, node, jid, SubscriptionState::none);
}

void Subscriptions::take(Outcome& outcome, Node& node, const std::string& jid) const {
    give_up(outcome, node, jid);
    tell(outcome, node, jid, SubscriptionState::none);
}

// ---- Reviewing ---------------------------------------------------------------------------------

void Subscriptions::review_one(Outcome& outcome, Node& node, const std::string& jid) const {
    const SubscriptionState rightful =
        rightful_state(standing_of(service_, node, Jid::trusted(jid)));
    const bool waits = node.find_subscription(jid)->pending;
    // Who is subscribed to a node whose access model asks for that may read it: none begins to wait.
    if (rightful == SubscriptionState::none) return take(outcome, node, jid);
    if (waits && rightful == SubscriptionState::subscribed) approve(outcome, node, jid);
}

void Subscriptions::review(Outcome& outcome, Node& node) const {
    for (const std::string& jid : addresses(node)) review_one(outcome, node, jid);
}

void Subscriptions::review(Outcome& outcome, const Jid& user) const {
    for (const auto& node : service_.nodes().nodes)
        for (const std::string& jid : addresses(*node, user)) review_one(outcome, *node, jid);
}

// ---- Who is told -------------------------------------------------------------------------------

void Subscriptions::begin_hearing(Outcome& outcome, const Node& node, const Jid& who) const {
    tell_owners(outcome, node, who.full(), SubscriptionState::subscribed);
    const bool wanted = node.config.send_last != SendLast::never && node.config.persist_items;
    const Subscription* const own = node.find_subscription(who.full());
    if (wanted && own && own->options.deliver) outcome.last_items.push_back({node.number, who});
}

void Subscriptions::send(Outcome& outcome, const Jid& to, std::shared_ptr<Stanza> message) const {
    if (!service_.may_tell(to)) return;
    message->set_to(to);
    outcome.notices.push_back(
        [&router = service_.owner().context().router(), message = std::move(message)]() mutable {
            router.route(std::move(message));
        });
}

/// Whoever asks and gives up again may ask again: that is not all sent to the owners.
bool Subscriptions::may_ask_owners(Node& node) const {
    const WallTime now = service_.owner().context().clock().wall();
    if (now >= node.asking_since + std::chrono::hours(1) || now < node.asking_since) {
        node.asking_since = now;
        node.asked = 0;
    }
    return ++node.asked <= service_.options().approval_requests_per_hour;
}

/// It waits for who is not there: what an owner decides, and a subscriber is told once, is no event
/// of the moment.
std::shared_ptr<Stanza> Subscriptions::approval_request(const Node& node,
                                                        const Jid& subscriber) const {
    auto message = Stanza::make(StanzaKind::message, StanzaType::normal, service_.owner().jid(),
                                Jid(), random_token(9));
    message->root().add_text_child(
        "body", subscriber.full() + " asks for a subscription to the node " + node.name);
    authorization_form(node.name, subscriber).append_to(message->root());
    return message;
}

void Subscriptions::ask_owners(Outcome& outcome, Node& node, const Jid& subscriber) const {
    if (!may_ask_owners(node)) return;
    for (const Jid& owner : owners_of(service_, node))
        send(outcome, owner, approval_request(node, subscriber));
}

void Subscriptions::ask_again(Outcome& outcome, const Node& node, const Jid& owner) const {
    for (const Subscription& each : node.subscriptions)
        if (each.pending) send(outcome, owner, approval_request(node, Jid::trusted(each.jid)));
}

void Subscriptions::tell(Outcome& outcome, const Node& node, const std::string& jid,
                         SubscriptionState state) const {
    auto message = Stanza::make(StanzaKind::message, StanzaType::normal, service_.owner().jid(),
                                Jid(), random_token(9));
    add_event(message->root(), "subscription", node.name)
        .set_attr("jid", jid)
        .set_attr("subscription", name(state));
    send(outcome, Jid::trusted(jid), std::move(message));
}

/// Who is subscribed now, or was.
void Subscriptions::tell_owners(Outcome& outcome, const Node& node, const std::string& jid,
                                SubscriptionState state) const {
    if (!node.config.notify_sub) return;
    for (const Jid& owner : owners_of(service_, node)) {
        xml::Element* subscription = nullptr;
        auto message = make_event(service_, node, "subscription", &subscription);
        subscription->set_attr("jid", jid).set_attr("subscription", name(state));
        send(outcome, owner, std::move(message));
    }
}

}  // namespace clarion::pubsub
