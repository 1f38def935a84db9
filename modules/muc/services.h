// Services: the services of rooms on one shard, and what is asked of them.
#pragma once

#include <deque>
#include <string_view>

#include "modules/muc/catalogue.h"
#include "modules/muc/rooms.h"
#include "server/core/actors/iq_table.h"
#include "server/core/setup/module.h"

namespace clarion::muc {

class Services {
public:
    explicit Services(core::ModuleSetup& setup);

    /// nullptr: there is no such service.
    Rooms* find(std::string_view domain);

    /// disco#items of a service.
    Task<core::IqAnswer> list(core::IqRequest request);
    /// A search of its public rooms.
    Task<core::IqAnswer> search(core::IqRequest request);
    /// A change of a room that is done in one turn, and answered when it is durable.
    Task<core::IqAnswer> change(core::IqRequest request,
                                core::IqAnswer (*apply)(Room&, const core::IqRequest&));
    Task<core::IqAnswer> change_as_owner(core::IqRequest request);

    /// Creators are at home elsewhere than before.
    void forget_creators();

    static Room& room_of(const core::IqRequest& request) {
        return static_cast<Room&>(*request.owner);
    }

private:
    Task<core::IqAnswer> when_durable(core::IqAnswer answer) const;

    core::Context& context_;
    RoomStore store_;
    std::deque<Rooms> rooms_;
    std::deque<Catalogue> catalogues_;  // of each
};

/// Fired by an administrator's command: the rooms of that domain on this shard; nullptr: there is no
/// such service, or it is off.
struct RoomsSought {
    enum class Stage { find };
    static constexpr std::string_view name = "RoomsSought";
    static constexpr auto kind = core::EventKind::fill_in;
    std::string_view domain;
    Rooms* found = nullptr;
};

}  // namespace clarion::muc
