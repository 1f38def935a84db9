// Poller: tells the sockets of one shard what became ready, many at a time.
//
// An epoll instance of its own, which the shard's event loop watches as one descriptor. A socket is
// registered once, edge-triggered, for both directions; waiting and waking cost no system call per
// socket, and all that is ready is handled in one turn of the shard (docs/design/005-sockets.md).
// Everything here runs on the shard's thread. Outlives its watches.
#pragma once

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
    /// After this call the Poller touches the watch no more: it may be gone.
    virtual void on_ready(Ready ready) = 0;

private:
    friend class Poller;
    bool queued_ = false;
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
    /// Calls watch.on_ready({}) in a later turn: to resume something, or to let others run first.
    void soon(Watch& watch);
    /// Forgets a soon().
    void forget(Watch& watch);

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;  // handlers that are still queued hold it weakly
};

}  // namespace clarion::net
