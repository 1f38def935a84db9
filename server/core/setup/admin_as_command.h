// An area's commands for operators, offered to administrators from their clients (XEP-0050): a form
// of a row's arguments, a result of its columns.
//
// Rows about a service (AdminCommand::place) are at each service of the module, others that are
// about accounts or a host at hosts: there about that service or host alone. Their questions are a
// form of their own, behind the arguments. modules/commands does the rest.
#pragma once

#include "server/core/setup/admin_command.h"
#include "server/core/setup/module.h"

namespace clarion::core {

/// Those that administrators may run (admin_rights.h) and that no specification has a node for.
/// REQUIRES: `area` lasts as long as the process.
void offer_to_clients(ModuleSetup& setup, const AdminArea& area);

/// "clarion#room-list" of "room list".
std::string node_of(const AdminCommand& row);
/// What is to be filled in.
DataForm make_argument_form(const AdminCommand& row);
/// What was filled in, as the handler is given it. `domain`: of the service or host that was asked.
/// Errors: bad_payload (no number, no address, not there).
Result<boost::json::object> read_arguments(const AdminCommand& row, const DataForm& form,
                                           std::string_view domain);
/// Carries it out for who runs the command, if they may. Errors: as of the row, but bad_payload
/// where the row says "usage".
Task<Result<boost::json::value>> run_row(const CommandCall& call, const AdminCommand& row,
                                         boost::json::object arguments);
/// Of a table a client is shown so many rows, and told of how many there are: one stanza has to take
/// them.
inline constexpr std::size_t most_rows_shown = 1000;
/// What a handler answered, as a table or a record.
CommandOutcome make_outcome(const AdminCommand& row, const boost::json::value& answer);

}  // namespace clarion::core
