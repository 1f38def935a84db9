// What an operator may watch of rooms (docs/rooms.md has what each is good for). Any thread.
#pragma once

#include "base/metrics.h"
#include "proto/stanza_error.h"

namespace clarion::muc {

struct RoomMetrics {
    Gauge& rooms;         // in memory
    Gauge& occupants;     // of those
    Counter& messages;    // said to all
    Counter& deliveries;  // copies of them
};
RoomMetrics& room_metrics();

/// If it is because of a limit, it counts.
void note_refusal(const StanzaError& error);

}  // namespace clarion::muc
