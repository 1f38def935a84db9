// PubsubDomain: the domain of a pubsub service as an actor, with its nodes. DomainService: the same
// as the engine sees it, for one who asks.
#pragma once

#include <string>
#include <vector>

#include "modules/pubsub/domain/bounces.h"
#include "modules/pubsub/domain/service_options.h"
#include "modules/pubsub/service.h"
#include "server/core/context.h"
#include "server/core/delivery/fan_out.h"

namespace clarion::pubsub {

class PubsubDomain final : public core::Actor {
public:
    /// `epoch`: when it was loaded.
    PubsubDomain(core::Context& context, Jid jid, Stored stored, WallTime epoch)
        : Actor(context, std::move(jid), std::move(stored)),
          bounces_(static_cast<std::uint64_t>(epoch.time_since_epoch().count())) {}

    /// Requests are to the domain, and answered to anybody; what somebody may is up to each node.
    core::Relation relation_to(const Jid&) const override { return core::Relation::stranger; }

    /// [pubsub."DOMAIN"] as it is now; defaults if the entry is gone until the next start.
    const ServiceOptions& options() const;
    OwnerNodes& nodes() { return nodes_; }
    core::FanOut& fan_out() { return fan_out_; }
    Bounces& bounces() { return bounces_; }

private:
    OwnerNodes nodes_;
    core::FanOut fan_out_{*this};
    Bounces bounces_;
};

/// The options of a service at that domain (prepared); nullptr: the configuration has none.
const ServiceOptions* find_service_options(const Config& config, std::string_view domain);

class DomainService final : public Service {
public:
    /// `administrators`: of its host, bare: those that the configuration names, and the asker if it
    /// is one by its account's record. Another one by its record is nothing to a node meanwhile:
    /// to hear of a whitelisted one it needs an affiliation. The domain outlives the service.
    DomainService(PubsubDomain& domain, std::vector<std::string> administrators)
        : domain_(domain), administrators_(std::move(administrators)) {}

    core::Actor& owner() const override { return domain_; }
    OwnerNodes& nodes() const override { return domain_.nodes(); }
    const PubsubOptions& options() const override { return domain_.options(); }
    NodeConfig defaults() const override;
    bool owns(const Jid& who) const override;
    bool may_create(const Jid& who) const override;
    bool is_known_to(const Jid&) const override { return true; }
    /// It blocks nobody: whom its nodes shall not tell is an outcast there.
    bool may_tell(const Jid&) const override { return true; }
    /// It has no contacts, and knows nobody's presence.
    bool shows_presence_to(const Jid&) const override { return false; }
    bool has_in_groups(const Jid&, const std::vector<std::string>&) const override { return false; }

    std::optional<Refusal> refuses(const NodeConfig& config) const override;
    std::optional<Refusal> refuses_node(const Jid& creator) const override;
    std::optional<Refusal> refuses_subscription(const Jid& subscriber) const override;
    std::optional<Refusal> refuses_bytes(std::uint64_t of_one_node) const override;
    void adapt(DataForm& form, const Jid& who) const override;

    AfterCommit notice(const Node& node, std::shared_ptr<Stanza> event) const override;
    AfterCommit told_modules(const Node&, NodeChange::What, const Jid&,
                             std::vector<NodeChange::Item>) const override {
        return {};
    }

private:
    std::vector<Jid> hearers(const Node& node) const;

    PubsubDomain& domain_;
    std::vector<std::string> administrators_;
};

}  // namespace clarion::pubsub
