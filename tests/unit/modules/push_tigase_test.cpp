// The extensions of Tigase in a server (modules/push/tigase): each alone, and together.
#include "base/text.h"
#include "modules/push/tigase/away.h"
#include "modules/push/tigase/encrypt.h"
#include "modules/push/tigase/filters.h"
#include "modules/push/tigase/jingle.h"
#include "modules/push/tigase/offline_rooms.h"
#include "modules/push/tigase/priority.h"
#include "proto/crypto.h"
#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

using core::ModuleRow;

const ModuleRow rooms{"push_offline_rooms", tigase::install_offline_rooms, nullptr, "", ""};
const ModuleRow filters{"push_filters", tigase::install_filters, nullptr, "", ""};
const ModuleRow priority{"push_priority", tigase::install_priority, nullptr, "", ""};
const ModuleRow jingle{"push_jingle", tigase::install_jingle, nullptr, "", ""};
const ModuleRow away{"push_away", tigase::install_away, nullptr, "", ""};
const ModuleRow encrypt{"push_encrypt", tigase::install_encrypt, tigase::declare_encrypt_options,
                        "", ""};
const std::vector<ModuleRow> all{rooms, filters, priority, jingle, away, encrypt};

const std::string key(16, 'k');
const std::string encrypted =
    "<encrypt xmlns='tigase:push:encrypt:0' alg='aes-128-gcm'>" + base64_encode(key) + "</encrypt>";
const std::string rated = "<priority xmlns='tigase:push:priority:0'/>";
const std::string calls = "<jingle xmlns='tigase:push:jingle:0'/>";
const std::string no_strangers = "<ignore-unknown xmlns='tigase:push:filter:ignore-unknown:0'/>";
const std::string room = "room@muc.example.com";
std::string in_room(const std::string& allow) {
    return "<groupchat xmlns='tigase:push:filter:groupchat:0'><room jid='" + room + "' allow='" +
           allow + "' nick='Jule'/></groupchat>";
}
const std::string call =
    "<propose xmlns='urn:xmpp:jingle-message:0' id='c1'><description "
    "xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose>";
std::string step(const std::string& name) {
    return "<" + name + " xmlns='urn:xmpp:jingle-message:0' id='c1'/>";
}

struct Extended : Scene {
    explicit Extended(const std::vector<ModuleRow>& rows = all, const std::string& config = {},
                      bool archive = false)
        : Scene(config, archive, rows) {}

    /// Logged in, and registered asking for that.
    Client& device(const std::string& resource, const std::string& content,
                   const std::string& attributes = {}) {
        Client& client = world.log_in(std::string(juliet) + '/' + resource);
        client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        const auto answer = client.ask(
            "<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='" + std::string(service) +
            "' node='" + resource + "' " + attributes + ">" + content + "</enable></iq>");
        REQUIRE(answer.root().attr("type") == "result");
        acknowledge(client);
        client.drop_all();
        return client;
    }
    void speak(const std::string& text, const std::string& type = "groupchat") {
        world.arrive("<message from='" + room + "/Nurse' to='juliet@example.org' type='" + type +
                     "' id='r" + std::to_string(++messages) + "'><body>" + text +
                     "</body></message>");
    }
    /// The <notification/> of the next publish, as XML; empty: there is none.
    std::string notification() {
        last = gateway->pop();
        if (!last) return {};
        answer(*last);
        const auto* publish =
            last->root().child(ns::pubsub, "pubsub")->child(ns::pubsub, "publish");
        return xml::to_string(*publish->child(ns::pubsub, "item")->child(ns::push, "notification"));
    }
    /// What the app makes of the next one: JSON, after "voip " if that is its type.
    std::string decrypted() {
        const auto document = xml::parse_element(notification());
        if (document.empty()) return {};
        const xml::Element* sealed = document.root().child(tigase_encrypt, "encrypted");
        REQUIRE(sealed);
        CHECK(document.root().child(ns::data_forms, "x") == nullptr);
        const auto json = crypto::aes_128_gcm_decrypt(key, *base64_decode(sealed->attr("iv")),
                                                      *base64_decode(sealed->text()));
        REQUIRE(json);
        return (sealed->has_attr("type") ? std::string(sealed->attr("type")) + ' ' : "") + *json;
    }
    static constexpr std::string_view tigase_encrypt = "tigase:push:encrypt:0";
};

