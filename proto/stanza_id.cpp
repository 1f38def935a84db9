#include "proto/stanza_id.h"

#include "proto/ns.h"

namespace clarion {

namespace {

bool names(std::string_view text, const Jid& by) {
    if (text == by.full()) return true;
    const auto claimed = Jid::parse(text);
    return claimed.ok() && *claimed == by;
}

const xml::Element* find(const xml::Element& message, const Jid& by) {
    for (const xml::Element& child : message.children()) {
        if (child.is(ns::stanza_id, "stanza-id") && names(child.attr("by"), by)) return &child;
    }
    return nullptr;
}

}  // namespace

void add_stanza_id(xml::Element& message, std::string_view id, const Jid& by) {
    message.add("stanza-id", ns::stanza_id).set_attr("id", id).set_attr("by", by.full());
}

bool has_stanza_id(const xml::Element& message, const Jid& by) {
    return find(message, by) != nullptr;
}

bool strip_stanza_id(xml::Element& message, const Jid& by) {
    bool found = false;
    for (const xml::Element& child : message.children()) {
        if (!child.is(ns::stanza_id, "stanza-id") || !names(child.attr("by"), by)) continue;
        message.remove(child);
        found = true;
    }
    return found;
}

std::string_view find_stanza_id(const xml::Element& message, const Jid& by) {
    const xml::Element* found = find(message, by);
    return found == nullptr ? std::string_view{} : found->attr("id");
}

std::string_view find_origin_id(const xml::Element& message) {
    const xml::Element* found = message.child(ns::stanza_id, "origin-id");
    return found == nullptr ? std::string_view{} : found->attr("id");
}

}  // namespace clarion
