// AdminClient: asks the server over its Unix admin socket (HTTP with JSON, see
// server/app/admin_server.h).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion::ctl {

/// [server] admin_socket of a configuration file, as the server reads it. Errors: the file cannot
/// be read.
Result<std::string> admin_socket_of(const std::string& config_file);

class AdminClient {
public:
    explicit AdminClient(std::string socket_path) : path_(std::move(socket_path)) {}

    /// Carries out one command and waits for its result. Errors: what the server said, or
    /// "unreachable" with the path and what to do about it.
    Result<boost::json::value> ask(std::string_view command,
                                   const boost::json::object& arguments) const;
    /// Carries out one whose answer goes on: `on_line` is given each line as it comes, until it
    /// returns false, or the server ends. Errors: those of ask().
    Result<> follow(std::string_view command, const boost::json::object& arguments,
                    const std::function<bool(std::string_view line)>& on_line) const;

    /// The process that listens there; 0 if it is not one of this machine's that can be seen.
    /// Errors: "unreachable".
    Result<int> server_process() const;

private:
    Result<> send(int fd, std::string_view command, const boost::json::object& arguments) const;

    std::string path_;
};

}  // namespace clarion::ctl
