// The forms of XEP-0133: how they begin, and what is read from those that are handed in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "proto/data_form.h"
#include "proto/jid.h"
#include "server/core/actors/command_table.h"

namespace clarion::administration {

/// The node of a command: "http://jabber.org/protocol/admin#" and its name.
std::string node(std::string_view name);

/// An empty form of the specification.
DataForm make_form(std::string_view title, std::string_view instructions);
/// The same for what is told at the end.
DataForm make_result();
/// Adds a field to be filled in.
DataFormField& add_field(DataForm& form, std::string_view var, std::string_view type,
                         std::string_view label);

/// The addresses that a field has, prepared, each once; full ones only if `full` allows them.
/// Error core::bad_payload: one of them is no user's, there is none, or more than `most`.
enum class Addresses : bool { bare, full };
Result<std::vector<Jid>> read_accounts(const DataForm& form, std::string_view var, std::size_t most,
                                       Addresses allowed = Addresses::bare);

/// Lines as one text. Error core::bad_payload: it is longer than `most` bytes, or empty.
Result<std::string> read_text(const DataForm& form, std::string_view var, std::size_t most);

/// Whether who runs the command administers the hosts of all these accounts, and all that those
/// accounts administer. Errors:
/// "item-not-found" (no host of ours), "forbidden".
Task<Result<>> check_right(const core::CommandCall& call, const std::vector<Jid>& accounts);

/// Both: the accounts of the form that was handed in last. Says in `call.about` which they are.
Task<Result<std::vector<Jid>>> accounts_of(core::CommandCall& call, std::string_view var,
                                           std::size_t most, Addresses allowed = Addresses::bare);

/// [administration] max_items of the host that the command is about.
std::size_t most_accounts(const core::CommandCall& call);

}  // namespace clarion::administration
