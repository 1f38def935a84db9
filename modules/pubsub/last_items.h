// LastItems: who comes is sent the last item of each node that it wants to hear of (XEP-0163,
// 4.3.4; XEP-0060, 6.1.7). One per shard.
#pragma once

#include <memory>

#include "modules/pubsub/account_service.h"
#include "modules/pubsub/engine.h"
#include "server/core/events/caps_events.h"
#include "server/core/setup/module.h"

namespace clarion::pubsub {

/// What a resource wants to hear of, and did before.
struct Wishes {
    Jid resource;
    Capabilities now;
    std::optional<Capabilities> before;
    /// Wants it, and did not.
    bool begin_with(std::string_view node) const {
        return now.notifies(node) && !(before && before->notifies(node));
    }
};

/// A resource of this server came, and sees the presence of this account.
struct LastItemsSought {
    enum class Stage { send };
    static constexpr std::string_view name = "LastItemsSought";
    core::Account& account;
    const std::shared_ptr<const Wishes>& wishes;
};

class LastItems {
public:
    LastItems(core::ModuleSetup& setup, const NodeStore& store,
              core::AccountSlot<OwnerNodes>& nodes)
        : context_(setup.context()), store_(store), nodes_(nodes) {}

    void on_capabilities(const events::CapabilitiesKnown& event) const;
    void on_sought(const LastItemsSought& event) const;

private:
    void ask_contacts(const core::Account& account,
                      const std::shared_ptr<const Wishes>& wishes) const;
    void begin(core::Account& account, const std::shared_ptr<const Wishes>& wishes) const;
    Task<> send(core::AccountPin account, std::shared_ptr<const Wishes> wishes) const;
    Task<bool> send_last(core::Account& account, std::string node, Jid resource) const;

    core::Context& context_;
    const NodeStore& store_;
    core::AccountSlot<OwnerNodes>& nodes_;
};

}  // namespace clarion::pubsub
