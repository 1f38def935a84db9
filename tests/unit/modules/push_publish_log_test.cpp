// What is pending goes out also after a crash, and nothing twice otherwise (docs/push-rules.md,
// R9); waking a session before it expires; notifications that other modules ask for.
#include "server/core/accounts/hibernation_recovery.h"
#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

void crash(Scene& scene) {
    scene.world.advance(1s);  // what was answered is erased
    scene.world.crash_and_restart();
    scene.started();
}

void crash_while_held(Scene& scene) {
    scene.world.crash_while_held();
    scene.started();
}

/// What clean_up_crashed_sessions() does, up to its grace.
void clean_up(Scene& scene) {
    scene.world.post(juliet, [](core::Context& core) {
        core.scope().spawn("clean_up", core::clean_up_crashed_sessions(core, core.partitions()));
    });
    scene.world.advance(0s);
    scene.world.advance(31s);
}

TEST_CASE("R9: a notification is as durable as its message: the server dies before it learns so") {
    for (const bool archive : {false, true}) {
        CAPTURE(archive);
        Scene scene("", archive);
        scene.phone().close();
        scene.world.storage().hold_commits();
        const StanzaPtr message = *Stanza::from_document(xml::parse_element(
            "<message xmlns='jabber:client' from='romeo@example.com/orchard' "
            "to='juliet@example.org' type='chat' id='m'><body>hi</body></message>"));
        scene.world.post("example.com", [&](core::Context& core) { core.router().route(message); });
        scene.world.run_shards();
        CHECK(scene.gateway->pending() == 0);
        crash_while_held(scene);
        CHECK(scene.published() == "phone!");
        crash(scene);
        CHECK(scene.published() == "");
    }
}

TEST_CASE("R9: sent and not answered goes again after a crash, answered does not") {
    Scene scene("", true);
    scene.phone().close();
    scene.answers = false;
    scene.say("one");
    CHECK(scene.published() == "phone!");
    crash(scene);
    CHECK(scene.published() == "phone!");
    scene.answer(*scene.last);
    scene.world.advance(1s);
    crash(scene);
    CHECK(scene.published() == "");
}

TEST_CASE("after a crash each registration is told its newest state once") {
    Scene scene("[push]\nnotification_with_body = true\n", true);
    scene.phone().close();
    scene.detach();
    scene.say("one");
    scene.say("two");
    scene.type();
    CHECK(scene.gateway->pending() == 0);
    crash(scene);
    const Published published = scene.pop();
    CHECK(published.body == "two");
    CHECK(scene.gateway->pending() == 0);
}

TEST_CASE("what was stored without an archive is composed again from the offline messages") {
    Scene scene("[push]\nnotification_with_body = true\nnotification_with_sender = true\n");
    scene.phone().close();
    scene.detach();
    scene.say("Wherefore?");
    crash(scene);
    const Published published = scene.pop();
    CHECK(published.body == "Wherefore?");
    CHECK(published.sender == "romeo@example.com/orchard");
}

TEST_CASE("a registration that is disabled, or its account deleted, has nothing pending any more") {
    Scene scene("", true);
    Client& phone = scene.phone();
    phone.close();
    scene.detach();
    scene.say("one");
    SUBCASE("disabled by another device") {
        Client& tablet = scene.world.log_in(std::string(juliet) + "/tablet");
        tablet.ask("<iq type='set' id='d'><disable xmlns='urn:xmpp:push:0' jid='" +
                   std::string(service) + "'/></iq>");
    }
    SUBCASE("account deleted") {
        scene.world.run(juliet, [](core::Context& core) -> Task<> {
            const auto deleted = co_await core.account_registry().remove(*Jid::parse(juliet));
            CHECK(deleted.ok());
        });
    }
    scene.world.advance(1s);
    scene.started();
    CHECK(scene.published() == "");
    crash(scene);
    CHECK(scene.published() == "");
}

