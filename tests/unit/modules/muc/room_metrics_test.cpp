// What operators watch of rooms (modules/muc/room_metrics.h).
#include "modules/muc/room_metrics.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

std::uint64_t refused(std::string_view limit) {
    return metrics()
        .counter("clarion_room_refusals_total", "", "limit=\"" + std::string(limit) + "\"")
        .value();
}

TEST_CASE("rooms, occupants, messages and what was refused are counted") {
    const RoomMetrics& all = room_metrics();
    const auto rooms = all.rooms.value(), occupants = all.occupants.value();
    const auto messages = all.messages.value(), deliveries = all.deliveries.value();
    const auto rate = refused("rate"), number = refused("number");
    {
        Scene scene(
            "lock_new_rooms = false\nmessages_per_second = 1\nmax_occupants = 2\n"
            "max_rooms_of_creator = 1\n");
        scene.open();
        CHECK(all.rooms.value() == rooms + 1);
        CHECK(all.occupants.value() == occupants + 2);
        for (int i = 0; i < 100; ++i) scene.say(*scene.juliet, "Ay me!");
        CHECK(refused("rate") > rate);
        const auto said = all.messages.value() - messages;
        CHECK(said + refused("rate") - rate == 100);
        CHECK(all.deliveries.value() - deliveries == 2 * said);
        scene.enter(*scene.tybalt, "Tybalt");
        CHECK(refused("number") == number + 1);
        scene.romeo->send(
            "<presence to='mantua@rooms.example.org/Romeo'>"
            "<x xmlns='http://jabber.org/protocol/muc'/></presence>");
        CHECK(refused("number") == number + 2);
        scene.leave(*scene.juliet, "Juliet");
        CHECK(all.occupants.value() == occupants + 1);
        scene.evict();
        CHECK(all.rooms.value() == rooms);
        CHECK(all.occupants.value() == occupants);
    }
    CHECK(all.rooms.value() == rooms);
    CHECK(all.occupants.value() == occupants);
}

}  // namespace
}  // namespace clarion::muc
