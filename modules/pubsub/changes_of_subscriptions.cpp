// Subscriptions of those who asked for one (XEP-0060, 5.6, 6.1 to 6.4, 8.6 and 8.8). Who sees an account's
// presence hears of its nodes without one.
#include <algorithm>

#include "modules/pubsub/changes.h"
#include "proto/ns.h"

namespace clarion::pubsub {

namespace {

using enum StanzaErrorCondition;

Outcome refused(Refusal refusal) { return {.refusal = std::move(refusal)}; }

void add_subscription(xml::Element& parent, std::string_view node, std::string_view jid,
                      std::string_view state) {
    xml::Element& added = parent.add("subscription");
    if (!node.empty()) added.set_attr("node", node);
    added.set_attr("jid", jid).set_attr("subscription", state);
}

/// 6.1.3.1: nobody subscribes somebody else.
bool is_asker(const Jid& jid, const Jid& who) {
    return jid == who || (jid.is_bare() && jid.full() == who.bare());
}

Refusal not_subscribed() {
    Refusal refused = refusal(unexpected_request, "not-subscribed");
    refused.error.type = StanzaErrorType::cancel;
    return refused;
}

SubscriptionState state_of(const Node& node, std::string_view jid) {
    const Subscription* const there = node.find_subscription(jid);
    return there ? there->state() : SubscriptionState::none;
}

/// 6.3.4.1: whose it is may ask with another resource.
bool is_same_user(const Jid& jid, const Jid& who) { return jid.bare() == who.bare(); }

/// 8.8.2: what cannot be, as it still is.
std::shared_ptr<Stanza> refuse_changes(const Stanza& request, const Node& node,
                                       const SetSubscriptions& change) {
    auto answer =
        Stanza::make(StanzaKind::iq, StanzaType::error, request.to(), request.from(), request.id());
    xml::Element& pubsub = answer->root().add("pubsub", ns::pubsub_owner);
    xml::Element& list = pubsub.add("subscriptions").set_attr("node", node.name);
    for (const auto& each : change.changes)
        add_subscription(list, {}, each.jid.full(), name(state_of(node, each.jid.full())));
    add_error(answer->root(), {not_acceptable, "only they can subscribe themselves"});
    return answer;
}

}  // namespace

// ---- One's own ---------------------------------------------------------------------------------

/// Who is subscribed already stays so, and who waits is told that (6.1.3.7).
Outcome Changes::operator()(const Subscribe& wish) const {
    Node* const node = service_.nodes().find(wish.node);
    if (!is_asker(wish.jid, who())) return refused(refusal(bad_request, "invalid-jid"));
    if (!node || !may_know(standing_of(service_, *node, who()))) return refused(no_such_node());
    const Subscription* const there = node->find_subscription(wish.jid.full());
    if (!there && !node->config.subscribe) return refused(unsupported("subscribe"));
    if (there && there->pending) return refused(refusal(not_authorized, "pending-subscription"));
    SubscribeOptions options = there ? there->options : SubscribeOptions();
    const SubscribeOptions before = options;
    if (wish.options)
        if (auto wrong = apply_options(options, *wish.options)) return refused(*wrong);
    Outcome outcome = done(false);
    std::optional<Refusal> wrong;
    if (!there)
        wrong = subscriptions().begin(outcome, *node, wish.jid, options);
    else if (options != before)
        wrong = change_options(outcome, *node, wish.jid, options);
    if (wrong) return refused(*wrong);
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub);
    add_subscription(pubsub, node->name, wish.jid.full(), name(state_of(*node, wish.jid.full())));
    if (wish.options) options_form(options, "result").append_to(pubsub.add("options"));
    return outcome;
}

/// It needs no right to read: who lost that may go.
Outcome Changes::operator()(const Unsubscribe& wish) const {
    if (!is_asker(wish.jid, who())) return refused(refusal(bad_request, "invalid-jid"));
    auto found = subscribed(wish.node, wish.jid);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    Outcome outcome = done(true);
    subscriptions().give_up(outcome, *std::get<Node*>(found), wish.jid.full());
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub);
    add_subscription(pubsub, wish.node, wish.jid.full(), name(SubscriptionState::none));
    return outcome;
}

std::variant<Node*, Refusal> Changes::subscribed(const std::string& name, const Jid& jid) const {
    Node* const node = service_.nodes().find(name);
    if (!node) return no_such_node();
    if (node->find_subscription(jid.full())) return node;
    if (may_know(standing_of(service_, *node, who()))) return not_subscribed();
    return no_such_node();
}

std::optional<Refusal> Changes::change_options(Outcome& outcome, Node& node, const Jid& jid,
                                               const SubscribeOptions& options) const {
    Subscription changed = *node.find_subscription(jid.full());
    changed.options = options;
    const auto saved = store_.subscribe(service_.owner(), node, std::move(changed));
    if (!saved) return Refusal{to_stanza_error(saved.error())};
    outcome.changed = true;
    return std::nullopt;
}

// ---- Options (6.3 and 6.4) ---------------------------------------------------------------------

