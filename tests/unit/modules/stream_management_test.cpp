#include "modules/stream_management.h"

#include <doctest/doctest.h>

#include <deque>

#include "base/text.h"
#include "proto/ns.h"
#include "server/core/events/session_events.h"
#include "server/core/events/stream_events.h"
#include "server/core/streams/c2s_stream.h"
#include "server/runtime/scope.h"
#include "tests/support/world.h"

namespace clarion::stream_management {
namespace {

using namespace std::chrono_literals;

Enable enable_of(const char* xml) { return read_enable(xml::parse_element(xml).root()); }

TEST_CASE("what <enable/> asks for") {
    CHECK_FALSE(enable_of("<enable xmlns='urn:xmpp:sm:3'/>").resume);
    CHECK(enable_of("<enable xmlns='urn:xmpp:sm:3' resume='true'/>").resume);
    CHECK(enable_of("<enable xmlns='urn:xmpp:sm:3' resume='1'/>").resume);
    CHECK_FALSE(enable_of("<enable xmlns='urn:xmpp:sm:3' resume='yes'/>").resume);
    CHECK(enable_of("<enable xmlns='urn:xmpp:sm:3' max='60'/>").max_seconds == 60);
    CHECK(enable_of("<enable xmlns='urn:xmpp:sm:3' max='-1'/>").max_seconds == 0);
}

TEST_CASE("the time granted is the less of what is wanted and what is possible") {
    CHECK(granted_seconds(600s, 0) == 600);
    CHECK(granted_seconds(600s, 60) == 60);
    CHECK(granted_seconds(600s, 3600) == 600);
    CHECK(granted_seconds(500ms, 0) == 0);
}

TEST_CASE("answers") {
    CHECK(enabled_xml("", 0) == "<enabled xmlns='urn:xmpp:sm:3'/>");
    const auto enabled = xml::parse_element(enabled_xml("x'y", 600));
    CHECK(enabled.root().attr("id") == "x'y");
    CHECK(enabled.root().attr("resume") == "true");
    CHECK(enabled.root().attr("max") == "600");
    const std::uint32_t handled = 7;
    const auto failed =
        xml::parse_element(failed_xml(StanzaErrorCondition::item_not_found, &handled));
    CHECK(failed.root().attr("h") == "7");
    CHECK(failed.root().child(ns::stanza_errors, "item-not-found") != nullptr);
    const auto error = handled_count_too_high(10, 8);
    CHECK(error.root().is(ns::sm, "handled-count-too-high"));
    CHECK(error.root().attr("h") == "10");
    CHECK(error.root().attr("send-count") == "8");
}

// ---- In a server -------------------------------------------------------------------------------

struct Scene {
    test::World world{{.modules = {{"stream_management", install, declare_options, "", ""}},
                       .config = "[auth]\nscram_iterations = 4096\n"}};
    test::Client* juliet;
    std::string id;

