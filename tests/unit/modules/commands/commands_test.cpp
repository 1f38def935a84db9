#include "modules/commands/commands.h"

#include <doctest/doctest.h>

#include <set>

#include "modules/disco.h"
#include "proto/ns.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/events/account_events.h"
#include "tests/support/world.h"

namespace clarion::commands {
namespace {

using namespace std::chrono_literals;
using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;
using test::Client;
using test::World;

// ---- Decisions ---------------------------------------------------------------------------------

TEST_CASE("actions have names") {
    CHECK(parse_action("") == Action::execute);
    CHECK(parse_action("execute") == Action::execute);
    CHECK(parse_action("cancel") == Action::cancel);
    CHECK(parse_action("prev") == Action::prev);
    CHECK(parse_action("next") == Action::next);
    CHECK(parse_action("complete") == Action::complete);
    CHECK_FALSE(parse_action("Execute"));
    CHECK_FALSE(parse_action("finish"));
}

TEST_CASE("what an action means depends on how many forms are left") {
    struct Case {
        Action action;
        std::size_t stage, forms;
        Step step;
    };
    for (const auto& [action, stage, forms, step] :
         {Case{Action::execute, 0, 1, Step::finish}, Case{Action::execute, 0, 2, Step::go_on},
          Case{Action::execute, 1, 2, Step::finish}, Case{Action::next, 0, 1, Step::refuse},
          Case{Action::next, 0, 2, Step::go_on}, Case{Action::next, 1, 2, Step::refuse},
          Case{Action::complete, 0, 1, Step::finish}, Case{Action::complete, 0, 2, Step::refuse},
          Case{Action::complete, 1, 2, Step::finish}, Case{Action::prev, 0, 2, Step::refuse},
          Case{Action::prev, 1, 2, Step::go_back}, Case{Action::cancel, 0, 1, Step::cancel},
          Case{Action::cancel, 1, 2, Step::cancel}}) {
        CAPTURE(static_cast<int>(action));
        CAPTURE(stage);
        CAPTURE(forms);
        CHECK(judge(action, stage, forms) == step);
    }
}

TEST_CASE("a form has what is required, and is the one that was asked for") {
    DataForm offered = DataForm::make("form", "urn:example");
    offered.add("a", std::vector<std::string>{}).required = true;
    offered.add("b", std::vector<std::string>{});
    const auto judge_form = [&offered](DataForm submitted) {
        return check_submitted(offered, submitted).ok();
    };
    DataForm form = DataForm::make("submit");
    CHECK_FALSE(judge_form(form));
    form.add("a", "");
    CHECK_FALSE(judge_form(form));
    form.fields.back().values.push_back("x");
    CHECK(judge_form(form));
    form.add("FORM_TYPE", "urn:other");
    CHECK_FALSE(judge_form(form));
    form.fields.back().values = {"urn:example"};
    CHECK(judge_form(form));
}

// ---- With commands -----------------------------------------------------------------------------

Task<Result<DataForm>> ask_name(const CommandCall&) {
    DataForm form = DataForm::make("form", "urn:example:greet");
    form.add("name", std::vector<std::string>{}, "text-single").required = true;
    co_return form;
}

Task<Result<DataForm>> ask_wish(const CommandCall& call) {
    DataForm form = DataForm::make("form", "urn:example:greet");
    form.title = "What do you wish " + std::string(call.submitted.front().value("name")) + "?";
    form.add("wish", std::vector<std::string>{}, "text-single");
    co_return form;
}

Task<Result<CommandOutcome>> greet(CommandCall& call) {
    call.about = call.submitted[0].value("name");
    const std::string wish(call.submitted[1].value("wish"));
    if (wish == "nonsense") co_return fail(core::bad_payload, "no such wish");
    if (wish == "evil") co_return fail("not-allowed");
    CommandOutcome outcome;
    outcome.notes.push_back({CommandNote::Type::info, wish + ", " + call.about});
    co_return outcome;
}

Task<Result<CommandOutcome>> count(CommandCall& call) {
    CommandOutcome outcome;
    outcome.form = DataForm::make("result", "urn:example:count");
    outcome.form->add("host", call.host);
    outcome.add_to_form = [](xml::Element& form) { form.add("more", "urn:example:more"); };
    co_return outcome;
}

void install_examples(core::ModuleSetup& setup) {
    setup.command({.node = "greet", .name = "Greet", .forms = {ask_name, ask_wish}, .run = greet});
    setup.command({.node = "count", .name = "Count", .run = count});
    setup.command({.node = "hidden",
                   .name = "Hidden",
                   .run = count,
                   .allowed = [](const core::Context&, const Jid& who, std::string_view) {
                       return who.local() == "chief";
                   }});
}

struct Court {
    World world{
        {.modules = {{.name = "disco", .install = disco::install},
                     {.name = "commands", .install = install, .declare_options = declare_options},
                     {.name = "examples", .install = install_examples}},
         .config = "admins = [\"bard@example.org\", \"chief@example.org\"]\n"
                   "[commands]\nmax_sessions = 2\nsession_time = \"5min\"\n"
                   "[host.\"example.net\".modules]\ndisabled = [\"examples\"]\n"
                   "[component.\"gw.example.org\"]\nsecret = \"s\"\n"}};
    Client* bard = nullptr;
    Client* romeo = nullptr;

