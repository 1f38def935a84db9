// A configuration file as a tree that remembers where everything stands.
//
// TOML 1.0, parsed by toml++ (which stays in the .cpp). Values are not interpreted here: binding
// them to declared options is config.h's part, and its messages use `line`. Pure, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace clarion {

struct ConfigNode;

using ConfigTable = std::map<std::string, ConfigNode, std::less<>>;
using ConfigArray = std::vector<ConfigNode>;

/// A value TOML has and no option takes: dates and times.
struct ConfigDate {};

struct ConfigNode {
    int line = 0;  ///< where it stands in the file, from 1
    std::variant<bool, std::int64_t, double, std::string, ConfigArray, ConfigTable, ConfigDate>
        value;

    const ConfigTable* table() const { return std::get_if<ConfigTable>(&value); }
    const ConfigArray* array() const { return std::get_if<ConfigArray>(&value); }
};

/// Parses `text`; a syntax error reads "FILENAME:LINE: what is wrong".
Result<ConfigNode> parse_config_text(std::string_view text, std::string_view filename);

/// "number 7", "text \"abc\"", "a table": what was found, for a message. Long texts are cut.
std::string describe(const ConfigNode& node);

}  // namespace clarion
