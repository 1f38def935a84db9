// Subscriptions of those who asked for one (XEP-0060, 5.6, 6.1, 6.2 and 8.8). Who sees an account's
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

bool contains(const Node& node, std::string_view jid) {
    return std::find(node.subscribers.begin(), node.subscribers.end(), jid) !=
           node.subscribers.end();
}

}  // namespace

Outcome Changes::operator()(const Subscribe& wish) const {
    Node* const node = service_.nodes().find(wish.node);
    if (!is_asker(wish.jid, who())) return refused(refusal(bad_request, "invalid-jid"));
    if (!node || !may_read(standing_of(service_, *node, who()))) return refused(no_such_node());
    Outcome outcome = done(false);
    if (!contains(*node, wish.jid.full())) {
        const auto most = static_cast<std::size_t>(service_.options().max_subscriptions);
        if (node->subscribers.size() >= most)
            return refused(refusal(policy_violation, "too-many-subscriptions"));
        if (const auto saved = store_.subscribe(service_.owner(), *node, wish.jid); !saved)
            return refused({to_stanza_error(saved.error())});
        outcome.changed = true;
    }
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub);
    add_subscription(pubsub, node->name, wish.jid.full(), "subscribed");
    if (node->config.send_last != SendLast::never && node->config.persist_items)
        outcome.last_item = {node->number, wish.jid};
    return outcome;
}

/// It needs no right to read: who lost that may go.
Outcome Changes::operator()(const Unsubscribe& wish) const {
    Node* const node = service_.nodes().find(wish.node);
    if (!is_asker(wish.jid, who())) return refused(refusal(bad_request, "invalid-jid"));
    if (!node) return refused(no_such_node());
    if (!contains(*node, wish.jid.full()))
        return refused(may_read(standing_of(service_, *node, who())) ? not_subscribed()
                                                                     : no_such_node());
    store_.unsubscribe(service_.owner(), *node, wish.jid);
    return done(true);
}

Outcome Changes::operator()(const GetOwnSubscriptions& asked) const {
    Outcome outcome = done(false);
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub);
    xml::Element& list = pubsub.add("subscriptions");
    if (!asked.node.empty()) list.set_attr("node", asked.node);
    for (const auto& node : service_.nodes().nodes) {
        if (!asked.node.empty() && node->name != asked.node) continue;
        for (const std::string& jid : node->subscribers)
            if (Jid::trusted(jid).bare() == who().bare())
                add_subscription(list, node->name, jid, "subscribed");
    }
    const bool known = service_.owns(who()) || service_.shows_presence_to(who());
    if (!list.has_children() && !known) return refused(no_such_node());
    return outcome;
}

Outcome Changes::operator()(const GetSubscriptions& asked) const {
    auto found = owned(asked.node);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    const Node& node = *std::get<Node*>(found);
    Outcome outcome = done(false);
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub_owner);
    xml::Element& list = pubsub.add("subscriptions").set_attr("node", node.name);
    for (const std::string& jid : node.subscribers) add_subscription(list, {}, jid, "subscribed");
    return outcome;
}

/// An owner ends subscriptions, and makes none: nobody hears of what they did not ask for.
Outcome Changes::operator()(const SetSubscriptions& change) const {
    auto found = owned(change.node);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    Node& node = *std::get<Node*>(found);
    for (const auto& each : change.changes)
        if (each.subscribed && !contains(node, each.jid.full()))
            return refused({{not_acceptable, "only they can subscribe themselves"}});
    Outcome outcome = done(true);
    for (const auto& each : change.changes)
        if (!each.subscribed && contains(node, each.jid.full()))
            store_.unsubscribe(service_.owner(), node, each.jid);
    return outcome;
}

}  // namespace clarion::pubsub
