#include "proto/delay.h"

#include "proto/ns.h"

namespace clarion {

xml::Element& add_delay(xml::Element& parent, std::string_view from, std::string_view stamp,
                        std::string_view reason) {
    xml::Element& delay = parent.add("delay", ns::delay);
    if (!from.empty()) delay.set_attr("from", from);
    delay.set_attr("stamp", stamp).add_text(reason);
    return delay;
}

const xml::Element* find_delay(const xml::Element& parent, std::string_view from) {
    for (const xml::Element& child : parent.children()) {
        if (child.is(ns::delay, "delay") && child.attr("from") == from) return &child;
    }
    return nullptr;
}

void strip_delay(xml::Element& parent, std::string_view from) {
    while (const xml::Element* delay = find_delay(parent, from)) parent.remove(*delay);
}

}  // namespace clarion
