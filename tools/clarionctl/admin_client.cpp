#include "tools/clarionctl/admin_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "server/base/config_file.h"
#include "server/core/options.h"

namespace clarion::ctl {

namespace json = boost::json;

namespace {

/// Closes the descriptor it holds.
struct Descriptor {
    explicit Descriptor(int opened) : fd(opened) {}
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int fd;
};

Error unreachable(const std::string& path) {
    std::string text = "cannot reach the server at " + path + ": " + std::strerror(errno);
    if (errno == ENOENT || errno == ECONNREFUSED)
        text += ". Is clariond running? (--socket PATH or --config FILE say where)";
    if (errno == EACCES) text += ". Only the user that runs clariond may administer it.";
    return fail("unreachable", std::move(text));
}

Result<> connect_to(int fd, const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        return fail("unreachable", path + " is too long for a Unix socket");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return unreachable(path);
    return {};
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

std::string read_all(int fd) {
    std::string result;
    char buffer[65536];
    while (true) {
        const ssize_t n = ::read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return result;
        result.append(buffer, static_cast<std::size_t>(n));
    }
}

Result<json::value> understand(const std::string& answer) {
    if (answer.empty())
        return fail("unreachable",
                    "the server ended the connection without an answer: it is stopping, or was "
                    "killed. Its log says more");
    const auto body = answer.find("\r\n\r\n");
    boost::system::error_code error;
    const json::value parsed = body == std::string::npos
                                   ? json::value()
                                   : json::parse(std::string_view(answer).substr(body + 4), error);
    if (error || !parsed.is_object()) return fail("protocol", "the server's answer makes no sense");
    const auto& object = parsed.get_object();
    if (object.at("ok").as_bool()) return object.at("result");
    const auto& what = object.at("error").as_object();
    return fail(std::string_view(what.at("code").as_string()),
                std::string(what.at("text").as_string()));
}

}  // namespace

Result<std::string> admin_socket_of(const std::string& config_file) {
    std::ifstream file(config_file);
    if (!file) return fail("usage", "cannot read " + config_file + ": " + std::strerror(errno));
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto parsed = parse_config_text(text, config_file);
    if (!parsed) return parsed.error();
    std::string path = core::ServerOptions{}.admin_socket;
    if (const auto* root = parsed->table()) {
        const auto server = root->find("server");
        const auto* table = server == root->end() ? nullptr : server->second.table();
        if (table)
            if (const auto at = table->find("admin_socket"); at != table->end())
                if (const auto* value = std::get_if<std::string>(&at->second.value)) path = *value;
    }
    return (std::filesystem::path(config_file).parent_path() / path).string();
}

Result<json::value> AdminClient::ask(std::string_view command,
                                     const json::object& arguments) const {
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.fd < 0) return unreachable(path_);
    if (auto connected = connect_to(socket.fd, path_); !connected) return connected.error();
    const std::string body = json::serialize(arguments);
    const std::string request = "POST /v1/" + std::string(command) +
                                " HTTP/1.1\r\nHost: localhost\r\nConnection: "
                                "close\r\nContent-Type: application/json\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body;
    if (!write_all(socket.fd, request)) return unreachable(path_);
    return understand(read_all(socket.fd));
}

Result<int> AdminClient::server_process() const {
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.fd < 0) return unreachable(path_);
    if (auto connected = connect_to(socket.fd, path_); !connected) return connected.error();
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return 0;
    return static_cast<int>(peer.pid);
}

}  // namespace clarion::ctl
