// Commands by which users and administrators make invitations from their clients (XEP-0401).
#pragma once

#include "server/core/setup/module.h"

namespace clarion::registration::invitations {

inline constexpr std::string_view invite_node = "urn:xmpp:invite#invite";
inline constexpr std::string_view create_account_node = "urn:xmpp:invite#create-account";
inline constexpr std::string_view reset_node = "clarion#invite-reset";

void install_commands(core::ModuleSetup& setup);

}  // namespace clarion::registration::invitations
