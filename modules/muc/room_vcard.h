// The vCard of a room, and its picture (XEP-0486): set by its owners, read by who may enter.
//
// The vCard is kept as it was set. The hashes of its pictures are resident: discovery tells them, and
// for clients that look there, presence of the room itself (XEP-0153).
#pragma once

#include <string>
#include <vector>

#include "base/task.h"
#include "modules/muc/room.h"
#include "server/core/actors/iq_table.h"

namespace clarion::muc {

/// The SHA-1 of the data of each picture, in hexadecimal. Error "bad-request": one has none, or it
/// is not base64.
Result<std::vector<std::string>> hashes_of_pictures(const xml::Element& vcard);

/// Presence of the room that says which picture it has; an empty hash: none.
std::shared_ptr<Stanza> picture_presence(const Room& room, std::string_view hash);

Task<core::IqAnswer> answer_vcard(Room& room, core::IqRequest request);
/// All who are in the room are told that it changed.
core::IqAnswer take_vcard(Room& room, const core::IqRequest& request);

}  // namespace clarion::muc
