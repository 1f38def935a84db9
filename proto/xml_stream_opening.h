// What the opening tag of a peer's stream says, and how a parser is brought back behind it.
//
// Pure functions, used by XmlStream.
#pragma once

#include <string>
#include <string_view>

#include "proto/xml_stream.h"

namespace clarion::xml {

/// The name of a raw tag "<stream:stream a='b'>" as written: prefix and all.
std::string_view tag_name(std::string_view raw);

/// Takes up an attribute of the opening tag; `key` as the parser gives it (xml_builder.h, QName).
void read_header_attribute(StreamHeader& header, std::string_view key, std::string_view value);

/// The stream's opening tag with its namespaces, and nothing that concerns the header only: what a
/// fresh parser is primed with.
std::string opening_tag(std::string_view root_name, const StreamHeader& header);

/// What may stand in xml:lang (RFC 5646); not longer, as each stanza is stamped with it.
bool is_language(std::string_view text);

}  // namespace clarion::xml
