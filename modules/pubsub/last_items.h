// LastItems: who comes is sent the last item of each node that it wants to hear of (XEP-0163,
// 4.3.4; XEP-0060, 6.1.7). One per shard.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "modules/pubsub/account_service.h"
#include "modules/pubsub/engine.h"
#include "server/core/events/caps_events.h"
#include "server/core/events/presence_events.h"
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
        : context_(setup.context()),
          store_(store),
          nodes_(nodes),
          served_(setup.account_slot<Served>()) {}

    void on_capabilities(const events::CapabilitiesKnown& event) const;
    void on_sought(const LastItemsSought& event) const;
    void on_presence(events::PresenceReceiving& event) const;

private:
    /// Contacts' resources of this server that were sent last items before the account heard what
    /// they can do, by address: they are not sent them again when it does.
    using Served = std::map<std::string, std::shared_ptr<const Wishes>, std::less<>>;

    std::shared_ptr<const Wishes> take_served(core::Account& account,
                                              const std::string& resource) const;
    void ask_contacts(const core::Account& account,
                      const std::shared_ptr<const Wishes>& wishes) const;
    void begin(core::Account& account, const std::shared_ptr<const Wishes>& wishes) const;
    Task<> send(core::AccountPin account, std::shared_ptr<const Wishes> wishes) const;
    Task<bool> send_last(core::Account& account, std::string node, Jid resource) const;

    core::Context& context_;
    const NodeStore& store_;
    core::AccountSlot<OwnerNodes>& nodes_;
    core::AccountSlot<Served> served_;
};

}  // namespace clarion::pubsub
