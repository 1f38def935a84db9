// Entity Capabilities (XEP-0115): what clients can do, without asking each of them each time.
//
// A client says in its presence the hash of its disco#info. What a hash stands for is found out
// once and holds for all who say it: in memory (known_caps.h), on disk (stored_caps.h), else from
// one of the clients, for a whole domain together (desk.h, inquiries.h). An answer that has another
// hash is not believed of anybody but who gave it, and an ill-formed one not at all.
//
// Other modules ask and hear by server/core/events/caps_events.h: which resources want to be
// notified of a node, what one can do, and when that has become known. sightings.h: of whom it is
// known. server_caps.h: what the server says of itself.
#pragma once

#include "modules/caps/caps_options.h"
#include "modules/caps/stored_caps.h"
#include "server/core/setup/module.h"

namespace clarion::caps {

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::caps
