#include "tools/clarionctl/archive_export.h"

#include <sys/stat.h>

#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

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
    if (order.file.empty() || order.file == "-") return write_document(client, order, std::cout);
    const std::string unfinished = order.file + ".part";
    const mode_t before = ::umask(077);
    std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
    ::umask(before);
    if (!out) return fail("usage", "cannot write " + unfinished + ": " + std::strerror(errno));
    auto count = write_document(client, order, out);
    const bool written = static_cast<bool>(out);
    out.close();
    if (!count || !written || std::rename(unfinished.c_str(), order.file.c_str()) != 0) {
        std::remove(unfinished.c_str());
        if (count) return fail("usage", "cannot write " + order.file + ": " + std::strerror(errno));
    }
    return count;
}

}  // namespace clarion::ctl
