// WorkInTurn: what waits for a worker, so that whoever asks for much waits for themselves.
//
// Work has a key: who causes it, a network or an account. Each key has a queue of its own, and
// those that have something take turns. Any thread.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>

#include "server/runtime/unique_function.h"

namespace clarion::core {

class WorkInTurn {
public:
    using Work = UniqueFunction<void()>;

    void push(std::string key, Work work);
    /// That whose turn it is; empty: there is nothing.
    Work take();

private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::deque<Work>> waiting_;  // by key, none is empty
    std::deque<std::string> order_;                              // of keys
};

}  // namespace clarion::core
