// Registrations, answers and errors of push services, and hibernation (docs/push-rules.md).
#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

xml::Document ask(Client& client, const std::string& payload,
                  const std::string& attributes = "type='set'") {
    return client.ask("<iq " + attributes + " id='q'>" + payload + "</iq>");
}
std::string condition(const xml::Document& answer) {
    return answer.root().attr("type") == "error"
               ? std::string(name(read_error(answer.root()).condition))
               : "";
}
std::string enable_xml(const std::string& node) {
    return "<enable xmlns='urn:xmpp:push:0' jid='push.example.com' node='" + node + "'/>";
}
const std::string disable_all = "<disable xmlns='urn:xmpp:push:0' jid='push.example.com'/>";

// ---- Registrations -----------------------------------------------------------------------------

TEST_CASE("enable and disable") {
    Scene scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    Client& romeo = scene.world.log_in("romeo@example.net/orchard");
    const auto disco = ask(phone, "<query xmlns='http://jabber.org/protocol/disco#info'/>",
                           "type='get' to='juliet@example.org'");
    CHECK(xml::to_string(disco.root()).find("urn:xmpp:push:0") != std::string::npos);
    CHECK(condition(ask(phone, enable_xml("a"))) == "");
    CHECK(condition(ask(phone, enable_xml("b"), "type='set' to='juliet@example.org'")) == "");
    CHECK(scene.registrations().size() == 2);
    CHECK(condition(ask(phone, enable_xml("c"), "type='get'")) != "");
    CHECK(condition(ask(romeo, enable_xml("c"), "type='set' to='juliet@example.org'")) ==
          "service-unavailable");
    CHECK(condition(ask(romeo, disable_all, "type='set' to='juliet@example.org'")) ==
          "service-unavailable");
    CHECK(scene.registrations().size() == 2);
    CHECK(list(scene.world.account("romeo@example.net")).empty());
    CHECK(condition(ask(
              phone, "<disable xmlns='urn:xmpp:push:0' jid='push.example.com' node='a'/>")) == "");
    CHECK(scene.registrations().size() == 1);
    CHECK(condition(ask(phone, disable_all)) == "");
    CHECK(condition(ask(phone, disable_all)) == "");  // idempotent
    CHECK(scene.registrations().empty());
    CHECK(condition(ask(phone, "<disable xmlns='urn:xmpp:push:0'/>")) == "bad-request");
}

TEST_CASE("a registration without node is one of its own and is published without the attribute") {
    Scene scene;
    Client& phone = scene.phone();
    ask(phone, "<enable xmlns='urn:xmpp:push:0' jid='push.example.com'/>");
    CHECK(scene.registrations().size() == 2);
    ask(phone, "<disable xmlns='urn:xmpp:push:0' jid='push.example.com' node='phone'/>");
    scene.acknowledge(phone);
    phone.close();
    scene.say("x");
    const Published published = scene.pop();
    const auto& publish =
        *published.stanza->root().child(ns::pubsub, "pubsub")->child(ns::pubsub, "publish");
    CHECK_FALSE(publish.has_attr("node"));
}

TEST_CASE("the least recently enabled goes, and enabling again makes recent") {
    Scene scene("[push]\nmax_devices = 2\n");
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    for (const auto* node : {"a", "b", "a", "c"}) ask(phone, enable_xml(node));
    const auto left = scene.registrations();
    REQUIRE(left.size() == 2);
    CHECK(left[0].node == "a");
    CHECK(left[1].node == "c");
}

TEST_CASE("registrations survive a restart") {
    Scene scene;
    scene.phone();
    scene.world.crash_and_restart();
    scene.gateway = &scene.world.attach_component(service);
    REQUIRE(scene.registrations().size() == 1);
    CHECK(scene.registrations()[0].device == "phone");
    scene.say("x");
    CHECK(scene.published() == "phone!");
}

TEST_CASE("a service ends a registration, only from the very JID that was registered") {
    Scene scene;
    Client& phone = scene.phone();
    const auto message = [](const std::string& from, const std::string& node) {
        return "<message from='" + from +
               "' to='juliet@example.org'><pubsub xmlns='http://jabber.org/protocol/pubsub' "
               "node='" +
               node +
               "'><affiliation jid='juliet@example.org' affiliation='none'/></pubsub></message>";
    };
    scene.world.arrive(message("push.example.com/other", "phone"));
    scene.world.arrive(message("evil.example.com", "phone"));
    scene.world.arrive(message(service, "another"));
    CHECK(scene.registrations().size() == 1);
    scene.world.arrive(message(service, "phone"));
    CHECK(scene.registrations().empty());
    phone.cut();
    CHECK(scene.sleeps(phone) == 600s);
}

