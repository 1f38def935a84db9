// user list, user count: the accounts of the server or of a host, all or those that are so.
//
// Online is who has a connected session; active, who has one that is available and not away; idle,
// who is online and not active (XEP-0133, 4.13 to 4.22).
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "modules/administration/rows.h"
#include "proto/ns.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/account_names.h"
#include "server/core/accounts/session.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/setup/remote_call.h"
#include "storage/storage.h"

namespace clarion::administration {

namespace json = boost::json;
using core::Context;
using core::flag;
using core::text;

namespace {

/// Which accounts are wanted.
struct Wanted {
    std::string domain;  // empty: of all hosts
    std::string match;   // what the localpart has in it
    bool disabled = false, administrators = false;
    bool online = false, active = false, idle = false;

    bool by_presence() const { return online || active || idle; }
    bool by_record() const { return disabled || administrators; }
};

Result<Wanted> read_wanted(const Context& here, const json::object& arguments) {
    Wanted wanted;
    const std::string_view domain = text(arguments, "domain");
    if (!domain.empty()) {
        const auto prepared = prepare_domain(domain);
        if (!prepared) return fail(error_code::usage, "domain: " + prepared.error().text);
        if (!here.domains().is_host(*prepared))
            return fail(error_code::item_not_found, *prepared + " is not a domain of this server");
        wanted.domain = *prepared;
    }
    wanted.match = text(arguments, "match");
    wanted.disabled = flag(arguments, "disabled");
    wanted.administrators = flag(arguments, "admins");
    wanted.online = flag(arguments, "online");
    wanted.active = flag(arguments, "active");
    wanted.idle = flag(arguments, "idle");
    return wanted;
}

// ---- In memory ---------------------------------------------------------------------------------

bool is_active(const core::Session& session) {
    if (!session.is_live() || !session.available()) return false;
    const auto show = session.presence()->root().child_text(ns::client, "show");
    return show != "away" && show != "xa";
}

bool is_present(const core::Account& account, const Wanted& wanted) {
    if (!account.has_live_session()) return false;
    const auto& sessions = account.sessions();
    const bool active = std::any_of(sessions.begin(), sessions.end(),
                                    [](const auto& session) { return is_active(*session); });
    return (!wanted.active || active) && (!wanted.idle || !active);
}

Task<> find_here(Context& context, const Wanted& wanted, std::vector<std::string>& names) {
    context.accounts().for_each([&](core::Account& account) {
        const bool there = wanted.domain.empty() || account.host() == wanted.domain;
        if (there && is_present(account, wanted)) names.emplace_back(account.jid().bare());
    });
    co_return;
}

/// The names to look at, a page after the other; an empty one is the end.
class Names {
public:
    Names(Context& here, const Wanted& wanted)
        : here_(here), wanted_(wanted), stored_(here, wanted.domain) {}

