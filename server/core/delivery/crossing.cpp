#include "server/core/delivery/crossing.h"

#include <utility>

#include "server/core/context.h"
#include "server/core/delivery/delivery.h"
#include "server/core/events/s2s_events.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {

using events::StanzaCrossing;

void route_from_outside(Context& context, Envelope envelope) {
    if (context.bus().fire(StanzaCrossing{envelope, StanzaCrossing::Way::in}) == Flow::next)
        context.router().route(std::move(envelope));
}

bool Delivery::may_leave(Envelope& envelope) {
    return envelope.own_answer ||
           context_.bus().fire(StanzaCrossing{envelope, StanzaCrossing::Way::out}) == Flow::next;
}

}  // namespace clarion::core
