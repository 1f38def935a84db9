// user add, delete, passwd, disable, enable, admin, list, show, import.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <thread>

#include "base/text.h"
#include "proto/sasl.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/account_names.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/accounts/session.h"
#include "server/core/options.h"
#include "server/core/setup/import_accounts.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/shard.h"

namespace clarion::app {

namespace json = boost::json;
using core::Context;
using core::flag;
using core::text;

namespace {

using Change = Task<Result<>> (*)(Context&, Jid, std::string);

/// Runs a change of one account on its home shard.
Task<Result<json::value>> change(App& app, const json::object& arguments, Change what) {
    auto jid = core::account_argument(app.context().domains(), arguments);
    if (!jid) co_return jid.error();
    const std::string password(text(arguments, "password"));
    const auto result =
        co_await core::ask_at_home<void>(app.context(), std::string(jid->bare()),
                                         [&](Context& home) { return what(home, *jid, password); });
    if (!result) co_return result.error();
    co_return json::value{{"jid", jid->bare()}};
}

Task<Result<>> create(Context& context, Jid jid, std::string password) {
    return context.account_registry().create(std::move(jid), std::move(password));
}
Task<Result<>> set_password(Context& context, Jid jid, std::string password) {
    return context.account_registry().set_password(std::move(jid), std::move(password));
}
Task<Result<>> disable(Context& context, Jid jid, std::string) {
    return context.account_registry().set_disabled(std::move(jid), true);
}
Task<Result<>> enable(Context& context, Jid jid, std::string) {
    return context.account_registry().set_disabled(std::move(jid), false);
}
Task<Result<>> remove(Context& context, Jid jid, std::string) {
    return context.account_registry().remove(std::move(jid));
}

Task<Result<json::value>> add(App& app, const json::object& arguments) {
    if (text(arguments, "password").empty())
        co_return fail(error_code::usage, "a password is needed");
    co_return co_await change(app, arguments, create);
}

Task<Result<json::value>> passwd(App& app, const json::object& arguments) {
    if (text(arguments, "password").empty())
        co_return fail(error_code::usage, "a password is needed");
    co_return co_await change(app, arguments, set_password);
}

Task<Result<json::value>> delete_user(App& app, const json::object& arguments) {
    return change(app, arguments, remove);
}

Task<Result<json::value>> disable_user(App& app, const json::object& arguments) {
    return change(app, arguments, disable);
}

Task<Result<json::value>> enable_user(App& app, const json::object& arguments) {
    return change(app, arguments, enable);
}

Task<Result<>> make_administrator(Context& context, Jid jid, std::string) {
    return context.account_registry().set_administrator(std::move(jid), true);
}
Task<Result<>> make_no_administrator(Context& context, Jid jid, std::string) {
    return context.account_registry().set_administrator(std::move(jid), false);
}

Task<Result<json::value>> set_administrator(App& app, const json::object& arguments) {
    const std::string_view state = text(arguments, "state");
    if (state != "on" && state != "off")
        co_return fail(error_code::usage, "state: expected on or off");
    co_return co_await change(app, arguments,
                              state == "on" ? make_administrator : make_no_administrator);
}

std::size_t limit_of(const json::object& arguments) {
    const json::value* const value = arguments.if_contains("limit");
    const bool given = value && value->is_int64() && value->get_int64() > 0;
    return given ? static_cast<std::size_t>(value->get_int64()) : json::array().max_size();
}

/// Names; with "details" what each is, too; with "disabled" or "admins" only those that are, with
/// "match" only those that have it in the localpart, and at most "limit".
Task<Result<json::value>> list(App& app, const json::object& arguments) {
    const bool details = flag(arguments, "details"), only_disabled = flag(arguments, "disabled");
    const bool only_admins = flag(arguments, "admins");
    const std::string_view match = text(arguments, "match");
    const std::size_t limit = limit_of(arguments);
    auto& accounts = app.context().storage().accounts();
    json::array users;
    const std::string_view wanted = text(arguments, "domain");
    const auto domain =
        wanted.empty() ? Result<std::string>(std::string()) : prepare_domain(wanted);
    if (!domain) co_return fail(error_code::usage, "domain: " + domain.error().text);
    core::AccountNames names_of(app.context(), *domain);
    while (true) {
        const auto names = co_await names_of.next();
        if (!names) co_return names.error();
        if (names->empty()) break;
        for (const auto& name : *names) {
            if (users.size() == limit) co_return json::value(std::move(users));
            if (name.substr(0, name.find('@')).find(match) == std::string::npos) continue;
            storage::AccountRecord record;
            if (details || only_disabled || only_admins) {
                auto found = co_await accounts.find(name);
                if (found && found->has_value()) record = std::move(**found);
            }
            if (only_disabled && !record.disabled) continue;
            if (only_admins && !record.administrator) continue;
            users.push_back(details ? json::value{{"jid", name},
                                                  {"disabled", record.disabled},
                                                  {"administrator", record.administrator}}
                                    : json::value(name));
        }
    }
    co_return json::value(std::move(users));
}

Task<Result<json::value>> describe(Context& context, std::string jid) {
    auto pin = co_await context.accounts().load(jid);
    if (!pin) co_return pin.error();
    const auto record = co_await context.storage().accounts().find(std::move(jid));
    if (!record) co_return record.error();
    core::Account& account = **pin;
    std::uint64_t live = 0, asleep = 0;
    for (const auto& session : account.sessions()) ++(session->is_hibernating() ? asleep : live);
    co_return json::value{{"jid", account.jid().bare()},
                          {"created", format_datetime(account.created())},
                          {"disabled", account.disabled()},
                          {"administrator", record->has_value() && (*record)->administrator},
                          {"contacts", account.roster().items().size()},
                          {"offline_messages", account.offline_count()},
                          {"sessions_connected", live},
                          {"sessions_asleep", asleep}};
}

Task<Result<json::value>> show(App& app, const json::object& arguments) {
    auto jid = core::account_argument(app.context().domains(), arguments);
    if (!jid) co_return jid.error();
    const std::string name(jid->bare());
    co_return co_await core::ask_at_home<json::value>(
        app.context(), name, [&](Context& home) { return describe(home, name); });
}

// ---- import ------------------------------------------------------------------------------------

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

Task<Result<json::value>> import(App& app, const json::object& arguments) {
    const json::value* list = arguments.if_contains("users");
    if (!list || !list->is_array())
        co_return fail(error_code::usage, "users: an array of {jid, password} is needed");
    std::vector<Wanted> users;
    json::array refused, existing;
    for (const auto& user : list->get_array()) {
        if (!user.is_object())
            co_return fail(error_code::usage, "users: an array of {jid, password} is needed");
        auto jid = core::account_argument(app.context().domains(), user.get_object());
        if (jid)
            users.push_back({std::move(*jid), std::string(text(user.get_object(), "password"))});
        else
            refused.push_back(
                {{"jid", text(user.get_object(), "jid")}, {"text", jid.error().text}});
    }
    Context& here = app.context();
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

using Kind = core::ArgumentKind;
using Use = core::ArgumentUse;

constexpr core::AdminArgument account{.name = "jid",
                                      .kind = Kind::jid,
                                      .use = Use::required,
                                      .help = "an account, such as romeo@example.org"};
constexpr core::AdminArgument new_password{
    .name = "password",
    .kind = Kind::password,
    .help = "the password (others on this machine may see it: better type it when asked)"};

core::AdminCommand list_command(App& app) {
    return {.name = "user list",
            .help = "all accounts, or those of a domain",
            .arguments =
                {{.name = "domain",
                  .kind = Kind::domain,
                  .use = Use::optional,
                  .help = "only accounts of this domain"},
                 {.name = "disabled", .kind = Kind::flag, .help = "only those that are disabled"},
                 {.name = "admins",
                  .kind = Kind::flag,
                  .help = "only those that `user admin` made administrators"},
                 {.name = "match", .help = "only those that have this in the name before the @"},
                 {.name = "limit",
                  .kind = Kind::number,
                  .help = "at most so many",
                  .usual = 1'000'000,
                  .most = 100'000'000},
                 {.name = "details", .kind = Kind::for_table}},
            .columns = {{"jid", ""},
                        {"disabled", "disabled", core::ColumnKind::mark},
                        {"administrator", "administrator", core::ColumnKind::mark}},
            .none = "no accounts",
            .run = with(app, list)};
}

core::AdminCommand import_command(App& app) {
    return {.name = "user import",
            .help = "create many accounts from a file",
            .arguments = {{.name = "file",
                           .kind = Kind::local_file,
                           .use = Use::required,
                           .help = "one \"localpart@domain<TAB>password\" per line; - is standard "
                                   "input"}},
            .client = "user-import",
            .run = with(app, import)};
}

}  // namespace

core::AdminArea user_commands(App& app) {
    return {
        .name = "user",
        .help = "accounts",
        .commands = {
            {.name = "user add",
             .help = "create an account",
             .arguments = {account, new_password},
             .run = with(app, add)},
            {.name = "user passwd",
             .help = "set an account's password; all its sessions end, and its devices log in "
                     "again with the new one",
             .arguments = {account, new_password},
             .run = with(app, passwd)},
            {.name = "user delete",
             .help = "delete an account and everything kept for it; asks at a terminal",
             .arguments = {account},
             .questions = {{"", "Delete {jid} and everything kept for it?"}},
             .run = with(app, delete_user)},
            {.name = "user disable",
             .help = "let nobody log in to an account, and end its sessions; what comes for it is "
                     "kept, as for somebody who is away",
             .arguments = {account},
             .run = with(app, disable_user)},
            {.name = "user enable",
             .help = "the contrary of disable",
             .arguments = {account},
             .run = with(app, enable_user)},
            {.name = "user admin",
             .help = "let an account administer its domain from a client (XEP-0133), or no more",
             .arguments = {account, {.name = "state", .use = Use::required, .help = "on or off"}},
             .run = with(app, set_administrator)},
            {.name = "user show",
             .help = "what there is to know about an account",
             .arguments = {account},
             .run = with(app, show)},
            list_command(app),
            import_command(app),
            export_command(app)}};
}

}  // namespace clarion::app
