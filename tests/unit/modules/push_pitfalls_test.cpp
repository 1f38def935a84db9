// What goes wrong with push on other servers: one test for each, by what its user would see.
#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

const std::string call = "<propose xmlns='urn:xmpp:jingle-message:0' id='c1'/>";

void expire(Scene& scene) {
    scene.world.run(juliet, [](core::Context& core) -> Task<> {
        auto pin = co_await core.accounts().load(juliet);
        const auto sessions = (*pin)->sessions();
        for (const auto& session : sessions)
            if (session->is_hibernating()) session->end(core::SessionEnd::expired);
    });
}

/// The session comes back on a new connection, and takes what it had missed.
void resume(Scene& scene, Client& phone, test::FakePort& port) {
    scene.world.run(juliet, [&](core::Context&) -> Task<> {
        const auto done =
            co_await test::resume_session(phone.session(), port, phone.session().sm()->acked());
        CHECK(done.ok());
    });
}

// ---- The same stanza again, because the mark sat on one copy of it -----------------------------

TEST_CASE("a push is not repeated: slow to acknowledge, then hibernating, then expired") {
    for (const bool archive : {false, true}) {
        CAPTURE(archive);
        Scene scene("", archive);
        Client& phone = scene.phone();
        scene.say("one");
        scene.world.advance(31s);
        CHECK(scene.published() == "phone!");
        phone.cut();
        CHECK(scene.published() == "");
        expire(scene);
        CHECK(scene.published() == "");
    }
}

TEST_CASE("a push is not repeated: a call to a hibernating session") {
    for (const bool archive : {false, true}) {
        CAPTURE(archive);
        Scene scene("", archive);
        Client& phone = scene.phone();
        scene.acknowledge(phone);
        phone.cut();
        scene.arrive(call + "<store xmlns='urn:xmpp:hints'/>");
        CHECK(scene.published() == "phone!");
        scene.world.advance(5s);
        test::FakePort port;
        resume(scene, phone, port);
        scene.world.at(juliet, [&](core::Context&) { phone.session().on_detached(); });
        CHECK(scene.published() == "");
        expire(scene);
        CHECK(scene.published() == "");
    }
}

TEST_CASE("a push is not repeated: a hibernating session expires, and its device comes and goes") {
    for (const bool archive : {false, true}) {
        CAPTURE(archive);
        Scene scene("", archive);
        Client& phone = scene.phone();
        scene.acknowledge(phone);
        phone.cut();
        scene.say("one");
        scene.world.advance(5s);
        scene.say("two");
        CHECK(scene.published() == "phone! phone!");
        expire(scene);
        CHECK(scene.published() == "");
        Client& back = scene.phone();  // offline messages
        back.cut();
        CHECK(scene.published() == "");
    }
}

TEST_CASE("one push for a burst, not one per stanza") {
    Scene scene;
    Client& phone = scene.phone();
    scene.acknowledge(phone);
    phone.cut();
    scene.type();  // unimportant goes first, and covers nothing important
    for (int i = 0; i < 50; ++i) {
        scene.say("x");
        scene.world.advance(15ms);
    }
    CHECK(scene.published() == "phone phone!");
}

// ---- Registrations -----------------------------------------------------------------------------

TEST_CASE(
    "errors of one account do not disable another's registration with the same jid and node") {
    Scene scene("[push]\nmax_errors = 2\n");
    scene.answers = false;
    scene.phone("shared").close();
    Client& romeo = scene.world.log_in("romeo@example.net/shared");
    scene.enable(romeo, "shared");
    romeo.close();
    for (int i = 0; i < 2; ++i) {
        scene.say("x");
        scene.refuse(*scene.gateway->pop(), "item-not-found");
    }
    CHECK(scene.registrations().empty());
    const auto left = list(scene.world.account("romeo@example.net"));
    REQUIRE(left.size() == 1);
    CHECK(left[0].errors == 0);
    scene.say("x", "romeo@example.net");
    const Published published = scene.pop();
    CHECK(published.node == "shared");
    CHECK(published.stanza->from().full() == "example.net");
}

TEST_CASE("a hibernating session is not pushed after another session disabled its node") {
    Scene scene;
    Client& phone = scene.phone();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    scene.acknowledge(phone);
    phone.cut();
    laptop.ask("<iq type='set' id='d'><disable xmlns='urn:xmpp:push:0' jid='" +
               std::string(service) + "' node='phone'/></iq>");
    scene.say("x");
    scene.arrive(call);
    CHECK(scene.published() == "");
    CHECK(scene.sleeps(phone) == 600s);
}

TEST_CASE("an account that is made again does not inherit the deleted one's device") {
    Scene scene;
    Client& phone = scene.phone();
    phone.cut();
    scene.world.run(juliet, [](core::Context& core) -> Task<> {
        const auto done = co_await core.account_registry().remove(Jid::trusted(juliet));
        CHECK(done.ok());
    });
    scene.world.add_account(juliet);
    CHECK(scene.registrations().empty());
    CHECK(scene.sleeper() == nullptr);
    Client& again = scene.world.log_in("juliet@example.org/phone");  // the same device's name
    again.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    again.cut();
    scene.say("x");
    scene.arrive(call);
    CHECK(scene.published() == "");
}

