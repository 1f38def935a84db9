// What an administrator may do, from a client or in the console: the server's own everything, others
// what is about the hosts that they administer.
//
// A command is about what its first argument that is an address or a domain names
// (AdminCommand::place, if it has one, says which argument that is). So a new command is for
// administrators of the server alone, unless it has one: tests/unit/app/admin_rights_test.cpp has the
// list of those that others may run, which is to be read when one is added. Commands that read or
// write files of the server, or that only clarionctl carries out, are for the admin socket.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/core/setup/admin_command.h"

namespace clarion {
class Config;
}

namespace clarion::core {

/// Code of an Error (RFC 6120): who asks may not.
inline constexpr std::string_view not_permitted = "forbidden";

/// Of an account. Looked up for each request, never kept.
struct AdminRights {
    bool whole_server = false;
    std::vector<std::string> hosts;  // all of them, if it is the whole server

    bool none() const { return !whole_server && hosts.empty(); }
    bool administers(std::string_view host) const;
};

/// Any shard.
Task<AdminRights> rights_of(Context& here, Jid account);

/// Whether it can be asked for from elsewhere than the server itself.
bool is_for_administrators(const AdminCommand& command);
/// Whether these are arguments of that command, of their kinds and within their bounds. Error: "usage".
Result<> check_arguments(const AdminCommand& command, const boost::json::object& arguments);
/// The argument that says whom it is about; empty: it is about the server.
std::string_view about_argument(const AdminCommand& command);
/// Errors: "forbidden" (also what is about an account that administers more), "usage" (what it is
/// about is no address).
Result<> check_rights(const AdminRights& rights, const Config& config, const Domains& domains,
                      const AdminCommand& command, const boost::json::object& arguments);

/// Carries out what an administrator asks for, if they may and the arguments are right. Any shard.
Task<Result<boost::json::value>> run_for(Context& here, AdminRights rights, std::string who,
                                         const AdminCommand& command,
                                         boost::json::object arguments);

}  // namespace clarion::core