std::string form(const std::string& fields) {
    return "<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'><field "
           "var='FORM_TYPE'><value>urn:xmpp:push:summary</value></field>" +
           fields;
}
std::string field(const std::string& var, const std::string& value) {
    return "<field var='" + var + "'><value>" + value + "</value></field>";
}
const std::string plain =
    form(field("message-count", "1") + field("last-message-body", "New Message!") + "</x>");
const std::string silent = form(field("message-count", "1") + "</x>");

TEST_CASE("tigase: each extension is announced on the account") {
    Extended scene;
    Client& phone = scene.device("phone", "");
    const auto info =
        xml::to_string(phone
                           .ask("<iq type='get' id='d' to='juliet@example.org'><query "
                                "xmlns='http://jabber.org/protocol/disco#info'/></iq>")
                           .root());
    for (const std::string feature :
         {"away:0", "encrypt:0", "encrypt:aes-128-gcm", "priority:0", "filter:ignore-unknown:0",
          "filter:muted:0", "filter:groupchat:0", "jingle:0"}) {
        CAPTURE(feature);
        CHECK(info.find("var='tigase:push:" + feature + "'") != std::string::npos);
    }
}

TEST_CASE("tigase: who asks for nothing gets nothing more") {
    Extended scene;
    scene.device("phone", "").close();
    scene.say("hi");
    CHECK(scene.notification() == plain + "</notification>");
    scene.arrive(call);
    CHECK(scene.notification() == plain + "</notification>");
    scene.speak("hi");
    CHECK(scene.notification() == plain + "</notification>");
}

TEST_CASE("tigase: what is malformed is refused at once") {
    Extended scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    const auto error = [&](const std::string& content) {
        const auto answer =
            phone.ask("<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='" +
                      std::string(service) + "' node='n'>" + content + "</enable></iq>");
        REQUIRE(answer.root().attr("type") == "error");
        const auto read = read_error(answer.root());
        return std::string(name(read.type)) + ' ' + std::string(name(read.condition));
    };
    CHECK(error("<encrypt xmlns='tigase:push:encrypt:0' alg='aes-256-gcm'>" +
                base64_encode(std::string(32, 'k')) + "</encrypt>") ==
          "modify feature-not-implemented");
    CHECK(error("<encrypt xmlns='tigase:push:encrypt:0' alg='aes-128-gcm'>short</encrypt>") ==
          "modify bad-request");
    CHECK(error(in_room("perhaps")) == "modify bad-request");
    CHECK(error("<muted xmlns='tigase:push:filter:muted:0'><item/></muted>") ==
          "modify bad-request");
    CHECK(scene.registrations().empty());
}

// ---- encrypt -----------------------------------------------------------------------------------

TEST_CASE("encrypt: nothing is told in plaintext, whatever else is asked for") {
    Extended scene(all, "[push]\nnotification_with_body = true\nnotification_with_sender = true\n");
    scene.device("phone", encrypted + rated + calls + in_room("always"), "away='true'").close();
    const auto hidden = [&] {
        const std::string text = scene.notification();
        CAPTURE(text);
        CHECK(text.find("<encrypted xmlns='tigase:push:encrypt:0' ") != std::string::npos);
        for (const char* word : {"romeo@", "example.", "wherefore", "jabber:x:data", "nickname>",
                                 "sid=", "media>", "room@", "message-count", "New Message"})
            CHECK(text.find(word) == std::string::npos);
        return text;
    };
    scene.say("wherefore");
    CHECK(hidden().find("voip") == std::string::npos);
    scene.arrive(call);
    CHECK(hidden().find("type='voip'") != std::string::npos);
    scene.speak("wherefore");
    hidden();
    scene.arrive("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>");
    hidden();
    scene.world.at(juliet, [&](core::Context&) { ping(scene.world.account(juliet)); });
    hidden();
    CHECK(scene.notification().empty());
}

