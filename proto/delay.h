// Delayed delivery: since when a stanza has been waiting, and where.
//
// Pure functions, any thread. Source: XEP-0203; times in the format of XEP-0082
// (server/base/text.h).
#pragma once

#include <string_view>

#include "proto/xml.h"

namespace clarion {

/// Appends `<delay/>` to a stanza (or to <forwarded/>). `from` is who delayed it (empty: not said),
/// `stamp` an XEP-0082 time in UTC, `reason` a sentence for people.
xml::Element& add_delay(xml::Element& parent, std::string_view from, std::string_view stamp,
                        std::string_view reason = {});

/// The delay that `from` stated; nullptr if there is none. Others' delays cannot be relied on.
const xml::Element* find_delay(const xml::Element& parent, std::string_view from);

/// Removes the delays that claim to be by `from`, which only we may state.
void strip_delay(xml::Element& parent, std::string_view from);

}  // namespace clarion
