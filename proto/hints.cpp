#include "proto/hints.h"

#include "proto/ns.h"

namespace clarion {

Hints read_hints(const xml::Element& message) {
    Hints hints;
    for (const xml::Element& child : message.children()) {
        if (child.ns() != ns::hints) continue;
        const std::string_view name = child.name();
        hints.no_store |= name == "no-store";
        hints.no_permanent_store |= name == "no-permanent-store";
        hints.no_copy |= name == "no-copy";
        hints.store |= name == "store";
    }
    return hints;
}

}  // namespace clarion
