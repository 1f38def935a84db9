#include "server/core/setup/admin_as_command.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "server/core/setup/admin_rights.h"

namespace clarion::core {

namespace json = boost::json;

namespace {

constexpr std::string_view confirmation = "confirm";

bool is_asked_for(const AdminCommand& row, const AdminArgument& argument) {
    switch (argument.kind) {
        case ArgumentKind::server_file:
        case ArgumentKind::local_file:
        case ArgumentKind::for_table: return false;
        case ArgumentKind::domain: return argument.name != about_argument(row);  // it is known
        default: return true;
    }
}

std::string_view field_type(ArgumentKind kind) {
    switch (kind) {
        case ArgumentKind::jid: return "jid-single";
        case ArgumentKind::flag: return "boolean";
        case ArgumentKind::password: return "text-private";
        default: return "text-single";
    }
}

std::string titled(std::string_view text) {
    std::string title(text);
    constexpr char up = 'A' - 'a';
    if (!title.empty() && title.front() >= 'a' && title.front() <= 'z')
        title.front() = static_cast<char>(title.front() + up);
    return title;
}

// ---- Arguments ---------------------------------------------------------------------------------

json::value as_json(std::string_view text) {
    return json::value(json::string_view(text.data(), text.size()));
}

Error wrong(const AdminArgument& argument, std::string_view what) {
    return fail(bad_payload, std::string(argument.name) + ": " + std::string(what));
}

Result<json::value> read_number(const AdminArgument& argument, std::string_view text) {
    const auto number = parse_int(text);
    if (!number || *number < 1 || *number > argument.most)
        return wrong(argument,
                     "a number from 1 to " + std::to_string(argument.most) + " is needed");
    return json::value(*number);
}

Result<json::value> read_jid(const AdminArgument& argument, std::string_view text) {
    const auto jid = Jid::parse(text);
    if (!jid) return wrong(argument, jid.error().text);
    return as_json(jid->full());
}

Result<json::value> read_value(const AdminArgument& argument, const DataFormField& field) {
    switch (argument.kind) {
        case ArgumentKind::number: return read_number(argument, field.value());
        case ArgumentKind::jid: return read_jid(argument, field.value());
        case ArgumentKind::flag: return json::value(field.boolean().value_or(false));
        default: return as_json(field.value());
    }
}

// ---- Answers -----------------------------------------------------------------------------------

std::string text_of(const json::value& value) {
    if (value.is_null()) return {};
    if (const json::string* const text = value.if_string()) return {text->data(), text->size()};
    if (value.is_bool()) return value.as_bool() ? "1" : "0";
    return json::serialize(value);
}

/// A record within a record: its values in a line.
std::string line_of(const json::value& value) {
    const json::object* const record = value.if_object();
    if (!record) return text_of(value);
    std::string line;
    for (const auto& member : *record) {
        const std::string text = text_of(member.value());
        if (!text.empty()) line += (line.empty() ? "" : " ") + text;
    }
    return line;
}

DataFormField make_field(std::string_view key, std::string_view type, std::string_view title) {
    DataFormField field;
    field.var = key;
    field.type = type;
    field.label = titled(title);
    return field;
}

DataFormField field_of(std::string_view key, const json::value& value) {
    DataFormField field = make_field(key, "text-single", key);
    if (const json::array* const list = value.if_array()) {
        field.type = "text-multi";
        for (const json::value& each : *list) field.values.push_back(line_of(each));
        return field;
    }
    if (value.is_bool()) field.type = "boolean";
    field.values.push_back(line_of(value));
    return field;
}

DataForm record_form(const AdminCommand& row, const json::object& record) {
    DataForm form = DataForm::make("result");
    form.title = titled(row.help);
    for (const auto& member : record) form.fields.push_back(field_of(member.key(), member.value()));
    return form;
}

DataForm table_form(const AdminCommand& row, const json::array& records) {
    DataForm form = DataForm::make("result");
    form.title = titled(row.help);
    for (const AdminColumn& column : row.columns)
        form.reported.push_back(make_field(column.key, "text-single", column.title));
    for (const json::value& each : records) {
        if (form.items.size() == most_rows_shown) break;
        const json::object* const record = each.if_object();
        DataForm::Row& item = form.items.emplace_back();
        for (const AdminColumn& column : row.columns) {
            const json::value* const value = record ? record->if_contains(column.key) : nullptr;
            item.push_back(make_field(column.key, {}, {}));
            item.back().values.push_back(value ? line_of(*value) : std::string());
        }
    }
    return form;
}

// ---- Steps -------------------------------------------------------------------------------------

/// "{room}" is what was said of it.
std::string filled_in(std::string_view text, const DataForm& arguments) {
    std::string result;
    while (!text.empty()) {
        const std::size_t open = std::min(text.find('{'), text.size());
        result += text.substr(0, open);
        text.remove_prefix(open);
        const std::size_t close = text.find('}');
        if (close == std::string_view::npos) break;
        result += arguments.value(text.substr(1, close - 1));
        text.remove_prefix(close + 1);
    }
    return result.append(text);
}

Task<Result<DataForm>> ask_for_arguments(const AdminCommand& row) {
    co_return make_argument_form(row);
}

Task<Result<DataForm>> ask_question(const AdminCommand& row, const CommandCall& call) {
    const DataForm& arguments = call.submitted.front();
    // What is wrong is said before anybody has agreed to it.
    if (const auto read = read_arguments(row, arguments, call.host); !read) co_return read.error();
    DataForm form = DataForm::make("form");
    form.title = titled(row.help);
    for (const AdminQuestion& question : row.questions) {
        if (!question.given.empty() && arguments.value(question.given).empty()) continue;
        form.instructions = filled_in(question.text, arguments);
        break;
    }
    DataFormField& agreed = form.add_boolean(confirmation, false);
    agreed.label = "Yes, do it";
    agreed.required = true;
    co_return form;
}

Task<Result<CommandOutcome>> run(const AdminCommand& row, CommandCall& call) {
    const auto arguments = read_arguments(row, call.submitted.front(), call.host);
    if (!arguments) co_return arguments.error();
    call.about = text(*arguments, about_argument(row));
    if (!row.questions.empty()) {
        const DataFormField* const agreed = call.submitted.back().field(confirmation);
        if (!agreed || !agreed->boolean().value_or(false))
            co_return fail(bad_payload, "it is done only if you agree");
    }
    json::object given = *arguments;
    const auto answer = co_await run_row(call, row, std::move(given));
    if (!answer) co_return answer.error();
    co_return make_outcome(row, *answer);
}

Command as_command(const AdminCommand& row, std::vector<std::string> services) {
    Command made;
    made.node = node_of(row);
    made.name = titled(row.help);
    made.forms.push_back([&row](const CommandCall&) { return ask_for_arguments(row); });
    if (!row.questions.empty())
        made.forms.push_back([&row](const CommandCall& call) { return ask_question(row, call); });
    made.run = [&row](CommandCall& call) { return run(row, call); };
    made.services = std::move(services);
    return made;
}

}  // namespace

std::string node_of(const AdminCommand& row) {
    std::string node = "clarion#" + std::string(row.name);
    std::replace(node.begin(), node.end(), ' ', '-');
    return node;
}

DataForm make_argument_form(const AdminCommand& row) {
    DataForm form = DataForm::make("form");
    form.title = titled(row.help);
    for (const AdminArgument& argument : row.arguments) {
        if (!is_asked_for(row, argument)) continue;
        DataFormField& field =
            form.add(argument.name, std::vector<std::string>{}, field_type(argument.kind));
        if (argument.kind == ArgumentKind::number && argument.usual > 0)
            field.values.push_back(std::to_string(argument.usual));
        field.label = titled(argument.name);
        field.desc = argument.help;
        field.required = argument.use == ArgumentUse::required;
    }
    return form;
}

Result<json::object> read_arguments(const AdminCommand& row, const DataForm& form,
                                    std::string_view domain) {
    json::object arguments;
    const std::string_view about = about_argument(row);
    for (const AdminArgument& argument : row.arguments) {
        const DataFormField* const field = form.field(argument.name);
        if (!is_asked_for(row, argument) || !field || field->value().empty()) continue;
        auto value = read_value(argument, *field);
        if (!value) return value.error();
        if (argument.name == about && Jid::trusted(text_of(*value)).domain() != domain)
            return wrong(argument, "it is not at " + std::string(domain));
        arguments[argument.name] = std::move(*value);
    }
    // Where nobody in particular is named, it is about all who are there.
    if (!arguments.contains(about)) arguments[about] = as_json(domain);
    return arguments;
}

Task<Result<json::value>> run_row(const CommandCall& call, const AdminCommand& row,
                                  json::object arguments) {
    AdminRights rights = co_await rights_of(call.context, call.from);
    std::string who = call.from.full();
    auto answer = co_await run_for(call.context, std::move(rights), std::move(who), row,
                                   std::move(arguments));
    if (!answer && answer.error().is(error_code::usage))
        co_return fail(bad_payload, answer.error().text);
    co_return answer;
}

CommandOutcome make_outcome(const AdminCommand& row, const json::value& answer) {
    CommandOutcome outcome;
    if (const json::object* const record = answer.if_object()) {
        outcome.form = record_form(row, *record);
    } else if (const json::array* const records = answer.if_array()) {
        if (records->empty())
            outcome.notes.push_back({CommandNote::Type::info, titled(row.none)});
        else
            outcome.form = table_form(row, *records);
        if (records->size() > most_rows_shown)
            outcome.notes.push_back(
                {CommandNote::Type::info, "These are " + std::to_string(most_rows_shown) + " of " +
                                              std::to_string(records->size()) + "."});
    }
    return outcome;
}

void offer_to_clients(ModuleSetup& setup, const AdminArea& area) {
    const std::vector<std::string> services = setup.services();
    for (const AdminCommand& row : area.commands) {
        if (row.whole_server || row.has_node || !is_for_administrators(row)) continue;
        const bool at_services = !row.place.empty();
        if (at_services ? services.empty() : about_argument(row).empty()) continue;
        setup.command(as_command(row, at_services ? services : std::vector<std::string>()));
    }
}

}  // namespace clarion::core
