// Signals: what the operator and the service manager say to the process, read by the main thread.
#pragma once

#include <cstdint>

namespace clarion::app {

/// Made before any other thread, so that all of them inherit the blocked signals.
class Signals {
public:
    enum class Order : std::uint8_t { stop, reload };

    /// Blocks SIGTERM, SIGINT and SIGHUP for the process; ignores SIGPIPE (OpenSSL's writes raise
    /// it) and SIGXFSZ (a file that may not grow further is an error of who writes it).
    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// Waits for the next order.
    Order wait();
    /// Any thread: orders a stop from inside (clarionctl stop).
    void stop();

private:
    int signal_fd_ = -1;
    int event_fd_ = -1;
};

}  // namespace clarion::app