TEST_CASE("disabling drops what is pending, and ends the long hibernation") {
    Scene scene;
    Client& phone = scene.phone();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    scene.acknowledge(phone);
    phone.cut();
    CHECK(scene.sleeps(phone) == 72h);
    scene.detach();
    scene.say("x");
    CHECK(scene.registrations()[0].waiting);
    scene.world.advance(1h);
    ask(laptop, disable_all);
    CHECK(scene.sleeps(phone) == 600s);
    ask(laptop, enable_xml("phone"));
    scene.reattach();
    CHECK(scene.published() == "");
}

TEST_CASE("a deleted account is never heard of again") {
    Scene scene;
    Client& phone = scene.phone();
    phone.cut();
    scene.detach();
    scene.say("x");
    scene.world.run(juliet, [](core::Context& core) -> Task<> {
        const auto done = co_await core.account_registry().remove(Jid::trusted(juliet));
        CHECK(done.ok());
    });
    scene.reattach();
    CHECK(scene.published() == "");
    scene.world.add_account(juliet);
    CHECK(scene.registrations().empty());
    scene.say("x");
    CHECK(scene.published() == "");
}

// ---- Answers -----------------------------------------------------------------------------------

TEST_CASE("errors count unless they are of type wait; a result forgives; so many disable") {
    Away scene("[push]\nmax_errors = 3\n");
    scene.refuse(*scene.publish(), "internal-server-error", "wait");
    CHECK(scene.errors() == 0);
    scene.refuse(*scene.publish(), "item-not-found");
    scene.refuse(*scene.publish(), "remote-server-timeout");  // relayed: an answer like any other
    CHECK(scene.errors() == 2);
    scene.answer(*scene.publish());
    CHECK(scene.errors() == 0);
    CHECK(scene.registrations()[0].last_used != WallTime{});
    for (int i = 0; i < 2; ++i) scene.refuse(*scene.publish(), "forbidden");
    CHECK(scene.errors() == 2);
    scene.refuse(*scene.publish(), "forbidden");
    CHECK(scene.registrations().empty());
    CHECK(scene.publish() == nullptr);
}

TEST_CASE("enabling again starts at 0") {
    Away scene;
    scene.refuse(*scene.publish(), "forbidden");
    CHECK(scene.errors() == 1);
    scene.phone().close();
    CHECK(scene.errors() == 0);
}

TEST_CASE("gone disables at once only where that is wanted") {
    Away keeps;
    keeps.refuse(*keeps.publish(), "gone", "modify");
    CHECK(keeps.errors() == 1);
    Away drops("[push]\ngone_disables_at_once = true\n");
    drops.refuse(*drops.publish(), "item-not-found");
    CHECK(drops.registrations().empty());
}

