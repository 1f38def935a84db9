// Numbers and lists of users: registered, disabled, online, active, idle (XEP-0133, 4.13 to 4.22).
// Views of `user count` and `user list`.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "modules/administration/rows.h"
#include "server/core/setup/admin_as_command.h"

namespace clarion::administration {

namespace json = boost::json;
using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;

namespace {

struct Kind {
    std::string_view flag;  // of the row; empty: all
    std::string_view number_node, number_var, number_name;
    std::string_view list_node, list_var, list_name;
};

constexpr std::array<Kind, 5> kinds{{
    {"", "get-registered-users-num", "registeredusersnum", "Get the number of registered users",
     "get-registered-users-list", "registereduserjids", "Get the list of registered users"},
    {"disabled", "get-disabled-users-num", "disabledusersnum", "Get the number of disabled users",
     "get-disabled-users-list", "disableduserjids", "Get the list of disabled users"},
    {"online", "get-online-users-num", "onlineusersnum", "Get the number of online users",
     "get-online-users-list", "onlineuserjids", "Get the list of online users"},
    {"active", "get-active-users-num", "activeusersnum", "Get the number of active users",
     "get-active-users", "activeuserjids", "Get the list of active users"},
    {"idle", "get-idle-users-num", "idleusersnum", "Get the number of idle users", "get-idle-users",
     "idleuserjids", "Get the list of idle users"},
}};

json::object arguments_of(const CommandCall& call, const Kind& kind) {
    json::object arguments;
    arguments["domain"] = call.host;
    if (!kind.flag.empty()) arguments[kind.flag] = true;
    return arguments;
}

Task<Result<std::uint64_t>> count(const CommandCall& call, const Kind& kind) {
    json::object arguments = arguments_of(call, kind);
    const auto answer = co_await core::run_row(call, row("user count"), std::move(arguments));
    if (!answer) co_return answer.error();
    co_return answer->at("accounts").to_number<std::uint64_t>();
}

Task<Result<CommandOutcome>> tell_number(CommandCall& call, const Kind& kind) {
    const auto number = co_await count(call, kind);
    if (!number) co_return number.error();
    CommandOutcome outcome;
    outcome.form = make_result();
    outcome.form->add(kind.number_var, std::to_string(*number), "text-single").label =
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
    json::object arguments = arguments_of(call, kind);
    arguments["limit"] = static_cast<std::int64_t>(*limit);
    const auto answer = co_await core::run_row(call, row("user list"), std::move(arguments));
    if (!answer) co_return answer.error();
    std::vector<std::string> names;
    for (const json::value& name : answer->as_array()) names.emplace_back(name.as_string());
    CommandOutcome outcome;
    if (names.size() == *limit) {
        const auto number = co_await count(call, kind);
        if (!number) co_return number.error();
        if (*number > names.size())
            outcome.notes.push_back(
                {CommandNote::Type::info, "These are " + std::to_string(names.size()) + " of " +
                                              std::to_string(*number) + "."});
    }
    outcome.form = make_result();
    outcome.form->add(kind.list_var, std::move(names), "jid-multi").label =
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
