// Commands for operators as commands for clients.
#include "server/core/setup/admin_as_command.h"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace clarion::core {
namespace {

namespace json = boost::json;

/// About a host, or one account there.
AdminCommand sessions() {
    return {.name = "session list",
            .help = "sessions",
            .arguments = {{.name = "jid", .kind = ArgumentKind::jid, .use = ArgumentUse::optional},
                          {.name = "limit", .kind = ArgumentKind::number, .usual = 5, .most = 9}},
            .columns = {{"jid", "jid"}},
            .none = "no sessions"};
}

std::string read(const DataForm& form) {
    const auto arguments = read_arguments(sessions(), form, "example.org");
    return arguments ? std::string(text(*arguments, "jid")) : arguments.error().code;
}

TEST_CASE("where nobody is named a command is about the host that was asked, and never another") {
    DataForm form = DataForm::make("submit");
    CHECK(read(form) == "example.org");
    form.add("jid", std::string("Romeo@example.org"), "jid-single");
    CHECK(read(form) == "romeo@example.org");
    form.fields.front().values = {"romeo@example.net"};
    CHECK(read(form) == "bad-payload");
    form.fields.front().values = {"@"};
    CHECK(read(form) == "bad-payload");
}

TEST_CASE("of a long table a client is shown the first rows, and told of how many") {
    json::array rows;
    for (std::size_t i = 0; i < most_rows_shown + 1; ++i)
        rows.push_back(json::object{{"jid", std::to_string(i) + "@example.org"}});
    CommandOutcome outcome = make_outcome(sessions(), json::value(rows));
    REQUIRE(outcome.form);
    CHECK(outcome.form->items.size() == most_rows_shown);
    REQUIRE(outcome.notes.size() == 1);
    CHECK(outcome.notes.front().text == "These are 1000 of 1001.");
    rows.pop_back();
    outcome = make_outcome(sessions(), json::value(rows));
    CHECK(outcome.form->items.size() == most_rows_shown);
    CHECK(outcome.notes.empty());
    outcome = make_outcome(sessions(), json::value(json::array()));
    REQUIRE(outcome.notes.size() == 1);
    CHECK(outcome.notes.front().text == "No sessions");
}

}  // namespace
}  // namespace clarion::core
