// Loop: epoll, and nothing more. One thread runs everything in clarion-bench.
//
// Owner: main(). A Watcher lives at least until the run_once() in which it was forgotten returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace clarion::bench {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Nanoseconds on the steady clock: what latencies are differences of.
inline std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

class Watcher {
public:
    virtual ~Watcher() = default;
    virtual void on_ready(std::uint32_t events) = 0;
    /// Once after each round in which it asked for it with at_round_end().
    virtual void on_round_end() {}
};

class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void watch(int descriptor, Watcher& watcher, bool writing);
    void rewatch(int descriptor, Watcher& watcher, bool writing);
    /// Before the descriptor is closed.
    void forget(int descriptor);
    /// What is written in one round goes out together at its end.
    void at_round_end(Watcher& watcher) { ended_.push_back(&watcher); }

    /// Serves what is ready, waiting at most `patience` for it.
    void run_once(std::chrono::nanoseconds patience);
    /// Serves until `seconds` are over.
    void run_for(double seconds);

private:
    void end_round();

    int epoll_;
    std::vector<Watcher*> ended_;
    std::vector<Watcher*> ending_;
};

}  // namespace clarion::bench
