// R1 to R10 in a server (docs/push-rules.md).
#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

const std::string call =
    "<propose xmlns='urn:xmpp:jingle-message:0' id='c1'><description "
    "xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose><store xmlns='urn:xmpp:hints'/>";

TEST_CASE("R1: a message nobody takes notifies every registration, each message for itself") {
    Scene scene;
    Client& phone = scene.phone();
    Client& tablet = scene.phone("tablet");
    phone.close();
    tablet.close();
    CHECK(scene.published() == "");
    scene.say("one");
    CHECK(scene.published() == "phone! tablet!");
    CHECK(scene.last->from().full() == "example.org");
    CHECK(scene.last->id().size() >= 16);
    scene.say("two");
    CHECK(scene.published() == "phone! tablet!");
    scene.arrive("<received xmlns='urn:xmpp:receipts' id='x'/>");
    CHECK(scene.published() == "phone tablet");
    scene.type();  // kept nowhere
    CHECK(scene.published() == "");
}

TEST_CASE("R1: what was notified while nobody was there is not notified again from a queue") {
    Scene scene;
    scene.phone().close();
    scene.say("one");
    CHECK(scene.published() == "phone!");
    Client& back = scene.phone();
    scene.world.settle();
    CHECK(back.session().sm() != nullptr);
    back.cut();
    CHECK(scene.published() == "");
}

TEST_CASE("R2: an archived message notifies devices without a session while another has one") {
    Scene scene("", true);
    Client& phone = scene.phone();
    phone.close();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    scene.say("one");
    CHECK(scene.published() == "phone!");
    laptop.close();
    scene.say("two");  // R1 now, and once
    CHECK(scene.published() == "phone!");
}

TEST_CASE("R2 and R1 do not both notify") {
    Scene scene("", true);
    scene.phone().close();
    Client& bot = scene.world.log_in("juliet@example.org/bot");
    bot.send("<presence><priority>-1</priority></presence>");
    scene.say("one");
    CHECK(scene.published() == "phone!");
}

TEST_CASE("R3: the beginning of hibernation notifies once for the whole queue") {
    Scene scene;
    Client& phone = scene.phone();
    scene.type();
    scene.say("one");
    scene.say("two");
    scene.type();
    CHECK(scene.published() == "");
    phone.cut();
    CHECK(scene.published() == "phone!");
}

