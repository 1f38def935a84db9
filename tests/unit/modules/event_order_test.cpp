// The order in which handlers of one event run, with every module installed, against a golden file.
// A change of order is a change of behaviour: look at it, then write what this test prints to the
// file.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "modules/all.h"
#include "server/core/setup/module_order.h"
#include "tests/support/world.h"

using namespace clarion;

namespace {

constexpr auto golden_file = "tests/golden/event_order.txt";  // tests run in the source directory

std::string read_file(const char* path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("handlers run in the order of the golden file") {
    const auto rows = modules::standard();
    test::World world({.modules = {rows.begin(), rows.end()}, .shards = 1});
    std::string order;
    for (const auto& line : world.core(0).bus().describe()) order += line + '\n';
    const std::string golden = read_file(golden_file);
    if (order != golden) MESSAGE("the order is now:\n" << order);
    CHECK(order == golden);
}

TEST_CASE("whom a row comes after is in the table, and the table is in order") {
    const auto rows = modules::standard();
    const auto order = core::install_order(rows);
    REQUIRE(order);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        CHECK((*order)[i] == &rows[i]);
        for (const auto name : rows[i].after)
            CHECK(std::any_of(rows.begin(), rows.end(),
                              [&](const auto& row) { return row.name == name; }));
    }
}
