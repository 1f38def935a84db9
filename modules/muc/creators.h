// Creators: how many rooms of a service each user has made that still exist
// ([muc] max_rooms_of_creator).
//
// A user is counted at its home, whichever shard its rooms live on. Nothing is stored for it: every
// room says who made it, so all are read once, when somebody makes a room first, and again after
// partitions moved. One for each service and shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/task.h"
#include "base/text.h"
#include "modules/muc/one_at_a_time.h"
#include "server/core/context.h"

namespace clarion::muc {

class Rooms;

class Creators {
public:
    static constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

    /// `rooms` lasts as long.
    Creators(core::Context& context, const Rooms& rooms) : context_(context), rooms_(rooms) {}

    /// Counts one more of a user, unless there are `most` already: false. Storage errors.
    Task<Result<bool>> take(std::string user, std::size_t most);
    /// One less: it is gone, or was not made after all.
    void give_back(std::string_view user);
    /// Users may be at home here that were not before.
    void forget();

private:
    using Counts = std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>>;
    Task<Result<>> read();

    core::Context& context_;
    const Rooms& rooms_;
    Counts counts_;  // of who is at home here
    bool is_known_ = false;
    std::uint64_t forgotten_ = 0;  // how often
    OneAtATime reading_;
};

/// The same at the home of the user, for a service.
Task<Result<bool>> take_room(core::Context& here, std::string service, Jid user, std::size_t most);
void give_room_back(core::Context& here, const std::string& service, const std::string& user);

}  // namespace clarion::muc
