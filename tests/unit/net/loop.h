// Loop: an event loop with a Poller, run by hand, and connected pairs of transports over loopback.
// For tests of net that need no server.
#pragma once

#include <stdlib.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/config.h"
#include "base/task.h"
#include "server/core/options.h"
#include "server/net/listener_types.h"
#include "server/net/transport/poller.h"
#include "server/net/transport/tls_context.h"
#include "server/net/transport/transport.h"

namespace clarion::test {

class Loop {
public:
    net::Poller& poller() { return poller_; }
    boost::asio::io_context& io() { return io_; }

    void start(Task<> task) {
        ++running_;
        boost::asio::co_spawn(io_, std::move(task), [this](std::exception_ptr failure) {
            --running_;
            if (failure) failure_ = failure;
        });
    }

    /// Runs until `done` says so; throws after ten seconds, or what a task threw.
    void run_until(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!done()) {
            io_.restart();
            io_.run_one_for(std::chrono::milliseconds(100));
            if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
            if (std::chrono::steady_clock::now() > end) throw std::runtime_error("timed out");
        }
    }
    void run_all() {
        run_until([this] { return running_ == 0; });
    }

private:
    boost::asio::io_context io_;
    net::Poller poller_{io_.get_executor()};
    int running_ = 0;
    std::exception_ptr failure_;
};

struct Pair {
    std::unique_ptr<net::Transport> a, b;

    explicit Pair(Loop& loop) {
        int fds[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
            throw std::runtime_error("socketpair");
        }
        a = std::make_unique<net::Transport>(loop.poller(), FileDescriptor(fds[0]));
        b = std::make_unique<net::Transport>(loop.poller(), FileDescriptor(fds[1]));
    }
};

/// A directory of our own under $TMPDIR, removed with its files at the end.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        char name[] = "/tmp/clarion-net-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~TemporaryDirectory() { (void)!std::system(("rm -rf " + path_).c_str()); }
    const std::string& path() const { return path_; }

    /// Writes NAME.pem and NAME.key.pem for these domains.
    void make_certificate(const std::string& name, const std::string& domains, int days = 30) {
        const std::string command = "NAME=" + name + " DAYS=" + std::to_string(days) +
                                    " tools/dev_cert.sh " + path_ + " " + domains + " >/dev/null";
        if (std::system(command.c_str()) != 0) throw std::runtime_error("dev_cert.sh failed");
    }
    /// The same, with only these lines of openssl's configuration for its extensions.
    void make_certificate_with(const std::string& name,
                               const std::vector<std::string>& extensions) {
        const std::string file = path_ + "/" + name;
        std::string command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x "
            "-addext basicConstraints=critical,CA:FALSE -keyout " +
            file + ".key.pem -out " + file + ".pem";
        for (const std::string& each : extensions) command += " -addext '" + each + "'";
        if (std::system((command + " 2>/dev/null").c_str()) != 0)
            throw std::runtime_error("openssl req failed");
    }

private:
    std::string path_;
};

inline std::shared_ptr<const Config> make_config(const std::string& text) {
    OptionRegistry registry;
    core::declare_options(registry);
    net::declare_options(registry);
    auto config = parse_config(registry, text, "/nowhere/test.toml");
    if (!config) throw std::runtime_error(config.error().text);
    return *config;
}

}  // namespace clarion::test
