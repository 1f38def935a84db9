// The commands of this module, by what they are about.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::administration {

void install_accounts(core::ModuleSetup& setup);       // add, delete, disable, password, sessions
void install_facts(core::ModuleSetup& setup);          // roster, last login, statistics
void install_lists(core::ModuleSetup& setup);          // numbers and lists of users
void install_announcements(core::ModuleSetup& setup);  // to who is online
void install_administrators(core::ModuleSetup& setup);
void install_standing_messages(core::ModuleSetup& setup);
void install_address_lists(core::ModuleSetup& setup);  // with whom users may talk
void install_stopping(core::ModuleSetup& setup);

}  // namespace clarion::administration
