#include "proto/forward.h"

#include "proto/delay.h"
#include "proto/ns.h"

namespace clarion {

namespace {

xml::Element& add_wrapper(xml::Element& parent, std::string_view stamp, std::string_view by) {
    xml::Element& forwarded = parent.add("forwarded", ns::forward);
    if (!stamp.empty()) add_delay(forwarded, by, stamp);
    return forwarded;
}

}  // namespace

xml::Element& add_forwarded(xml::Element& parent, const xml::Element& stanza,
                            std::string_view stamp, std::string_view delayed_by) {
    xml::Element& forwarded = add_wrapper(parent, stamp, delayed_by);
    forwarded.add_copy(stanza);
    return forwarded;
}

xml::Element& add_forwarded_raw(xml::Element& parent, std::string_view stanza,
                                std::string_view stamp, std::string_view delayed_by) {
    return add_wrapper(parent, stamp, delayed_by).add_raw(stanza);
}

const xml::Element* find_forwarded(const xml::Element& parent) {
    const xml::Element* forwarded = parent.child(ns::forward, "forwarded");
    if (forwarded == nullptr) return nullptr;
    for (const xml::Element& child : forwarded->children()) {
        if (child.ns() == ns::client) return &child;
    }
    return nullptr;
}

}  // namespace clarion
