// AccountState, Turn: what is done to an account's bookmarks is done by one after the other.
//
// A list in the older form is compared with what is kept, and becomes several requests: nothing may
// change in between. On the account's shard.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "base/task.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"

namespace clarion::bookmarks {

/// In a slot of the account.
struct AccountState {
    bool busy = false;
    core::Signal freed;
    /// What was kept elsewhere has been looked for since the account was loaded.
    bool taken_over = false;
    /// Bookmarks have changed since those were told who listen to lists.
    bool changed = false;
    /// What list all who listen were told last; nullopt: that is not known.
    std::optional<std::size_t> told{};

    /// Whether this one is another than that. Changes that no list shows are not told again.
    bool tell_anew(std::size_t list) { return std::exchange(told, list) != list; }
};

/// Waits until nobody else has the turn, and takes it: a Turn must end it.
inline Task<> begin_turn(core::Shard& shard, AccountState& state) {
    while (state.busy) (void)co_await state.freed.wait(shard);
    state.busy = true;
}

/// Ends it. The account is pinned for longer.
class Turn {
public:
    explicit Turn(AccountState& state) : state_(state) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        state_.busy = false;
        state_.freed.notify();
    }

private:
    AccountState& state_;
};

}  // namespace clarion::bookmarks
