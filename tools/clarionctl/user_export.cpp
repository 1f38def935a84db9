#include "tools/clarionctl/user_export.h"

#include <boost/json/object.hpp>
#include <ostream>

#include "tools/clarionctl/private_file.h"

namespace clarion::ctl {

namespace {

Result<std::uint64_t> write_pieces(const AdminClient& client, const UserExportOrder& order,
                                   std::ostream& out) {
    std::uint64_t bytes = 0;
    std::string at;
    do {
        const auto piece = client.ask(
            "user/export",
            {{"jid", order.jid}, {"at", at}, {"with_credentials", order.with_credentials}});
        if (!piece) return piece.error();
        const auto& xml = piece->at("xml").as_string();
        out << std::string_view(xml);
        bytes += xml.size();
        at = piece->at("next").as_string();
    } while (!at.empty() && out);
    out.flush();
    return bytes;
}

}  // namespace

Result<std::uint64_t> export_user(const AdminClient& client, const UserExportOrder& order) {
    return write_private_file(order.file,
                              [&](std::ostream& out) { return write_pieces(client, order, out); });
}

}  // namespace clarion::ctl
