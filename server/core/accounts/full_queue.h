// What becomes of stanzas for a session that hibernates with a full queue (Hibernation::is_full).
//
// Nobody else can end it by sending to it: what is said waits for it among the offline messages
// (Delivery knows of that before, core/delivery/deliver_message.cpp), requests are refused, and
// what nobody misses is dropped. It ends only where its client, once it resumed, would believe what
// is not so.
#pragma once

#include "server/core/routing/envelope.h"

namespace clarion::core {

class Session;

void give_to_full_queue(Session& session, Envelope envelope);

}  // namespace clarion::core
