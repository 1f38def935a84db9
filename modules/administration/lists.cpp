// Numbers and lists of users: registered, disabled, online, active, idle (XEP-0133, 4.13 to 4.22).
//
// Online is who has a connected session; active, who has one that is available and not away; idle,
// who is online and not active.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "proto/ns.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/account_names.h"
#include "server/core/accounts/session.h"
#include "server/core/setup/remote_call.h"
#include "storage/storage.h"

namespace clarion::administration {

using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;
using core::Context;

namespace {

enum class Users : std::uint8_t { registered, disabled, online, active, idle };

struct Kind {
    Users which;
    std::string_view number_node, number_var, number_name;
    std::string_view list_node, list_var, list_name;
};

constexpr std::array<Kind, 5> kinds{{
    {Users::registered, "get-registered-users-num", "registeredusersnum",
     "Get the number of registered users", "get-registered-users-list", "registereduserjids",
     "Get the list of registered users"},
    {Users::disabled, "get-disabled-users-num", "disabledusersnum",
     "Get the number of disabled users", "get-disabled-users-list", "disableduserjids",
     "Get the list of disabled users"},
    {Users::online, "get-online-users-num", "onlineusersnum", "Get the number of online users",
     "get-online-users-list", "onlineuserjids", "Get the list of online users"},
    {Users::active, "get-active-users-num", "activeusersnum", "Get the number of active users",
     "get-active-users", "activeuserjids", "Get the list of active users"},
    {Users::idle, "get-idle-users-num", "idleusersnum", "Get the number of idle users",
     "get-idle-users", "idleuserjids", "Get the list of idle users"},
}};

/// How many there are, and who the first are.
struct Found {
    explicit Found(std::size_t limit) : most(limit) {}
    void add(std::string_view name) {
        ++count;
        if (names.size() < most) names.emplace_back(name);
    }
    std::size_t most;
    std::uint64_t count = 0;
    std::vector<std::string> names{};
};

// ---- In storage --------------------------------------------------------------------------------

Task<Result<Found>> find_stored(Context& context, std::string host, bool only_disabled,
                                std::size_t most) {
    Found found(most);
    core::AccountNames accounts(context, std::move(host));
    while (true) {
        const auto names = co_await accounts.next();
        if (!names) co_return names.error();
        if (names->empty()) co_return found;
        for (const std::string& name : *names) {
            if (only_disabled) {
                const auto record = co_await context.storage().accounts().find(name);
                if (!record) co_return record.error();
                if (!record->has_value() || !(*record)->disabled) continue;
            }
            found.add(name);
        }
    }
}

// ---- In memory ---------------------------------------------------------------------------------

bool is_active(const core::Session& session) {
    if (!session.is_live() || !session.available()) return false;
    const auto show = session.presence()->root().child_text(ns::client, "show");
    return show != "away" && show != "xa";
}

bool is_among(const core::Account& account, Users which) {
    if (!account.has_live_session()) return false;
    if (which == Users::online) return true;
    const auto& sessions = account.sessions();
    const bool active = std::any_of(sessions.begin(), sessions.end(),
                                    [](const auto& session) { return is_active(*session); });
    return active == (which == Users::active);
}

Task<> find_here(Context& context, const std::string& host, Users which, Found& found) {
    context.accounts().for_each([&](core::Account& account) {
        if (account.host() == host && is_among(account, which)) found.add(account.jid().bare());
    });
    co_return;
}

Task<Result<Found>> find(const CommandCall& call, Users which, std::size_t most) {
    if (which == Users::registered || which == Users::disabled)
        co_return co_await find_stored(call.context, call.host, which == Users::disabled, most);
    Found found(most);
    const std::string& host = call.host;
    co_await core::run_on_all(call.context, [&found, &host, which](Context& context) {
        return find_here(context, host, which, found);
    });
    std::sort(found.names.begin(), found.names.end());
    co_return found;
}

// ---- Commands ----------------------------------------------------------------------------------

Task<Result<CommandOutcome>> tell_number(CommandCall& call, const Kind& kind) {
    const auto found = co_await find(call, kind.which, 0);
    if (!found) co_return found.error();
    CommandOutcome outcome;
    outcome.form = make_result();
    outcome.form->add(kind.number_var, std::to_string(found->count), "text-single").label =
        kind.number_name.substr(std::string_view("Get the ").size());
    co_return outcome;
}

Task<Result<DataForm>> ask_how_many(const CommandCall&, const Kind& kind) {
    DataForm form = make_form(kind.list_name, "Fill out this form to get the list.");
    DataFormField& field =
        add_field(form, "max_items", "list-single", "Maximum number of items to show");
    field.values = {"none"};
    for (const char* number : {"25", "50", "75", "100", "150", "200"})
        field.options.push_back({number, number});
    field.options.push_back({"As many as the server shows", "none"});
    co_return form;
}

/// "none", or nothing: as many as the server shows.
Result<std::size_t> read_limit(const CommandCall& call) {
    const std::size_t most = most_accounts(call);
    const std::string_view wanted = call.submitted.back().value("max_items");
    if (wanted.empty() || wanted == "none") return most;
    const auto number = parse_int(wanted);
    if (!number || *number < 1) return fail(core::bad_payload, "max_items: expected a number");
    return std::min(most, static_cast<std::size_t>(*number));
}

Task<Result<CommandOutcome>> tell_list(CommandCall& call, const Kind& kind) {
    const auto limit = read_limit(call);
    if (!limit) co_return limit.error();
    auto found = co_await find(call, kind.which, *limit);
    if (!found) co_return found.error();
    CommandOutcome outcome;
    if (found->count > found->names.size())
        outcome.notes.push_back(
            {CommandNote::Type::info, "These are " + std::to_string(found->names.size()) + " of " +
                                          std::to_string(found->count) + "."});
    outcome.form = make_result();
    outcome.form->add(kind.list_var, std::move(found->names), "jid-multi").label =
        kind.list_name.substr(std::string_view("Get the ").size());
    co_return outcome;
}

}  // namespace

void install_lists(core::ModuleSetup& setup) {
    for (const Kind& kind : kinds) {
        setup.command({.node = node(kind.number_node),
                       .name = std::string(kind.number_name),
                       .run = [&kind](CommandCall& call) { return tell_number(call, kind); }});
        setup.command(
            {.node = node(kind.list_node),
             .name = std::string(kind.list_name),
             .forms = {[&kind](const CommandCall& call) { return ask_how_many(call, kind); }},
             .run = [&kind](CommandCall& call) { return tell_list(call, kind); }});
    }
}

}  // namespace clarion::administration