    Scene() {
        world.add_account("juliet@example.org", "secret");
        juliet = &world.log_in("juliet@example.org/balcony");
    }
    xml::Document enable(const char* xml = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>") {
        juliet->send(xml);
        auto answer = juliet->pop("enabled");
        id = answer.root().attr("id");
        return answer;
    }
    void romeo_says(const std::string& text) {
        world.arrive(
            "<message from='romeo@example.com/o' to='juliet@example.org/balcony' "
            "type='chat'><body>" +
            text + "</body></message>");
    }
    std::uint32_t sent() { return juliet->session().sm()->sent(); }
    void acknowledge(std::uint32_t h) {
        juliet->send("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(h) + "'/>");
    }

    static const char* condition(const xml::Document& failed) {
        for (const char* name :
             {"item-not-found", "bad-request", "unexpected-request", "internal-server-error"})
            if (failed.root().child(ns::stanza_errors, name)) return name;
        return "";
    }
};

TEST_CASE("the feature is offered") {
    Scene scene;
    xml::Document features("features", ns::streams);
    scene.world.at("juliet@example.org", [&](core::Context& core) {
        core.bus().fire(events::StreamFeatures{core, {.host = "example.org"}, features.root()});
    });
    CHECK(features.root().child(ns::sm, "sm") != nullptr);
}

TEST_CASE("enabling") {
    Scene scene;
    SUBCASE("to be resumed: an id, and for how long") {
        const auto enabled = scene.enable();
        CHECK(enabled.root().attr("resume") == "true");
        CHECK(enabled.root().attr("max") == "600");
        CHECK_FALSE(scene.id.empty());
        CHECK(scene.juliet->session().may_hibernate());
    }
    SUBCASE("for acknowledgements only") {
        const auto enabled = scene.enable("<enable xmlns='urn:xmpp:sm:3'/>");
        CHECK_FALSE(enabled.root().has_attr("id"));
        CHECK_FALSE(scene.juliet->session().may_hibernate());
        CHECK(scene.juliet->session().sm() != nullptr);
    }
    SUBCASE("for a shorter time") {
        CHECK(scene.enable("<enable xmlns='urn:xmpp:sm:3' resume='true' max='30'/>")
                  .root()
                  .attr("max") == "30");
    }
    SUBCASE("twice") {
        scene.enable();
        scene.juliet->send("<enable xmlns='urn:xmpp:sm:3'/>");
        CHECK(Scene::condition(scene.juliet->pop("failed")) == std::string("unexpected-request"));
        CHECK(scene.juliet->session().may_hibernate());
    }
}

TEST_CASE("push may let a session hibernation longer") {
    Scene scene;
    scene.world.at("juliet@example.org", [](core::Context& core) {
        core.bus().on<events::HibernationLimit>(events::HibernationLimit::Stage::extend, "test",
                                                [](events::HibernationLimit& event) {
                                                    event.limit = 72h;
                                                    return core::Flow::next;
                                                });
    });
    CHECK(scene.enable().root().attr("max") == std::to_string(72 * 3600));
}

TEST_CASE("requests and acknowledgements") {
    Scene scene;
    scene.enable();
    scene.juliet->send("<message to='romeo@example.com' type='chat'><body>1</body></message>");
    scene.juliet->send("<r xmlns='urn:xmpp:sm:3'/>");
    CHECK(scene.juliet->pop("a").root().attr("h") == "1");

    scene.romeo_says("hi");
    CHECK(scene.juliet->session().sm()->unacked_count() == 1);
    CHECK(scene.juliet->pop("r").root().ns() == ns::sm);
    scene.acknowledge(scene.sent());
    CHECK(scene.juliet->session().sm()->unacked_count() == 0);
}

std::size_t count(test::Client& client, std::string_view name) {
    std::size_t found = 0;
    for (const auto& element : client.port().elements()) found += element.root().name() == name;
    client.drop_all();
    return found;
}

TEST_CASE("a client whose count lags behind is not asked without end") {
    Scene scene;
    scene.enable();
    scene.romeo_says("1");
    scene.romeo_says("2");
    scene.acknowledge(scene.sent() - 1);
    CHECK(count(*scene.juliet, "r") == 2);  // the second message came after the first request
    scene.acknowledge(scene.sent() - 1);
    SUBCASE("each answer that says no more is followed by none") {
        for (int i = 0; i < 100; ++i) scene.acknowledge(scene.sent() - 1);
        CHECK(count(*scene.juliet, "r") == 0);
        scene.romeo_says("3");
        CHECK(count(*scene.juliet, "r") == 1);
    }
    SUBCASE("it is asked again after pauses that grow") {
        int asked = 0;
        for (int second = 0; second < 3600; ++second) {
            scene.world.advance(1s);
            if (count(*scene.juliet, "r") == 0) continue;
            ++asked;
            scene.acknowledge(scene.sent() - 1);
        }
        CHECK(asked == 9);  // after 5, 10, 20, ... 1280 seconds: 2555 in all; the next comes later
    }
    SUBCASE("progress makes it quick again") {
        scene.world.advance(6s);
        CHECK(count(*scene.juliet, "r") == 1);
        scene.acknowledge(scene.sent());
        scene.romeo_says("3");
        CHECK(count(*scene.juliet, "r") == 1);
        scene.acknowledge(scene.sent() - 1);
        CHECK(count(*scene.juliet, "r") == 0);
        scene.world.advance(6s);
        CHECK(count(*scene.juliet, "r") == 1);
    }
    SUBCASE("nobody is asked who answered everything, or is gone") {
        scene.acknowledge(scene.sent());
        scene.world.advance(10s);
        CHECK(count(*scene.juliet, "r") == 0);
        scene.romeo_says("3");
        scene.acknowledge(scene.sent() - 1);
        CHECK(count(*scene.juliet, "r") == 1);
        scene.juliet->cut();
        scene.world.advance(10s);
        CHECK(count(*scene.juliet, "r") == 0);
    }
}

TEST_CASE("a client that asks whenever it is answered is told the same count ten times a second") {
    Scene scene;
    scene.enable();
    const auto ask = [&] { scene.juliet->send("<r xmlns='urn:xmpp:sm:3'/>"); };
    std::size_t answers = 0;
    for (int i = 0; i < 1000; ++i) {
        ask();
        scene.world.advance(1ms);
        answers += count(*scene.juliet, "a");
    }
    CHECK(answers >= 9);
    CHECK(answers <= 11);
    ask();  // nobody is left without an answer
    scene.world.advance(200ms);
    CHECK(count(*scene.juliet, "a") >= 1);
    scene.juliet->send("<message to='romeo@example.com' type='chat'><body>1</body></message>");
    ask();  // a new count is told at once
    CHECK(scene.juliet->pop("a").root().attr("h") == "1");
}

TEST_CASE("acknowledging what was never sent ends the stream") {
    Scene scene;
    scene.enable();
    scene.acknowledge(scene.sent() + 5);
    CHECK(scene.juliet->ended());
    CHECK(scene.juliet->port().error() == StreamErrorCondition::undefined_condition);
    CHECK(scene.juliet->port().application_error().is(ns::sm, "handled-count-too-high"));
}

TEST_CASE("acknowledging a word ends the stream") {
    Scene scene;
    scene.enable();
    scene.juliet->send("<a xmlns='urn:xmpp:sm:3' h='many'/>");
    CHECK(scene.juliet->ended());
    CHECK(scene.juliet->port().error() == StreamErrorCondition::bad_format);
}

TEST_CASE("nothing of it before it is enabled") {
    Scene scene;
    for (const char* xml : {"<r xmlns='urn:xmpp:sm:3'/>", "<a xmlns='urn:xmpp:sm:3' h='0'/>",
                            "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>"}) {
        scene.juliet->send(xml);
        CHECK(Scene::condition(scene.juliet->pop("failed")) == std::string("unexpected-request"));
    }
    CHECK_FALSE(scene.juliet->ended());
}

// ---- Resumption --------------------------------------------------------------------------------

/// A stream on which Juliet logged in again, before it has a session.
struct Comeback {
    test::FakePort port{false};
    core::C2sStream stream{port, c2s::Encryption::direct, true};
    test::World& world;

