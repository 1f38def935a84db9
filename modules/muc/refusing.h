// Refusing presence of who enters a room, or changes a nickname in it: the error says that it is the
// room's and not that of a server on the way (`by`; XEP-0045, 7.2 and 7.6).
#pragma once

#include "proto/stanza_error.h"
#include "server/core/context.h"
#include "server/core/routing/envelope.h"

namespace clarion::muc {

/// REQUIRES: available presence.
void refuse_presence(core::Context& context, const core::Envelope& envelope,
                     const StanzaError& error);

}  // namespace clarion::muc
