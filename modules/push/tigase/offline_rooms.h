// push_offline_rooms: what rooms send to members who are not in them (muc#offline of Tigase,
// mod_muc_offline_delivery of Prosody).
//
// Such a room sends what is said in it to the member's bare JID while the nick is absent. RFC 6121
// (8.5.2.1.1) knows no delivery of that: who is connected can join and read, and the room is told
// service-unavailable. But while no device is awake, every registration is notified
// (docs/push-rules.md, R6), and then the room gets no error, for which it could strike the member
// off; also if the registrations do not want to hear of this room (push_filters). The message is
// neither archived nor kept: the room has it.
//
// The feature on the account says to clients that it pays to ask a room for this.
//
// Awake, not available: a phone that hibernates, and left the room before or was never in it,
// cannot join while it hibernates. So its session does not stand in the way of R6. If it is in the
// room, the room sends to its full JID, and the message joins its queue (R4).
//
// A registration that asked for the filter of group chats, as the apps do that know of such rooms,
// is also told who spoke, if push services may know ([push] notification_with_sender); push_encrypt
// takes that away again and says it within what it encrypts:
//
//     <groupchat xmlns='http://tigase.org/protocol/muc#offline'>
//       <nickname>Nurse</nickname>
//     </groupchat>
#pragma once

#include "proto/stanza.h"
#include "server/core/setup/module.h"

namespace clarion::push::tigase {

void install_offline_rooms(core::ModuleSetup& setup);

/// Group chat that a room sends to who is not in it.
bool is_for_absent_member(const Stanza& stanza);

}  // namespace clarion::push::tigase
