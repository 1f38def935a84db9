#include "proto/xml_stream_opening.h"

#include <algorithm>

#include "proto/ns.h"
#include "proto/xml_builder.h"
#include "proto/xml_writer.h"

namespace clarion::xml {

std::string_view tag_name(std::string_view raw) {
    raw.remove_prefix(std::min<std::size_t>(1, raw.size()));
    return raw.substr(0, raw.find_first_of(" \t\r\n/>"));
}

void read_header_attribute(StreamHeader& header, std::string_view key, std::string_view value) {
    const QName qname{key};
    if (qname.ns == ns::xml && qname.local == "lang") header.lang = value;
    if (!qname.ns.empty()) return;
    if (qname.local == "from") header.from = value;
    if (qname.local == "to") header.to = value;
    if (qname.local == "id") header.id = value;
    if (qname.local == "version") header.version = value;
}

std::string opening_tag(std::string_view root_name, const StreamHeader& header) {
    constexpr std::size_t usual = 127;
    std::string tag;
    tag.reserve(usual);
    tag.append("<").append(root_name);
    const auto declare = [&tag](std::string_view name, std::string_view uri) {
        tag.append(" ").append(name).append("='");
        escape(tag, uri);
        tag += '\'';
    };
    if (!header.content_ns.empty()) declare("xmlns", header.content_ns);
    for (const auto& [prefix, uri] : header.namespaces) declare("xmlns:" + prefix, uri);
    tag += '>';
    return tag;
}

bool is_language(std::string_view text) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace clarion::xml
