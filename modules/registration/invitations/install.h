// The module `invitations` (XEP-0401, XEP-0445, XEP-0379): docs/invitations.md says what it does for
// people, invitations.h what it does for others.
//
// Beside `registration`, which makes accounts (account_maker.h) and asks here for the rest. On hosts
// without this module it goes on as if there were no invitations.
#pragma once

#include <string_view>

#include "server/core/setup/module.h"

namespace clarion::registration::invitations {

void declare_options(OptionRegistry& registry);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);
void install(core::ModuleSetup& setup);
/// "invite create", "invite list", "invite revoke".
const core::AdminArea& admin_area();

}  // namespace clarion::registration::invitations
