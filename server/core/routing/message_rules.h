// What a message is, as far as keeping and copying it is concerned. Pure functions on one stanza.
//
// In core because the router asks too: what may not be kept offline is handed over from memory only
// (docs/design/001-core.md, idea 3), and a carbon is never answered, stored or copied again,
// and neither is what an archive page brought.
#pragma once

#include <string_view>

#include "proto/stanza.h"

namespace clarion::core {

/// Whether a message is worth keeping for somebody who is not there (XEP-0160, section 3):
///
/// * type normal or chat only: headlines are about now, group chat is kept by the room, errors are
///   never kept;
/// * something in it means something later: a body, a subject, an encrypted payload, an invitation,
///   a receipt, a marker, or any other payload that this server does not know. Chat states
///   (XEP-0085) and what only accompanies content (thread, hints, ids, delays, nickname) do not
///   count;
/// * not with the hint <no-store/> (XEP-0334). <no-permanent-store/> keeps a message out of
///   archives, but it may wait here to be delivered (XEP-0334, 3.3);
/// * not a carbon (is_carbon()).
///
/// With <store/> a message without any content is kept too, if its type allows.
bool may_be_kept_offline(const Stanza& stanza);

/// Whether nobody misses a message of type chat or normal that does not arrive: nothing is in it
/// but what is about the moment (chat states, real-time text) or about other messages (receipts,
/// markers) and what accompanies them; or it says with <no-store/> that it is not worth keeping and
/// has no text, encrypted payload or invitation. It is never answered with an error.
bool is_transient(const Stanza& stanza);

/// A copy that this server made for another resource of the same account (XEP-0280): from the
/// account's own bare JID, and with <sent/> or <received/> in it. A wrapper from anybody else is no
/// carbon.
bool is_carbon(const Stanza& stanza);

/// A message of a page of the account's own archive (XEP-0313), for the resource that asked.
bool is_archive_page(const Stanza& stanza);

/// Whether a room says this of what it sends (XEP-0045, 15.6): "110" is that it is about the
/// recipient itself.
bool has_room_status(const Stanza& stanza, std::string_view code);

/// An end-to-end encrypted payload this server knows by sight: OMEMO, OpenPGP, or announced by
/// XEP-0380.
bool has_encrypted_payload(const Stanza& stanza);

/// An invitation to a room, direct (XEP-0249) or through the room (XEP-0045, 7.8.2).
bool has_room_invitation(const Stanza& stanza);

}  // namespace clarion::core
