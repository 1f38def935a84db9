// The command get-pending, of accounts and of services.
#include "modules/pubsub/pending_command.h"

#include "proto/pubsub.h"
#include "tests/unit/modules/pubsub/service_scene.h"

namespace clarion::pubsub {
namespace {

constexpr std::string_view authorization =
    "http://jabber.org/protocol/pubsub#subscribe_authorization";

/// A command at that address.
xml::Document run(Client& client, std::string_view to, std::string_view more = "",
                  std::string_view inside = "") {
    return client.ask("<iq type='set' id='c' to='" + std::string(to) +
                      "'><command xmlns='http://jabber.org/protocol/commands' node='" +
                      std::string(get_pending_node) + "' " + std::string(more) + ">" +
                      std::string(inside) + "</command></iq>");
}

std::string chosen(std::string_view node) {
    return "<x xmlns='jabber:x:data' type='submit'><field var='pubsub#node'><value>" +
           std::string(node) + "</value></field></x>";
}

/// "STATUS NODE...", or the error.
std::string said(const xml::Document& answer) {
    if (answer.root().attr("type") != "result") return Scene::outcome(answer);
    const xml::Element* command = answer.root().child(ns::commands, "command");
    REQUIRE(command);
    CHECK(command->attr("node") == get_pending_node);
    CHECK(!command->attr("sessionid").empty());
    std::string text(command->attr("status"));
    const auto form = DataForm::find_in(*command, authorization);
    if (!form) return text;
    CHECK(form->fields.size() == 2);
    for (const auto& option : form->field("pubsub#node")->options) text += ' ' + option.value;
    return text;
}

/// Who is asked about, each "node jid\n".
std::string asked_about(Client& client) {
    std::string text;
    while (client.pending() > 0) {
        const auto element = client.pop();
        const auto form = DataForm::find_in(element.root(), authorization);
        if (element.root().name() == "message" && form)
            text += std::string(form->value("pubsub#node")) + ' ' +
                    std::string(form->value("pubsub#subscriber_jid")) + '\n';
    }
    return text;
}

struct Account : Scene {
    static constexpr auto jid = "romeo@example.org";
    Account() {
        for (const char* node : {"a", "b", "c"})
            REQUIRE(publish(*romeo, node, item("i"), "access_model", "authorize") == "ok");
    }
};

TEST_CASE_FIXTURE(Account, "get-pending: an account is asked about who waits once more") {
    CHECK(said(run(*romeo, jid)) == "completed");  // nobody does
    CHECK(subscribe(*tybalt, "tybalt@example.org", "subscribe", "a") == "ok");
    CHECK(subscribe(*juliet, "juliet@example.net", "subscribe", "a") == "ok");
    CHECK(subscribe(*tybalt, "tybalt@example.org", "subscribe", "c") == "ok");
    forget();
    CHECK(said(run(*romeo, jid)) == "executing a c");
    CHECK(said(run(*romeo, jid, "sessionid='s' action='complete'", chosen("a"))) == "completed");
    CHECK(asked_about(*romeo) == "a juliet@example.net\na tybalt@example.org\n");
    CHECK(said(run(*romeo, jid, "sessionid='s'", chosen("b"))) == "completed");
    CHECK(asked_about(*romeo) == "");
    CHECK(said(run(*romeo, jid, "sessionid='s'", chosen("d"))) == "item-not-found");
}

TEST_CASE_FIXTURE(Account, "get-pending: owners only") {
    CHECK(said(run(*juliet, jid)) == "forbidden");
    CHECK(said(run(*tybalt, jid)) == "item-not-found");
    CHECK(said(run(*tybalt, "nobody@example.org")) == "item-not-found");
    CHECK(subscribe(*tybalt, "tybalt@example.org", "subscribe", "a") == "ok");
    CHECK(affiliate(*romeo, "b", "juliet@example.net", "owner") == "ok");
    forget();
    CHECK(said(run(*juliet, jid)) == "completed");
    CHECK(said(run(*juliet, jid, "sessionid='s'", chosen("a"))) == "forbidden");
    CHECK(affiliate(*romeo, "a", "juliet@example.net", "owner") == "ok");
    forget();
    CHECK(said(run(*juliet, jid)) == "executing a");
    CHECK(said(run(*juliet, jid, "sessionid='s'", chosen("a"))) == "completed");
    CHECK(asked_about(*juliet) == "a tybalt@example.org\n");
    CHECK(asked_about(*romeo) == "");
}

TEST_CASE_FIXTURE(Account, "get-pending: actions, and what is none") {
    CHECK(subscribe(*tybalt, "tybalt@example.org", "subscribe", "a") == "ok");
    CHECK(said(run(*romeo, jid, "action='execute'")) == "executing a");
    CHECK(said(run(*romeo, jid, "sessionid='s' action='cancel'")) == "canceled");
    CHECK(said(run(*romeo, jid, "action='complete'")) == "bad-request/bad-action");
    CHECK(said(run(*romeo, jid, "sessionid='s' action='prev'")) == "bad-request/bad-action");
    CHECK(said(run(*romeo, jid, "action='stop'")) == "bad-request/malformed-action");
    CHECK(said(run(*romeo, jid, "sessionid='s'")) == "bad-request/bad-payload");
}

struct Service : ServiceScene {
    Service() { REQUIRE(create(*romeo, "poems", "access_model", "authorize") == "ok"); }
    std::string commands(Client& client) {
        const auto answer = disco(client, "items", ns::commands);
        std::string text;
        for (const auto& item : answer.root().first_child()->children())
            text += std::string(item.attr("node")) + ' ';
        return text;
    }
};

TEST_CASE_FIXTURE(Service, "get-pending: a service's owners of nodes, and its administrators") {
    CHECK(said(run(*romeo, service_jid)) == "completed");
    CHECK(subscribe(*juliet, "poems") == "ok");
    (void)asked_about(*romeo);
    CHECK(said(run(*romeo, service_jid)) == "executing poems");
    CHECK(said(run(*romeo, service_jid, "sessionid='s'", chosen("poems"))) == "completed");
    CHECK(asked_about(*romeo) == "poems juliet@example.net\n");
    CHECK(said(run(*admin, service_jid)) == "executing poems");
    CHECK(said(run(*juliet, service_jid)) == "forbidden");
    CHECK(said(run(*juliet, service_jid, "sessionid='s'", chosen("poems"))) == "forbidden");
}

TEST_CASE_FIXTURE(Service, "get-pending: it is found") {
    CHECK(commands(*romeo) == std::string(get_pending_node) + ' ');
    CHECK(commands(*juliet).empty());
    const std::string info = xml::to_string(disco(*juliet, "info").root());
    CHECK(info.find("'http://jabber.org/protocol/commands'") != std::string::npos);
    CHECK(info.find("#get-pending'") != std::string::npos);
    const std::string about = xml::to_string(disco(*juliet, "info", get_pending_node).root());
    CHECK(about.find("type='command-node'") != std::string::npos);
}

}  // namespace
}  // namespace clarion::pubsub
