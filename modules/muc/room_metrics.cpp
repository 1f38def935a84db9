#include "modules/muc/room_metrics.h"

#include <string_view>

namespace clarion::muc {

namespace {

constexpr std::string_view refusals = "clarion_room_refusals_total";
constexpr std::string_view refusals_help = "What rooms refused because of a limit";

}  // namespace

RoomMetrics& room_metrics() {
    static RoomMetrics made{
        metrics().gauge("clarion_rooms", "Rooms in memory"),
        metrics().gauge("clarion_room_occupants", "Occupants of the rooms in memory"),
        metrics().counter("clarion_room_messages_total", "Messages said to all in a room"),
        metrics().counter("clarion_room_deliveries_total", "Copies of those to occupants")};
    return made;
}

void note_refusal(const StanzaError& error) {
    static Counter& rate = metrics().counter(refusals, refusals_help, "limit=\"rate\"");
    static Counter& number = metrics().counter(refusals, refusals_help, "limit=\"number\"");
    switch (error.condition) {
        case StanzaErrorCondition::policy_violation: return rate.add();
        // Of a room that is full.
        case StanzaErrorCondition::service_unavailable:
        case StanzaErrorCondition::resource_constraint: return number.add();
        default: return;
    }
}

}  // namespace clarion::muc
