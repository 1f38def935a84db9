// What an administrator may do in the console: the server's own everything, others what is about the
// hosts that they administer.
//
// A command is about what its first argument that is an address or a domain names
// (AdminCommand::place, if it has one, says which argument that is). So a new command is for
// administrators of the server alone, unless it has one: tests/unit/app/rights_test.cpp has the list of those that others
// may run, which is to be read when one is added. Commands that read or write files of the server, or
// that only clarionctl carries out, are for the admin socket.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/core/setup/admin_command.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace clarion {
class Config;
}

namespace clarion::app {

/// Of one who has signed in. Looked up for each request, never kept.
struct Rights {
    bool whole_server = false;
    std::vector<std::string> hosts;  // all of them, if it is the whole server

    bool none() const { return !whole_server && hosts.empty(); }
    bool administers(std::string_view host) const;
};

Task<Rights> rights_of(core::Context& here, Jid account);

bool is_for_console(const core::AdminCommand& command);
/// Whether these are arguments of that command, of their kinds and within their bounds. Error: "usage".
Result<> check_arguments(const core::AdminCommand& command, const boost::json::object& arguments);
/// The argument that says whom it is about; empty: it is about the server.
std::string_view about_argument(const core::AdminCommand& command);
/// Errors: "forbidden" (also what is about an account that administers more), "usage" (what it is
/// about is no address).
Result<> check_rights(const Rights& rights, const Config& config, const core::Domains& domains,
                      const core::AdminCommand& command, const boost::json::object& arguments);

}  // namespace clarion::app
