// Service: whose nodes they are, as the engine sees it: an account (pep.h), or a domain
// (domain/services.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "modules/pubsub/node.h"
#include "modules/pubsub/options.h"
#include "proto/jid.h"
#include "proto/stanza.h"
#include "server/core/actors/actor.h"
#include "server/core/events/pep_events.h"
#include "server/runtime/unique_function.h"

namespace clarion::pubsub {

/// What is done once a change is durable.
using AfterCommit = UniqueFunction<void()>;
using NodeChange = events::PepNodeChanged;

class Service {
public:
    virtual ~Service() = default;

    /// Pinned as long as it is used.
    virtual core::Actor& owner() const = 0;
    virtual OwnerNodes& nodes() const = 0;
    virtual const PubsubOptions& options() const = 0;
    /// How a node is configured that is made without saying how.
    virtual NodeConfig defaults() const = 0;

    /// Owns all nodes, whatever affiliations say.
    virtual bool owns(const Jid& who) const = 0;
    virtual bool may_create(const Jid& who) const = 0;
    /// Gets empty lists where others are told that there is no such node.
    virtual bool is_known_to(const Jid& who) const { return owns(who) || shows_presence_to(who); }
    /// False: nothing may be sent there in the owner's name (it is blocked).
    virtual bool may_tell(const Jid& who) const = 0;
    /// The access models that ask for presence or a roster.
    virtual bool shows_presence_to(const Jid& who) const = 0;
    virtual bool has_in_groups(const Jid& who, const std::vector<std::string>& groups) const = 0;

    // What else is refused, beside what the options say.
    /// How a node may not be configured.
    virtual std::optional<Refusal> refuses(const NodeConfig&) const { return std::nullopt; }
    /// One node more of that creator.
    virtual std::optional<Refusal> refuses_node(const Jid&) const { return std::nullopt; }
    /// To subscribe that address once more.
    virtual std::optional<Refusal> refuses_subscription(const Jid&) const { return std::nullopt; }
    /// That the items of one node take so many bytes.
    virtual std::optional<Refusal> refuses_bytes(std::uint64_t) const { return std::nullopt; }
    /// Makes a form of a node's configuration what can be chosen here, by who may configure it.
    virtual void adapt(DataForm&, const Jid&) const {}

    /// To bring an event to all who are to hear of it; who they are is decided now.
    virtual AfterCommit notice(const Node& node, std::shared_ptr<Stanza> event) const = 0;
    /// To tell other modules of a change; empty: they do not care for nodes of this service.
    virtual AfterCommit told_modules(const Node& node, NodeChange::What what, const Jid& by,
                                     std::vector<NodeChange::Item> items) const = 0;
};

/// The bare addresses that own a node; the service's owner first, if that is its own.
std::vector<Jid> owners_of(const Service& service, const Node& node);
/// What `who` is to one of the service's nodes.
struct Standing;
Standing standing_of(const Service& service, const Node& node, const Jid& who);

}  // namespace clarion::pubsub
