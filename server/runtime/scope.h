// Scope: the only way to start a coroutine, and the proof that it ended.
//
// Owned by App, a connection, an S2S link or an account; lives on one shard. A scope can refuse new
// work, cancel what runs, and be waited for. stop() of an owner is always: cancel(), close the
// transport, co_await joined().
#pragma once

#include <memory>
#include <string_view>

#include "base/task.h"

namespace clarion::core {

class Scope {
public:
    explicit Scope(boost::asio::any_io_executor executor);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    /// Starts `task` on the scope's executor; `name` appears in the log if it throws. After
    /// cancel() it is dropped without running; returns false then. `name` must outlive the task (a
    /// literal).
    bool spawn(std::string_view name, Task<> task);
    /// Refuses new tasks and asks running ones to end: their pending operations complete as
    /// cancelled.
    void cancel();
    /// Completes when no task is running. REQUIRES: awaited on the scope's executor.
    Task<> joined();
    std::size_t running() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace clarion::core
