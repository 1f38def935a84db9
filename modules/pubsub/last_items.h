// LastItems: who comes is sent the last item of each node that it wants to hear of (XEP-0163,
// 4.3.4; XEP-0060, 6.1.7). One per shard.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "modules/pubsub/account_service.h"
#include "modules/pubsub/engine.h"
#include "modules/pubsub/unseen_contacts.h"
#include "server/core/events/caps_events.h"
#include "server/core/events/presence_events.h"
#include "server/core/events/unseen_presence.h"
#include "server/core/setup/module.h"

namespace clarion::pubsub {

/// A resource of this server came, and sees the presence of this account.
struct LastItemsSought {
    enum class Stage { send };
    static constexpr std::string_view name = "LastItemsSought";
    core::Account& account;
    const WishesPtr& wishes;
};

class LastItems {
public:
    LastItems(core::ModuleSetup& setup, const NodeStore& store,
              core::AccountSlot<OwnerNodes>& nodes)
        : context_(setup.context()),
          unseen_(setup.state<UnseenContacts>()),
          store_(store),
          nodes_(nodes),
          served_(setup.account_slot<Served>()) {}

    void on_capabilities(const events::CapabilitiesKnown& event) const;
    void on_sought(const LastItemsSought& event) const;
    void on_presence(events::PresenceReceiving& event) const;
    void on_unseen(const events::PresenceUnseen& event) const;

private:
    /// Contacts' resources of this server that were sent last items before the account heard what
    /// they can do, by address: they are not sent them again when it does.
    using Served = std::map<std::string, WishesPtr, std::less<>>;

    WishesPtr take_served(core::Account& account, const std::string& resource) const;
    void ask_contacts(const core::Account& account, const WishesPtr& wishes) const;
    void serve_unseen(std::string_view host, const Stanza& presence) const;
    void serve_unseen(Result<core::Account*> found, const std::string& account,
                      const WishesPtr& wishes) const;
    void begin(core::Account& account, const WishesPtr& wishes) const;
    Task<> send(core::AccountPin account, WishesPtr wishes) const;
    Task<bool> send_last(core::Account& account, std::string node, Jid resource) const;

    core::Context& context_;
    UnseenContacts& unseen_;
    const NodeStore& store_;
    core::AccountSlot<OwnerNodes>& nodes_;
    core::AccountSlot<Served> served_;
};

}  // namespace clarion::pubsub