TEST_CASE("an answer counts only from the JID that was asked, and once") {
    Away scene;
    const auto publish = scene.publish();
    const std::string id(publish->id());
    scene.world.arrive("<iq type='error' id='" + id +
                       "' from='evil.example.com' to='example.org'><error type='cancel'><gone "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    CHECK(scene.errors() == 0);
    scene.refuse(*publish, "gone");
    scene.refuse(*publish, "gone");
    CHECK(scene.errors() == 1);
}

TEST_CASE("a publish does not wait for the answer to an earlier one") {
    Away scene;
    for (int i = 0; i < 20; ++i) CHECK(scene.publish() != nullptr);
    CHECK(stats(scene.world.home_of(juliet)).at(0).outstanding == 20);
}

namespace {

/// Juliet is away, and has registered addresses of another domain.
struct Elsewhere : Scene {
    explicit Elsewhere(const std::vector<std::string>& addresses)
        : Scene("[push]\nmax_unproved_per_hour = 3\n") {
        register_anew(addresses);
    }
    void register_anew(const std::vector<std::string>& addresses) {
        Client& client = world.log_in(std::string(juliet) + "/phone");
        for (const std::string& address : addresses) CHECK(change(client, "enable", address));
        client.close();
        world.remote().drop_all();
    }
    static bool change(Client& client, const std::string& what, const std::string& address) {
        return client
                   .ask("<iq type='set' id='e'><" + what + " xmlns='urn:xmpp:push:0' jid='" +
                        address + "'/></iq>")
                   .root()
                   .attr("type") == "result";
    }
    /// So many messages come; how many notifications leave.
    std::size_t publishes(int messages_said) {
        for (int i = 0; i < messages_said; ++i) say("x");
        std::size_t count = 0;
        while (auto publish = world.remote().pop()) {
            ++count;
            sent.push_back(std::move(publish));
        }
        return count;
    }
    std::vector<StanzaPtr> sent;
};

}  // namespace

TEST_CASE("an address that never accepted a notification is not flooded") {
    Elsewhere scene({"tybalt@victim.example/a"});
    CHECK(scene.publishes(10) == 3);
    CHECK(scene.registrations().at(0).waiting);
    SUBCASE("nor if it answers with errors") {
        for (const StanzaPtr& publish : scene.sent) scene.refuse(*publish, "service-unavailable");
        CHECK(scene.publishes(10) == 0);
    }
    SUBCASE("nor by registering anew, or another address there") {
        Client& client = scene.world.log_in(std::string(juliet) + "/phone");
        CHECK(Elsewhere::change(client, "disable", "tybalt@victim.example/a"));
        client.close();
        scene.register_anew({"tybalt@victim.example/a", "tybalt@victim.example/b"});
        CHECK(scene.publishes(10) == 0);
    }
    SUBCASE("nor by calls") {
        scene.arrive(
            "<propose xmlns='urn:xmpp:jingle-message:0' id='c'><description "
            "xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose>");
        CHECK(scene.publishes(0) == 0);
    }
    SUBCASE("as soon as it accepts one, it is sent what waits and all there is") {
        scene.answer(*scene.sent.back());
        CHECK(scene.publishes(0) == 1);
        CHECK(scene.publishes(10) == 10);
    }
}

TEST_CASE("after an hour an address that never accepted a notification is tried again") {
    Elsewhere scene({"gateway.example"});
    CHECK(scene.publishes(3) == 3);
    for (const StanzaPtr& publish : scene.sent) scene.refuse(*publish, "forbidden");
    CHECK(scene.publishes(1) == 0);
    scene.world.advance(1h);
    CHECK(scene.publishes(0) == 1);
}

TEST_CASE("many accounts may be new at a service elsewhere, and components need no proof") {
    Elsewhere scene({"gateway.example"});
    CHECK(scene.publishes(3) == 3);
    scene.world.add_account("nurse@example.org");
    Client& nurse = scene.world.log_in("nurse@example.org/phone");
    CHECK(Elsewhere::change(nurse, "enable", "gateway.example"));
    nurse.close();
    scene.say("x", "nurse@example.org");
    CHECK(scene.publishes(0) == 1);
    Away away("[push]\nmax_unproved_per_hour = 3\n");
    for (int i = 0; i < 20; ++i) CHECK(away.publish() != nullptr);
}

TEST_CASE("nobody registers another's account as a service") {
    Elsewhere scene({});
    Client& client = scene.world.log_in(std::string(juliet) + "/phone");
    CHECK_FALSE(Elsewhere::change(client, "enable", "romeo@example.net"));
    CHECK_FALSE(Elsewhere::change(client, "enable", "nobody@example.org/x"));
    CHECK(Elsewhere::change(client, "enable", "anybody@push.example.com"));
    CHECK(Elsewhere::change(client, "enable", "romeo@example.com"));
}

TEST_CASE("a single unanswered publish counts nothing") {
    Away scene;
    scene.publish();
    scene.answer(*scene.publish());
    scene.world.advance(61s);
    CHECK(scene.errors() == 0);
    const auto view = stats(scene.world.home_of(juliet)).at(0);
    CHECK(view.unanswered == 1);
    CHECK_FALSE(view.backing_off());
    CHECK(scene.publish() != nullptr);
}

TEST_CASE("silence is unreachable: back-off, and one publish asks again") {
    Away scene;
    scene.publish();
    scene.world.advance(61s);
    CHECK(scene.errors() == 1);
    auto view = stats(scene.world.home_of(juliet)).at(0);
    CHECK(view.backing_off());
    CHECK(view.waiting == 1);
    CHECK(view.retry_in > 28s);
    CHECK(scene.publish() == nullptr);
    scene.world.advance(40s);
    const auto probe = scene.gateway->pop();
    REQUIRE(probe != nullptr);
    CHECK(scene.publish() == nullptr);
    scene.refuse(*probe, "service-unavailable", "wait");  // an answer of any type
    CHECK(scene.gateway->pop() != nullptr);               // the newest state
    CHECK(scene.gateway->pop() == nullptr);
    view = stats(scene.world.home_of(juliet)).at(0);
    CHECK_FALSE(view.backing_off());
    CHECK(view.waiting == 0);
}

TEST_CASE(
    "a component that is not attached: nothing is lost, nobody is disabled, the newest state "
    "goes") {
    Away scene("[push]\nmax_errors = 3\nnotification_with_body = true\n");
    scene.detach();
    for (int i = 0; i < 5; ++i) {
        scene.say(std::to_string(i));
        scene.world.advance(2h);
    }
    CHECK(scene.errors() >= 5);
    CHECK(scene.registrations()[0].failing_since != WallTime{});
    scene.arrive("<received xmlns='urn:xmpp:receipts' id='x'/>");
    scene.reattach();
    const Published published = scene.pop();
    CHECK(published.body == "4");  // what is unimportant does not take its place
    CHECK(scene.gateway->pop() == nullptr);
    scene.refuse(*published.stanza, "forbidden");  // the outage does not count towards max_errors
    CHECK(scene.registrations().size() == 1);
    scene.answer(*scene.publish());
    CHECK(scene.errors() == 0);
    CHECK(scene.registrations()[0].failing_since == WallTime{});
}

TEST_CASE("a gateway that never returns is given up") {
    Away scene;
    scene.detach();
    scene.say("x");
    for (int hours = 0; hours < 71; ++hours) scene.world.advance(1h);
    CHECK(scene.registrations().size() == 1);
    for (int hours = 0; hours < 4; ++hours) scene.world.advance(1h);
    CHECK(scene.registrations().empty());
}

TEST_CASE("what waits for an unreachable service does not keep the account in memory") {
    Away scene;
    scene.detach();
    scene.say("x");
    const auto loaded = [&] {
        return scene.world.home_of(juliet).accounts().find(juliet) != nullptr;
    };
    CHECK(loaded());
    scene.world.advance(5s);
    scene.world.at(juliet, [](core::Context& core) { core.accounts().evict_idle(1s); });
    CHECK_FALSE(loaded());
    scene.reattach();
    CHECK(scene.gateway->pop() != nullptr);
    scene.world.advance(5s);
    scene.world.at(juliet, [](core::Context& core) { core.accounts().evict_idle(1s); });
    CHECK(loaded());  // an answer is due
}

TEST_CASE("a remote service takes the same path") {
    Away scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    ask(phone, "<enable xmlns='urn:xmpp:push:0' jid='p2.example.com' node='n'/>");
    phone.close();
    scene.say("x");
    const auto publish = scene.world.remote().pop();
    REQUIRE(publish != nullptr);
    CHECK(read_publish(publish).node == "n");
    scene.world.at("example.org", [&](core::Context& core) {
        core::Envelope bounced;
        bounced.stanza = publish;
        core.router().bounce_unreachable(std::move(bounced),
                                         {StanzaErrorCondition::remote_server_not_found});
    });
    bool backing_off = false;
    for (const auto& view : stats(scene.world.home_of(juliet)))
        backing_off |= view.service == "p2.example.com" && view.backing_off();
    CHECK(backing_off);
}

TEST_CASE("a test publish says what happens, step by step") {
    Scene scene;
    Client& phone = scene.phone();
    std::vector<TestStep> steps;
    bool done = false;
    scene.world.at(juliet, [&](core::Context&) {
        test(
            phone.account(), {}, {}, [&](TestStep step) { steps.push_back(std::move(step)); },
            [&] { done = true; });
    });
    const auto publish = scene.gateway->pop();
    REQUIRE(publish != nullptr);
    CHECK_FALSE(done);
    scene.refuse(*publish, "forbidden");
    CHECK(done);
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].step == "publish");
    CHECK(steps[0].ok);
    CHECK(steps[1].step == "answer");
    CHECK_FALSE(steps[1].ok);
    CHECK(steps[1].text.find("forbidden") != std::string::npos);
    CHECK(steps[1].node.find("phone") == std::string::npos);  // a node may be a token
}

