// user import: many accounts at once, for clarionctl, which reads the file.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <thread>

#include "modules/administration/rows.h"
#include "proto/sasl.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/core/setup/import_accounts.h"
#include "server/runtime/shard.h"

namespace clarion::administration {

namespace json = boost::json;
using core::Context;
using core::text;

namespace {

struct Wanted {
    Jid jid;
    std::string password;
    Result<sasl::Credentials> credentials = fail("internal-server-error");
};

/// Derives all keys, on all processors: 4 ms of one each.
void derive_all(std::vector<Wanted>& users, std::uint32_t iterations) {
    const unsigned count = std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::jthread> threads;
    for (unsigned part = 0; part < count; ++part)
        threads.emplace_back([&users, part, count, iterations] {
            for (std::size_t i = part; i < users.size(); i += count)
                users[i].credentials = sasl::make_credentials(users[i].password, iterations);
        });
}

Task<Result<json::value>> import(Context& here, const json::object& arguments) {
    const json::value* list = arguments.if_contains("users");
    if (!list || !list->is_array())
        co_return fail(error_code::usage, "users: an array of {jid, password} is needed");
    std::vector<Wanted> users;
    json::array refused, existing;
    for (const auto& user : list->get_array()) {
        if (!user.is_object())
            co_return fail(error_code::usage, "users: an array of {jid, password} is needed");
        auto jid = core::account_argument(here.domains(), user.get_object());
        if (jid)
            users.push_back({std::move(*jid), std::string(text(user.get_object(), "password"))});
        else
            refused.push_back(
                {{"jid", text(user.get_object(), "jid")}, {"text", jid.error().text}});
    }
    const auto iterations =
        static_cast<std::uint32_t>(here.options<core::AuthOptions>().scram_iterations);
    co_await here.shard().offload([&users, iterations] { derive_all(users, iterations); });
    std::vector<core::AccountRegistry::NewAccount> accounts;
    for (auto& user : users) {
        if (!user.credentials) {
            refused.push_back({{"jid", user.jid.bare()}, {"text", user.credentials.error().text}});
            continue;
        }
        accounts.push_back({std::move(user.jid), std::move(*user.credentials)});
    }
    const std::size_t count = accounts.size();
    const auto there_before = co_await core::import_accounts(here, std::move(accounts));
    if (!there_before) co_return there_before.error();
    for (const auto& jid : *there_before) existing.emplace_back(jid.bare());
    const std::size_t created = count - existing.size();
    co_return json::value{
        {"created", created}, {"existing", std::move(existing)}, {"refused", std::move(refused)}};
}

}  // namespace

core::AdminCommand import_command() {
    return {.name = "user import",
            .help = "create many accounts from a file",
            .arguments = {{.name = "file",
                           .kind = core::ArgumentKind::local_file,
                           .use = core::ArgumentUse::required,
                           .help = "one \"localpart@domain<TAB>password\" per line; - is standard "
                                   "input"}},
            .client = "user-import",
            .run = import};
}

}  // namespace clarion::administration
