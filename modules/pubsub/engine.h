// Engine: carries out what is asked of a pubsub service (XEP-0060), whosever it is. One per shard.
//
// A request is read, what it needs is loaded, and then it is carried out in one step (changes.h),
// in memory and in the turn's batch. It is answered, and others are notified of it, once that is
// durable.
//
// Who may not read a node is answered as if there were none: item-not-found (docs/design/018-pubsub.md).
#pragma once

#include "modules/pubsub/changes.h"
#include "modules/pubsub/node_store.h"
#include "modules/pubsub/service.h"
#include "server/core/actors/iq_table.h"

namespace clarion::pubsub {

class Engine {
public:
    /// `resident_bytes`: of one owner, as of NodeStore.
    Engine(core::ModuleSetup& setup, std::size_t resident_bytes)
        : context_(setup.context()), store_(setup, resident_bytes) {}

    const NodeStore& store() const { return store_; }
    /// Of <pubsub/> in either namespace. `service` and its owner outlive the task.
    Task<core::IqAnswer> answer(const Service& service, core::IqRequest request) const;
    /// A disco#items request for a node (XEP-0060, 5.5): its items, in pages, for who may read them.
    /// nullopt: the asker finds no such node here.
    Task<std::optional<core::IqAnswer>> discover_items(const Service& service,
                                                       core::IqRequest request) const;
    /// The command get-pending (pending_command.h).
    Task<core::IqAnswer> answer_get_pending(const Service& service, core::IqRequest request) const;
    /// An owner's answer to a request for a subscription, in a message. nullopt: its sender does not
    /// own such a node, or it is no such answer.
    std::optional<Outcome> answer_authorization(const Service& service,
                                                const Stanza& message) const;
    /// Waits until what was changed is durable, and tells whom it concerns. The error is that of the
    /// commit: then nobody is told anything. `outcome` has no answer.
    Task<Result<>> complete(const Service& service, Outcome outcome) const;

private:
    Task<core::IqAnswer> finish(const Service& service, const core::IqRequest& request,
                                Outcome outcome) const;
    bool is_loaded(const Service& service, std::string_view node) const;
    Task<Result<>> load(const Service& service, std::string node) const;
    Node* node_to_sweep(const Service& service) const;
    Task<> sweep(const Service& service, std::string node) const;
    /// Whether there were any.
    bool remove_expired(const Service& service, Node* node, std::size_t most) const;
    Task<> send_last_item(const Service& service, Outcome::LastItemFor wanted) const;
    Task<core::IqAnswer> answer_items(const Service& service, const core::IqRequest& request,
                                      GetItems wanted) const;
    core::IqAnswer refuse(const core::IqRequest& request, const Refusal& refusal) const;

    core::Context& context_;
    NodeStore store_;
};

}  // namespace clarion::pubsub