// ---- Hibernation
// -------------------------------------------------------------------------------------

TEST_CASE("the long hibernation ends with the first important notification") {
    Scene scene;
    Client& phone = scene.phone();
    phone.cut();
    CHECK(scene.sleeps(phone) == 72h);
    scene.world.advance(1h);
    scene.type();
    CHECK(scene.published() == "phone");
    CHECK(scene.sleeps(phone) == 71h);
    scene.say("x");
    CHECK(scene.published() == "phone!");
    CHECK(scene.sleeps(phone) == 600s);
    scene.world.advance(100s);
    scene.say("y");
    CHECK(scene.sleeps(phone) == 500s);
}

TEST_CASE("an important notification that did not arrive does not end the long hibernation") {
    Scene scene;
    Client& phone = scene.phone();
    phone.cut();
    scene.detach();
    scene.say("x");
    CHECK(scene.sleeps(phone) == 72h);
    scene.world.advance(10s);
    scene.reattach();
    CHECK(scene.sleeps(phone) == 600s);
}

TEST_CASE("<enabled max> says the most it can be") {
    Scene scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    scene.enable(phone, "phone");
    phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    CHECK(phone.pop("enabled").root().attr("max") == "259200");
}

TEST_CASE("losing push by errors ends the long hibernation") {
    Scene scene("[push]\nmax_errors = 1\n");
    Client& phone = scene.phone();
    phone.cut();
    scene.type();
    scene.answers = false;
    scene.world.advance(10s);
    scene.refuse(*scene.gateway->pop(), "gone");
    CHECK(scene.registrations().empty());
    CHECK(scene.sleeps(phone) == 600s);
}

