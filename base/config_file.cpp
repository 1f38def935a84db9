#include "base/config_file.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>

#include "base/text.h"

namespace clarion {
namespace {

ConfigNode to_node(const toml::node& from);

ConfigNode table_node(const toml::table& from) {
    ConfigTable table;
    for (const auto& [key, value] : from) {
        table.emplace(std::string(key.str()), to_node(value));
    }
    return {.line = 0, .value = std::move(table)};
}

ConfigNode array_node(const toml::array& from) {
    ConfigArray array;
    array.reserve(from.size());
    for (const toml::node& item : from) array.push_back(to_node(item));
    return {.line = 0, .value = std::move(array)};
}

ConfigNode value_node(const toml::node& from) {
    if (const auto* text = from.as_string()) return {.line = 0, .value = text->get()};
    if (const auto* number = from.as_integer()) return {.line = 0, .value = number->get()};
    if (const auto* number = from.as_floating_point()) return {.line = 0, .value = number->get()};
    if (const auto* flag = from.as_boolean()) return {.line = 0, .value = flag->get()};
    return {.line = 0, .value = ConfigDate{}};
}

ConfigNode to_node(const toml::node& from) {
    ConfigNode node = from.is_table()   ? table_node(*from.as_table())
                      : from.is_array() ? array_node(*from.as_array())
                                        : value_node(from);
    node.line = static_cast<int>(from.source().begin.line);
    return node;
}

struct DescribeNode {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const {
        return "the number " + std::to_string(value);
    }
    std::string operator()(double) const { return "a number with decimals"; }
    std::string operator()(const std::string& text) const {
        constexpr std::size_t shown = 40;
        return "the text " + quote(std::string_view(text).substr(0, shown)) +
               (text.size() > shown ? "..." : "");
    }
    std::string operator()(const ConfigArray&) const { return "a list"; }
    std::string operator()(const ConfigTable&) const { return "a table"; }
    std::string operator()(const ConfigDate&) const { return "a date or time"; }
};

std::string_view line_at(std::string_view text, std::size_t number) {
    for (; number > 1; --number) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
    return trim(text.substr(0, text.find('\n')));
}

/// The parser speaks of characters and tokens: what was forgotten, most probably.
std::string hint(std::string_view what, std::string_view line) {
    if (what.find("redefine") != std::string_view::npos && line.starts_with('['))
        return ". A section stands in a file once; of those in double brackets, such as "
               "[[listen]], each needs both";
    if (std::count(line.begin(), line.end(), '"') % 2 != 0)
        return ". Is a \" missing in this line? A text ends where it began";
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || line.starts_with('[')) return {};
    const std::string_view value = trim(line.substr(equals + 1));
    const bool is_bare = !value.empty() && value.find_first_of("\"'[{") == std::string_view::npos;
    return is_bare ? ". Texts stand in quotes: key = \"value\"; what is on or off is true or false"
                   : "";
}

}  // namespace

Result<ConfigNode> parse_config_text(std::string_view text, std::string_view filename) {
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        const toml::parse_error& error = parsed.error();
        std::string where = std::string(filename) + ":" + std::to_string(error.source().begin.line);
        const std::string_view what = error.description();
        return fail(error_code::config, where + ": " + std::string(what) +
                                            hint(what, line_at(text, error.source().begin.line)));
    }
    return to_node(parsed.table());
}

std::string describe(const ConfigNode& node) { return std::visit(DescribeNode{}, node.value); }

}  // namespace clarion
