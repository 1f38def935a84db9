// Events of what resources can do (XEP-0115), as far as an account knows it: of its own available
// resources, and of those contacts' that see its presence and have sent it theirs.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "proto/entity_caps.h"
#include "proto/jid.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
}  // namespace clarion::core

namespace clarion::caps {
class Desk;
}  // namespace clarion::caps

namespace clarion::events {

/// What an available resource can do is known: at its presence, if its hash was known, else once it
/// has answered; again when it says that it changed, and when it went and comes anew. Not when a
/// hibernating session is restored.
struct CapabilitiesKnown {
    enum class Stage { react };
    static constexpr std::string_view name = "CapabilitiesKnown";
    core::Account& account;  // whose own it is, or who sees its presence
    const Jid& resource;     // a full JID
    const Capabilities& now;
    const Capabilities* before;  // nullptr: it was not there, or nothing was known
};

/// Who of the resources that the account knows to be available has this feature? For all who want
/// notifications of a node: NODE+notify. Each once; its own come first.
struct CapableSought {
    enum class Stage { find };
    static constexpr std::string_view name = "CapableSought";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    std::string_view feature;
    std::vector<Jid>& found;  // full JIDs
};

/// What can this resource do, which the account knows to be available? nullptr: it is not known.
struct CapabilitiesSought {
    enum class Stage { find };
    static constexpr std::string_view name = "CapabilitiesSought";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    const Jid& resource;
    std::shared_ptr<const Capabilities> found{};
};

/// What can somebody do who says this? nullptr: that is not known on this shard; nobody is asked.
struct CapsTagSought {
    enum class Stage { find };
    static constexpr std::string_view name = "CapsTagSought";
    static constexpr auto kind = core::EventKind::fill_in;
    std::string_view host;  // whose users met it
    const CapsTag& tag;     // that can be verified
    std::shared_ptr<const Capabilities> found{};
};

/// Where is it known what the hashes stand for that users of this host met? Fired at the home of
/// that; for modules/caps alone.
struct CapsDeskSought {
    enum class Stage { find };
    static constexpr std::string_view name = "CapsDeskSought";
    static constexpr auto kind = core::EventKind::fill_in;
    std::string_view host;
    caps::Desk* desk = nullptr;
};

}  // namespace clarion::events
