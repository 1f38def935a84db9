// An area's commands for operators, offered to administrators of a service from their clients
// (XEP-0050): a form of a row's arguments, a result of its columns.
//
//     core::offer_to_clients(setup, admin_area());          // in install()
//
// Rows that have a `place` are: at each service of the module, about that service alone. Their
// questions are a form of their own, behind the arguments. modules/commands does the rest.
#pragma once

#include "server/core/setup/admin_command.h"
#include "server/core/setup/module.h"

namespace clarion::core {

/// REQUIRES: `area` lasts as long as the process.
void offer_to_clients(ModuleSetup& setup, const AdminArea& area);

/// "clarion#room-list" of "room list".
std::string node_of(const AdminCommand& row);
/// What is to be filled in at a service.
DataForm make_argument_form(const AdminCommand& row);
/// What was filled in, as the handler is given it. Errors: bad_payload (no number, no address, not at
/// this service).
Result<boost::json::object> read_arguments(const AdminCommand& row, const DataForm& form,
                                           std::string_view service);
/// What a handler answered, as a table or a record.
CommandOutcome make_outcome(const AdminCommand& row, const boost::json::value& answer);

}  // namespace clarion::core
