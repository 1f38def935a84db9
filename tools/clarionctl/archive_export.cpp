#include "tools/clarionctl/archive_export.h"

#include <boost/json/serialize.hpp>
#include <ostream>

#include "tools/clarionctl/private_file.h"

namespace clarion::ctl {

namespace json = boost::json;

namespace {

std::string_view member(const json::object& message, std::string_view name) {
    return message.at(name).as_string();
}

void write_xml(std::ostream& out, const json::object& message) {
    out << "<result xmlns='urn:xmpp:mam:2' id='" << member(message, "id")
        << "'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='"
        << member(message, "time") << "'/>" << member(message, "stanza")
        << "</forwarded></result>\n";
}

Result<std::uint64_t> write_pages(const AdminClient& client, const ExportOrder& order,
                                  std::ostream& out) {
    std::uint64_t count = 0;
    std::string after;
    for (bool complete = false; !complete && out;) {
        const auto page = client.ask("archive/export", {{"jid", order.jid}, {"after", after}});
        if (!page) return page.error();
        const auto& messages = page->at("messages").as_array();
        for (const json::value& value : messages) {
            const json::object& message = value.as_object();
            if (order.as_json)
                out << json::serialize(message) << '\n';
            else
                write_xml(out, message);
        }
        count += messages.size();
        complete = page->at("complete").as_bool() || messages.empty();
        if (!messages.empty()) after = member(messages.back().as_object(), "id");
    }
    return count;
}

Result<std::uint64_t> write_document(const AdminClient& client, const ExportOrder& order,
                                     std::ostream& out) {
    if (!order.as_json)
        out << "<?xml version='1.0' encoding='UTF-8'?>\n<archive xmlns='urn:xmpp:pie:0#mam'>\n";
    auto count = write_pages(client, order, out);
    if (count && !order.as_json) out << "</archive>\n";
    out.flush();
    return count;
}

}  // namespace

Result<std::uint64_t> export_archive(const AdminClient& client, const ExportOrder& order) {
    return write_private_file(
        order.file, [&](std::ostream& out) { return write_document(client, order, out); });
}

}  // namespace clarion::ctl
