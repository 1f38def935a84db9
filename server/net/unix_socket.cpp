#include "server/net/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace clarion::net {

namespace {

constexpr int backlog = 128;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

FileDescriptor make_socket() {
    return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// Whether somebody listens there.
bool is_answered(const sockaddr_un& address) {
    const FileDescriptor probe = make_socket();
    const auto* raw = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(probe.get(), raw, sizeof address) == 0 || errno == EAGAIN;
}

}  // namespace

Result<FileDescriptor> listen_on_unix_socket(const std::string& path) {
    const auto problem = [&](const std::string& what) {
        return fail("admin-socket", "admin socket " + path + ": " + what);
    };
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return problem("the path is too long for a Unix socket (107 bytes at most)");
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode))
        return problem("there is something already that is not a socket");
    const sockaddr_un address = address_of(path);
    if (is_answered(address)) return problem("another server answers there");
    ::unlink(path.c_str());
    FileDescriptor socket = make_socket();
    if (!socket) return problem(std::strerror(errno));
    const mode_t before = ::umask(0177);
    const int bound =
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::umask(before);
    if (bound != 0) return problem(std::strerror(error));
    if (::listen(socket.get(), backlog) != 0) return problem(std::strerror(errno));
    return socket;
}

}  // namespace clarion::net
