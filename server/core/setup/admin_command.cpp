#include "server/core/setup/admin_command.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "server/core/address/domains.h"

namespace clarion::core {

namespace json = boost::json;

namespace {

std::string_view name(ArgumentKind kind) {
    switch (kind) {
        case ArgumentKind::text: return "text";
        case ArgumentKind::jid: return "jid";
        case ArgumentKind::domain: return "domain";
        case ArgumentKind::number: return "number";
        case ArgumentKind::flag: return "flag";
        case ArgumentKind::password: return "password";
        case ArgumentKind::server_file: return "server-file";
        case ArgumentKind::local_file: return "local-file";
        case ArgumentKind::for_table: return "for-table";
    }
    return {};
}

std::string_view name(ArgumentUse use) {
    switch (use) {
        case ArgumentUse::required: return "required";
        case ArgumentUse::optional: return "optional";
        case ArgumentUse::option: return "option";
    }
    return {};
}

std::string_view name(ColumnKind kind) {
    switch (kind) {
        case ColumnKind::text: return "text";
        case ColumnKind::number: return "number";
        case ColumnKind::mark: return "mark";
        case ColumnKind::alarms: return "alarms";
    }
    return {};
}

json::object describe(const AdminArgument& argument) {
    json::object result{{"name", argument.name},
                        {"kind", name(argument.kind)},
                        {"use", name(argument.use)},
                        {"help", argument.help}};
    if (argument.kind != ArgumentKind::number) return result;
    result["usual"] = argument.usual;
    result["most"] = argument.most;
    return result;
}

json::object describe(const AdminCommand& command) {
    json::array arguments, columns, questions;
    for (const auto& argument : command.arguments) arguments.push_back(describe(argument));
    for (const auto& column : command.columns)
        columns.push_back(
            {{"key", column.key}, {"title", column.title}, {"kind", name(column.kind)}});
    for (const auto& question : command.questions)
        questions.push_back({{"given", question.given}, {"text", question.text}});
    return {{"name", command.name},
            {"help", command.help},
            {"arguments", std::move(arguments)},
            {"columns", std::move(columns)},
            {"none", command.none},
            {"questions", std::move(questions)},
            {"client", command.client},
            {"shape", command.shape}};
}

}  // namespace

bool AdminAsker::spares(std::string_view account) const {
    return std::find(spared.begin(), spared.end(), account) != spared.end();
}

AdminHandler::Answer AdminHandler::operator()(Context& here, const json::object& arguments,
                                              const AdminAsker& asker) const {
    return function_(here, arguments, asker);
}

json::value describe(std::span<const AdminArea* const> areas) {
    json::array groups, commands;
    for (const AdminArea* area : areas) {
        if (!area->name.empty()) groups.push_back({{"name", area->name}, {"help", area->help}});
        for (const auto& command : area->commands) commands.push_back(describe(command));
    }
    return json::object{{"groups", std::move(groups)}, {"commands", std::move(commands)}};
}

bool ended_badly(const json::value& answer) {
    const json::array* const steps = answer.if_array();
    const json::object* const last = steps && !steps->empty() ? steps->back().if_object() : nullptr;
    return last && text(*last, "result") == "failed";
}

std::string_view text(const json::object& arguments, std::string_view name) {
    const json::value* value = arguments.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool flag(const json::object& arguments, std::string_view name) {
    const json::value* value = arguments.if_contains(name);
    return value && value->is_bool() && value->get_bool();
}

Result<Jid> address_argument(const Domains& domains, const json::object& arguments) {
    auto jid = Jid::parse(text(arguments, "jid"));
    if (!jid) return fail(error_code::usage, "jid: " + jid.error().text);
    if (!domains.is_host(jid->domain()))
        return fail(error_code::item_not_found,
                    std::string(jid->domain()) + " is not a domain of this server");
    return jid->to_bare();
}

Result<Jid> account_argument(const Domains& domains, const json::object& arguments) {
    auto jid = Jid::parse(text(arguments, "jid"));
    if (jid && !jid->has_local())
        return fail(error_code::usage, "jid: an account is LOCALPART@DOMAIN");
    return address_argument(domains, arguments);
}

Result<std::vector<std::string>> hosts_argument(const Domains& domains,
                                                const json::object& arguments,
                                                std::string_view name) {
    const std::string_view named = text(arguments, name);
    if (named.empty()) return domains.hosts();
    const auto host = prepare_domain(named);
    if (!host || !domains.is_host(*host))
        return fail(error_code::item_not_found,
                    std::string(named) + " is not a domain of this server");
    return std::vector<std::string>{*host};
}

}  // namespace clarion::core
