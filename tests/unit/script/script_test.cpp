#include "tests/script/runner/script.h"

#include <doctest/doctest.h>

using namespace clarion::script;

namespace {

constexpr const char* sample =
    "# A story\n"
    "\n"
    "[Script]\n"
    "\torder: strict\n"
    "[Server]\n"
    "\t[push]\n"
    "\tmax_errors = 2\n"
    "[Client] Juliet\n"
    "\tjid: juliet@localhost/balcony\n"
    "\tpassword: se:cret\n"
    "\n"
    "[Client] Juliet's phone\n"
    "\tjid: juliet@localhost\n"
    "\tresource: mobile\n"
    "\n"
    "[Component] Gateway\n"
    "\tjid: push.localhost\n"
    "\n"
    "// another kind of comment\n"
    "---------\n"
    "\n"
    "-- and a third\n"
    "Juliet connects\n"
    "\n"
    "Juliet's phone sends:\n"
    "\t<message>\n"
    "\t\t<body>hi</body>\n"
    "\n"
    "\t</message>\n"
    "# comment\n"
    "Juliet's connection is cut\n"
    "Juliet receives\n"
    "  <presence/>\n"
    "wait 2 seconds\n";

Script parsed(std::string_view text) {
    auto script = parse_script(text);
    REQUIRE_MESSAGE(script.ok(), (script.ok() ? "" : script.error().text));
    return std::move(*script);
}

std::string refusal(std::string_view text) {
    const auto script = parse_script(text);
    return script ? "accepted" : script.error().text;
}

}  // namespace

TEST_CASE("script: the header has settings, configuration and actors") {
    const auto script = parsed(sample);
    CHECK(script.title == "A story");
    CHECK(script.setting("order") == "strict");
    CHECK(script.setting("timeout", "5") == "5");
    CHECK(script.config == "[push]\nmax_errors = 2\n");
    REQUIRE(script.actors.size() == 3);
    CHECK(script.actors[0].option("password") == "se:cret");
    CHECK(script.actors[0].bare_jid() == "juliet@localhost");
    CHECK(script.actors[0].resource() == "balcony");
    CHECK(script.actors[0].domain() == "localhost");
    CHECK(script.actors[1].name == "Juliet's phone");
    CHECK(script.actors[1].resource() == "mobile");
    CHECK(script.actors[2].kind == Actor::Kind::component);
    CHECK(script.actors[2].domain() == "push.localhost");
}

TEST_CASE("script: steps belong to the actor with the longest fitting name") {
    const auto script = parsed(sample);
    REQUIRE(script.steps.size() == 5);
    CHECK(script.steps[0].actor == "Juliet");
    CHECK(script.steps[0].action == "connects");
    CHECK(script.steps[1].actor == "Juliet's phone");
    CHECK(script.steps[1].action == "sends");
    CHECK(script.steps[1].text() == "<message>\n\t<body>hi</body>\n</message>\n");
    CHECK(script.steps[1].line == 25);
    CHECK(script.steps[2].actor == "Juliet");
    CHECK(script.steps[2].action == "'s connection is cut");
    CHECK(script.steps[3].action == "receives");
    CHECK(script.steps[3].text() == "<presence/>\n");
    CHECK(script.steps[4].actor.empty());
    CHECK(script.steps[4].action == "wait 2 seconds");
}

TEST_CASE("script: what is wrong is said with its line") {
    CHECK(refusal("[Client] A\n\tjid: a@b\n") ==
          "line 3: there is no line of dashes that ends the header");
    CHECK(refusal("hello\n----\n") == "line 1: expected [Client] NAME or a line of dashes");
    CHECK(refusal("[Client] A\n----\n") == "line 2: A has no jid");
    CHECK(refusal("[Client]\n\tjid: a@b\n----\n") == "line 3: this section needs a name");
    CHECK(refusal("[Robot] A\n----\n") == "line 2: unknown section [robot]");
    CHECK(refusal("[Client] A\n\tjid\n----\n") == "line 3: an option reads 'name: value'");
    CHECK(refusal("----\n\t<presence/>\n") == "line 2: indented text belongs below an action");
}

TEST_CASE("script: addresses of a domain are found anywhere in the text") {
    const auto found = addresses_in(
        "to='nurse@localhost' Romeo@localhost/x room@conference.localhost a@localhost.example "
        "nurse@localhost @localhost",
        "localhost");
    REQUIRE(found.size() == 2);
    CHECK(found[0] == "nurse@localhost");
    CHECK(found[1] == "romeo@localhost");
}
