// What comes in from other servers and components, and what goes out there: asked about with
// events::StanzaCrossing.
#pragma once

#include "server/core/routing/envelope.h"

namespace clarion::core {

class Context;

/// Router::route() for what another server or a component says, unless somebody stops it.
void route_from_outside(Context& context, Envelope envelope);

}  // namespace clarion::core
