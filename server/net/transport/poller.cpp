#include "server/net/transport/poller.h"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace clarion::net {

namespace asio = boost::asio;

namespace {

/// How many sockets are handled before the shard's other handlers have their turn.
constexpr int batch_size = 128;

int make_epoll() {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw std::runtime_error("epoll_create1 failed");
    return fd;
}

}  // namespace

struct Poller::Impl : std::enable_shared_from_this<Poller::Impl> {
    explicit Impl(asio::any_io_executor executor) : epoll(executor, make_epoll()) {}

    asio::posix::stream_descriptor epoll;
    std::array<epoll_event, batch_size> events{};
    int next = 0;   // of events, while they are being handled
    int count = 0;  // of events
    std::vector<Watch*> soon;
    bool soon_posted = false;

    void await_events();
    void handle_events();
    void handle_soon();
};

void Poller::Impl::await_events() {
    auto handler = [weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!self || error) return;
        self->handle_events();
        if (self->epoll.is_open()) self->await_events();
    };
    epoll.async_wait(asio::posix::stream_descriptor::wait_read, std::move(handler));
}

void Poller::Impl::handle_events() {
    count = ::epoll_wait(epoll.native_handle(), events.data(), batch_size, 0);
    for (next = 0; next < count;) {
        const epoll_event event = events[static_cast<std::size_t>(next++)];
        if (event.data.ptr == nullptr) continue;  // removed by an earlier one of this batch
        Watch::Ready ready;
        ready.hang_up = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        ready.read = ready.hang_up || (event.events & EPOLLIN) != 0;
        ready.write = (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
        static_cast<Watch*>(event.data.ptr)->on_ready(ready);
    }
    count = 0;
}

void Poller::Impl::handle_soon() {
    soon_posted = false;
    const std::size_t until = soon.size();  // what is added meanwhile waits for the next turn
    for (std::size_t i = 0; i < until; ++i) {
        Watch* const watch = std::exchange(soon[i], nullptr);
        if (watch == nullptr) continue;
        watch->queued_ = false;
        watch->on_ready({});
    }
    soon.erase(soon.begin(), soon.begin() + static_cast<std::ptrdiff_t>(until));
}

Poller::Poller(asio::any_io_executor executor) : impl_(std::make_shared<Impl>(executor)) {
    impl_->await_events();
}

Poller::~Poller() { impl_->epoll.close(); }

Result<> Poller::add(int fd, Watch& watch) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &watch;
    if (::epoll_ctl(impl_->epoll.native_handle(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
    return fail(error_code::resource_constraint,
                std::string("cannot watch a socket: ") + std::strerror(errno));
}

void Poller::remove(int fd, Watch& watch) {
    ::epoll_ctl(impl_->epoll.native_handle(), EPOLL_CTL_DEL, fd, nullptr);
    for (int i = impl_->next; i < impl_->count; ++i) {
        epoll_event& event = impl_->events[static_cast<std::size_t>(i)];
        if (event.data.ptr == &watch) event.data.ptr = nullptr;
    }
}

void Poller::soon(Watch& watch) {
    if (std::exchange(watch.queued_, true)) return;
    impl_->soon.push_back(&watch);
    if (std::exchange(impl_->soon_posted, true)) return;
    asio::post(impl_->epoll.get_executor(), [weak = impl_->weak_from_this()] {
        if (const auto self = weak.lock()) self->handle_soon();
    });
}

void Poller::forget(Watch& watch) {
    if (!std::exchange(watch.queued_, false)) return;
    for (Watch*& queued : impl_->soon) {
        if (queued == &watch) queued = nullptr;
    }
}

}  // namespace clarion::net
