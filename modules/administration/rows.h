// The commands of administrators about accounts, sessions, clients, notices and whom users may talk
// with. Declared once: clarionctl, the console and clients (XEP-0050) run these; the commands of
// XEP-0133 are views of them.
#pragma once

#include <string_view>

#include "server/core/setup/admin_command.h"

namespace clarion::administration {

const core::AdminArea& user_area();
const core::AdminArea& session_area();
const core::AdminArea& client_area();
const core::AdminArea& notice_area();
const core::AdminArea& federation_area();

/// REQUIRES: there is one of that name: "user add".
const core::AdminCommand& row(std::string_view name);

// Parts of user_area().
core::AdminCommand list_command();
core::AdminCommand count_command();
core::AdminCommand show_command();
core::AdminCommand roster_command();
core::AdminCommand import_command();
core::AdminCommand export_command();

/// The argument "jid" of a command about one account.
inline constexpr core::AdminArgument account_argument{
    .name = "jid",
    .kind = core::ArgumentKind::jid,
    .use = core::ArgumentUse::required,
    .help = "an account, such as romeo@example.org"};

}  // namespace clarion::administration