TEST_CASE("encrypt: what the app is told") {
    Extended scene;
    scene.device("phone", encrypted).close();
    scene.say("Wherefore art thou?");
    CHECK(
        scene.decrypted() ==
        R"({"unread":1,"sender":"romeo@example.com","type":"chat","message":"Wherefore art thou?"})");
    scene.arrive("<body>fallback</body><encrypted xmlns='eu.siacs.conversations.axolotl'/>");
    CHECK(
        scene.decrypted() ==
        R"({"unread":2,"sender":"romeo@example.com","type":"chat","message":"New encrypted message"})");
    scene.speak("Julia!");
    CHECK(scene.decrypted() == R"({"unread":3,"sender":"room@muc.example.com","type":"groupchat",)"
                               R"("message":"Julia!","nickname":"Nurse"})");
    scene.arrive("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>");
    CHECK(scene.decrypted() == R"({"unread":3,"sender":"romeo@example.com","type":"chat"})");
    scene.world.at(juliet, [&](core::Context&) { ping(scene.world.account(juliet)); });
    CHECK(scene.decrypted() == R"({"unread":3,"sender":"juliet@example.org"})");
}

TEST_CASE("encrypt: the text for encrypted messages is an option") {
    Extended scene(all, "[push_encrypt]\nencrypted_message = \"\"\n");
    scene.device("phone", encrypted).close();
    scene.arrive("<body>fallback</body><encrypted xmlns='urn:xmpp:omemo:2'/>");
    CHECK(scene.decrypted() == R"({"unread":1,"sender":"romeo@example.com","type":"chat"})");
}

TEST_CASE("encrypt: a presence has a sender and no type") {
    Extended scene;
    Client& phone = scene.device("phone", encrypted);
    phone.cut();
    scene.world.arrive(
        "<presence from='room@muc.example.com/Nurse' to='juliet@example.org/phone'/>");
    CHECK(scene.decrypted() == R"({"unread":0,"sender":"room@muc.example.com"})");
}

