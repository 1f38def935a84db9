#include "server/core/partition_moves.h"

#include "server/core/core.h"
#include "server/core/hibernation_recovery.h"
#include "server/events/partition_events.h"

namespace clarion::core {

void acquire(Core& core, const PartitionSet& partitions, bool released_in_order) {
    core.partition_table().open(partitions);
    core.scope().spawn("hibernating", learn_hibernating(core, partitions));
    core.next_deadline().note(LastingTime{});  // what is due there is not known yet
    if (!released_in_order)
        core.scope().spawn("lost-sessions", clean_up_crashed_sessions(core, partitions));
    core.bus().fire(events::PartitionsAcquired{core, partitions, released_in_order});
}

}  // namespace clarion::core