    explicit Comeback(Scene& scene) : world(scene.world) {
        open();
        auto auth = xml::Document("auth", ns::sasl);
        auth.root()
            .set_attr("mechanism", "PLAIN")
            .add_text(base64_encode(std::string_view("\0juliet\0secret", 14)));
        REQUIRE(send(std::move(auth)) == core::C2sStream::Next::restart);
        port.drop_all();
        open();
        REQUIRE(port.pop().root().child(ns::sm, "sm") != nullptr);
    }
    void open() {
        xml::StreamHeader header;
        header.to = "example.org";
        header.version = "1.0";
        header.content_ns = ns::client;
        world.at("juliet@example.org", [&](core::Context& core) { stream.on_open(core, header); });
    }
    core::C2sStream::Next send(xml::Document element) {
        auto next = core::C2sStream::Next::start_tls;
        world.run("juliet@example.org", [&](core::Context& core) -> Task<> {
            next = co_await stream.on_element(core, std::move(element));
        });
        return next;
    }
    core::C2sStream::Next send(const std::string& xml) { return send(xml::parse_element(xml)); }
};

std::string resume_xml(const std::string& id, std::uint32_t h) {
    return "<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='" + std::to_string(h) + "'/>";
}

TEST_CASE("a session that hibernated goes on") {
    Scene scene;
    scene.enable();
    scene.romeo_says("1");
    scene.juliet->send("<message to='romeo@example.com' type='chat'><body>x</body></message>");
    scene.juliet->cut();
    REQUIRE(scene.juliet->session().is_hibernating());
    scene.romeo_says("2");

    Comeback comeback(scene);
    CHECK(comeback.send(resume_xml(scene.id, 1)) == core::C2sStream::Next::read);
    REQUIRE(comeback.stream.session());
    CHECK(comeback.stream.session()->is_live());
    const auto resumed = comeback.port.pop();
    CHECK(resumed.root().is(ns::sm, "resumed"));
    CHECK(resumed.root().attr("previd") == scene.id);
    CHECK(resumed.root().attr("h") == "1");
    const auto missed = comeback.port.pop();
    CHECK(missed.root().child_text(ns::client, "body") == "2");
    CHECK(missed.root().child(ns::delay, "delay") != nullptr);
}

TEST_CASE("a session that still looks alive is taken over") {
    Scene scene;
    scene.enable();
    Comeback comeback(scene);
    CHECK(comeback.send(resume_xml(scene.id, scene.sent())) == core::C2sStream::Next::read);
    CHECK(comeback.port.pop().root().name() == "resumed");
    CHECK(scene.juliet->port().error() == StreamErrorCondition::conflict);
}

Task<> come_back(Comeback& on, std::string xml, bool& done) {
    co_await on.stream.on_element(on.world.home_of("juliet@example.org"), xml::parse_element(xml));
    done = true;
}

TEST_CASE("who resumes again and again, and never acknowledges what is sent again, waits") {
    Scene scene;
    scene.enable();
    scene.romeo_says("1");
    const std::string resume = resume_xml(scene.id, scene.sent() - 1);
    std::deque<Comeback> connections;
    for (int i = 0; i < 3; ++i)
        CHECK(connections.emplace_back(scene).send(resume) == core::C2sStream::Next::read);
    bool first = false, second = false;  // at the same time: one after each pause
    Comeback& one = connections.emplace_back(scene);
    Comeback& two = connections.emplace_back(scene);
    scene.world.at("juliet@example.org", [&](core::Context& core) {
        core.scope().spawn("one", come_back(one, resume, first));
        core.scope().spawn("two", come_back(two, resume, second));
    });
    CHECK(first + second == 0);
    scene.world.advance(100ms);
    CHECK(first + second == 1);
    scene.world.advance(200ms);
    CHECK(first + second == 2);
}

TEST_CASE("what cannot be resumed") {
    Scene scene;
    scene.enable();
    Comeback comeback(scene);
    SUBCASE("an id nobody knows") {
        CHECK(comeback.send(resume_xml("unknown", 0)) == core::C2sStream::Next::read);
        const auto failed = comeback.port.pop();
        CHECK(Scene::condition(failed) == std::string("item-not-found"));
        CHECK_FALSE(failed.root().has_attr("h"));
    }
    SUBCASE("a session that ended: told how far we got") {
        scene.juliet->send("<message to='romeo@example.com' type='chat'><body>x</body></message>");
        scene.juliet->close();
        CHECK(comeback.send(resume_xml(scene.id, 0)) == core::C2sStream::Next::read);
        const auto failed = comeback.port.pop();
        CHECK(Scene::condition(failed) == std::string("item-not-found"));
        CHECK(failed.root().attr("h") == "1");
    }
    SUBCASE("without id or count") {
        comeback.send("<resume xmlns='urn:xmpp:sm:3' h='0'/>");
        CHECK(Scene::condition(comeback.port.pop()) == std::string("bad-request"));
        comeback.send("<resume xmlns='urn:xmpp:sm:3' previd='x' h='-1'/>");
        CHECK(Scene::condition(comeback.port.pop()) == std::string("bad-request"));
    }
    SUBCASE("more acknowledged than sent") {
        scene.juliet->cut();
        CHECK(comeback.send(resume_xml(scene.id, 99)) == core::C2sStream::Next::close);
        CHECK(comeback.port.error() == StreamErrorCondition::undefined_condition);
        CHECK(comeback.port.application_error().attr("h") == "99");
    }
    CHECK_FALSE(comeback.stream.session());
}

TEST_CASE("enabling before binding") {
    Scene scene;
    Comeback comeback(scene);
    CHECK(comeback.send("<enable xmlns='urn:xmpp:sm:3'/>") == core::C2sStream::Next::read);
    CHECK(Scene::condition(comeback.port.pop()) == std::string("unexpected-request"));
}

}  // namespace
}  // namespace clarion::stream_management
