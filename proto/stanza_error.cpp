#include "proto/stanza_error.h"

#include <array>
#include <utility>

#include "proto/ns.h"

namespace clarion {

namespace {

using Type = StanzaErrorType;
using Condition = StanzaErrorCondition;

constexpr std::array<std::string_view, 5> type_names{"auth", "cancel", "continue", "modify",
                                                     "wait"};

/// RFC 6120, 8.3.3.1 to 8.3.3.22, in the order of the enumeration.
struct ConditionRow {
    std::string_view name;
    Type type;
};
constexpr std::array<ConditionRow, 22> conditions{{
    {"bad-request", Type::modify},
    {"conflict", Type::cancel},
    {"feature-not-implemented", Type::cancel},
    {"forbidden", Type::auth},
    {"gone", Type::cancel},
    {"internal-server-error", Type::cancel},
    {"item-not-found", Type::cancel},
    {"jid-malformed", Type::modify},
    {"not-acceptable", Type::modify},
    {"not-allowed", Type::cancel},
    {"not-authorized", Type::auth},
    {"policy-violation", Type::modify},
    {"recipient-unavailable", Type::wait},
    {"redirect", Type::modify},
    {"registration-required", Type::auth},
    {"remote-server-not-found", Type::cancel},
    {"remote-server-timeout", Type::wait},
    {"resource-constraint", Type::wait},
    {"service-unavailable", Type::cancel},
    {"subscription-required", Type::auth},
    {"undefined-condition", Type::cancel},
    {"unexpected-request", Type::wait},
}};

const ConditionRow& row(Condition condition) {
    return conditions[static_cast<std::size_t>(condition)];
}

std::optional<Type> parse_type(std::string_view text) {
    for (std::size_t i = 0; i < type_names.size(); ++i) {
        if (type_names[i] == text) return static_cast<Type>(i);
    }
    return std::nullopt;
}

void read_child(StanzaError& error, const xml::Element& child) {
    if (child.ns() != ns::stanza_errors) {
        if (!error.app_name.empty()) return;
        error.app_ns = child.ns();
        error.app_name = child.name();
    } else if (child.name() == "text") {
        error.text = child.text();
    } else {
        error.condition =
            parse_stanza_error_condition(child.name()).value_or(Condition::undefined_condition);
    }
}

}  // namespace

StanzaError::StanzaError(Condition cond, std::string explanation)
    : StanzaError(cond, default_type(cond), std::move(explanation)) {}

StanzaError::StanzaError(Condition cond, Type error_type, std::string explanation)
    : condition(cond), type(error_type), text(std::move(explanation)) {}

std::string_view name(Condition condition) { return row(condition).name; }
std::string_view name(Type type) { return type_names[static_cast<std::size_t>(type)]; }
Type default_type(Condition condition) { return row(condition).type; }

StanzaError to_stanza_error(const Error& error) {
    const auto condition = parse_stanza_error_condition(error.code);
    return {condition.value_or(Condition::internal_server_error), error.text};
}

std::optional<Condition> parse_stanza_error_condition(std::string_view name) {
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        if (conditions[i].name == name) return static_cast<Condition>(i);
    }
    return std::nullopt;
}

StanzaError read_error(const xml::Element& stanza) {
    StanzaError error(Condition::undefined_condition, Type::cancel);
    const xml::Element* element = stanza.child(stanza.ns(), "error");
    if (element == nullptr) return error;
    for (const xml::Element& child : element->children()) read_child(error, child);
    error.type = parse_type(element->attr("type")).value_or(default_type(error.condition));
    return error;
}

void add_error(xml::Element& stanza, const StanzaError& error) {
    xml::Element& element = stanza.add("error");
    element.set_attr("type", name(error.type));
    element.add(name(error.condition), ns::stanza_errors);
    if (!error.text.empty()) {
        element.add("text", ns::stanza_errors).set_attr("lang", "en", ns::xml).add_text(error.text);
    }
    if (!error.app_name.empty()) element.add(error.app_name, error.app_ns);
}

}  // namespace clarion
