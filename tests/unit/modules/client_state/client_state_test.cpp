#include "modules/client_state/client_state.h"

#include "base/metrics.h"
#include "proto/forward.h"
#include "server/core/events/partition_events.h"
#include "server/core/events/stream_events.h"
#include "tests/unit/modules/push_scene.h"

namespace clarion::client_state {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::World;

constexpr const char* romeo = "romeo@example.com/orchard";

struct Scene {
    World world;
    Client* phone;

    explicit Scene(const std::string& config = {})
        : world({.modules = push::Scene::modules(true), .config = config}) {
        world.add_account("juliet@example.org");
        world.befriend("juliet@example.org", "romeo@example.com");
        phone = &world.log_in("juliet@example.org/phone");
    }

    void inactive() { phone->send("<inactive xmlns='urn:xmpp:csi:0'/>"); }
    void active() { phone->send("<active xmlns='urn:xmpp:csi:0'/>"); }
    void presence(const std::string& status, const std::string& from = romeo) {
        world.arrive("<presence from='" + from + "' to='juliet@example.org'><status>" + status +
                     "</status></presence>");
    }
    void message(const std::string& content, const std::string& to = "juliet@example.org/phone") {
        world.arrive("<message from='" + std::string(romeo) + "' to='" + to +
                     "' type='chat' id='m'>" + content + "</message>");
    }
    void say(const std::string& text) { message("<body>" + text + "</body>"); }
    void type(const std::string& state = "composing") {
        message("<" + state + " xmlns='http://jabber.org/protocol/chatstates'/>");
    }
    void receipt() { message("<received xmlns='urn:xmpp:receipts' id='1'/>"); }

