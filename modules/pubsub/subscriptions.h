// Subscriptions: begins, ends and approves them, and says so to whom it concerns (XEP-0060, 6.1,
// 8.6 and 12.13). What is said goes into an Outcome, for when all is durable.
//
// By right is subscribed who may read a node, and waits for an owner who may ask for it
// (rightful_state). Whatever changes who may read ends in review(): who lost access is subscribed no
// longer and is told so, who waited and may read now is subscribed.
#pragma once

#include <optional>
#include <string>

#include "modules/pubsub/node_store.h"
#include "modules/pubsub/outcome.h"
#include "modules/pubsub/service.h"

namespace clarion::pubsub {

class Subscriptions {
public:
    /// Both outlive it.
    Subscriptions(const NodeStore& store, const Service& service)
        : store_(store), service_(service) {}

    /// Of who asked for it and may know of the node, as it is by right. Owners are asked about one
    /// that waits for them. Refused: there are too many. REQUIRES: the address has none.
    std::optional<Refusal> begin(Outcome& outcome, Node& node, const Jid& jid,
                                 const SubscribeOptions& options) const;
    /// An owner lets somebody hear of the node who waits for that, by whichever address.
    void approve(Outcome& outcome, Node& node, const std::string& jid) const;
    /// By whoever has it, who knows.
    void give_up(Outcome& outcome, Node& node, const std::string& jid) const;
    /// By somebody else: it is told.
    void take(Outcome& outcome, Node& node, const std::string& jid) const;

    /// One of the owners is asked about all who wait, and nobody else.
    void ask_again(Outcome& outcome, const Node& node, const Jid& owner) const;

    /// All of a node; or all of one user, bare, with all nodes.
    void review(Outcome& outcome, Node& node) const;
    void review(Outcome& outcome, const Jid& user) const;

private:
    std::optional<Refusal> check_room(const Node& node, SubscriptionState state) const;
    void review_one(Outcome& outcome, Node& node, const std::string& jid) const;
    void begin_hearing(Outcome& outcome, const Node& node, const Jid& who) const;
    bool may_ask_owners(Node& node) const;
    void ask_owners(Outcome& outcome, Node& node, const Jid& subscriber) const;
    std::shared_ptr<Stanza> approval_request(const Node& node, const Jid& subscriber) const;
    void tell(Outcome& outcome, const Node& node, const std::string& jid,
              SubscriptionState state) const;
    void tell_owners(Outcome& outcome, const Node& node, const std::string& jid,
                     SubscriptionState state) const;
    void send(Outcome& outcome, const Jid& to, std::shared_ptr<Stanza> message) const;

    const NodeStore& store_;
    const Service& service_;
};

}  // namespace clarion::pubsub