    Court() {
        world.add_account("bard@example.org");
        world.add_account("romeo@example.org");
        bard = &world.log_in("bard@example.org/globe");
        romeo = &world.log_in("romeo@example.org/orchard");
    }
    static std::string iq(const std::string& attributes, const std::string& inside = {},
                          const std::string& to = "example.org") {
        return "<iq type='set' id='c' to='" + to + "'><command xmlns='" +
               std::string(ns::commands) + "' " + attributes + ">" + inside + "</command></iq>";
    }
    static std::string form(const std::string& var, const std::string& value) {
        return "<x xmlns='jabber:x:data' type='submit'><field var='" + var + "'><value>" + value +
               "</value></field></x>";
    }
    /// The status, or "condition specific".
    std::string step(Client& client, const std::string& attributes, const std::string& inside = {},
                     const std::string& to = "example.org") {
        last = client.ask(iq(attributes, inside, to));
        if (last.root().attr("type") != "error") return std::string(command().attr("status"));
        const StanzaError error = read_error(last.root());
        CHECK((error.app_name.empty() || error.app_ns == ns::commands));
        return std::string(name(error.condition)) +
               (error.app_name.empty() ? "" : " " + error.app_name);
    }
    const xml::Element& command() const { return *last.root().child(ns::commands, "command"); }
    std::string id() const { return std::string(command().attr("sessionid")); }
    std::string continued() const { return "node='greet' sessionid='" + id() + "'"; }
    std::string begin(Client& client, const std::string& to = "example.org") {
        CHECK(step(client, "node='greet' action='execute'", "", to) == "executing");
        return continued();
    }
    std::set<std::string> items(Client& client, const std::string& to) {
        const auto answer = client.ask("<iq type='get' id='d' to='" + to + "'><query xmlns='" +
                                       std::string(ns::disco_items) + "' node='" +
                                       std::string(ns::commands) + "'/></iq>");
        CHECK(answer.root().attr("type") == "result");
        std::set<std::string> nodes;
        for (const xml::Element& item : answer.root().first_child()->children()) {
            CHECK(item.attr("jid") == to);
            nodes.insert(std::string(item.attr("node")));
        }
        return nodes;
    }
    std::string info(Client& client, const std::string& to, const std::string& node) {
        last = client.ask("<iq type='get' id='d' to='" + to + "'><query xmlns='" +
                          std::string(ns::disco_info) + "' node='" + node + "'/></iq>");
        if (last.root().attr("type") == "error")
            return std::string(name(read_error(last.root()).condition));
        return std::string(last.root().first_child()->first_child()->attr("type"));
    }
    xml::Document last;
};

using Names = std::set<std::string>;

TEST_CASE_FIXTURE(Court, "administrators find the commands, on the host and on their own address") {
    for (const auto* to : {"example.org", "bard@example.org"}) {
        CHECK(items(*bard, to) == Names{"greet", "count"});
        CHECK(info(*bard, to, std::string(ns::commands)) == "command-list");
        CHECK(info(*bard, to, "greet") == "command-node");
        CHECK(last.root().first_child()->attr("node") == "greet");
        CHECK(info(*bard, to, "hidden") == "item-not-found");
        CHECK(step(*bard, "node='hidden'", "", to) == "item-not-found");
        CHECK(info(*bard, to, "none") == "item-not-found");
    }
    world.add_account("chief@example.org");
    Client& chief = world.log_in("chief@example.org/x");
    CHECK(items(chief, "example.org") == Names{"greet", "count", "hidden"});
    CHECK(step(chief, "node='hidden'") == "completed");
    CHECK(items(*bard, "example.net").empty());  // where the module that has them is off
    CHECK(info(*bard, "example.net", "greet") == "item-not-found");
    CHECK(info(*bard, "example.org", "") == "im");  // the host itself
}

TEST_CASE_FIXTURE(Court, "a command without forms runs at once") {
    for (const auto* to : {"example.org", "bard@example.org"}) {
        CHECK(step(*bard, "node='count'", "", to) == "completed");
        const auto result = DataForm::find_in(command(), "urn:example:count");
        REQUIRE(result);
        CHECK(result->value("host") == "example.org");
        CHECK(command().child(ns::data_forms, "x")->child("urn:example:more", "more"));
        CHECK_FALSE(id().empty());
        CHECK(step(*bard, "node='count' sessionid='" + id() + "'", "", to) ==
              "not-allowed session-expired");
    }
}

TEST_CASE_FIXTURE(Court, "forms are filled in one after the other, and back") {
    std::string go = begin(*bard);
    const auto* actions = command().child(ns::commands, "actions");
    REQUIRE(actions);
    CHECK(actions->attr("execute") == "next");
    CHECK(actions->child(ns::commands, "next"));
    CHECK_FALSE(actions->child(ns::commands, "prev"));
    CHECK(command().find_attr("lang", ns::xml) == "en");

    CHECK(step(*bard, go + " action='next'", form("name", "Juliet")) == "executing");
    CHECK(DataForm::find_in(command())->title == "What do you wish Juliet?");
    actions = command().child(ns::commands, "actions");
    CHECK(actions->attr("execute") == "complete");
    CHECK(actions->child(ns::commands, "prev"));
    CHECK(step(*bard, go + " action='prev'") == "executing");
    CHECK(DataForm::find_in(command())->field("name"));
    CHECK(step(*bard, go, form("name", "Nurse")) == "executing");
    CHECK(step(*bard, go + " action='complete'", form("wish", "Good night")) == "completed");
    CHECK(command().child_text(ns::commands, "note") == "Good night, Nurse");
    CHECK(command().child(ns::commands, "note")->attr("type") == "info");
    CHECK(step(*bard, go, form("wish", "x")) == "not-allowed session-expired");
}

TEST_CASE_FIXTURE(Court, "a command is cancelled") {
    const std::string go = begin(*bard);
    CHECK(step(*bard, go + " action='cancel'") == "canceled");
    CHECK(step(*bard, go, form("name", "x")) == "not-allowed session-expired");
}

TEST_CASE_FIXTURE(Court, "what cannot be is refused, and the command goes on") {
    CHECK(step(*bard, "node='greet' action='dance'") == "bad-request malformed-action");
    CHECK(step(*bard, "node='greet' action='next'") == "bad-request bad-action");
    CHECK(step(*bard, "node='greet' action='cancel'") == "bad-request bad-action");
    CHECK(step(*bard, "node='greet' xml:lang='!'") == "bad-request bad-locale");
    CHECK(step(*bard, "node='greet' sessionid='x'") == "bad-request bad-sessionid");
    CHECK(step(*bard, "node='greet' sessionid=''") == "bad-request bad-sessionid");
    CHECK(step(*bard, "node='none'") == "item-not-found");
    CHECK(step(*bard, "action='execute'") == "item-not-found");

    const std::string go = begin(*bard);
    CHECK(step(*bard, go + " action='prev'") == "bad-request bad-action");
    CHECK(step(*bard, go + " action='complete'") == "bad-request bad-action");
    CHECK(step(*bard, go) == "bad-request bad-payload");
    CHECK(step(*bard, go, form("name", "")) == "bad-request bad-payload");
    CHECK(step(*bard, go, form("FORM_TYPE", "urn:other")) == "bad-request bad-payload");
    CHECK(step(*bard, go + " xml:lang='de'", form("name", "Nurse")) == "executing");
    CHECK(step(*bard, go, form("wish", "nonsense")) == "bad-request bad-payload");
    CHECK(step(*bard, go, form("wish", "evil")) == "not-allowed");
    CHECK(step(*bard, go, form("wish", "Peace")) == "completed");
    CHECK(command().child_text(ns::commands, "note") == "Peace, Nurse");
}

TEST_CASE_FIXTURE(Court, "an execution is whose it is, where it was begun, of its command") {
    const std::string go = begin(*bard);
    Client& other = world.log_in("bard@example.org/tavern");
    CHECK(step(other, go, form("name", "x")) == "bad-request bad-sessionid");
    CHECK(step(*bard, go, form("name", "x"), "bard@example.org") == "bad-request bad-sessionid");
    CHECK(step(*bard, "node='count'" + go.substr(12)) == "bad-request bad-sessionid");
    CHECK(step(*bard, go, form("name", "x")) == "executing");
}

TEST_CASE_FIXTURE(Court, "an execution ends with its time, and the oldest gives way") {
    const std::string first = begin(*bard);
    SUBCASE("time") {
        world.advance(4min);
        CHECK(step(*bard, first, form("name", "x")) == "executing");
        world.advance(4min);
        CHECK(step(*bard, first + " action='prev'") == "executing");
        world.advance(5min);
        CHECK(step(*bard, first, form("name", "x")) == "not-allowed session-expired");
    }
    SUBCASE("number") {
        const std::string second = begin(*bard), third = begin(*bard);
        CHECK(step(*bard, first, form("name", "x")) == "not-allowed session-expired");
        CHECK(step(*bard, second, form("name", "x")) == "executing");
        CHECK(step(*bard, third, form("name", "x")) == "executing");
    }
    SUBCASE("a restart") {
        world.crash_and_restart();
        Client& again = world.log_in("bard@example.org/globe");
        CHECK(step(again, first, form("name", "x")) == "bad-request bad-sessionid");
    }
}

TEST_CASE_FIXTURE(Court, "who is no administrator sees and runs nothing") {
    CHECK(items(*romeo, "example.org").empty());
    CHECK(items(*romeo, "romeo@example.org").empty());
    CHECK(items(*romeo, "bard@example.org").empty());
    for (const auto* to : {"example.org", "romeo@example.org"}) {
        CHECK(info(*romeo, to, "greet") == "item-not-found");
        CHECK(info(*romeo, to, "none") == "item-not-found");
        CHECK(step(*romeo, "node='greet'", "", to) == "item-not-found");
        CHECK(step(*romeo, "node='none'", "", to) == "item-not-found");
        CHECK(step(*romeo, "node='greet' action='dance'", "", to) == "item-not-found");
    }
    CHECK(step(*romeo, "node='greet'", "", "bard@example.org") == "service-unavailable");
    CHECK(info(*romeo, "bard@example.org", "greet") == "service-unavailable");
    const std::string go = begin(*bard);
    CHECK(step(*romeo, go, form("name", "x")) == "item-not-found");
    CHECK(step(*bard, "node='count'", "", "romeo@example.org") == "service-unavailable");
}

TEST_CASE_FIXTURE(Court, "neither do contacts of an administrator") {
    world.befriend("bard@example.org", "romeo@example.org");
    CHECK(items(*romeo, "bard@example.org").empty());
    CHECK(step(*romeo, "node='greet'", "", "bard@example.org") == "service-unavailable");
    CHECK(info(*romeo, "bard@example.org", "greet") == "service-unavailable");
}

TEST_CASE_FIXTURE(Court, "other servers and components see and run nothing") {
    auto& gateway = world.attach_component("gw.example.org");
    const auto answer = [this, &gateway](const std::string& from, const std::string& request) {
        world.arrive("<iq id='r' from='" + from + "' " + request + "</iq>");
        return from.find("gw.") != std::string::npos ? gateway.pop() : world.remote().pop();
    };
    const std::string command = "<command xmlns='" + std::string(ns::commands) + "' node='";
    for (const auto* from :
         {"bard@example.com/globe", "bard@gw.example.org/globe", "gw.example.org"}) {
        CAPTURE(from);
        for (const auto* node : {"greet", "count", "none"}) {
            const auto refused =
                answer(from, "type='set' to='example.org'>" + command + node + "'/>");
            REQUIRE(refused);
            CHECK(read_error(refused->root()).condition == StanzaErrorCondition::item_not_found);
            const auto own =
                answer(from, "type='set' to='bard@example.org'>" + command + node + "'/>");
            REQUIRE(own);
            CHECK(read_error(own->root()).condition == StanzaErrorCondition::service_unavailable);
        }
        const auto list = answer(from, "type='get' to='example.org'><query xmlns='" +
                                           std::string(ns::disco_items) + "' node='" +
                                           std::string(ns::commands) + "'/>");
        REQUIRE(list);
        CHECK(list->type() == StanzaType::result);
        CHECK_FALSE(list->payload()->has_children());
    }
}

TEST_CASE_FIXTURE(Court, "the right is looked up at each step") {
    const auto make_administrator = [this](bool on) {
        world.run("romeo@example.org", [on](core::Context& core) -> Task<> {
            const auto done = co_await core.account_registry().set_administrator(
                Jid::trusted("romeo@example.org"), on);
            CHECK(done.ok());
        });
    };
    make_administrator(true);
    CHECK(items(*romeo, "example.org") == Names{"greet", "count"});
    CHECK(items(*romeo, "example.net").empty());
    const std::string go = begin(*romeo);
    make_administrator(false);
    CHECK(step(*romeo, go, form("name", "x")) == "item-not-found");
    CHECK(items(*romeo, "example.org").empty());
}

TEST_CASE("a command may be for all accounts of a host, and for nobody else") {
    const auto install_for_all = [](core::ModuleSetup& setup) {
        setup.command({.node = "wave",
                       .name = "Wave",
                       .run = count,
                       .audience = core::CommandAudience::accounts});
        setup.command({.node = "count", .name = "Count", .run = count});
    };
    World world{
        {.modules = {{.name = "disco", .install = disco::install},
                     {.name = "commands", .install = install, .declare_options = declare_options},
                     {.name = "examples", .install = install_for_all}},
         .config = "admins = [\"bard@example.org\"]\n"}};
    const auto answer = [](Client& client, const std::string& node, const std::string& to) {
        return std::string(
            client.ask(Court::iq("node='" + node + "'", "", to)).root().attr("type"));
    };
    for (const char* jid : {"bard@example.org", "romeo@example.org", "juliet@example.net"})
        world.add_account(jid);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    Client& juliet = world.log_in("juliet@example.net/balcony");
    Client& bard = world.log_in("bard@example.org/globe");
    CHECK(answer(romeo, "wave", "example.org") == "result");
    CHECK(answer(romeo, "wave", "romeo@example.org") == "result");
    CHECK(answer(romeo, "count", "example.org") == "error");
    CHECK(answer(juliet, "wave", "example.org") == "error");
    CHECK(answer(juliet, "wave", "example.net") == "result");
    CHECK(answer(bard, "wave", "example.org") == "result");
    CHECK(answer(bard, "count", "example.org") == "result");
    // Who administers another host as well is no account of it.
    CHECK(answer(bard, "wave", "example.net") == "error");
    CHECK(answer(bard, "count", "example.net") == "result");

    world.remote().drop_all();
    world.arrive(
        "<iq type='set' id='r' from='paris@example.com/x' to='example.org'><command "
        "xmlns='" +
        std::string(ns::commands) + "' node='wave'/></iq>");
    CHECK(world.remote().pop()->is_error());
}

}  // namespace
}  // namespace clarion::commands
