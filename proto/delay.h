// Delayed delivery: since when a stanza has been waiting, and where.
//
// Pure functions, any thread. Source: XEP-0203; times in the format of XEP-0082
// (base/text.h). Several delays may stand side by side, each with the time of whoever states
// it; nobody may state one in the name of another (XEP-0203, Security Considerations).
#pragma once

#include <functional>
#include <string_view>

#include "proto/jid.h"
#include "proto/xml.h"

namespace clarion {

/// Appends `<delay/>` to a stanza (or to <forwarded/>). `from` is who delayed it (empty: not said),
/// `stamp` an XEP-0082 time in UTC, `reason` a sentence for people.
xml::Element& add_delay(xml::Element& parent, std::string_view from, std::string_view stamp,
                        std::string_view reason = {});

/// For a stanza that waited here, at the host `from`: add_delay(), beside the delays of others.
/// What waits a second time keeps our first word. REQUIRES: strip_forged_delays() saw it when it
/// came.
void state_delay(xml::Element& stanza, std::string_view from, std::string_view stamp,
                 std::string_view reason = {});

/// The delay that `from` stated; nullptr if there is none. Others' delays cannot be relied on.
const xml::Element* find_delay(const xml::Element& parent, std::string_view from);

/// Whether `child` states a delay, as <delay/> or as its predecessor (XEP-0091), which old clients
/// still read.
bool is_delay(const xml::Element& child);

/// Whether any child states one: asked first, because most stanzas have none.
bool has_delay(const xml::Element& stanza);

/// Removes the delays with which `sender` speaks for one of us: their 'from' is at a domain for
/// which `is_ours` holds, in whatever spelling, and is not the sender itself. A client would take
/// them for the time of its own server, account or room. What says nothing of where it waited
/// stays.
void strip_forged_delays(xml::Element& stanza, const Jid& sender,
                         const std::function<bool(std::string_view)>& is_ours);

}  // namespace clarion