TEST_CASE("R9: the account left memory between the notification and a late acknowledgement") {
    for (const bool archive : {false, true}) {
        CAPTURE(archive);
        Scene scene("", archive);
        scene.phone().close();
        scene.say("one");
        CHECK(scene.published() == "phone!");
        scene.world.advance(1s);
        scene.world.at(juliet, [](core::Context& core) { core.accounts().evict_idle(0s); });
        Client& phone = scene.world.log_in(std::string(juliet) + "/phone");
        phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        scene.world.arrive("<presence from='romeo@example.com' to='juliet@example.org'/>");
        phone.send("<presence type='unavailable'/>");
        phone.send("<presence/>");
        scene.world.advance(31s);  // not acknowledged
        CHECK(scene.published().find('!') == std::string::npos);
        phone.cut();
        CHECK(scene.published().find('!') == std::string::npos);
        scene.say("two");
        CHECK(scene.published() == "phone!");
    }
}

TEST_CASE(
    "unread messages are counted while the account is not in memory, until the device is here") {
    Scene scene("[push]\nmessage_count = \"unread\"\n", true);
    scene.phone().close();
    for (const char* count : {"1", "2", "3"}) {
        scene.say("x");
        const Published published = scene.pop();
        CHECK(published.count == count);
        scene.answer(*published.stanza);
        scene.world.advance(1s);
        scene.world.at(juliet, [](core::Context& core) { core.accounts().evict_idle(0s); });
    }
    scene.phone().close();
    scene.say("x");
    CHECK(scene.pop().count == "1");
}

// ---- Live when the server died ------------------------------------------------------------------

TEST_CASE("R3: a session that a crash found live and that does not come back is notified") {
    for (const bool archive : {false, true}) {
        CAPTURE(archive);
        Scene scene("", archive);
        scene.phone();
        scene.say("one");
        CHECK(scene.published() == "");
        crash(scene);
        clean_up(scene);
        CHECK(scene.published() == "phone!");
        crash(scene);
        clean_up(scene);
        CHECK(scene.published() == "");
    }
}

TEST_CASE("R3: a device that came back after the crash, resumed or not, is not notified") {
    Scene scene("", true);
    scene.phone();
    scene.say("one");
    crash(scene);
    scene.world.log_in(std::string(juliet) + "/phone");
    clean_up(scene);
    CHECK(scene.published() == "");
}

TEST_CASE(
    "R3: after a crash, what is older than the delay of R5 needs nothing, nor what was sent") {
    Scene scene("", true);
    Client& phone = scene.phone();
    scene.say("one");
    scene.acknowledge(phone);
    scene.world.advance(31s);
    phone.send("<message to='romeo@example.com' type='chat'><body>mine</body></message>");
    crash(scene);
    clean_up(scene);
    CHECK(scene.published() == "");
}

// ---- Before the end -----------------------------------------------------------------------------

/// The time index is looked at as watch_deadlines() does.
void pass(Scene& scene, Duration time) {
    scene.world.advance(time);
    scene.world.advance(1s);
    scene.world.advance(1s);
}

void watch(Scene& scene) {
    for (unsigned i = 0; i < 2; ++i) {
        core::Core& core = scene.world.core(i);
        core.shards().post(
            i, [&core] { core.scope().spawn("deadlines", core::watch_deadlines(core)); });
    }
    scene.world.advance(1s);
}