TEST_CASE("R3: only what may notify") {
    Scene scene;
    Client& phone = scene.phone();
    phone.send(
        "<iq type='get' id='d' to='example.org'><query "
        "xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    phone.cut();  // a result is in the queue
    CHECK(scene.published() == "");
}

TEST_CASE("R3: unimportant, and nothing for an empty queue") {
    Scene scene;
    Client& phone = scene.phone();
    scene.type();
    phone.cut();
    CHECK(scene.published() == "phone");
    Scene other;
    other.phone().cut();
    CHECK(other.published() == "");
}

TEST_CASE("R3: a session that cannot hibernate and is lost") {
    Scene scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    phone.send("<enable xmlns='urn:xmpp:sm:3'/>");
    scene.enable(phone, "phone");
    scene.say("one");
    scene.say("two");
    phone.cut();
    CHECK(scene.published() == "phone!");
}

TEST_CASE("R3, R10: lost with nothing that is kept anywhere") {
    Scene scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    phone.send("<enable xmlns='urn:xmpp:sm:3'/>");
    scene.enable(phone, "phone");
    scene.type();
    phone.cut();
    CHECK(scene.published() == "phone");
}

TEST_CASE(
    "R9: a request that the client was slow to acknowledge is not notified again when it sleeps") {
    Scene scene;
    Client& phone = scene.phone();
    scene.world.arrive(
        "<iq type='get' id='v' from='romeo@example.com/orchard' to='juliet@example.org/phone'>"
        "<query xmlns='jabber:iq:version'/></iq>");
    scene.world.advance(31s);
    CHECK(scene.published() == "phone");
    phone.cut();
    CHECK(scene.published() == "");
}

TEST_CASE("R4: at once, then coalesced; unimportant does not cover important") {
    Scene scene;
    Client& phone = scene.phone();
    phone.cut();
    scene.type();
    CHECK(scene.published() == "phone");
    scene.say("one");
    CHECK(scene.published() == "phone!");
    scene.say("two");
    scene.type();
    CHECK(scene.published() == "");
    scene.world.advance(1s);
    scene.say("three");
    CHECK(scene.published() == "phone!");
}

TEST_CASE("R4, R1: what waits for a device whose queue is full is notified as well") {
    for (const bool archived : {true, false}) {
        for (const bool has_laptop : {true, false}) {
            CAPTURE(archived);
            CAPTURE(has_laptop);
            Scene scene("[smacks]\nmax_queue_size = 10\n", archived);
            Client& phone = scene.phone();
            if (has_laptop) scene.world.log_in("juliet@example.org/laptop");
            scene.acknowledge(phone);
            phone.cut();
            for (int i = 0; i < 10; ++i) scene.say(std::to_string(i));
            REQUIRE(phone.session().hibernation().is_full());
            scene.world.advance(2s);
            (void)scene.published();
            scene.say("more");
            CHECK(scene.published() == "phone!");
        }
    }
}

TEST_CASE("R4: each registration of the device, and only of the device") {
    Scene scene;
    Client& phone = scene.phone();
    scene.enable(phone, "rooms");
    scene.world.log_in("juliet@example.org/laptop")
        .send(
            "<iq type='set' id='x'><enable xmlns='urn:xmpp:push:0' jid='push.example.com' "
            "node='laptop'/></iq>");
    scene.acknowledge(phone);
    phone.cut();
    scene.say("one");
    CHECK(scene.published() == "phone! rooms!");
}

TEST_CASE("R4: a later session of the device has its registrations") {
    Scene scene;
    Client& first = scene.world.connect("juliet@example.org/a", "device-1");
    scene.enable(first, "phone");
    first.close();
    Client& second = scene.world.connect("juliet@example.org/b", "device-1");
    second.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    second.send("<presence/>");
    scene.acknowledge(second);
    second.cut();
    scene.say("one");
    CHECK(scene.published() == "phone!");
}

TEST_CASE("R5: a slow client is notified once, and not again when it begins to hibernate") {
    Scene scene;
    Client& phone = scene.phone();
    scene.say("one");
    scene.world.advance(29s);
    CHECK(scene.published() == "");
    scene.world.advance(2s);
    CHECK(scene.published() == "phone!");
    CHECK_FALSE(phone.ended());
    phone.cut();
    CHECK(scene.published() == "");
    CHECK(scene.sleeps(phone) == 600s);  // it was notified before
}

TEST_CASE("R5: what comes while a client is silent has its own delay") {
    Scene scene;
    Client& phone = scene.phone();
    scene.say("one");
    scene.world.advance(31s);
    CHECK(scene.published() == "phone!");
    scene.world.advance(3min);  // the connection is dead, and nobody has noticed
    scene.say("two");
    scene.world.advance(29s);
    CHECK(scene.published() == "");
    scene.world.advance(2s);
    CHECK(scene.published() == "phone!");
    phone.cut();
    CHECK(scene.published() == "");
}

TEST_CASE("R6: group chat to the bare JID") {
    Scene scene;
    scene.phone().close();
    scene.world.arrive(
        "<message from='room@muc.example.com/nurse' to='juliet@example.org' "
        "type='groupchat'><body>x</body></message>");
    CHECK(scene.published() == "phone!");
}

TEST_CASE("what the account says in a room comes back unimportant, what others say does not") {
    Scene scene;
    Client& phone = scene.phone();
    phone.send("<presence to='room@muc.example.com/julie'/>");
    scene.acknowledge(phone);
    phone.cut();
    const auto speak = [&](const std::string& nick) {
        scene.world.arrive("<message from='room@muc.example.com/" + nick +
                           "' to='juliet@example.org/phone' type='groupchat'><body>x</body>"
                           "</message>");
        scene.world.advance(2s);
        return scene.published();
    };
    CHECK(speak("julie") == "phone");
    CHECK(speak("nurse") == "phone!");
}

TEST_CASE("R7: a call notifies everybody at once, and no rule repeats it") {
    Scene scene("", true);
    Client& phone = scene.phone();
    Client& tablet = scene.phone("tablet");
    tablet.close();
    scene.acknowledge(phone);
    scene.arrive(call);
    CHECK(scene.published() == "phone! tablet!");
    phone.cut();
    CHECK(scene.published() == "");
    CHECK(scene.sleeps(phone) == 600s);
    scene.arrive(call);  // another
    CHECK(scene.published() == "phone! tablet!");
    scene.world.at(juliet, [&](core::Context&) { phone.session().end(core::SessionEnd::expired); });
    CHECK(scene.published() == "");
}

TEST_CASE("R7: an answered call is told to those who asked") {
    Scene scene;
    using Read = events::PushRegistrationReading;
    for (unsigned i = 0; i < 2; ++i)
        scene.world.core(i).bus().on<Read>(Read::Stage::read, "test", [](const Read& event) {
            if (event.enable.child("tigase:push:jingle:0", "jingle"))
                event.wishes.call_answers = true;
        });
    Client& phone = scene.phone();
    scene.enable(phone, "calls", "<jingle xmlns='tigase:push:jingle:0'/>");
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    laptop.send(
        "<message to='romeo@example.com/orchard' type='chat'><accept "
        "xmlns='urn:xmpp:jingle-message:0' id='c1'/></message>");
    CHECK(scene.published() == "calls");
    phone.send(
        "<message to='romeo@example.com/orchard' type='chat'><proceed "
        "xmlns='urn:xmpp:jingle-message:0' id='c1'/></message>");
    CHECK(scene.published() == "");
}

TEST_CASE("R8: a ping notifies without a message") {
    Scene scene;
    Client& phone = scene.phone();
    scene.enable(phone, "rooms");
    scene.world.at(juliet,
                   [&](core::Context&) { CHECK(ping(phone.account(), service, "rooms") == 1); });
    const Published pinged = scene.pop();
    CHECK(pinged.node == "rooms");
    CHECK(pinged.count == "1");
    CHECK_FALSE(pinged.important());
    scene.world.at(juliet, [&](core::Context&) { CHECK(ping(phone.account()) == 2); });
    CHECK(scene.published() == "phone rooms");
}

TEST_CASE(
    "R9: an expired session notifies nobody a second time, but tells others what is offline now") {
    Scene scene;
    scene.phone("tablet").close();
    Client& phone = scene.phone();
    scene.say("one");
    phone.cut();
    scene.say("two");
    CHECK(scene.published() == "phone! phone!");
    scene.world.advance(601s);
    scene.world.run(juliet, [](core::Context& core) -> Task<> {
        auto pin = co_await core.accounts().load(juliet);
        (*pin)->sessions().front()->end(core::SessionEnd::expired);
    });
    CHECK(scene.world.account(juliet).sessions().empty());
    CHECK(scene.published() == "tablet!");
    CHECK(scene.world.account(juliet).offline_count() == 2);
}

TEST_CASE("R9: in the archive, nobody has anything left to learn") {
    Scene scene("", true);
    scene.phone("tablet").close();
    Client& phone = scene.phone();
    phone.cut();
    scene.say("one");
    CHECK(scene.published() == "tablet! phone!");
    scene.world.at(juliet, [&](core::Context&) { phone.session().end(core::SessionEnd::expired); });
    CHECK(scene.published() == "");
}

TEST_CASE("R9: a resumed session does not repeat what it was notified of") {
    Scene scene;
    Client& phone = scene.phone();
    phone.cut();
    scene.say("one");
    CHECK(scene.published() == "phone!");
    test::FakePort port;
    scene.world.run(juliet, [&](core::Context&) -> Task<> {
        const auto done =
            co_await test::resume_session(phone.session(), port, phone.session().sm()->acked());
        CHECK(done.ok());
    });
    CHECK(phone.session().is_live());
    scene.world.at(juliet, [&](core::Context&) { phone.session().on_detached(); });
    CHECK(scene.published() == "");
    CHECK(scene.sleeps(phone) == 600s);
    scene.say("two");
    CHECK(scene.published() == "phone!");
}

TEST_CASE("what a notification says, by the options") {
    Scene scene(
        "[push]\nnotification_with_body = true\nnotification_with_sender = true\nmessage_count = "
        "\"unread\"\n");
    Client& phone = scene.phone();
    phone.cut();
    scene.say("Wherefore?");
    Published published = scene.pop();
    CHECK(published.body == "Wherefore?");
    CHECK(published.sender == "romeo@example.com/orchard");
    CHECK(published.count == "1");
    scene.world.advance(2s);
    scene.arrive("<encrypted xmlns='urn:xmpp:omemo:2'/>");
    published = scene.pop();
    CHECK(published.body == "New Message!");
    CHECK(published.count == "2");
}

TEST_CASE("no text for important messages, if so configured") {
    Scene scene("[push]\nnotification_important_body = \"\"\n");
    scene.phone().close();
    scene.say("x");
    CHECK_FALSE(scene.pop().important());
}

TEST_CASE("a module can stop a notification, which then covers nothing") {
    Scene scene;
    Client& phone = scene.phone();
    for (unsigned i = 0; i < 2; ++i)
        scene.world.core(i).bus().on<events::PushSending>(
            events::PushSending::Stage::filter, "test", [](events::PushSending& event) {
                if (!event.cause || event.cause->body() != "muted") return core::Flow::next;
                event.reason = "muted";
                return core::Flow::stop;
            });
    phone.cut();
    scene.say("muted");
    CHECK(scene.published() == "");
    CHECK(scene.sleeps(phone) == 72h);
    scene.say("heard");
    CHECK(scene.published() == "phone!");
}

TEST_CASE("a push interval, where one is wanted") {
    Scene scene("[push]\nmin_interval = 20\n");
    Client& phone = scene.phone();
    phone.cut();
    scene.say("one");
    CHECK(scene.published() == "phone!");
    scene.world.advance(2s);
    scene.say("two");
    scene.world.advance(2s);
    scene.say("three");
    scene.arrive(call);
    CHECK(scene.published() == "phone!");  // the call
    scene.world.advance(20s);
    CHECK(scene.published() == "phone!");
    scene.world.advance(60s);
    CHECK(scene.published() == "");
}

}  // namespace
}  // namespace clarion::push
