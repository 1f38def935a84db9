// Stanza forwarding: a stanza inside another, as archives and carbons return it.
//
// Pure functions, any thread. The stanza inside keeps the namespace jabber:client on every stream
// (see xml_writer.h). Source: XEP-0297.
#pragma once

#include <string_view>

#include "proto/xml.h"

namespace clarion {

/// Appends `<forwarded/>` with a copy of `stanza`, and `<delay/>` before it unless `stamp`
/// (XEP-0082) is empty. Returns <forwarded/>.
xml::Element& add_forwarded(xml::Element& parent, const xml::Element& stanza,
                            std::string_view stamp = {}, std::string_view delayed_by = {});

/// The same for a stanza that is stored as text with its own xmlns: written as it is, not parsed.
xml::Element& add_forwarded_raw(xml::Element& parent, std::string_view stanza,
                                std::string_view stamp = {}, std::string_view delayed_by = {});

/// The stanza inside the <forwarded/> child of `parent`; nullptr if there is none.
const xml::Element* find_forwarded(const xml::Element& parent);

}  // namespace clarion
