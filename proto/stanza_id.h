// Stanza ids: the id an archive gave to a message, which clients trust because we let no one else
// speak in our name.
//
// Pure functions, any thread. `by` is the bare address of the account or room that assigned the id.
// Source: XEP-0359.
#pragma once

#include <string_view>

#include "proto/jid.h"
#include "proto/xml.h"

namespace clarion {

/// Appends `<stanza-id id=… by=…/>`. Forged ones should have been stripped before.
void add_stanza_id(xml::Element& message, std::string_view id, const Jid& by);

/// Removes every <stanza-id/> that claims to be by `by`, in whatever spelling of the address
/// (XEP-0359, 5: rule 2). Returns whether there was one.
bool strip_stanza_id(xml::Element& message, const Jid& by);
/// Whether strip_stanza_id would remove something: asked first, so that most messages need no copy.
bool has_stanza_id(const xml::Element& message, const Jid& by);

/// The id assigned by `by`; empty if there is none.
std::string_view find_stanza_id(const xml::Element& message, const Jid& by);
/// The id that the sender's client gave to it (<origin-id/>); empty if there is none.
std::string_view find_origin_id(const xml::Element& message);

}  // namespace clarion
