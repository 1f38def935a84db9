// Changes: what requests other than for items do to the nodes of a service. All at once: what they
// need has been loaded, nothing waits.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "modules/pubsub/access.h"
#include "modules/pubsub/node_store.h"
#include "modules/pubsub/outcome.h"
#include "modules/pubsub/service.h"
#include "modules/pubsub/subscriptions.h"
#include "proto/pubsub.h"

namespace clarion::pubsub {

class Changes {
public:
    Changes(const NodeStore& store, const Service& service, const Stanza& request, WallTime now)
        : store_(store), service_(service), request_(request), now_(now) {}

    // REQUIRES: the items of the node that it is about have been read, if there is such a node.
    Outcome operator()(const Create& create) const;
    Outcome operator()(const Publish& publish) const;
    Outcome operator()(const Retract& retract) const;
    Outcome operator()(const Subscribe& wish) const;
    Outcome operator()(const Unsubscribe& wish) const;
    Outcome operator()(const GetOwnSubscriptions& asked) const;
    Outcome operator()(const GetSubscriptions& asked) const;
    Outcome operator()(const SetSubscriptions& change) const;
    Outcome operator()(const GetOwnAffiliations& asked) const;
    Outcome operator()(const GetDefault& asked) const;
    Outcome operator()(const GetConfig& asked) const;
    Outcome operator()(const SetConfig& change) const;
    Outcome operator()(const DeleteNode& removal) const;
    Outcome operator()(const Purge& purge) const;
    Outcome operator()(const GetAffiliations& asked) const;
    Outcome operator()(const SetAffiliations& change) const;
    Outcome operator()(const GetOptions& asked) const;
    Outcome operator()(const SetOptions& change) const;
    Outcome operator()(const GetDefaultOptions& asked) const;
    /// Not carried out here.
    Outcome operator()(const GetItems&) const { return {}; }

    /// Of a message; it has no answer. nullopt: its sender owns no such node.
    std::optional<Outcome> operator()(const Authorization& decision) const;

private:
    const Jid& who() const { return request_.from(); }
    /// The asker as the publisher of an item; empty: the owner of the service.
    std::string publisher() const;
    std::uint32_t most_items() const;
    /// The node, if the asker owns it; else why not.
    std::variant<Node*, Refusal> owned(const std::string& name) const;

    Outcome done(bool changed) const;
    Subscriptions subscriptions() const { return {store_, service_}; }
    /// Before those who are notified.
    void tell_modules(Outcome& outcome, const Node& node, NodeChange::What what,
                      std::vector<NodeChange::Item> items = {}) const;
    /// Notifies of the node as a whole.
    void notify(Outcome& outcome, const Node& node, std::string_view kind,
                std::string_view redirect = {}) const;
    void notify_of_config(Outcome& outcome, const Node& node) const;

    /// A node that does not exist yet. nullptr: refused.
    Node* create(const std::string& name, NodeConfig config, Outcome& outcome) const;
    std::optional<Refusal> check_items(const Node* node, const NodeConfig& config,
                                       const Publish& publish) const;
    std::optional<Refusal> check_item(const Node* node, const NodeConfig& config,
                                      const NewItem& item) const;
    std::optional<Refusal> check_count(const Node* node, const NodeConfig& config,
                                       const Publish& publish) const;
    std::optional<Refusal> check_room(const Node* node, const NodeConfig& config,
                                      const std::vector<Item>& items) const;
    Outcome publish_to(Node* node, NodeConfig config, const Publish& publish) const;
    /// The ids of the oldest, which went.
    std::vector<std::string> store_items(Node& node, const std::vector<Item>& items) const;
    void notify_of_removed(Outcome& outcome, const Node& node,
                           const std::vector<std::string>& ids) const;
    void notify_of_items(Outcome& outcome, const Node& node, const std::vector<Item>& items) const;
    /// The node at which that address has a subscription; else why not.
    std::variant<Node*, Refusal> subscribed(const std::string& node, const Jid& jid) const;
    Refusal may_not_configure(const std::string& node) const;
    std::optional<Refusal> change_options(Outcome& outcome, Node& node, const Jid& jid,
                                          const SubscribeOptions& options) const;
    void decide(Outcome& outcome, Node& node, const std::string& jid,
                SubscriptionState wanted) const;

    const NodeStore& store_;
    const Service& service_;
    const Stanza& request_;
    const WallTime now_;
};

}  // namespace clarion::pubsub
