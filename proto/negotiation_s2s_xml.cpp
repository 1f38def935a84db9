#include "proto/negotiation_s2s_xml.h"

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::s2s {

namespace {

void append_attribute(std::string& out, std::string_view key, std::string_view value) {
    if (value.empty()) return;
    out.append(1, ' ').append(key).append("='");
    xml::escape(out, value);
    out += '\'';
}

std::string_view first_named(const xml::Element& parent, std::string_view ns) {
    for (const xml::Element& child : parent.children()) {
        if (child.ns() == ns && child.name() != "text") return child.name();
    }
    return name(StanzaErrorCondition::undefined_condition);
}

}  // namespace

void append_dialback(std::string& out, const DialbackText& head, std::string_view content) {
    out.append("<db:").append(head.element);
    append_attribute(out, "from", head.from);
    append_attribute(out, "to", head.to);
    append_attribute(out, "id", head.id);
    append_attribute(out, "type", head.type);
    out += '>';
    xml::escape(out, content);
    out.append("</db:").append(head.element).append(1, '>');
}

void append_dialback_error(std::string& out, DialbackText head, StanzaErrorCondition condition) {
    head.type = "error";
    append_dialback(out, head, {});
    out.resize(out.size() - (head.element.size() + std::string_view("</db:>").size()));
    out.append("<error type='").append(name(default_type(condition))).append("'><");
    out.append(name(condition)).append(" xmlns='").append(ns::stanza_errors);
    out.append("'/></error></db:").append(head.element).append(1, '>');
}

std::string_view dialback_condition(const xml::Element& element) {
    for (const xml::Element& child : element.children()) {
        if (child.name() == "error") return first_named(child, ns::stanza_errors);
    }
    return name(StanzaErrorCondition::undefined_condition);
}

std::string_view stream_error_condition(const xml::Element& error) {
    return first_named(error, ns::stream_errors);
}

}  // namespace clarion::s2s