TEST_CASE("wake_before_timeout: a hibernating session is woken once before it expires") {
    Scene scene("[push]\nwake_before_timeout = 120\nmax_hibernation_timeout = 3600\n");
    watch(scene);
    Client& phone = scene.phone();
    phone.cut();
    CHECK(scene.published() == "");
    SUBCASE("at the end of the long hibernation") {
        pass(scene, 3475s);
        CHECK(scene.published() == "");
        pass(scene, 5s);
        CHECK(scene.published() == "phone");  // unimportant: it does not shorten the hibernation
        CHECK(scene.sleeps(phone) <= 120s);
        pass(scene, 60s);
        CHECK(scene.published() == "");
    }
    SUBCASE("at the end of the ordinary time, which an important message began") {
        scene.say("one");
        CHECK(scene.published() == "phone!");
        pass(scene, 475s);
        CHECK(scene.published() == "");
        pass(scene, 5s);
        CHECK(scene.published() == "phone");
        scene.say("two");
        CHECK(scene.published() == "phone!");
        pass(scene, 60s);
        CHECK(scene.published() == "");
    }
    SUBCASE("also after a restart") {
        crash(scene);
        watch(scene);
        pass(scene, 3470s);
        CHECK(scene.published() == "");
        pass(scene, 10s);
        CHECK(scene.published() == "phone");
        crash(scene);
        watch(scene);
        pass(scene, 20s);
        CHECK(scene.published() == "");
    }
    SUBCASE("not when it came back") {
        scene.world.log_in(std::string(juliet) + "/phone");
        pass(scene, 3480s);
        CHECK(scene.published() == "");
    }
}

TEST_CASE("wake_before_timeout is off by default") {
    Scene scene("[push]\nmax_hibernation_timeout = 3600\n");
    watch(scene);
    scene.phone().cut();
    pass(scene, 3590s);
    CHECK(scene.published() == "");
}

// ---- The clock is set ---------------------------------------------------------------------------

TEST_CASE(
    "a clock that is set ahead by a day, or back, neither ends a hibernation nor prolongs it") {
    for (const auto jump : {24h, -24h}) {
        for (const bool restart : {false, true}) {
            CAPTURE(jump.count());
            CAPTURE(restart);
            Scene scene("[push]\nwake_before_timeout = 120\nmax_hibernation_timeout = 3600\n");
            const auto set_clock = [&](std::chrono::hours by) {
                scene.world.clock().set_wall(scene.world.clock().wall() + by);
                if (restart) crash(scene);
                watch(scene);
            };
            watch(scene);
            scene.phone().cut();
            set_clock(jump);
            pass(scene, 1700s);
            REQUIRE(scene.sleeper());
            set_clock(-jump);
            pass(scene, 1750s);
            REQUIRE(scene.sleeper());
            CHECK(scene.published() == "");
            pass(scene, 30s);
            CHECK(scene.published() == "phone");
            pass(scene, 120s);
            CHECK_FALSE(scene.sleeper());
        }
    }
}

// ---- Asked for by other modules -----------------------------------------------------------------

TEST_CASE("PushRequested: those who want it are notified, never twice of the same stanza") {
    Scene scene;
    Client& phone = scene.phone();
    scene.enable(phone, "other");
    core::Envelope envelope;
    envelope.stanza = *Stanza::from_document(xml::parse_element(
        "<message xmlns='jabber:client' from='romeo@example.com/orchard' to='juliet@example.org' "
        "type='chat' id='m1'><body>hi</body></message>"));
    envelope.meta.received = scene.world.clock().wall();
    const auto ask = [&](const core::Envelope* about, bool clear) {
        scene.world.at(juliet, [&](core::Context& core) {
            core.bus().fire(events::PushRequested{
                *core.accounts().find(juliet), about, clear,
                [](const events::PushRegistration& each) { return each.node == "other"; }});
        });
    };
    ask(&envelope, false);
    CHECK(scene.published() == "other!");
    ask(&envelope, false);
    CHECK(scene.published() == "");
    ask(nullptr, true);
    CHECK(scene.pop().count == "0");
}

TEST_CASE("PushRequested: a badge that is cleared while its service is away is what arrives") {
    Scene scene("", true);
    scene.phone().close();
    scene.detach();
    scene.say("read on another device");
    scene.world.at(juliet, [](core::Context& core) {
        core.bus().fire(events::PushRequested{*core.accounts().find(juliet), nullptr, true,
                                              [](const auto&) { return true; }});
    });
    scene.reattach();
    const Published published = scene.pop();
    CHECK(published.count == "0");
    CHECK_FALSE(published.important());
    CHECK(scene.gateway->pending() == 0);
}

}  // namespace
}  // namespace clarion::push
