// Registrations: what is kept, replaced, dropped and told to others (docs/push-rules.md,
// "Registrations", "Answers and errors", "Extension points"); and what the log does not say.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

void enable_as(Client& client, const std::string& node, const std::string& content = {}) {
    const auto answer =
        client.ask("<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='" +
                   std::string(service) + "' node='" + node + "'>" + content + "</enable></iq>");
    CHECK(answer.root().attr("type") == "result");
}

TEST_CASE("the same pair again replaces options, extensions and device, not the day it was made") {
    Scene scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    Client& tablet = scene.world.log_in("juliet@example.org/tablet");
    const std::string form =
        "<x xmlns='jabber:x:data' type='submit'><field var='secret'><value>s</value></field></x>";
    enable_as(phone, "n", form + "<a xmlns='urn:a'/>");
    const WallTime made = scene.registrations().at(0).created;
    scene.world.advance(1h);
    enable_as(tablet, "n", "<b xmlns='urn:b'/>");
    const auto left = scene.registrations();
    REQUIRE(left.size() == 1);
    CHECK(left[0].device == "tablet");
    CHECK_FALSE(left[0].has_publish_options);
    CHECK(left[0].extensions == std::vector<std::string>{"urn:b"});
    CHECK(left[0].created == made);
}

TEST_CASE("order is that of enabling, by a sequence: also within one moment, also over a restart") {
    Scene scene("[push]\nmax_devices = 3\n");
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    for (const auto* node : {"a", "b", "c", "a"}) enable_as(phone, node);
    scene.world.crash_and_restart();
    scene.gateway = &scene.world.attach_component(service);
    Client& back = scene.world.log_in("juliet@example.org/phone");
    enable_as(back, "d");
    std::string nodes;
    for (const auto& each : scene.registrations()) nodes += each.node;
    CHECK(nodes == "cad");
}

TEST_CASE(
    "what is known of a registration survives a restart: errors, times, device, what it asked "
    "for") {
    Away scene;
    scene.answer(*scene.publish());
    scene.world.advance(1h);
    for (int i = 0; i < 3; ++i) scene.refuse(*scene.publish(), "forbidden");
    const auto before = scene.registrations().at(0);
    CHECK(before.errors == 3);
    scene.world.crash_and_restart();
    scene.gateway = &scene.world.attach_component(service);
    const auto after = scene.registrations().at(0);
    CHECK(after.errors == 3);
    CHECK(after.last_used == before.last_used);
    CHECK(after.created == before.created);
    CHECK(after.device == "phone");
}

TEST_CASE("sixteen errors in a row disable, fifteen do not") {
    Away scene;
    for (int i = 0; i < 15; ++i)
        scene.refuse(*scene.publish(), "forbidden", i % 2 ? "auth" : "modify");
    CHECK(scene.registrations().size() == 1);
    scene.refuse(*scene.publish(), "forbidden", "continue");
    CHECK(scene.registrations().empty());
}

TEST_CASE("one that is disabled before its notification is durable is told nothing") {
    Away scene;
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    scene.world.storage().hold_commits();
    const StanzaPtr message = *Stanza::from_document(
        xml::parse_element("<message xmlns='jabber:client' from='romeo@example.com/orchard' "
                           "to='juliet@example.org' type='chat'><body>x</body></message>"));
    laptop.send_soon("<presence type='unavailable'/>");
    scene.world.run_shards();
    scene.world.post("example.com", [&](core::Context& core) { core.router().route(message); });
    scene.world.run_shards();
    laptop.send_soon("<iq type='set' id='d'><disable xmlns='urn:xmpp:push:0' jid='" +
                     std::string(service) + "'/></iq>");
    scene.world.run_shards();
    CHECK(scene.gateway->pending() == 0);  // not durable
    scene.world.storage().release_commits();
    scene.world.settle();
    CHECK(scene.registrations().empty());
    CHECK(scene.gateway->pending() == 0);
}

TEST_CASE("one that is disabled does not wait for its service any more") {
    Away scene;
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    laptop.send("<presence type='unavailable'/>");
    scene.detach();
    scene.say("x");
    CHECK(stats(scene.world.home_of(juliet)).at(0).waiting == 1);
    laptop.ask("<iq type='set' id='d'><disable xmlns='urn:xmpp:push:0' jid='" +
               std::string(service) + "'/></iq>");
    CHECK(stats(scene.world.home_of(juliet)).at(0).waiting == 0);
}

TEST_CASE("a message that could not be stored notifies nobody, and hides nothing") {
    Away scene;
    scene.world.storage().fail_next_batches(1, Error{"storage", "no space left"});
    scene.say("lost");
    CHECK(scene.gateway->pending() == 0);
    CHECK(scene.publish() != nullptr);
}

TEST_CASE("ids of publishes are unguessable and never the same") {
    Away scene;
    std::set<std::string> ids;
    for (int i = 0; i < 50; ++i) ids.insert(std::string(scene.publish()->id()));
    CHECK(ids.size() == 50);
    for (const auto& id : ids) CHECK(id.size() >= 16);
}

