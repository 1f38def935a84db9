// user export: an account's data, piece by piece, for clarionctl, which writes the file.
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "modules/administration/rows.h"
#include "server/core/context.h"
#include "server/core/setup/account_export.h"

namespace clarion::administration {

namespace json = boost::json;
using core::Context;

namespace {

/// A piece: whoever exports asks again with "at", what was "next", until that is empty.
Task<Result<json::value>> export_user(Context& here, const json::object& arguments) {
    const auto jid = core::account_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    const auto credentials = core::flag(arguments, "with_credentials")
                                 ? core::Credentials::included
                                 : core::Credentials::left_out;
    std::string at(core::text(arguments, "at"));
    const auto piece = co_await core::export_piece(here, *jid, std::move(at), credentials);
    if (!piece) co_return piece.error();
    co_return json::value{{"xml", piece->xml}, {"next", piece->next}};
}

}  // namespace

core::AdminCommand export_command() {
    using Kind = core::ArgumentKind;
    using Use = core::ArgumentUse;
    return {.name = "user export",
            .help =
                "write all that is kept of an account as one XML document (XEP-0227), which "
                "other servers can read: contacts, vCard, private documents, personal nodes, "
                "blocked addresses, offline messages, archive. Uploaded files are not in it",
            .arguments = {account_argument,
                          {.name = "file",
                           .kind = Kind::local_file,
                           .use = Use::optional,
                           .help = "where to write it, readable by its owner only; standard output "
                                   "if left out"},
                          {.name = "with_credentials",
                           .kind = Kind::flag,
                           .help = "what the password is checked with too (SCRAM), so that it is "
                                   "valid where the account is imported. Keep such a file secret: "
                                   "passwords can be tried on it"}},
            .client = "user-export",
            .run = export_user};
}

}  // namespace clarion::administration
