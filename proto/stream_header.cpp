#include "proto/stream_header.h"

#include "proto/xml_writer.h"

namespace clarion {

void append_stream_header(std::string& out, const StreamHeaderText& header) {
    const auto attribute = [&out](std::string_view key, std::string_view value) {
        if (value.empty()) return;
        out.append(1, ' ').append(key).append("='");
        xml::escape(out, value);
        out += '\'';
    };
    out += "<?xml version='1.0'?><stream:stream";
    attribute("xmlns", header.content_ns);
    out += " xmlns:stream='http://etherx.jabber.org/streams'";
    if (header.dialback) out += " xmlns:db='jabber:server:dialback'";
    attribute("from", header.from);
    attribute("to", header.to);
    attribute("id", header.id);
    attribute("version", header.version);
    attribute("xml:lang", header.lang);
    out += '>';
}

}  // namespace clarion
