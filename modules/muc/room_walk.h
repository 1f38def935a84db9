// RoomWalk: all rooms of a service as they are stored, one after the other in order of their
// addresses. Reads a slice at a time, and lets the shard serve others in between: there may be a
// hundred thousand.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "modules/muc/rooms.h"

namespace clarion::muc {

struct StoredRoom {
    std::string address{};
    storage::OwnerId id = storage::OwnerId::none;
    RoomRecord record{};
};

/// Whether anybody may find it.
bool is_findable(const RoomRecord& record);

/// What is stored of one room; nullopt: there is none.
Task<std::optional<StoredRoom>> read_room(const Rooms& rooms, std::string address);

class RoomWalk {
public:
    /// Behind that address. `rooms` lasts as long.
    explicit RoomWalk(const Rooms& rooms, std::string after = {})
        : rooms_(rooms), after_(std::move(after)) {}

    /// nullopt: that were all.
    Task<Result<std::optional<StoredRoom>>> next();

private:
    Task<Result<>> read_slice();

    const Rooms& rooms_;
    std::string after_;
    std::vector<std::string> slice_{};
    std::size_t at_ = 0;
    bool is_last_ = false;
};

}  // namespace clarion::muc
