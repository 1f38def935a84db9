// What a session held when it ended reaches the others that are there, unless they have it:
// modules/offline, modules/carbons and core/delivery/deliver_message.cpp together.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "modules/carbons.h"
#include "modules/mam/mam.h"
#include "modules/offline.h"
#include "modules/stream_management.h"
#include "proto/ns.h"
#include "tests/support/world.h"

namespace clarion {
namespace {

using Bodies = std::vector<std::string>;
constexpr const char* juliet = "juliet@example.org";

/// Romeo writes to Juliet, who has several devices.
struct Devices {
    test::World world;

    explicit Devices(bool archived)
        : world({.modules = {{"mam", mam::install, mam::declare_options, "", ""},
                             {"carbons", carbons::install, nullptr, "", ""},
                             {"offline", offline::install, offline::declare_options, "", ""},
                             {"stream_management", stream_management::install,
                              stream_management::declare_options, "", ""}},
                 .config = archived ? "" : "[mam]\ndefault = \"never\"\n"}) {
        world.add_account(juliet);
    }
    test::Client& binds(const std::string& resource, bool with_sm, bool with_carbons) {
        test::Client& client = world.connect(std::string(juliet) + '/' + resource);
        if (with_sm) client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        if (with_carbons)
            client.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        return client;
    }
    test::Client& comes(const std::string& resource, bool with_sm = false,
                        bool with_carbons = false) {
        test::Client& client = binds(resource, with_sm, with_carbons);
        client.send("<presence/>");
        client.drop_all();
        return client;
    }
    /// One that lost its connection, and what Romeo says from now on comes later.
    test::Client& hibernates(const std::string& resource) {
        test::Client& client = comes(resource, true);
        client.cut();
        world.advance(std::chrono::seconds(1));
        return client;
    }
    void romeo_says(const std::string& text, const std::string& resource = {},
                    const std::string& more = {}) {
        world.arrive("<message from='romeo@example.com/orchard' to='juliet@example.org" +
                     (resource.empty() ? resource : '/' + resource) + "' type='chat' id='" + text +
                     "'><body>" + text + "</body>" + more + "</message>");
        world.advance(std::chrono::seconds(1));
    }
    void expires(const std::string& resource) {
        world.account(juliet);
        world.at(juliet, [&](core::Context& core) {
            core.accounts().find(juliet)->find_session(resource)->end(core::SessionEnd::expired);
        });
    }
    std::uint64_t kept() { return world.account(juliet).offline_count(); }
    /// What it has received since it was last asked: bodies, those of carbons with a plus.
    static Bodies got(test::FakePort& port) {
        Bodies found;
        for (auto each = port.pop(); each.root().name() != "nothing"; each = port.pop()) {
            if (each.root().name() != "message") continue;
            const auto* copy = each.root().child(ns::carbons, "received");
            if (!copy)
                found.emplace_back(each.root().child_text(ns::client, "body"));
            else
                found.push_back('+' + std::string(copy->child(ns::forward, "forwarded")
                                                      ->child(ns::client, "message")
                                                      ->child_text(ns::client, "body")));
        }
        return found;
    }
    static Bodies got(test::Client& client) { return got(client.port()); }
    /// What a hibernating session is sent when it is resumed; then it hibernates again.
    Bodies resumed(const std::string& resource) {
        world.account(juliet);
        test::FakePort port;
        world.run(juliet, [&](core::Context& core) -> Task<> {
            core::Session& session = *core.accounts().find(juliet)->find_session(resource);
            const auto done = co_await test::resume_session(session, port, session.sm()->acked());
            CHECK(done.ok());
        });
        world.at(juliet, [&](core::Context& core) {
            core.accounts().find(juliet)->find_session(resource)->on_detached();
        });
        return got(port);
    }
    static void acknowledges_all(test::Client& client) {
        client.send("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(client.session().sm()->sent()) +
                    "'/>");
    }
};

TEST_CASE(
    "a message to the full address of a session that ends reaches older ones without a copy") {
    for (const bool archived : {true, false})
        for (const bool with_sm : {true, false}) {
            CAPTURE(archived);
            CAPTURE(with_sm);
            Devices scene(archived);
            test::Client& plain = scene.comes("plain", with_sm);
            test::Client& copied = scene.comes("copied", with_sm, true);
            scene.hibernates("phone");
            scene.romeo_says("one", "phone");
            scene.romeo_says("two", "phone", "<private xmlns='urn:xmpp:carbons:2'/>");
            scene.romeo_says("three");
            CHECK(Devices::got(copied) == Bodies{"+one", "three"});
            CHECK(Devices::got(plain) == Bodies{"three"});
            scene.expires("phone");
            CHECK(Devices::got(plain) == Bodies{"one", "two"});
            CHECK(Devices::got(copied) == Bodies{"two"});
            CHECK(scene.world.remote().pending() == 0);
        }
}

TEST_CASE("a message to the full address of a session that closes its stream reaches older ones") {
    for (const bool archived : {true, false}) {
        CAPTURE(archived);
        Devices scene(archived);
        test::Client& plain = scene.comes("plain");
        test::Client& phone = scene.comes("phone", true);
        scene.romeo_says("one", "phone");
        scene.romeo_says("two");
        CHECK(Devices::got(plain) == Bodies{"two"});
        phone.close();
        CHECK(Devices::got(plain) == Bodies{"one"});
        CHECK(scene.kept() == 0);
    }
}

TEST_CASE("what a session was sent a copy of is no offline message for it") {
    Devices scene(false);
    for (const bool with_sm : {true, false}) {
        CAPTURE(with_sm);
        test::Client& copied = scene.comes("copied", with_sm, true);
        test::Client& phone = scene.comes("phone", true);
        scene.romeo_says("one", "phone");
        CHECK(Devices::got(copied) == Bodies{"+one"});
        phone.close();
        CHECK(Devices::got(copied).empty());
        if (with_sm) {  // nobody has acknowledged it
            CHECK(scene.kept() == 1);
            Devices::acknowledges_all(copied);
        }
        CHECK(scene.kept() == 0);
        copied.close();
        test::Client& late = scene.binds("late", false, false);
        late.send("<presence/>");
        CHECK(Devices::got(late).empty());
        late.close();
    }
    test::Client& copied = scene.comes("copied", true, true);
    test::Client& phone = scene.comes("phone", true);
    scene.romeo_says("two", "phone");
    phone.close();
    copied.close();
    test::Client& late = scene.binds("late", false, false);
    late.send("<presence/>");
    CHECK(Devices::got(late) == Bodies{"two"});
}

TEST_CASE("what came before a session took messages reaches it, what it took does not come again") {
    Devices scene(true);
    test::Client& early = scene.binds("early", false, false);
    scene.hibernates("phone");
    scene.romeo_says("before presence");
    early.send("<presence><priority>-1</priority></presence>");
    scene.romeo_says("with a negative priority");
    early.send("<presence/>");
    scene.romeo_says("taken");
    early.send("<presence type='unavailable'/>");
    scene.romeo_says("while away");
    early.send("<presence/>");
    scene.romeo_says("taken too");
    CHECK(Devices::got(early) == Bodies{"taken", "taken too"});
    scene.expires("phone");
    CHECK(Devices::got(early) ==
          Bodies{"before presence", "with a negative priority", "while away"});
}

TEST_CASE("when the clock was set back, what came before a session still reaches it") {
    Devices scene(true);
    scene.hibernates("phone");
    scene.romeo_says("one");
    scene.world.clock().set_wall(scene.world.clock().wall() - std::chrono::hours(2));
    test::Client& late = scene.comes("late");
    scene.romeo_says("two");
    CHECK(Devices::got(late) == Bodies{"two"});
    scene.expires("phone");
    CHECK(Devices::got(late) == Bodies{"one"});
}

TEST_CASE("what hibernating sessions have is known after a restart") {
    Devices scene(true);
    test::Client& other = scene.comes("other", true);
    other.send("<presence><priority>-1</priority></presence>");
    scene.hibernates("phone");
    scene.hibernates("tablet");
    scene.romeo_says("one");
    test::Client& late = scene.comes("late", true);
    scene.expires("phone");
    scene.romeo_says("two", "tablet");
    CHECK(Devices::got(late) == Bodies{"one"});
    Devices::acknowledges_all(late);
    other.send("<presence/>");
    scene.romeo_says("three");
    for (test::Client* client : {&late, &other}) {
        Devices::acknowledges_all(*client);
        client->cut();
    }
    const std::uint64_t last = scene.world.account(juliet).last_offline_seq();
    scene.world.crash_and_restart();
    CHECK(scene.world.account(juliet).last_offline_seq() >= last);
    scene.expires("tablet");
    CHECK(scene.resumed("late") == Bodies{"two"});
    CHECK(scene.resumed("other") == Bodies{"one", "two"});
}

TEST_CASE("what a session was brought while it hibernates is known after a restart too") {
    Devices scene(true);
    scene.hibernates("phone");
    scene.hibernates("tablet");
    scene.romeo_says("one");
    scene.hibernates("late");
    scene.expires("phone");
    scene.world.advance(std::chrono::seconds(5));
    scene.world.crash_and_restart();
    scene.expires("tablet");
    CHECK(scene.resumed("late") == Bodies{"one"});
}

}  // namespace
}  // namespace clarion
