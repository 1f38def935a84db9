// A specimen of a service: guestbook.HOST, where every bare JID is a guestbook of its own. It
// shows, and its tests prove, that a service needs no place in core, storage or net.
//
// A message to a guestbook is an entry, kept in module data and in the guestbook's archive
// (XEP-0313). Who sends presence sees new entries as they come, until it sends unavailable. A guest
// is asked by IQ (XEP-0092) with which program it writes; the entry then says so. Anybody may read;
// who has written may read the archive; juliet@HOST owns juliet@guestbook.HOST and may clear it.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::guestbook {

inline constexpr std::string_view ns = "urn:example:guestbook";

core::ModuleRow row();

}  // namespace clarion::guestbook
