// Poller: tells the sockets of one shard what became ready, many at a time.
//
// An epoll instance of its own, which the shard's event loop watches as one descriptor. A socket is
// registered once, edge-triggered, for both directions; waiting and waking cost no system call per
// socket, and all that is ready is handled in one turn of the shard (docs/design/005-sockets.md).
// Sockets that hung up, and those of strangers (set_low_priority()), are told a few in each turn:
// thousands of them may have something at once, and the others would wait until all are served.
// Everything here runs on the shard's thread. Outlives its watches.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "base/task.h"  // for any_io_executor

namespace clarion::net {

class Poller;

/// Something with a descriptor to watch. Told only between add() and remove().
class Watch {
public:
    struct Ready {
        bool read = false;
        bool write = false;
        bool hang_up =
            false;  // the peer closed its side, or the socket failed: read to learn which
    };

protected:
    virtual ~Watch() = default;
    /// From now on it is told after the others, together with few of its kind in each turn.
    void set_low_priority(bool low) { low_priority_ = low; }
    /// After this call the Poller touches the watch no more: it may be gone.
    virtual void on_ready(Ready ready) = 0;

private:
    friend class Poller;
    std::uint32_t soon_ = 0;   // its place among those to be told soon, or 0
    std::uint32_t later_ = 0;  // likewise among those to be told a few in each turn
    Ready seen_;               // what it is to be told later
    bool low_priority_ = false;
};

class Poller {
public:
    explicit Poller(boost::asio::any_io_executor executor);
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// Both edges that exist already are reported, too. Errors: "resource-constraint".
    Result<> add(int fd, Watch& watch);
    /// From now on `watch` hears nothing, not even what was seen already. REQUIRES: still open.
    void remove(int fd, Watch& watch);
    /// How many of those that are told later are told in each turn, and accepted (Listener).
    void set_strangers_per_turn(std::size_t count);
    std::size_t strangers_per_turn() const;
    /// Calls watch.on_ready({}) in a later turn: to resume something.
    void soon(Watch& watch);
    /// Likewise, to let others run first: a stranger waits for its turn among the strangers.
    void yield(Watch& watch);
    /// Forgets a soon().
    void forget(Watch& watch);

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;  // handlers that are still queued hold it weakly
};

}  // namespace clarion::net