    Task<Result<std::vector<std::string>>> next() {
        if (!wanted_.by_presence()) co_return co_await stored_.next();
        std::vector<std::string> present;
        if (std::exchange(told_, true)) co_return present;
        co_await core::run_on_all(here_, [this, &present](Context& context) {
            return find_here(context, wanted_, present);
        });
        std::sort(present.begin(), present.end());
        co_return present;
    }

private:
    Context& here_;
    const Wanted& wanted_;
    core::AccountNames stored_;
    bool told_ = false;
};

// ---- In storage --------------------------------------------------------------------------------

bool has_match(const std::string& name, const Wanted& wanted) {
    return name.substr(0, name.find('@')).find(wanted.match) != std::string::npos;
}

bool fits(const storage::AccountRecord& record, const Wanted& wanted) {
    return (!wanted.disabled || record.disabled) &&
           (!wanted.administrators || record.administrator);
}

enum class Reads : bool { what_is_asked, every_record };

/// `found` is told each, with its record if that is read, until it says that it is enough.
Task<Result<>> find(Context& here, const Wanted& wanted, Reads reads,
                    std::function<bool(const std::string&, const storage::AccountRecord&)> found) {
    Names names(here, wanted);
    while (true) {
        const auto page = co_await names.next();
        if (!page) co_return page.error();
        if (page->empty()) co_return Result<>{};
        for (const std::string& name : *page) {
            if (!has_match(name, wanted)) continue;
            storage::AccountRecord record;
            if (wanted.by_record() || reads == Reads::every_record) {
                auto read = co_await here.storage().accounts().find(name);
                if (!read) co_return read.error();
                if (!read->has_value()) continue;
                record = std::move(**read);
            }
            if (fits(record, wanted) && !found(name, record)) co_return Result<>{};
        }
    }
}

// ---- Commands ----------------------------------------------------------------------------------

std::size_t limit_of(const json::object& arguments) {
    const json::value* const value = arguments.if_contains("limit");
    const bool given = value && value->is_int64() && value->get_int64() > 0;
    return given ? static_cast<std::size_t>(value->get_int64()) : json::array().max_size();
}

/// Names; with "details" what each is, too; at most "limit".
Task<Result<json::value>> list(Context& here, const json::object& arguments) {
    const auto wanted = read_wanted(here, arguments);
    if (!wanted) co_return wanted.error();
    const bool details = flag(arguments, "details");
    const std::size_t limit = limit_of(arguments);
    json::array users;
    std::function<bool(const std::string&, const storage::AccountRecord&)> add =
        [&](const std::string& name, const storage::AccountRecord& record) {
            users.push_back(details ? json::value{{"jid", name},
                                                  {"disabled", record.disabled},
                                                  {"administrator", record.administrator}}
                                    : json::value(name));
            return users.size() < limit;
        };
    const Reads reads = details ? Reads::every_record : Reads::what_is_asked;
    const Result<> done = co_await find(here, *wanted, reads, std::move(add));
    if (!done) co_return done.error();
    co_return json::value(std::move(users));
}

Task<Result<json::value>> count(Context& here, const json::object& arguments) {
    const auto wanted = read_wanted(here, arguments);
    if (!wanted) co_return wanted.error();
    std::uint64_t number = 0;
    std::function<bool(const std::string&, const storage::AccountRecord&)> add =
        [&](const std::string&, const storage::AccountRecord&) { return ++number != 0; };
    const Result<> done = co_await find(here, *wanted, Reads::what_is_asked, std::move(add));
    if (!done) co_return done.error();
    co_return json::value{{"accounts", number}};
}

using Kind = core::ArgumentKind;

/// Which accounts: the same for both.
std::vector<core::AdminArgument> filter_arguments() {
    return {{.name = "domain",
             .kind = Kind::domain,
             .use = core::ArgumentUse::optional,
             .help = "only accounts of this domain"},
            {.name = "disabled", .kind = Kind::flag, .help = "only those that are disabled"},
            {.name = "admins",
             .kind = Kind::flag,
             .help = "only those that `user admin` made administrators"},
            {.name = "online", .kind = Kind::flag, .help = "only who is connected"},
            {.name = "active",
             .kind = Kind::flag,
             .help = "only who is connected, available and not away"},
            {.name = "idle",
             .kind = Kind::flag,
             .help = "only who is connected and away, or not available"},
            {.name = "match", .help = "only those that have this in the name before the @"}};
}

}  // namespace

core::AdminCommand list_command() {
    core::AdminCommand command{
        .name = "user list",
        .help = "all accounts, or those of a domain",
        .arguments = filter_arguments(),
        .columns = {{"jid", ""},
                    {"disabled", "disabled", core::ColumnKind::mark},
                    {"administrator", "administrator", core::ColumnKind::mark}},
        .none = "no accounts",
        .run = list};
    command.arguments.push_back({.name = "limit",
                                 .kind = Kind::number,
                                 .help = "at most so many",
                                 .usual = 1'000'000,
                                 .most = 100'000'000});
    command.arguments.push_back({.name = "details", .kind = Kind::for_table});
    return command;
}

core::AdminCommand count_command() {
    return {.name = "user count",
            .help = "how many accounts there are",
            .arguments = filter_arguments(),
            .columns = {{"accounts", "accounts", core::ColumnKind::number}},
            .run = count};
}

}  // namespace clarion::administration
