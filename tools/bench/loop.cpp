#include "tools/bench/loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <stdexcept>

namespace clarion::bench {

namespace {

void control(int epoll, int operation, int descriptor, Watcher* watcher, bool writing) {
    epoll_event event{};
    event.events = EPOLLIN | (writing ? EPOLLOUT : 0U);
    event.data.ptr = watcher;
    ::epoll_ctl(epoll, operation, descriptor, &event);
}

}  // namespace

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw std::runtime_error("epoll_create1 failed");
}

Loop::~Loop() { ::close(epoll_); }

void Loop::watch(int descriptor, Watcher& watcher, bool writing) {
    control(epoll_, EPOLL_CTL_ADD, descriptor, &watcher, writing);
}

void Loop::rewatch(int descriptor, Watcher& watcher, bool writing) {
    control(epoll_, EPOLL_CTL_MOD, descriptor, &watcher, writing);
}

void Loop::forget(int descriptor) { control(epoll_, EPOLL_CTL_DEL, descriptor, nullptr, false); }

void Loop::run_once(std::chrono::nanoseconds patience) {
    end_round();  // what was written between two rounds
    std::array<epoll_event, 256> events;
    const timespec limit{patience.count() / 1'000'000'000, patience.count() % 1'000'000'000};
    const int ready =
        ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &limit, nullptr);
    for (int i = 0; i < ready; ++i) {
        static_cast<Watcher*>(events[static_cast<std::size_t>(i)].data.ptr)
            ->on_ready(events[static_cast<std::size_t>(i)].events);
    }
    end_round();
}

void Loop::run_for(double seconds) {
    using namespace std::chrono;
    const auto end = steady_clock::now() + duration_cast<nanoseconds>(duration<double>(seconds));
    for (auto now = steady_clock::now(); now < end; now = steady_clock::now()) {
        run_once(std::clamp(ceil<milliseconds>(end - now), milliseconds(1), milliseconds(100)));
    }
}

void Loop::end_round() {
    ending_.swap(ended_);
    for (Watcher* watcher : ending_) watcher->on_round_end();
    ending_.clear();
}

}  // namespace clarion::bench
