#include "tests/script/runner/server_process.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "base/text.h"
#include "tests/script/runner/certificate.h"
#include "tests/script/runner/config_text.h"

namespace clarion::script {

namespace {

using namespace std::chrono_literals;

constexpr auto start_patience = 30s;
constexpr auto stop_patience = 20s;
constexpr auto look_again = 10ms;
/// What the server logs once it takes connections; other lines may speak of readiness, too.
constexpr std::string_view ready_line = " server ready ";

void pause() { std::this_thread::sleep_for(look_again); }

bool is_free(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return bound;
}

/// A port that is free now, below those that the system gives to outgoing connections: a suite
/// beside this one may open thousands of these before the server listens.
std::uint16_t free_port() {
    static std::random_device lots;
    std::uniform_int_distribution<std::uint16_t> ports(10000, 32767);
    for (int attempt = 0; attempt < 1000; ++attempt)
        if (const std::uint16_t port = ports(lots); is_free(port)) return port;
    return 0;
}

std::string contents_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Starts a program with standard output and error appended to `log`.
pid_t spawn(const std::vector<std::string>& command, const std::string& log) {
    std::vector<char*> argv;
    for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // should this runner be killed, nothing stays behind
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    const int in = ::open("/dev/null", O_RDONLY);
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execv(argv[0], argv.data());
    ::_exit(127);
}

std::string listener(std::string_view type, std::uint16_t port) {
    return "[[listen]]\ntype = \"" + std::string(type) +
           "\"\naddress = \"127.0.0.1\"\nport = " + std::to_string(port) + "\n";
}

std::string quoted_list(const std::vector<std::string>& words) {
    std::string all;
    for (const auto& word : words) all += (all.empty() ? "" : ", ") + quote(word);
    return "[" + all + "]";
}

}  // namespace

ServerProcess::ServerProcess(Programs programs) : programs_(std::move(programs)) {}

ServerProcess::~ServerProcess() {
    kill();
    std::error_code ignored;
    if (!keep_ && !directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

std::string ServerProcess::path(std::string_view name) const {
    return directory_ + "/" + std::string(name);
}

Result<void> ServerProcess::prepare(const ServerSetup& setup) {
    const char* base = std::getenv("TMPDIR");
    std::string pattern = std::string(base != nullptr ? base : "/tmp") + "/clarion-script-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) return fail("server", "cannot create " + pattern);
    directory_ = pattern;
    client_port_ = free_port();
    do component_port_ = free_port();
    while (component_port_ == client_port_);
    if (auto done = write_certificate(setup.domains, path("cert.pem"), path("key.pem")); !done) {
        return done;
    }
    return write_config(setup);
}

Result<void> ServerProcess::write_config(const ServerSetup& setup) const {
    ConfigText config;
    config.add("[server]\ndomains = " + quoted_list(setup.domains) +
               "\ndata_dir = " + quote(path("data")) +
               "\nadmin_socket = " + quote(path("admin.sock")) + "\nshards = 2\n");
    config.add("[log]\nlevel = \"debug\"\n");
    config.add("[storage]\ndurability = \"process\"\n");
    config.add("[tls]\ncertificate = " + quote(path("cert.pem")) +
               "\nprivate_key = " + quote(path("key.pem")) + "\n");
    config.add("[c2s]\nrequire_encryption = false\n");
    config.add("[auth]\nscram_iterations = 4096\n");
    config.add(listener("c2s", client_port_));
    if (!setup.components.empty()) config.add(listener("component", component_port_));
    for (const auto& one : setup.components) {
        config.add("[component." + quote(one.domain) + "]\nsecret = " + quote(one.secret) + "\n");
    }
    if (setup.extra_toml.find("[proxy65.") != std::string::npos)
        config.add(listener("proxy65", free_port()));
    if (setup.rooms) config.add("[muc." + quote("conference." + setup.domains.front()) + "]\n");
    config.add(setup.options_toml);
    config.add(setup.extra_toml);
    std::ofstream(path("clarion.toml")) << config.text();
    return {};
}

Result<void> ServerProcess::start() {
    const auto already = contents_of(path("server.log")).size();
    pid_ = spawn({programs_.clariond, "--config", path("clarion.toml")}, path("server.log"));
    if (pid_ < 0) return fail("server", "cannot start " + programs_.clariond);
    const auto give_up = std::chrono::steady_clock::now() + start_patience;
    while (std::chrono::steady_clock::now() < give_up) {
        int status = 0;
        if (has_ended(status, 0ms, pause)) {
            return fail("server", "clariond ended at once, wait status " + std::to_string(status));
        }
        if (contents_of(path("server.log")).find(ready_line, already) != std::string::npos)
            return {};
        pause();
    }
    return fail("server", "clariond did not become ready");
}

bool ServerProcess::has_ended(int& status, std::chrono::milliseconds patience,
                              const std::function<void()>& meanwhile) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            return true;
        }
        if (std::chrono::steady_clock::now() >= give_up) return false;
        meanwhile();
    }
}

Result<void> ServerProcess::stop(const std::function<void()>& meanwhile) {
    if (!is_running()) return fail("server", "the server is not running");
    ::kill(pid_, SIGTERM);
    int status = 0;
    if (!has_ended(status, stop_patience, meanwhile))
        return fail("server", "clariond ignores SIGTERM");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return fail("server",
                    "clariond did not exit with 0, wait status " + std::to_string(status));
    }
    return {};
}

void ServerProcess::kill() {
    if (!is_running()) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    has_ended(status, stop_patience, pause);
}

void ServerProcess::reload() {
    if (is_running()) ::kill(pid_, SIGHUP);
}

CommandOutcome ServerProcess::control(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command{programs_.clarionctl, "--socket", path("admin.sock")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto output = path("clarionctl.out");
    std::filesystem::remove(output);
    const pid_t pid = spawn(command, output);
    CommandOutcome outcome;
    int status = 0;
    if (pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status)) {
        outcome.status = WEXITSTATUS(status);
    }
    outcome.output = contents_of(output);
    return outcome;
}

Result<void> ServerProcess::add_accounts(const std::string& lines) const {
    std::ofstream(path("accounts.tsv")) << lines;
    const auto outcome = control({"user", "import", path("accounts.tsv")});
    if (outcome.status != 0) {
        return fail("server", "clarionctl user import failed: " + outcome.output);
    }
    return {};
}

std::string ServerProcess::log_tail(std::size_t lines) const {
    const auto log = contents_of(path("server.log"));
    auto start = log.size();
    for (std::size_t left = lines + 1; start > 0 && left > 0; --left) {
        const auto previous = log.rfind('\n', start - 1);
        start = previous == std::string::npos ? 0 : previous;
    }
    return log.substr(start);
}

}  // namespace clarion::script
