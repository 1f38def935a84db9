// ConfigText: the server's configuration as the runner writes it: a base, overridden per script.
//
// Knows just enough TOML for that: tables, arrays of tables and "key = value" on one line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace clarion::script {

class ConfigText {
public:
    /// Adds TOML: a key that its table already has is replaced, [[tables]] are always added.
    void add(std::string_view toml);
    bool has_table(std::string_view header) const;  // "[push]"
    std::string text() const;

private:
    struct Line {
        std::string key;
        std::string text;
    };
    struct Table {
        std::string header;
        std::vector<Line> lines;
    };
    Table& open(std::string_view header);
    static void put(Table& table, std::string_view line);

    std::vector<Table> tables_;
};

}  // namespace clarion::script