    /// What the phone was sent, in order: a status, a body, or the name of a payload.
    std::string received() { return received(*phone); }
    static std::string received(Client& client) {
        std::string all;
        while (client.pending() > 0) {
            const auto element = client.pop();
            if (element.root().ns() == ns::sm) continue;
            all += (all.empty() ? "" : " ") + describe(element.root());
        }
        return all;
    }
    static std::string describe(const xml::Element& stanza) {
        for (const auto* text : {"status", "body"})
            if (const auto found = stanza.child_text(ns::client, text); !found.empty())
                return std::string(found);
        const xml::Element* payload = stanza.first_child();
        return std::string(payload ? payload->name() : stanza.name());
    }
};

TEST_CASE("a stream offers it") {
    Scene scene;
    xml::Document document("features", ns::streams);
    scene.world.at("example.org", [&](core::Context& core) {
        core.bus().fire(events::StreamFeatures{core, {.host = "example.org"}, document.root()});
    });
    CHECK(document.root().child(ns::csi, "csi") != nullptr);
}

TEST_CASE("an active client is sent everything") {
    Scene scene;
    scene.presence("away");
    scene.type();
    CHECK(scene.received() == "away composing");
}

TEST_CASE("inactive: the newest presence, and it goes when the client is active again") {
    Scene scene;
    scene.inactive();
    scene.presence("away");
    scene.presence("dnd");
    scene.presence("here", "romeo@example.com/balcony");
    CHECK(scene.phone->pending() == 0);
    scene.active();
    const auto first = scene.phone->pop();
    CHECK(Scene::describe(first.root()) == "dnd");
    CHECK(first.root().child(ns::delay, "delay") != nullptr);
    CHECK(scene.received() == "here");
    scene.presence("back");
    CHECK(scene.received() == "back");
}

TEST_CASE("what is held goes before what matters, in order") {
    Scene scene;
    scene.inactive();
    scene.presence("away");
    scene.world.arrive(
        "<message from='romeo@example.com' to='juliet@example.org/phone' type='headline'>"
        "<body>news</body></message>");
    scene.receipt();
    CHECK(scene.phone->pending() == 0);
    scene.say("hello");
    CHECK(scene.received() == "away news received hello");
    scene.presence("dnd");
    CHECK(scene.received().empty());  // still inactive
}

TEST_CASE("the answer to a ping comes after what was held (section 5.1)") {
    Scene scene;
    scene.inactive();
    scene.presence("away");
    scene.phone->send_soon("<active xmlns='urn:xmpp:csi:0'/>");
    scene.phone->send(
        "<iq type='get' id='d' to='example.org'><query "
        "xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    CHECK(scene.received() == "away query");
}

TEST_CASE("a chat state is obsolete when the message comes") {
    Scene scene;
    Counter& saved = metrics().counter("clarion_csi_saved_stanzas_total", "");
    Counter& bytes = metrics().counter("clarion_csi_saved_bytes_total", "");
    const auto before = saved.value();
    const auto bytes_before = bytes.value();
    scene.inactive();
    scene.type("composing");
    scene.type("paused");
    scene.type("composing");
    CHECK(scene.phone->pending() == 0);
    scene.say("hello");
    CHECK(scene.received() == "hello");
    CHECK(saved.value() - before == 3);
    CHECK(bytes.value() - bytes_before > 300);
}

TEST_CASE("each second with something held is one write less") {
    Scene scene;
    Counter& wakeups = metrics().counter("clarion_csi_saved_wakeups_total", "");
    Gauge& inactive = metrics().gauge("clarion_csi_inactive_sessions", "");
    const auto before = wakeups.value();
    const auto nobody = inactive.value();
    scene.inactive();
    scene.inactive();
    CHECK(inactive.value() - nobody == 1);
    scene.presence("1");
    scene.presence("2");
    CHECK(wakeups.value() - before == 1);
    scene.world.advance(2s);
    scene.presence("3");
    CHECK(wakeups.value() - before == 2);
    scene.active();
    CHECK(inactive.value() == nobody);
}

TEST_CASE("limits let everything go, and holding goes on") {
    Scene scene("[csi]\nmax_held = 2\n");
    scene.inactive();
    scene.presence("1", "romeo@example.com/1");
    scene.presence("2", "romeo@example.com/2");
    CHECK(scene.phone->pending() == 0);
    scene.presence("3", "romeo@example.com/3");
    CHECK(scene.received() == "1 2 3");
    scene.presence("4", "romeo@example.com/4");
    CHECK(scene.phone->pending() == 0);

    Scene small("[csi]\nmax_held_bytes = 2000\n");
    small.inactive();
    small.presence(std::string(500, 'x'));
    CHECK(small.phone->pending() == 0);
    small.presence(std::string(3000, 'y'));
    CHECK(small.phone->pending() == 1);

    Scene off("[csi]\nmax_held = 0\n");
    off.inactive();
    off.presence("1");
    CHECK(off.received() == "1");
}

TEST_CASE("a message that only offline storage would keep does not wait in memory") {
    Scene scene("[mam]\ndefault = \"never\"\n");
    scene.phone->send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    scene.inactive();
    scene.phone->drop_all();
    scene.receipt();
    CHECK(scene.received() == "received");
}

TEST_CASE("its sender need not wait for it") {
    Scene scene;
    scene.world.add_account("romeo@example.net");
    scene.world.befriend("juliet@example.org", "romeo@example.net");
    Client& sender = scene.world.log_in("romeo@example.net/orchard");
    sender.send("<enable xmlns='urn:xmpp:sm:3'/>");
    scene.phone->drop_all();
    scene.inactive();
    sender.send(
        "<message to='juliet@example.org/phone' type='chat'>"
        "<composing xmlns='http://jabber.org/protocol/chatstates'/></message>");
    CHECK(sender.session().window().width() == 0);
    CHECK(scene.phone->pending() == 0);
}

// ---- Hibernation
// -------------------------------------------------------------------------------------

struct HibernationScene : Scene {
    explicit HibernationScene(const std::string& config = {}) : Scene(config) {
        phone->send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        phone->drop_all();
        inactive();
    }
    std::shared_ptr<core::Session> session() { return phone->session().shared_from_this(); }
};

TEST_CASE("the beginning of hibernation: what was held joins the queue, and is numbered there") {
    HibernationScene scene;
    scene.presence("away");
    scene.say("hello");
    scene.presence("dnd");
    scene.receipt();
    const auto session = scene.session();
    CHECK(session->sm()->sent() == 2);
    scene.phone->cut();
    CHECK(session->is_hibernating());
    CHECK(session->hibernation().queued() == 4);
    scene.presence("late");  // hibernating: nothing is held any more
    CHECK(session->hibernation().queued() == 5);

    test::FakePort port;
    scene.world.run("juliet@example.org", [&](core::Context&) -> Task<> {
        const auto resumed = co_await test::resume_session(*session, port, 1);
        CHECK(resumed.ok());
    });
    std::string all;
    while (port.pending() > 0) {
        const auto element = port.pop();
        if (element.root().ns() != ns::sm) all += Scene::describe(element.root()) + " ";
    }
    CHECK(all == "hello dnd received late ");
    scene.presence("new");  // and a resumed stream is active
    CHECK(Scene::describe(port.pop().root()) == "new");
}

TEST_CASE("resumed while it looked alive: what was held follows at once") {
    HibernationScene scene;
    scene.presence("away");
    const auto session = scene.session();
    test::FakePort port;
    scene.world.run("juliet@example.org", [&](core::Context&) -> Task<> {
        const auto resumed = co_await test::resume_session(*session, port, 0);
        CHECK(resumed.ok());
    });
    CHECK(port.pop().root().name() == "resumed");
    CHECK(Scene::describe(port.pop().root()) == "away");
    CHECK(session->sm()->sent() == 1);
}

TEST_CASE("an end: what the archive has goes to offline storage, the rest is forgotten") {
    Scene scene;
    scene.inactive();
    scene.type();
    scene.receipt();
    scene.presence("away");
    scene.world.remote().drop_all();
    scene.phone->close();
    while (const StanzaPtr stanza = scene.world.remote().pop()) CHECK_FALSE(stanza->is_error());
    Client& again = scene.world.connect("juliet@example.org/phone");
    again.send("<presence/>");
    std::string messages;
    while (again.pending() > 0) {
        const auto element = again.pop();
        if (element.root().name() == "message") messages += Scene::describe(element.root());
    }
    CHECK(messages == "received");
}

TEST_CASE("a flush that is too much for the queue ends the session, and what is left goes on") {
    for (const bool by_message : {false, true}) {
        Scene scene("[smacks]\nmax_queue_size = 10\n");
        scene.phone->send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        scene.phone->drop_all();
        scene.inactive();
        for (int i = 0; i < 12; ++i) scene.presence("p", "romeo@example.com/" + std::to_string(i));
        scene.receipt();
        CHECK(scene.phone->pending() == 0);
        if (by_message)
            scene.say("hello");
        else
            scene.active();
        CHECK(scene.phone->port().closed());
        CHECK(scene.phone->ended());
        Client& again = scene.world.connect("juliet@example.org/phone");
        again.send("<presence/>");
        const std::string received = Scene::received(again);
        CHECK(received.find("received") != std::string::npos);
        CHECK((received.find("hello") != std::string::npos) == by_message);
    }
}

// ---- Push --------------------------------------------------------------------------------------

struct PushScene : HibernationScene {
    test::FakeLink* gateway;
    PushScene() : HibernationScene("[component.\"push.example.com\"]\nsecret = \"s\"\n") {
        gateway = &world.attach_component("push.example.com");
        const auto answer = phone->ask(
            "<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' "
            "jid='push.example.com' node='n'/></iq>");
        REQUIRE(answer.root().attr("type") == "result");
        phone->send("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(phone->session().sm()->sent()) +
                    "'/>");
        phone->drop_all();
    }
    void hold_all() {
        presence("away");
        type();
        receipt();
        REQUIRE(phone->pending() == 0);
    }
};

TEST_CASE("what was held is never pushed: hibernating, and after its time ran out") {
    PushScene scene;
    scene.hold_all();
    const auto session = scene.session();
    scene.phone->cut();
    CHECK(session->hibernation().queued() == 3);
    CHECK(scene.gateway->pending() == 0);
    CHECK(session->hibernation().expires_at() - session->hibernation().since() ==
          72h);  // as without them
    scene.world.advance(100h);
    CHECK(scene.gateway->pending() == 0);
}

TEST_CASE("what was held is never pushed: lost without being able to hibernate") {
    Scene scene("[component.\"push.example.com\"]\nsecret = \"s\"\n");
    test::FakeLink& gateway = scene.world.attach_component("push.example.com");
    scene.phone->ask(
        "<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' "
        "jid='push.example.com' node='n'/></iq>");
    scene.inactive();
    scene.type();
    scene.receipt();
    scene.phone->cut();
    CHECK(gateway.pending() == 0);
}

TEST_CASE("what was held is never pushed: over a restart") {
    PushScene scene;
    scene.hold_all();
    scene.phone->cut();
    scene.world.crash_and_restart();
    scene.gateway = &scene.world.attach_component("push.example.com");
    for (unsigned i = 0; i < 2; ++i) {
        core::Core& core = scene.world.core(i);
        core.shards().post(i, [&core] {
            core.bus().fire(events::PartitionsAcquired{core, core.partitions(), false});
        });
    }
    scene.world.settle();
    scene.world.advance(11s);
    CHECK(scene.gateway->pending() == 0);
}

TEST_CASE(
    "an unimportant stanza that was sent is pushed still: only the hold makes the difference") {
    PushScene scene;
    scene.active();
    scene.type();
    scene.phone->cut();
    CHECK(scene.gateway->pending() == 1);
}

}  // namespace
}  // namespace clarion::client_state