TEST_CASE(
    "at a planned stop nothing is notified; after the restart those who did not come back are") {
    Scene scene;
    Client& phone = scene.phone();
    scene.say("one");
    for (unsigned i = 0; i < 2; ++i) scene.world.core(i).set_stopping();
    phone.cut();
    CHECK(scene.published() == "");
    scene.world.crash_and_restart();
    scene.started();
    scene.world.advance(9s);
    CHECK(scene.published() == "");
    scene.world.advance(2s);
    CHECK(scene.published() == "phone!");
    REQUIRE(scene.sleeper());
    CHECK(scene.sleeper()->hibernation().expires_at() - scene.world.clock().lasting() == 600s);
}

TEST_CASE("what was notified before the restart is not notified after it") {
    Scene scene;
    Client& phone = scene.phone();
    scene.say("zero");
    phone.cut();
    scene.say("one");
    scene.say("two");  // coalesced
    CHECK(scene.published() == "phone! phone!");
    scene.world.advance(100ms);  // what was notified is written by then
    scene.world.crash_and_restart();
    scene.started();
    scene.world.advance(11s);
    CHECK(scene.published() == "");
    scene.say("three");
    CHECK(scene.published() == "phone!");
}

TEST_CASE("a message within the grace does not hide what the stop left") {
    Scene scene;
    Client& phone = scene.phone();
    scene.say("one");
    for (unsigned i = 0; i < 2; ++i) scene.world.core(i).set_stopping();
    phone.cut();
    scene.world.crash_and_restart();
    scene.started();
    scene.type();
    CHECK(scene.published() == "phone");
    scene.world.advance(11s);
    CHECK(scene.published() == "phone!");
}

TEST_CASE("a hibernating session that was evicted is not notified again at its end") {
    Scene scene;
    Client& phone = scene.phone();
    phone.cut();
    scene.say("one");
    scene.say("two");
    CHECK(scene.published() == "phone!");
    scene.world.advance(5s);
    scene.world.at(juliet, [](core::Context& core) { core.accounts().evict_idle(1s); });
    CHECK(scene.world.home_of(juliet).accounts().find(juliet) == nullptr);
    core::Session* session = scene.sleeper();
    REQUIRE(session);
    scene.world.at(juliet, [&](core::Context&) { session->end(core::SessionEnd::expired); });
    CHECK(scene.world.account(juliet).offline_count() == 2);
    CHECK(scene.published() == "");
}

}  // namespace
}  // namespace clarion::push