TEST_CASE("encrypt: a carbon is told as the message it carries") {
    Extended scene;
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    Client& phone = scene.device("phone", encrypted);
    phone.send("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    scene.acknowledge(phone);
    phone.cut();
    scene.say("hi", "juliet@example.org/laptop");
    CHECK(scene.decrypted() ==
          R"({"unread":1,"sender":"romeo@example.com","type":"chat","message":"hi"})");
    scene.world.advance(2s);
    laptop.send("<message to='romeo@example.com' type='chat' id='o'><body>my own</body></message>");
    CHECK(scene.decrypted() == R"({"unread":1,"sender":"juliet@example.org","type":"chat"})");
}

TEST_CASE("encrypt: calls, with or without jingle, and their end elsewhere") {
    Extended scene;
    scene.device("phone", encrypted).close();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    const std::string ringing =
        R"(voip {"unread":1,"sender":"romeo@example.com/orchard","type":"call","sid":"c1","media":["audio"]})";
    scene.arrive(call);
    CHECK(scene.decrypted() == ringing);
    laptop.send("<message to='juliet@example.org'>" + step("accept") + "</message>");
    CHECK(scene.decrypted().empty());  // did not ask to hear

    Extended asks;
    asks.device("phone", encrypted + calls).close();
    Client& other = asks.world.log_in("juliet@example.org/laptop");
    asks.arrive(call);
    CHECK(asks.decrypted() == ringing);
    // The app ends the call it has from this caller, and that nobody wants to say which media.
    const std::string over =
        R"(voip {"unread":1,"sender":"romeo@example.com/orchard","type":"call","sid":"c1"})";
    other.send("<message to='juliet@example.org'>" + step("accept") + "</message>");
    CHECK(asks.decrypted() == over);
    other.send("<message to='romeo@example.com/orchard'>" + step("proceed") + "</message>");
    CHECK(asks.decrypted() == over);
    other.send("<message to='romeo@example.com/orchard'>" + step("reject") + "</message>");
    CHECK(asks.decrypted() == over);
    other.send("<message to='romeo@example.com/orchard'>" + step("retract") + "</message>");
    CHECK(asks.decrypted().empty());
    // A call of which nothing is known here.
    other.send(
        "<message to='nurse@example.com/h'><reject xmlns='urn:xmpp:jingle-message:0' id='z'/>"
        "</message>");
    CHECK(asks.decrypted() ==
          R"(voip {"unread":1,"sender":"nurse@example.com/h","type":"call","sid":"z"})");
    other.send(
        "<message to='juliet@example.org'><accept xmlns='urn:xmpp:jingle-message:0' id='z'/>"
        "</message>");
    CHECK(asks.decrypted() ==
          R"(voip {"unread":1,"sender":"juliet@example.org/laptop","type":"call","sid":"z"})");
}

TEST_CASE("encrypt: who calls oneself from another device rings nobody") {
    Extended scene;
    scene.device("phone", encrypted).cut();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    laptop.send("<message to='juliet@example.org/phone' type='chat'>" + call + "</message>");
    CHECK(scene.decrypted().rfind("voip", 0) == std::string::npos);
}

TEST_CASE("encrypt: a copy of an own call rings nobody") {
    Extended scene;
    Client& phone = scene.device("phone", encrypted);
    phone.send("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    scene.acknowledge(phone);
    phone.cut();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    scene.gateway->drop_all();
    scene.world.advance(2s);
    laptop.send("<message to='romeo@example.com' type='chat'>" + call + "</message>");
    const std::string told = scene.decrypted();
    CHECK(told == R"({"unread":0,"sender":"juliet@example.org","type":"chat"})");
}

TEST_CASE("encrypt: what does not fit") {
    Extended scene;
    const std::string small =
        "<encrypt xmlns='tigase:push:encrypt:0' alg='aes-128-gcm' max-size='600'>" +
        base64_encode(key) + "</encrypt>";
    scene.device("phone", small).close();
    scene.say(std::string(3000, 'x'));
    const std::string cut = scene.decrypted();
    CHECK(cut.size() == tigase::json_limit(600));
    CHECK(cut.ends_with("xx\"}"));
    scene.arrive("<propose xmlns='urn:xmpp:jingle-message:0' id='" + std::string(3000, 'x') +
                 "'/>");
    CHECK(scene.decrypted() == R"({"unread":2,"sender":"juliet@example.org"})");
}

TEST_CASE("encrypt: enabled with a bad key while the module was off, nothing is told") {
    Extended off({priority});
    off.device("phone", "<encrypt xmlns='tigase:push:encrypt:0' alg='rot13'/>").close();
    off.say("hi");
    CHECK(off.notification() == plain + "</notification>");

    xml::Document notification = xml::parse_element(plain + "</notification>");
    const auto enable =
        xml::parse_element("<enable><encrypt xmlns='tigase:push:encrypt:0' alg='rot13'/></enable>");
    Extended on;
    on.world.at(juliet, [&](core::Context& core) {
        events::PushRegistration registration;
        events::PushSending event{
            on.world.account(juliet), registration, enable.root(), nullptr, true, false, 1,
            notification.root()};
        CHECK(core.bus().fire(event) == core::Flow::next);
    });
    CHECK(xml::to_string(notification.root()) == "<notification xmlns='urn:xmpp:push:0'/>");
}

// ---- priority ----------------------------------------------------------------------------------

TEST_CASE("priority: high is what is important") {
    Extended scene({priority});
    scene.device("phone", rated).close();
    const std::string high =
        "<priority xmlns='tigase:push:priority:0'>high</priority></notification>";
    const std::string low =
        "<priority xmlns='tigase:push:priority:0'>low</priority></notification>";
    scene.say("hi");
    CHECK(scene.notification() == plain + high);
    scene.arrive(call);
    CHECK(scene.notification() == plain + high);
    scene.arrive("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>");
    CHECK(scene.notification() == silent + low);
    scene.world.at(juliet, [&](core::Context&) { ping(scene.world.account(juliet)); });
    CHECK(scene.notification() == silent + low);
}

TEST_CASE("priority: beside what is encrypted") {
    Extended scene;
    scene.device("phone", encrypted + rated).close();
    scene.say("hi");
    const std::string text = scene.notification();
    CHECK(text.find("<priority xmlns='tigase:push:priority:0'>high</priority>") !=
          std::string::npos);
    CHECK(text.find("<encrypted ") != std::string::npos);
}

// ---- filters -----------------------------------------------------------------------------------

TEST_CASE("filters: a stranger does not wake the phone, a contact does") {
    Extended scene({filters});
    Client& phone = scene.device("phone", no_strangers);
    scene.device("tablet", "").close();
    phone.close();
    scene.say("hi");
    CHECK(scene.published() == "tablet!");
    scene.world.befriend(juliet, "romeo@example.com");
    scene.say("hi");
    CHECK(scene.published() == "phone! tablet!");
}

TEST_CASE("filters: who only asked to be a contact is none yet") {
    Extended scene({filters});
    scene.device("phone", no_strangers).close();
    scene.world.at(juliet, [&](core::Context& core) {
        core::Account& account = scene.world.account(juliet);
        core::RosterItem asking;
        asking.jid = "romeo@example.com";
        asking.pending_in = "<presence type='subscribe'/>";
        asking.listed = false;
        account.roster().put(core.shard(), account.id(), asking);
    });
    scene.say("hi");
    CHECK(scene.published() == "");
}

TEST_CASE("filters: what is filtered hides nothing that comes after it") {
    Extended scene({filters});
    Client& phone = scene.device("phone", no_strangers);
    scene.world.befriend(juliet, "nurse@example.com");
    phone.cut();
    scene.say("hi");
    CHECK(scene.published() == "");
    scene.world.arrive(
        "<message from='nurse@example.com/h' to='juliet@example.org' type='chat' "
        "id='n'><body>hi</body></message>");
    CHECK(scene.published() == "phone!");
}

TEST_CASE("filters: rooms that were not asked for, and calls of who is muted") {
    Extended scene({filters});
    scene
        .device("phone",
                in_room("mentioned") +
                    "<muted xmlns='tigase:push:filter:muted:0'><item jid='romeo@example.com'/>"
                    "</muted>")
        .close();
    scene.speak("hi all");
    CHECK(scene.published() == "");
    scene.speak("hi Jule");
    CHECK(scene.published() == "phone!");
    scene.arrive(call);
    CHECK(scene.published() == "");
}

// ---- jingle ------------------------------------------------------------------------------------

TEST_CASE("jingle: in plaintext, which call it is") {
    Extended scene({jingle});
    scene.device("phone", calls).close();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    scene.arrive(call);
    CHECK(scene.notification() ==
          plain +
              "<jingle xmlns='tigase:push:jingle:0' action='propose' sid='c1'>"
              "<media>audio</media></jingle></notification>");
    for (const std::string action : {"accept", "reject", "proceed"}) {
        laptop.send("<message to='romeo@example.com/orchard'>" + step(action) + "</message>");
        CHECK(scene.notification() == silent + "<jingle xmlns='tigase:push:jingle:0' action='" +
                                          action + "' sid='c1'/></notification>");
    }
    laptop.send("<message to='romeo@example.com/orchard'>" + step("retract") + "</message>");
    CHECK(scene.notification().empty());
}

TEST_CASE("jingle: without the module calls are plain, and their end is not told") {
    Extended scene(Scene::Rows{});
    scene.device("phone", calls).close();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    scene.arrive(call);
    CHECK(scene.notification() == plain + "</notification>");
    laptop.send("<message to='romeo@example.com/orchard'>" + step("accept") + "</message>");
    CHECK(scene.notification().empty());
}

// ---- away --------------------------------------------------------------------------------------

const std::string when_away = "away='true'";
std::string show(const std::string& how) { return "<presence><show>" + how + "</show></presence>"; }

TEST_CASE("away: what reaches a connected device while the user is at none") {
    Extended scene({away});
    scene.device("phone", "", when_away).close();
    scene.device("tablet", "").close();  // did not ask
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    scene.say("online");
    CHECK(scene.published() == "");
    for (const std::string how : {"away", "xa", "dnd"}) {
        CAPTURE(how);
        laptop.send(show(how));
        CHECK(scene.published() == "");
        scene.say("hi");
        CHECK(scene.published() == "phone!");
        scene.say("hi", "juliet@example.org/laptop");
        CHECK(scene.published() == "phone!");
    }
    scene.type();
    scene.speak("hi");
    scene.arrive("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>");
    CHECK(scene.published() == "");
    laptop.send(show("chat"));
    scene.published();
    scene.say("here");
    CHECK(scene.published() == "");
}

TEST_CASE("away: one device at which the user is, is enough; one of negative priority is none") {
    Extended scene({away});
    scene.device("phone", "", when_away).close();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    Client& desk = scene.world.log_in("juliet@example.org/desk");
    laptop.send(show("away"));
    scene.say("hi");
    CHECK(scene.published() == "");
    desk.send("<presence><priority>-1</priority></presence>");
    scene.say("hi");
    CHECK(scene.published() == "phone!");
}

TEST_CASE("away: the phone itself may be connected, and is not notified again") {
    Extended scene({away});
    Client& phone = scene.device("phone", "", when_away);
    phone.send(show("away"));
    scene.acknowledge(phone);
    scene.say("hi");
    CHECK(scene.published() == "phone!");
    phone.cut();  // R3: it is unacknowledged
    CHECK(scene.published() == "");
}

TEST_CASE("away: with an archive, and with a phone that hibernates, the rules notify once") {
    Extended scene({away}, "", true);
    Client& phone = scene.device("phone", "", when_away);
    scene.device("tablet", "", when_away).close();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    laptop.send(show("away"));
    scene.acknowledge(phone);
    phone.cut();
    scene.say("one");
    scene.say("two");  // a burst: one for the phone that hibernates
    const std::string told = scene.published();
    CHECK(std::count(told.begin(), told.end(), '!') == 3);
    CHECK(told.find("phone!") == told.rfind("phone!"));
}

TEST_CASE("away: while nobody is connected the rules decide alone") {
    Extended scene({away}, "[offline]\nmax_messages = 0\n");
    scene.device("phone", "", when_away).close();
    scene.say("kept nowhere");
    CHECK(scene.published() == "");
}

TEST_CASE("away: back online, the badge is cleared once, if there is anything") {
    Extended scene({away});
    scene.device("phone", "", when_away).close();
    scene.device("tablet", "").close();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    const std::string cleared = form(field("message-count", "0") + "</x></notification>");
    laptop.send(show("away"));
    laptop.send("<presence/>");
    CHECK(scene.notification().empty());
    laptop.send(show("away"));
    scene.say("hi");
    CHECK(scene.published() == "phone!");
    laptop.send(show("dnd"));
    CHECK(scene.notification().empty());
    laptop.send("<presence/>");
    CHECK(scene.notification() == cleared);
    CHECK(scene.notification().empty());
    laptop.send(show("away"));
    laptop.send("<presence/>");
    CHECK(scene.notification().empty());
}

TEST_CASE("away: what was not important leaves no badge to clear") {
    Extended scene({away});
    scene.device("phone", "", when_away).close();
    scene.arrive("<received xmlns='urn:xmpp:receipts' id='x'/>");
    CHECK(scene.published() == "phone");
    scene.world.log_in("juliet@example.org/laptop");
    CHECK(scene.published() == "");
}

TEST_CASE("away: a device that comes back itself needs no notification to know") {
    Extended scene({away});
    Client& phone = scene.device("phone", "", when_away);
    phone.send(show("away"));
    scene.say("hi");
    CHECK(scene.published() == "phone!");
    phone.send("<presence/>");
    CHECK(scene.published() == "");
}

TEST_CASE("away: a cleared badge is told to the app encrypted") {
    Extended scene;
    scene.device("phone", encrypted, when_away).close();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    laptop.send(show("away"));
    scene.say("hi");
    CHECK(scene.decrypted().find("hi") != std::string::npos);
    laptop.send("<presence/>");
    CHECK(scene.decrypted() == R"({"unread":0,"sender":"juliet@example.org"})");
}

TEST_CASE("away: which attribute asks for it") {
    const auto wants = [](const std::string& attributes) {
        events::PushRegistration registration;
        registration.attributes = attributes;
        return tigase::wants_away(registration);
    };
    CHECK(wants("<enable away='true'/>"));
    CHECK(wants("<enable name='x' away='1'/>"));
    CHECK_FALSE(wants(""));
    CHECK_FALSE(wants("<enable away='false'/>"));
    CHECK_FALSE(wants("<enable name='away'/>"));
    CHECK_FALSE(wants("<enable"));
}

// ---- rooms for members who are away
// --------------------------------------------------------------

TEST_CASE("offline rooms: no error to the room if a registration is told, and nothing is kept") {
    Extended scene({rooms}, "", true);
    Client& phone = scene.device("phone", "");
    scene.world.remote().drop_all();
    phone.close();
    scene.speak("hi");
    CHECK(scene.published() == "phone!");
    CHECK(scene.world.remote().pending() == 0);
    Client& back = scene.world.log_in("juliet@example.org/phone");
    CHECK(back.pending() == 0);
    CHECK(scene.world.account(juliet).offline_count() == 0);
    CHECK(scene.world.account(juliet).last_archive_id() == storage::ArchiveId::none);
}

TEST_CASE("offline rooms: the room is told if nobody can be") {
    const auto answer = [](Extended& scene) {
        const auto error = scene.world.remote().pop();
        return error && error->is_error() ? std::string(error->to().full()) : "none";
    };
    Extended nobody({rooms});
    nobody.speak("hi");
    CHECK(answer(nobody) == "room@muc.example.com/Nurse");

    Extended awake({rooms});
    Client& phone = awake.device("phone", "");
    awake.world.remote().drop_all();
    awake.speak("hi");  // RFC 6121, 8.5.2.1.1
    CHECK(answer(awake) == "room@muc.example.com/Nurse");
    CHECK(awake.published() == "");
    CHECK(phone.pending() == 0);

    Extended off(Scene::Rows{});
    off.device("phone", "").close();
    off.world.remote().drop_all();
    off.speak("hi");
    CHECK(off.published() == "phone!");
    CHECK(answer(off) == "room@muc.example.com/Nurse");
}

TEST_CASE(
    "offline rooms: a phone that hibernates is told, each time, and is not sent the message") {
    Extended scene({rooms});
    Client& phone = scene.device("phone", "");
    phone.cut();
    scene.world.remote().drop_all();
    scene.speak("one");
    CHECK(scene.published() == "phone!");
    scene.speak("two");
    CHECK(scene.published() == "phone!");
    CHECK(scene.world.remote().pending() == 0);
    CHECK(scene.sleeper()->hibernation().queued() == 0);
}

TEST_CASE("offline rooms: a room that a filter keeps out gets no error either") {
    Extended scene({rooms, filters});
    scene.device("phone", in_room("never")).close();
    scene.world.remote().drop_all();
    scene.speak("hi");
    CHECK(scene.published() == "");
    CHECK(scene.world.remote().pending() == 0);
}

TEST_CASE("offline rooms: who spoke is told to who knows of such rooms, if it may be told") {
    const std::string nick =
        "<groupchat xmlns='http://tigase.org/protocol/muc#offline'><nickname>Nurse</nickname>"
        "</groupchat>";
    Extended open({rooms, filters}, "[push]\nnotification_with_sender = true\n");
    open.device("phone", in_room("always")).close();
    open.device("tablet", "").close();
    open.speak("hi");
    const std::string phone = open.notification();
    CHECK(phone.find(nick) != std::string::npos);
    CHECK(open.notification().find("nickname") == std::string::npos);
    open.say("hi");
    CHECK(open.notification().find("nickname") == std::string::npos);

    Extended discreet({rooms, filters});
    discreet.device("phone", in_room("always")).close();
    discreet.speak("hi");
    CHECK(discreet.notification() == plain + "</notification>");
}

}  // namespace
}  // namespace clarion::push
