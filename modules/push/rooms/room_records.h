// What is kept of rooms with an account that has push: what its bookmarks say, and who it was in
// each room last. Resident data of the module push_rooms.
#pragma once

#include <optional>
#include <string_view>

#include "modules/push/rooms/room_setting.h"
#include "server/core/setup/module.h"

namespace clarion::push::rooms {

class RoomRecords {
public:
    explicit RoomRecords(core::ModuleSetup& setup);

    /// Whether the account's bookmarks were read once, and are followed since.
    bool has_bookmarks(const core::Account& account) const;
    void set_has_bookmarks(core::Account& account) const;
    /// An item of the node of bookmarks, as it is now; empty: it is gone. What cannot be kept is
    /// logged, and the defaults hold.
    void note_bookmark(core::Account& account, std::string_view id, std::string_view payload) const;
    void forget_bookmarks(core::Account& account) const;
    std::optional<Kept> bookmark(const core::Account& account, std::string_view room) const;

    /// What cannot be kept costs mentions while nobody of the account is in the room.
    void keep(core::Account& account, const Occupancy& occupancy) const;
    std::optional<Occupancy> occupancy(const core::Account& account, std::string_view room) const;

private:
    core::ResidentSpace space_;
};

}  // namespace clarion::push::rooms
