// Ad-hoc commands (XEP-0050): what modules offer to administrators, or to all accounts of a host
// (core/actors/command_table.h), on a host, on one's own bare JID, and on services that have commands.
//
// Who may not run a command is answered as if there were none: the list is empty, nodes are not
// found. The right is looked up at each step. An execution belongs to the full JID that began it
// and to the address that was asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/data_form.h"
#include "server/core/setup/module.h"

namespace clarion::commands {

struct CommandsOptions {
    std::int64_t max_sessions = 10;
    Duration session_time = std::chrono::minutes(10);
    static void declare(OptionTable<CommandsOptions>& table);
};

enum class Action : std::uint8_t { execute, cancel, prev, next, complete };

/// What the attribute says; absent (empty), it is execute. nullopt: there is no such action.
std::optional<Action> parse_action(std::string_view text);

/// What becomes of an execution.
enum class Step : std::uint8_t { go_on, finish, go_back, cancel, refuse };

/// `stage`: which of its `forms` is being filled in, from 0.
Step judge(Action action, std::size_t stage, std::size_t forms);

/// Whether a form that was handed in has what was asked for: the FORM_TYPE, if it says one, and a
/// value for each required field. Error core::bad_payload.
Result<> check_submitted(const DataForm& offered, const DataForm& submitted);

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::commands
