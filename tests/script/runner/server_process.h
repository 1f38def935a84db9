// ServerProcess: the clariond under test, in a temporary directory of its own, and clarionctl.
//
// Owner: the Stage. The destructor ends the process by its id and removes the directory, unless
// keep() was called. Nothing is shared with other runs: ports are free ones, the admin socket is in
// the directory.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clarion::script {

struct Programs {
    std::string clariond;
    std::string clarionctl;
};

struct CommandOutcome {
    int status = -1;
    std::string output;  // standard output and error
};

struct ServerSetup {
    std::vector<std::string> domains;
    struct Component {
        std::string domain;
        std::string secret;
    };
    std::vector<Component> components;
    bool rooms = false;        // the script speaks of conference.DOMAIN
    std::string options_toml;  // what all scripts of the run are played with
    std::string extra_toml;    // [Server] of the script
};

class ServerProcess {
public:
    explicit ServerProcess(Programs programs);
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    /// Makes the directory, certificate and configuration.
    Result<void> prepare(const ServerSetup& setup);
    /// Starts it and waits until it logs that it is ready.
    Result<void> start();
    /// SIGTERM; an error unless it exits with 0. Calls `meanwhile` until it does: clients that
    /// answer the end of their streams let it go at once.
    Result<void> stop(const std::function<void()>& meanwhile);
    /// SIGKILL: no chance to tidy up.
    void kill();
    /// SIGHUP.
    void reload();
    bool is_running() const { return pid_ > 0; }

    /// Runs clarionctl with these arguments.
    CommandOutcome control(const std::vector<std::string>& arguments) const;
    /// Creates accounts: "jid<TAB>password" lines.
    Result<void> add_accounts(const std::string& lines) const;

    std::uint16_t client_port() const { return client_port_; }
    std::uint16_t component_port() const { return component_port_; }
    const std::string& directory() const { return directory_; }
    std::string log_tail(std::size_t lines) const;
    /// Leaves the directory for the person who looks for the reason of a failure.
    void keep() { keep_ = true; }

private:
    Result<void> write_config(const ServerSetup& setup) const;
    /// True once the process has ended, within the time given; `status` as from waitpid.
    bool has_ended(int& status, std::chrono::milliseconds patience,
                   const std::function<void()>& meanwhile);
    std::string path(std::string_view name) const;

    Programs programs_;
    std::string directory_;
    std::uint16_t client_port_ = 0;
    std::uint16_t component_port_ = 0;
    pid_t pid_ = -1;
    bool keep_ = false;
};

}  // namespace clarion::script