TEST_CASE("a malformed address of a service is not accepted") {
    Scene scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    for (const auto* jid : {"", "@", "a@", "@b", "a@b@c", "/x", "push.example.com/", "a b@c",
                            "push..example.com", "a@push example.com", "&lt;push&gt;"}) {
        CAPTURE(jid);
        const auto answer =
            phone.ask("<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='" +
                      std::string(jid) + "' node='n'/></iq>");
        REQUIRE(answer.root().attr("type") == "error");
        const StanzaError error = read_error(answer.root());
        CHECK(name(error.condition) == "jid-malformed");
        CHECK(name(error.type) == "modify");
    }
    CHECK(scene.registrations().empty());
}

TEST_CASE("enable addressed to somebody else's account changes nothing for either") {
    Scene scene;
    Client& romeo = scene.world.log_in("romeo@example.net/orchard");
    scene.phone().close();
    for (const auto* element : {"enable", "disable"}) {
        const auto answer =
            romeo.ask("<iq type='set' id='e' to='juliet@example.org'><" + std::string(element) +
                      " xmlns='urn:xmpp:push:0' jid='" + service + "' node='phone'/></iq>");
        CHECK(answer.root().attr("type") == "error");
    }
    const auto left = scene.registrations();
    REQUIRE(left.size() == 1);
    CHECK(left[0].device == "phone");
    CHECK(list(scene.world.account("romeo@example.net")).empty());
}

TEST_CASE("an error from another address removes no registration") {
    Scene scene("[push]\nmax_errors = 1\ngone_disables_at_once = true\n");
    scene.answers = false;
    scene.phone().close();
    scene.say("x");
    const std::string id(scene.gateway->pop()->id());
    for (const auto* from : {"evil.example.com", "romeo@example.com/orchard",
                             "push.example.com/other", "node@push.example.com"}) {
        scene.world.arrive("<iq type='error' id='" + id + "' from='" + from +
                           "' to='example.org'><error type='cancel'><gone "
                           "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        REQUIRE(scene.registrations().size() == 1);
        CHECK(scene.registrations()[0].errors == 0);
    }
    scene.world.arrive("<iq type='error' id='" + id +
                       "' from='push.example.com' to='example.org'><error type='cancel'><gone "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    CHECK(scene.registrations().empty());
}

// ---- Which stanzas -----------------------------------------------------------------------------

TEST_CASE("an offline push goes out although the sender archives, and the recipient does not") {
    for (const auto* wish : {"always", "never"}) {
        CAPTURE(wish);
        Scene scene("", true);
        Client& phone = scene.phone();
        const auto saved =
            phone.ask("<iq type='set' id='p'><prefs xmlns='urn:xmpp:mam:2' default='" +
                      std::string(wish) + "'/></iq>");
        CHECK(saved.root().attr("type") == "result");
        phone.close();
        Client& romeo = scene.world.log_in("romeo@example.net/orchard");
        romeo.send("<message to='juliet@example.org' type='chat' id='1'><body>x</body></message>");
        CHECK(scene.published() == "phone!");
    }
}

/// Juliet's phone is awake; her tablet wants carbons and hibernates.
struct TwoDevices : Scene {
    Client& phone;
    Client& tablet;
    explicit TwoDevices(const std::string& config = {})
        : Scene(config), phone(this->Scene::phone()), tablet(this->Scene::phone("tablet")) {
        tablet.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        acknowledge(tablet);
        acknowledge(phone);
        tablet.cut();
        CHECK(published() == "");
    }
};

TEST_CASE("a received carbon is not judged as a sent one") {
    TwoDevices scene;
    scene.arrive("<body>for the phone</body>", "juliet@example.org/phone");
    CHECK(scene.published() == "tablet!");
    scene.world.advance(5s);
    scene.phone.send(
        "<message to='romeo@example.com' type='chat'><body>from the phone</body></message>");
    CHECK(scene.published() == "tablet");
}

TEST_CASE("body and sender of a carbon are not its wrapper's") {
    TwoDevices scene("[push]\nnotification_with_body = true\nnotification_with_sender = true\n");
    scene.arrive("<body>for the phone</body>", "juliet@example.org/phone");
    const Published published = scene.pop();
    CHECK(published.node == "tablet");
    CHECK(published.body == "for the phone");
    CHECK(published.sender == "romeo@example.com/orchard");
}

TEST_CASE("no push for what CSI merely held back") {
    Scene scene;
    scene.world.befriend(juliet, "romeo@example.com");
    Client& phone = scene.phone();
    phone.send("<inactive xmlns='urn:xmpp:csi:0'/>");
    scene.type();
    scene.world.arrive(
        "<presence from='romeo@example.com/orchard' to='juliet@example.org'><show>away</show>"
        "</presence>");
    CHECK(phone.pending() == 0);  // held
    phone.cut();
    CHECK(phone.session().hibernation().queued() == 2);
    CHECK(scene.published() == "");
    CHECK(scene.sleeps(phone) == 72h);
    scene.say("x");
    CHECK(scene.published() == "phone!");
}

}  // namespace
}  // namespace clarion::push
