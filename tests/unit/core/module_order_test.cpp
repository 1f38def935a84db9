// In which order modules are installed.
#include "server/core/setup/module_order.h"

#include <doctest/doctest.h>

namespace clarion::core {
namespace {

using Names = std::vector<std::string_view>;

ModuleRow row(std::string_view name, Names after = {}) {
    ModuleRow made{};
    made.name = name;
    made.after = std::move(after);
    return made;
}

Names order(const std::vector<ModuleRow>& rows) {
    Names names;
    const auto ordered = install_order(rows);
    REQUIRE(ordered);
    for (const auto* each : *ordered) names.push_back(each->name);
    return names;
}

TEST_CASE("modules are installed in the order of the table") {
    CHECK(order({row("c"), row("a"), row("b")}) == Names{"c", "a", "b"});
    CHECK(order({}) == Names{});
}

TEST_CASE("one that comes after others waits for them, and nobody else does") {
    CHECK(order({row("a", {"c"}), row("b"), row("c"), row("d")}) == Names{"b", "c", "a", "d"});
    CHECK(order({row("a", {"b", "c"}), row("b", {"d"}), row("c"), row("d")}) ==
          Names{"c", "d", "b", "a"});
    CHECK(order({row("b"), row("a", {"b"})}) == Names{"b", "a"});
}

TEST_CASE("a name that the table does not have orders nothing") {
    CHECK(order({row("a", {"nobody"}), row("b")}) == Names{"a", "b"});
}

TEST_CASE("a circle is refused, and named") {
    const std::vector<ModuleRow> rows{row("x"), row("a", {"b"}), row("b", {"c"}), row("c", {"a"})};
    const auto ordered = install_order(rows);
    REQUIRE_FALSE(ordered);
    CHECK(ordered.error().code == "circle");
    CHECK(ordered.error().text == "modules wait for each other: a for b; b for c; c for a");
    CHECK_FALSE(install_order(std::vector<ModuleRow>{row("a", {"a"})}));
}

}  // namespace
}  // namespace clarion::core
