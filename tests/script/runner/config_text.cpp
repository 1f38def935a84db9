#include "tests/script/runner/config_text.h"

#include <algorithm>

#include "base/text.h"

namespace clarion::script {

void ConfigText::add(std::string_view toml) {
    std::size_t table = 0;
    bool chosen = false;
    for (std::string_view line : split(toml, '\n')) {
        line = trim(line);
        if (line.empty() || line.starts_with('#')) continue;
        if (line.starts_with('[')) {
            table = static_cast<std::size_t>(&open(line) - tables_.data());
            chosen = true;
        } else {
            if (!chosen) table = static_cast<std::size_t>(&open("") - tables_.data());
            chosen = true;
            put(tables_[table], line);
        }
    }
}

bool ConfigText::has_table(std::string_view header) const {
    return std::any_of(tables_.begin(), tables_.end(),
                       [&](const Table& table) { return table.header == header; });
}

std::string ConfigText::text() const {
    std::string all;
    for (const auto& table : tables_) {
        if (!table.header.empty()) all.append(table.header).append("\n");
        for (const auto& line : table.lines) all.append(line.text).append("\n");
        all.append("\n");
    }
    return all;
}

ConfigText::Table& ConfigText::open(std::string_view header) {
    const auto found = std::find_if(tables_.begin(), tables_.end(),
                                    [&](const Table& table) { return table.header == header; });
    if (found != tables_.end() && !header.starts_with("[[")) return *found;
    tables_.push_back({std::string(header), {}});
    return tables_.back();
}

void ConfigText::put(Table& table, std::string_view line) {
    const std::string key(trim(line.substr(0, line.find('='))));
    const auto found = std::find_if(table.lines.begin(), table.lines.end(),
                                    [&](const Line& old) { return old.key == key; });
    if (found != table.lines.end()) {
        found->text = line;
    } else {
        table.lines.push_back({key, std::string(line)});
    }
}

}  // namespace clarion::script
