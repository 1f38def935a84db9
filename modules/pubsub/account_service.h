// AccountService: an account as the engine sees it.
#pragma once

#include "modules/pubsub/service.h"
#include "server/core/accounts/account.h"

namespace clarion::pubsub {

class AccountService final : public Service {
public:
    /// Both outlive it.
    AccountService(core::Account& account, OwnerNodes& nodes) : account_(account), nodes_(nodes) {}

    core::Actor& owner() const override { return account_; }
    OwnerNodes& nodes() const override { return nodes_; }
    const PubsubOptions& options() const override;
    NodeConfig defaults() const override { return {}; }
    bool owns(const Jid& who) const override { return who.bare() == account_.jid().full(); }
    bool may_create(const Jid& who) const override { return owns(who); }
    bool may_tell(const Jid& who) const override;
    bool shows_presence_to(const Jid& who) const override;
    bool has_in_groups(const Jid& who, const std::vector<std::string>& groups) const override;
    void adapt(DataForm& form, const Jid& who) const override;
    AfterCommit notice(const Node& node, std::shared_ptr<Stanza> event) const override;
    AfterCommit told_modules(const Node& node, NodeChange::What what, const Jid& by,
                             std::vector<NodeChange::Item> items) const override;

private:
    core::Account& account_;
    OwnerNodes& nodes_;
};

/// Whether a resource may be told of what happens at the node: it is the account's own, or a
/// contact's that sees its presence, may read the node, and is not blocked.
bool may_hear(const AccountService& service, const Node& node, const Jid& resource);

}  // namespace clarion::pubsub
