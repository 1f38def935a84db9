#include "tools/clarionctl/admin_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/config_file.h"
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

/// The body of an answer that comes in chunks (RFC 9112, 7.1), byte by byte as it comes.
class Chunks {
public:
    /// Appends to `body` what `received` has of it; false at the end, and if it makes no sense.
    bool take(std::string_view received, std::string& body) {
        while (!received.empty()) {
            if (left_ > 0) {
                const std::size_t size = std::min(left_, received.size());
                body.append(received.substr(0, size));
                left_ -= size;
                received.remove_prefix(size);
                continue;
            }
            const char c = received.front();
            received.remove_prefix(1);
            if (c != '\n') {
                size_line_ += c;
            } else if (!begin()) {
                return false;
            }
        }
        return true;
    }

private:
    /// A line ended: a size, or the empty one behind a chunk.
    bool begin() {
        const std::string line = std::exchange(size_line_, {});
        if (line == "\r") return true;
        const char* const end = line.data() + line.size();
        const auto read = std::from_chars(line.data(), end, left_, 16);
        return read.ec == std::errc() && left_ > 0;
    }

    std::size_t left_ = 0;  // of the chunk at hand
    std::string size_line_;
};

/// Takes whole lines off `text`. False: nobody wants more.
bool hand_over_lines(std::string& text, const std::function<bool(std::string_view)>& on_line) {
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
        if (!on_line(std::string_view(text).substr(begin, end - begin))) return false;
    text.erase(0, begin);
    return true;
}

std::string read_some(int fd) {
    char buffer[65536];
    ssize_t n = -1;
    while ((n = ::read(fd, buffer, sizeof buffer)) < 0 && errno == EINTR) {
    }
    return {buffer, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
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

Result<> AdminClient::send(int fd, std::string_view command, const json::object& arguments) const {
    if (fd < 0) return unreachable(path_);
    if (auto connected = connect_to(fd, path_); !connected) return connected.error();
    const std::string body = json::serialize(arguments);
    const std::string request = "POST /v1/" + std::string(command) +
                                " HTTP/1.1\r\nHost: localhost\r\nConnection: "
                                "close\r\nContent-Type: application/json\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body;
    if (!write_all(fd, request)) return unreachable(path_);
    return {};
}

Result<json::value> AdminClient::ask(std::string_view command,
                                     const json::object& arguments) const {
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (auto sent = send(socket.fd, command, arguments); !sent) return sent.error();
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

Result<> AdminClient::follow(std::string_view command, const json::object& arguments,
                             const std::function<bool(std::string_view line)>& on_line) const {
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (auto sent = send(socket.fd, command, arguments); !sent) return sent.error();
    std::string head, body;
    std::size_t end = std::string::npos;
    while ((end = head.find("\r\n\r\n")) == std::string::npos) {
        const std::string received = read_some(socket.fd);
        if (received.empty()) return understand(head).error();
        head += received;
    }
    if (head.find(" 200 ") > head.find("\r\n")) {  // refused: an answer like others
        head += read_all(socket.fd);
        return understand(head).error();
    }
    Chunks chunks;
    std::string received = head.substr(end + 4);
    do {
        if (!chunks.take(received, body) || !hand_over_lines(body, on_line)) return {};
        received = read_some(socket.fd);
    } while (!received.empty());
    return {};
}

}  // namespace clarion::ctl
