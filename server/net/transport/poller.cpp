#include "server/net/transport/poller.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <stdexcept>

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

/// Watches in the order they came. Each holds its place, so that one may leave at any time.
class WatchQueue {
public:
    void push(Watch& watch, std::uint32_t& place) {
        if (place != 0) return;
        if (watches_.empty()) first_ = 1;
        place = first_ + static_cast<std::uint32_t>(watches_.size());
        watches_.push_back(&watch);
    }
    void remove(std::uint32_t& place) {
        if (place == 0) return;
        watches_[place - first_] = nullptr;
        place = 0;
    }
    /// The next one, which has no place any more; or null, if that one has left.
    Watch* take(std::uint32_t Watch::*place) {
        Watch* const watch = watches_.front();
        watches_.pop_front();
        ++first_;
        if (watch != nullptr) watch->*place = 0;
        return watch;
    }
    std::size_t size() const { return watches_.size(); }

private:
    std::deque<Watch*> watches_;
    std::uint32_t first_ = 1;  // the place of the first
};

}  // namespace

struct Poller::Impl : std::enable_shared_from_this<Poller::Impl> {
    explicit Impl(asio::any_io_executor executor) : epoll(executor, make_epoll()) {}

    asio::posix::stream_descriptor epoll;
    std::array<epoll_event, batch_size> events{};
    int next = 0;   // of events, while they are being handled
    int count = 0;  // of events
    WatchQueue soon, later;
    /// Of those that are told later: to put one away, or to answer what a stranger sent, takes tens
    /// of microseconds.
    std::size_t later_a_turn = 16;
    bool turn_posted = false;

    void await_events();
    void handle_events();
    void tell_later(Watch& watch, Watch::Ready ready);
    void post_turn();
    void handle_turn();
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
        Watch& watch = *static_cast<Watch*>(event.data.ptr);
        Watch::Ready ready;
        ready.hang_up = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        ready.read = ready.hang_up || (event.events & EPOLLIN) != 0;
        ready.write = (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
        if (ready.hang_up || watch.low_priority_) {
            tell_later(watch, ready);
        } else {
            watch.on_ready(ready);
        }
    }
    count = 0;
}

void Poller::Impl::tell_later(Watch& watch, Watch::Ready ready) {
    watch.seen_.read |= ready.read;
    watch.seen_.write |= ready.write;
    watch.seen_.hang_up |= ready.hang_up;
    later.push(watch, watch.later_);
    post_turn();
}

void Poller::Impl::post_turn() {
    if (std::exchange(turn_posted, true)) return;
    asio::post(epoll.get_executor(), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->handle_turn();
    });
}

void Poller::Impl::handle_turn() {
    turn_posted = false;
    // What is added meanwhile waits for the next turn.
    for (std::size_t left = soon.size(); left > 0; --left) {
        if (Watch* const watch = soon.take(&Watch::soon_)) watch->on_ready({});
    }
    for (std::size_t left = std::min(later.size(), later_a_turn); left > 0; --left) {
        if (Watch* const watch = later.take(&Watch::later_)) {
            watch->on_ready(std::exchange(watch->seen_, {}));
        }
    }
    if (later.size() > 0) post_turn();
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
    impl_->later.remove(watch.later_);
    watch.seen_ = {};
    for (int i = impl_->next; i < impl_->count; ++i) {
        epoll_event& event = impl_->events[static_cast<std::size_t>(i)];
        if (event.data.ptr == &watch) event.data.ptr = nullptr;
    }
}

void Poller::set_strangers_per_turn(std::size_t count) { impl_->later_a_turn = count; }
std::size_t Poller::strangers_per_turn() const { return impl_->later_a_turn; }

void Poller::soon(Watch& watch) {
    impl_->soon.push(watch, watch.soon_);
    impl_->post_turn();
}

void Poller::yield(Watch& watch) {
    if (watch.low_priority_)
        impl_->tell_later(watch, {});
    else
        soon(watch);
}

void Poller::forget(Watch& watch) { impl_->soon.remove(watch.soon_); }

}  // namespace clarion::net
