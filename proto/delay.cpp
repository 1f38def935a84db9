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

void state_delay(xml::Element& stanza, std::string_view from, std::string_view stamp,
                 std::string_view reason) {
    if (!find_delay(stanza, from)) add_delay(stanza, from, stamp, reason);
}

const xml::Element* find_delay(const xml::Element& parent, std::string_view from) {
    for (const xml::Element& child : parent.children()) {
        if (child.is(ns::delay, "delay") && child.attr("from") == from) return &child;
    }
    return nullptr;
}

bool is_delay(const xml::Element& child) {
    return child.is(ns::delay, "delay") || child.is(ns::delay_legacy, "x");
}

bool has_delay(const xml::Element& stanza) {
    for (const xml::Element& child : stanza.children())
        if (is_delay(child)) return true;
    return false;
}

void strip_forged_delays(xml::Element& stanza, const Jid& sender,
                         const std::function<bool(std::string_view)>& is_ours) {
    for (const xml::Element& child : stanza.children()) {
        if (!is_delay(child)) continue;
        const auto by = Jid::parse(child.attr("from"));
        if (by.ok() && is_ours(by->domain()) && by->bare() != sender.bare()) stanza.remove(child);
    }
}

}  // namespace clarion