TEST_CASE("each hibernation starts afresh") {
    Scene scene;
    Client& phone = scene.phone();
    scene.acknowledge(phone);
    phone.cut();
    scene.say("x");
    CHECK(scene.published() == "phone!");
    CHECK(scene.sleeps(phone) == 600s);
    test::FakePort port;
    scene.world.run(juliet, [&](core::Context&) -> Task<> {
        const auto done =
            co_await test::resume_session(phone.session(), port, phone.session().sm()->acked());
        CHECK(done.ok());
    });
    scene.acknowledge(phone);
    scene.world.at(juliet, [&](core::Context&) { phone.session().on_detached(); });
    CHECK(scene.sleeps(phone) == 72h);
    CHECK(scene.published() == "");
}

// ---- For others --------------------------------------------------------------------------------

struct Heard {
    std::vector<std::string> failed, disabled;
};

void listen(Scene& scene, Heard& heard) {
    using events::PushDisabled;
    using events::PushFailed;
    for (unsigned i = 0; i < 2; ++i) {
        auto& bus = scene.world.core(i).bus();
        bus.on<PushFailed>(PushFailed::Stage::react, "test", [&heard](const PushFailed& event) {
            heard.failed.emplace_back(event.condition);
        });
        bus.on<PushDisabled>(PushDisabled::Stage::react, "test",
                             [&heard](const PushDisabled& event) {
                                 heard.disabled.push_back(event.registration.node);
                             });
    }
}

TEST_CASE("PushFailed and PushDisabled say what happened; the client's own wish is no failure") {
    Away scene("[push]\nmax_errors = 2\n");
    Heard heard;
    listen(scene, heard);
    scene.answer(*scene.publish());
    CHECK(heard.failed.empty());
    scene.refuse(*scene.publish(), "resource-constraint", "wait");
    scene.refuse(*scene.publish(), "forbidden");
    CHECK(heard.disabled.empty());
    scene.refuse(*scene.publish(), "not-allowed");
    CHECK(heard.failed ==
          std::vector<std::string>{"resource-constraint", "forbidden", "not-allowed"});
    CHECK(heard.disabled == std::vector<std::string>{"phone"});
    Client& phone = scene.phone();
    phone.ask("<iq type='set' id='d'><disable xmlns='urn:xmpp:push:0' jid='" +
              std::string(service) + "'/></iq>");
    CHECK(heard.disabled.size() == 1);
}

TEST_CASE("PushRegistering can refuse, with an error of its choice or not-allowed") {
    Scene scene;
    using events::PushRegistering;
    for (unsigned i = 0; i < 2; ++i)
        scene.world.core(i).bus().on<PushRegistering>(
            PushRegistering::Stage::check, "test", [](PushRegistering& event) {
                if (event.registration.node == "good") return core::Flow::next;
                if (event.registration.node == "odd")
                    event.error = StanzaError(StanzaErrorCondition::feature_not_implemented);
                return core::Flow::stop;
            });
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    const auto condition = [&](const std::string& node) {
        const auto answer =
            phone.ask("<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='" +
                      std::string(service) + "' node='" + node + "'/></iq>");
        return answer.root().attr("type") == "result"
                   ? std::string()
                   : std::string(name(read_error(answer.root()).condition));
    };
    CHECK(condition("odd") == "feature-not-implemented");
    CHECK(condition("bad") == "not-allowed");
    CHECK(scene.registrations().empty());
    CHECK(condition("good").empty());
    CHECK(scene.registrations().size() == 1);
}

// ---- The log -----------------------------------------------------------------------------------

/// Everything that is logged, from debug up.
struct Log {
    Log() : before(log_level()) {
        set_log_level(LogLevel::debug);
        set_log_sink([this](std::string_view line) { text.append(line).append("\n"); });
    }
    ~Log() {
        set_log_sink({});
        set_log_level(before);
    }
    LogLevel before;
    std::string text;
};

TEST_CASE("the log says why, and never a text, a token or a secret") {
    Scene scene("[push]\nnotification_with_body = true\nmax_errors = 1\n");
    Log log;
    scene.answers = false;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    enable_as(phone, "t0ken",
              "<x xmlns='jabber:x:data' type='submit'><field var='secret'><value>s3cret</value>"
              "</field></x><encrypt xmlns='urn:example'>k3y</encrypt>");
    scene.acknowledge(phone);
    phone.cut();
    scene.say("wh3refore");
    scene.arrive("<propose xmlns='urn:xmpp:jingle-message:0' id='c1'/>");
    const StanzaPtr first = scene.gateway->pop();
    REQUIRE(first != nullptr);
    scene.detach();
    scene.world.advance(2s);
    scene.say("wh3refore again");
    scene.reattach();
    scene.refuse(*first, "forbidden");
    CHECK(scene.registrations().empty());
    for (const auto* word : {"reason=body", "reason=call", "disabled", "enabled"}) {
        CAPTURE(word);
        CHECK(log.text.find(word) != std::string::npos);
    }
    for (const auto* word : {"t0ken", "s3cret", "k3y", "wh3refore"}) {
        CAPTURE(word);
        CHECK(log.text.find(word) == std::string::npos);
    }
}

}  // namespace
}  // namespace clarion::push
