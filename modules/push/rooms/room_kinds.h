// Whether rooms are public: those of this server and of others are asked (disco#info), in the name
// of an account that is in them.
//
// One per shard. A room is asked when its user enters it, when it says that it was configured
// anew, and when somebody has to know and nothing is known. Of a room in which the account has a
// place the answer is kept with that (Occupancy); of others as long as the account is in memory.
// Source: XEP-0045, 6.4 and 15.3.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "modules/push/rooms/room_records.h"
#include "server/core/setup/module.h"

namespace clarion::push::rooms {

class RoomKinds {
public:
    RoomKinds(core::ModuleSetup& setup, const RoomRecords& records);

    /// What is known of a room. Unknown: it is asked, and whoever judges meanwhile does without.
    Kind find(core::Account& account, std::string_view room) const;
    /// The user has entered it, or is there under another name; `last`: what was known of it.
    void entered(core::Account& account, std::string_view room, Kind last) const;
    /// It may have become another kind of room.
    void changed(core::Account& account, std::string_view room) const;

private:
    struct Asked {
        bool waits = true;
        Kind kind = Kind::unknown;
    };
    struct State {
        std::map<std::string, Asked, std::less<>> rooms;
        std::size_t waiting = 0;
    };

    void ask(core::Account& account, std::string_view room) const;
    void on_answer(const std::string& account, const std::string& room, const Stanza* answer) const;

    core::Context& context_;
    const RoomRecords& records_;
    core::AccountSlot<State> states_;
};

}  // namespace clarion::push::rooms
