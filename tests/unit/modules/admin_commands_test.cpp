// What modules declare for whoever administers the server holds together: nobody else looks at it
// before it is typed.
#include <doctest/doctest.h>

#include <boost/json/value.hpp>
#include <set>

#include "modules/all.h"
#include "server/core/setup/admin_command.h"

using namespace clarion;
using namespace clarion::core;

namespace {

/// Words come before options, and those that are needed before those that are not.
bool in_order(const AdminCommand& command) {
    return std::is_sorted(command.arguments.begin(), command.arguments.end(),
                          [](const auto& a, const auto& b) { return a.use < b.use; });
}

void check_questions(const AdminCommand& command, const std::set<std::string_view>& arguments) {
    for (const auto& question : command.questions) {
        CHECK((question.given.empty() || arguments.contains(question.given)));
        const auto begin = question.text.find('{'), end = question.text.find('}');
        if (begin == std::string_view::npos) continue;
        CHECK(arguments.contains(question.text.substr(begin + 1, end - begin - 1)));
    }
    if (!command.questions.empty()) CHECK(command.questions.back().given.empty());
}

void check_command(const AdminArea& area, const AdminCommand& command) {
    CAPTURE(command.name);
    CHECK(command.name.starts_with(std::string(area.name) + " "));
    CHECK(!command.help.empty());
    CHECK(static_cast<bool>(command.run));
    CHECK(in_order(command));
    std::set<std::string_view> arguments;
    for (const auto& argument : command.arguments) {
        CAPTURE(argument.name);
        CHECK(arguments.insert(argument.name).second);
        CHECK(argument.help.empty() == (argument.kind == ArgumentKind::for_table));
        if (argument.kind == ArgumentKind::number) CHECK(argument.most >= argument.usual);
        if (argument.kind == ArgumentKind::flag) CHECK(argument.use == ArgumentUse::option);
    }
    check_questions(command, arguments);
}

}  // namespace

TEST_CASE("admin commands of modules are declared well") {
    std::set<std::string_view> names, areas;
    for (const auto& row : modules::standard()) {
        for (const auto& declared : row.admin_areas) {
            const AdminArea& area = declared();
            CHECK(areas.insert(area.name).second);
            CHECK(!area.help.empty());
            for (const auto& command : area.commands) {
                CHECK(names.insert(command.name).second);
                check_command(area, command);
            }
        }
    }
    const std::set<std::string_view> expected{
        "archive", "bookmarks", "client", "federation", "invite", "notice", "pubsub",
        "push",    "report",    "room",   "session",    "upload", "user"};
    CHECK(areas == expected);
    CHECK(names.contains("push list"));
}