Outcome Changes::operator()(const GetOptions& asked) const {
    if (!is_same_user(asked.jid, who())) return refused(may_not_configure(asked.node));
    auto found = subscribed(asked.node, asked.jid);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    const Node& node = *std::get<Node*>(found);
    Outcome outcome = done(false);
    xml::Element& options = outcome.answer->root().add("pubsub", ns::pubsub).add("options");
    options.set_attr("node", node.name).set_attr("jid", asked.jid.full());
    options_form(node.find_subscription(asked.jid.full())->options, "form").append_to(options);
    return outcome;
}

Outcome Changes::operator()(const SetOptions& change) const {
    if (!is_same_user(change.jid, who())) return refused(may_not_configure(change.node));
    auto found = subscribed(change.node, change.jid);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    Node& node = *std::get<Node*>(found);
    Outcome outcome = done(false);
    if (change.form.type == "cancel") return outcome;
    SubscribeOptions options = node.find_subscription(change.jid.full())->options;
    const SubscribeOptions before = options;
    if (auto wrong = apply_options(options, change.form)) return refused(*wrong);
    if (options == before) return outcome;
    if (auto wrong = change_options(outcome, node, change.jid, options)) return refused(*wrong);
    return outcome;
}

/// Of somebody else: who may know of the node is told that this is not theirs.
Refusal Changes::may_not_configure(const std::string& name) const {
    const Node* const node = service_.nodes().find(name);
    const bool knows = node && may_know(standing_of(service_, *node, who()));
    return knows ? Refusal{{forbidden}} : no_such_node();
}

Outcome Changes::operator()(const GetDefaultOptions& asked) const {
    const Node* const node = service_.nodes().find(asked.node);
    const bool knows = asked.node.empty() ? service_.is_known_to(who())
                                          : node && may_know(standing_of(service_, *node, who()));
    if (!knows) return refused(no_such_node());
    Outcome outcome = done(false);
    xml::Element& defaults = outcome.answer->root().add("pubsub", ns::pubsub).add("default");
    if (node) defaults.set_attr("node", node->name);
    options_form({}, "result").append_to(defaults);
    return outcome;
}

// ---- What there is -----------------------------------------------------------------------------

Outcome Changes::operator()(const GetOwnSubscriptions& asked) const {
    Outcome outcome = done(false);
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub);
    xml::Element& list = pubsub.add("subscriptions");
    if (!asked.node.empty()) list.set_attr("node", asked.node);
    for (const auto& node : service_.nodes().nodes) {
        if (!asked.node.empty() && node->name != asked.node) continue;
        for (const Subscription* each : node->subscriptions.of(who().bare()))
            add_subscription(list, node->name, each->jid, name(each->state()));
    }
    if (!list.has_children() && !service_.is_known_to(who())) return refused(no_such_node());
    return outcome;
}

Outcome Changes::operator()(const GetSubscriptions& asked) const {
    auto found = owned(asked.node);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    const Node& node = *std::get<Node*>(found);
    Outcome outcome = done(false);
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub_owner);
    xml::Element& list = pubsub.add("subscriptions").set_attr("node", node.name);
    for (const Subscription& each : node.subscriptions)
        add_subscription(list, {}, each.jid, name(each.state()));
    return outcome;
}

// ---- What owners decide ------------------------------------------------------------------------

/// An owner approves and ends subscriptions, and makes none: nobody hears of what they did not ask
/// for.
Outcome Changes::operator()(const SetSubscriptions& change) const {
    auto found = owned(change.node);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    Node& node = *std::get<Node*>(found);
    for (const auto& each : change.changes) {
        const SubscriptionState now = state_of(node, each.jid.full());
        if (each.state > now && now != SubscriptionState::pending)
            return {.answer = refuse_changes(request_, node, change)};
        if (each.state == SubscriptionState::pending && each.state < now)
            return {.answer = refuse_changes(request_, node, change)};
    }
    Outcome outcome = done(false);
    for (const auto& each : change.changes) decide(outcome, node, each.jid.full(), each.state);
    return outcome;
}

void Changes::decide(Outcome& outcome, Node& node, const std::string& jid,
                     SubscriptionState wanted) const {
    const SubscriptionState now = state_of(node, jid);
    if (wanted == now) return;
    if (wanted == SubscriptionState::none) return subscriptions().take(outcome, node, jid);
    if (now == SubscriptionState::pending) subscriptions().approve(outcome, node, jid);
}

/// What somebody else decided before, or who asked gave up, stays so.
std::optional<Outcome> Changes::operator()(const Authorization& decision) const {
    Outcome outcome;
    if (!decision.allowed) {
        if (!service_.owns(who())) return std::nullopt;
        return outcome;
    }
    auto found = owned(decision.node);
    if (std::holds_alternative<Refusal>(found)) return std::nullopt;
    Node& node = *std::get<Node*>(found);
    const std::string& jid = decision.subscriber.full();
    if (state_of(node, jid) == SubscriptionState::pending)
        decide(outcome, node, jid,
               *decision.allowed ? SubscriptionState::subscribed : SubscriptionState::none);
    return outcome;
}

}  // namespace clarion::pubsub
