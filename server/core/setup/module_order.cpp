#include "server/core/setup/module_order.h"

#include <algorithm>
#include <string>

namespace clarion::core {

namespace {

using Rows = std::vector<const ModuleRow*>;

bool has(const Rows& rows, std::string_view name) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const auto* row) { return row->name == name; });
}

/// Whether nobody that must come before this one is still to come.
bool may_come(const ModuleRow& row, const Rows& waiting) {
    return std::none_of(row.after.begin(), row.after.end(),
                        [&](std::string_view name) { return has(waiting, name); });
}

Error circle(const Rows& waiting) {
    std::string text = "modules wait for each other:";
    for (const ModuleRow* row : waiting)
        for (const std::string_view name : row->after)
            if (has(waiting, name))
                text += ' ' + std::string(row->name) + " for " + std::string(name) + ';';
    text.pop_back();
    return fail("circle", std::move(text));
}

}  // namespace

Result<Rows> install_order(std::span<const ModuleRow> rows) {
    Rows waiting, order;
    for (const ModuleRow& row : rows) waiting.push_back(&row);
    while (!waiting.empty()) {
        const auto next = std::find_if(waiting.begin(), waiting.end(),
                                       [&](const auto* row) { return may_come(*row, waiting); });
        if (next == waiting.end()) return circle(waiting);
        order.push_back(*next);
        waiting.erase(next);
    }
    return order;
}

}  // namespace clarion::core
