#include "proto/presence.h"

#include "base/text.h"
#include "proto/ns.h"

namespace clarion {

std::optional<std::int8_t> presence_priority(const Stanza& presence) {
    const xml::Element* found = presence.root().child(ns::client, "priority");
    if (!found) return 0;
    for (const auto* next = found->next_sibling(); next; next = next->next_sibling()) {
        if (next->is(ns::client, "priority")) return std::nullopt;
    }
    const auto number = parse_int(trim(found->text()));
    if (!number.ok() || *number < -128 || *number > 127) return std::nullopt;
    return static_cast<std::int8_t>(*number);
}

}  // namespace clarion
