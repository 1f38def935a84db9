#include "server/app/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace clarion::app {

Signals::Signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    for (const int signal : {SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_IGN);
    signal_fd_ = ::signalfd(-1, &set, SFD_CLOEXEC);
    event_fd_ = ::eventfd(0, EFD_CLOEXEC);
}

Signals::~Signals() {
    ::close(signal_fd_);
    ::close(event_fd_);
}

Signals::Order Signals::wait() {
    std::array<pollfd, 2> fds{pollfd{signal_fd_, POLLIN, 0}, pollfd{event_fd_, POLLIN, 0}};
    while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
    }
    if (fds[1].revents & POLLIN) return Order::stop;
    signalfd_siginfo info{};
    if (::read(signal_fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info))
        return Order::stop;
    return info.ssi_signo == SIGHUP ? Order::reload : Order::stop;
}

void Signals::stop() {
    const std::uint64_t one = 1;
    (void)!::write(event_fd_, &one, sizeof one);
}

}  // namespace clarion::app
