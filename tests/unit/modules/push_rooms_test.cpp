// What a sleeping phone is told of rooms (modules/push/rooms).
#include "modules/push/rooms/push_rooms.h"

#include "modules/pubsub/pep.h"
#include "modules/push/rooms/room_setting.h"
#include "modules/push/tigase/filters.h"
#include "modules/push/tigase/offline_rooms.h"
#include "modules/roster.h"
#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

const std::string room = "room@muc.example.com";
const std::string filter =
    "<groupchat xmlns='tigase:push:filter:groupchat:0'><room jid='room@muc.example.com' "
    "allow='always'/></groupchat>";

std::vector<core::ModuleRow> rows() {
    return {
        {.name = "push_offline_rooms", .install = tigase::install_offline_rooms},
        {.name = "push_filters", .install = tigase::install_filters},
        {.name = "push_rooms", .install = rooms::install},
        {.name = "roster", .install = roster::install, .declare_options = roster::declare_options},
        {.name = "pubsub", .install = pubsub::install, .declare_options = pubsub::declare_options}};
}

struct InRooms : Scene {
    explicit InRooms(const std::string& config = {}) : Scene(config, false, rows()) {}

    Client& phone_with(const std::string& content = {}) {
        Client& client = world.log_in(std::string(juliet) + "/phone");
        client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        enable(client, "phone", content);
        return client;
    }
    /// In the room as Jule, and asleep. `features`: what the room says of itself when it is asked;
    /// empty: it was not asked, or says nothing.
    void sleep_in_room(Client& phone, const std::string& features = {}) {
        enter(phone);
        if (!features.empty()) answer_kind(features);
        sleep(phone);
    }
    void enter(Client& phone) {
        phone.send("<presence to='" + room +
                   "/Jule'><x xmlns='http://jabber.org/protocol/muc'/>"
                   "</presence>");
        world.remote().drop_all();
        be_told_of_self();
    }
    void be_told_of_self() {
        world.arrive("<presence from='" + room +
                     "/Jule' to='juliet@example.org/phone'>"
                     "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='o1'/>"
                     "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' "
                     "role='participant'/><status code='110'/></x></presence>");
    }
    void sleep(Client& phone) {
        acknowledge(phone);
        phone.cut();
        world.advance(2s);
        published();
    }
    /// The room is asked which it is, in the name of the account.
    void answer_kind(const std::string& features) {
        const StanzaPtr question = world.remote().pop();
        REQUIRE(question);
        REQUIRE(question->payload());
        CHECK(question->payload()->is(ns::disco_info, "query"));
        CHECK(question->from().full() == juliet);
        CHECK(question->to().full() == room);
        std::string answer = "<query xmlns='http://jabber.org/protocol/disco#info'>";
        for (const auto& each : split(features, ' '))
            answer += "<feature var='" + std::string(each) + "'/>";
        world.arrive("<iq type='result' id='" + std::string(question->id()) + "' from='" + room +
                     "' to='" + juliet + "'>" + answer + "</query></iq>");
    }
    void be_configured() {
        world.arrive("<message from='" + room +
                     "' to='juliet@example.org/phone' type='groupchat'><x "
                     "xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x>"
                     "</message>");
    }
    /// What comes of a message to all in the room; "": nothing.
    std::string hear(const std::string& content, const std::string& to = "/phone") {
        world.advance(2s);  // not covered by what came before
        world.arrive("<message from='" + room + "/Nurse' to='juliet@example.org" + to +
                     "' type='groupchat' id='r" + std::to_string(++messages) + "'>" + content +
                     "</message>");
        return published();
    }
    static std::string body(const std::string& text) { return "<body>" + text + "</body>"; }

    void bookmark(Client& client, const std::string& within) {
        const auto answer = client.ask(
            "<iq type='set' id='b'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish "
            "node='urn:xmpp:bookmarks:1'><item id='" +
            room + "'><conference xmlns='urn:xmpp:bookmarks:1'>" + within +
            "</conference></item></publish></pubsub></iq>");
        REQUIRE(answer.root().attr("type") == "result");
        acknowledge(client);
        client.drop_all();
    }
    void retract(Client& client) {
        const auto answer = client.ask(
            "<iq type='set' id='b'><pubsub xmlns='http://jabber.org/protocol/pubsub'><retract "
            "node='urn:xmpp:bookmarks:1'><item id='" +
            room + "'/></retract></pubsub></iq>");
        REQUIRE(answer.root().attr("type") == "result");
        client.drop_all();
    }
    static std::string notify(const std::string& settings) {
        return "<extensions><notify xmlns='urn:xmpp:notification-settings:1'>" + settings +
               "</notify></extensions>";
    }
};

TEST_CASE("rooms: of a private one all is told, of a public one mentions and replies") {
    InRooms scene;
    Client& phone = scene.phone_with();
    const std::string sealed = "<encrypted xmlns='eu.siacs.conversations.axolotl'/>";
    SUBCASE("public") {
        scene.sleep_in_room(phone, "muc_public muc_open");
        CHECK(scene.hear(InRooms::body("hi")) == "");
        CHECK(scene.hear("<subject>x</subject>") == "");
        CHECK(scene.hear(InRooms::body("Jule, hi")) == "phone!");
        CHECK(scene.hear("<body>yes</body><reply xmlns='urn:xmpp:reply:0' id='1' to='" + room +
                         "/Jule'/>") == "phone!");
        CHECK(scene.hear("<mention xmlns='urn:xmpp:mentions:0' occupantid='o1'/><body>x</body>") ==
              "phone!");
        CHECK(scene.hear(InRooms::body("Jule") + sealed) == "");
    }
    SUBCASE("hidden") {
        scene.sleep_in_room(phone, "muc_hidden muc_open");
        CHECK(scene.hear(InRooms::body("hi")) == "phone!");
        CHECK(scene.hear(sealed) == "phone!");
    }
    SUBCASE("for members only") {
        scene.sleep_in_room(phone, "muc_public muc_membersonly");
        CHECK(scene.hear(InRooms::body("hi")) == "phone!");
    }
    SUBCASE("one that does not say") {
        scene.sleep_in_room(phone);
        CHECK(scene.hear(InRooms::body("hi")) == "phone!");
    }
}

TEST_CASE("rooms: which kind a room is, is asked once, and again when it is configured anew") {
    InRooms scene;
    Client& phone = scene.phone_with();
    scene.enter(phone);
    scene.answer_kind("muc_public");
    scene.be_told_of_self();  // as after a change of presence
    CHECK(scene.world.remote().pending() == 0);
    SUBCASE("it was made private") {
        scene.be_configured();
        scene.answer_kind("muc_hidden");
        scene.sleep(phone);
        CHECK(scene.hear(InRooms::body("hi")) == "phone!");
    }
    SUBCASE("it gives no answer then, and is what it was") {
        scene.be_configured();
        const StanzaPtr question = scene.world.remote().pop();
        REQUIRE(question);
        scene.world.arrive("<iq type='error' id='" + std::string(question->id()) + "' from='" +
                           room + "' to='" + juliet +
                           "'><error type='wait'><remote-server-timeout "
                           "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        scene.sleep(phone);
        CHECK(scene.hear(InRooms::body("hi")) == "");
    }
    SUBCASE("somebody else says so") {
        scene.world.arrive(
            "<message from='other@muc.example.com' to='juliet@example.org/phone' "
            "type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/>"
            "</x></message>");
        CHECK(scene.world.remote().pending() == 0);
    }
    SUBCASE("after a restart it is still known") {
        scene.sleep(phone);
        scene.world.crash_and_restart();
        scene.started();
        scene.world.remote().drop_all();
        CHECK(scene.hear(InRooms::body("hi")) == "");
        CHECK(scene.hear(InRooms::body("Jule?")) == "phone!");
        CHECK(scene.world.remote().pending() == 0);
    }
}

TEST_CASE("rooms: one of which nothing is known is asked when its messages come") {
    InRooms scene;
    scene.phone_with().close();
    scene.world.remote().drop_all();
    CHECK(scene.hear(InRooms::body("hi"), "") == "phone!");
    CHECK(scene.hear(InRooms::body("hi"), "") == "phone!");
    scene.answer_kind("muc_public");
    CHECK(scene.world.remote().pending() == 0);
    CHECK(scene.hear(InRooms::body("hi"), "") == "");
}

TEST_CASE("rooms: presence of a room that nobody asked to enter is nobody's place") {
    InRooms scene;
    Client& phone = scene.phone_with();
    scene.be_told_of_self();
    CHECK(scene.world.remote().pending() == 0);
    scene.bookmark(phone, InRooms::notify("<on-mention/>"));
    scene.sleep(phone);
    CHECK(scene.hear(InRooms::body("Jule?")) == "");
}

TEST_CASE("rooms: strangers cannot make the server ask without end") {
    std::string config;
    std::size_t most = 10;
    SUBCASE("as the option says") {
        config = "[push]\nmax_room_questions = 3\n";
        most = 3;
    }
    InRooms scene(config);
    scene.phone_with().close();
    scene.world.remote().drop_all();
    for (int i = 0; i < 30; ++i)
        scene.world.arrive("<message from='r" + std::to_string(i) +
                           "@muc.example.com/x' to='juliet@example.org' type='groupchat'>"
                           "<body>x</body></message>");
    CHECK(scene.world.remote().pending() == most);
}

TEST_CASE("rooms: [push] public_rooms tells all of public ones, too") {
    InRooms scene("[push]\npublic_rooms = \"always\"\n");
    scene.sleep_in_room(scene.phone_with(), "muc_public");
    CHECK(scene.hear(InRooms::body("hi")) == "phone!");
}

TEST_CASE("rooms: what the user has set goes before") {
    InRooms scene;
    Client& phone = scene.phone_with();
    SUBCASE("never") {
        scene.bookmark(phone, InRooms::notify("<never/>"));
        scene.sleep_in_room(phone);
        CHECK(scene.hear(InRooms::body("Jule, hi")) == "");
    }
    SUBCASE("always") {
        scene.bookmark(phone, InRooms::notify("<always/>"));
        scene.sleep_in_room(phone, "muc_public");
        CHECK(scene.hear(InRooms::body("hi")) == "phone!");
    }
    SUBCASE("on mention") {
        scene.bookmark(phone, InRooms::notify("<on-mention/>"));
        scene.sleep_in_room(phone);
        CHECK(scene.hear(InRooms::body("hi")) == "");
        CHECK(scene.hear(InRooms::body("Jule?")) == "phone!");
    }
    SUBCASE("until it is taken back") {
        scene.bookmark(phone, InRooms::notify("<never/>"));
        scene.bookmark(phone, "<nick>Jule</nick>");
        scene.bookmark(phone, InRooms::notify("<never/>"));
        scene.retract(phone);
        scene.sleep_in_room(phone);
        CHECK(scene.hear(InRooms::body("hi")) == "phone!");
    }
    SUBCASE("for phones") {
        scene.bookmark(phone, InRooms::notify("<always/><never identity-category='client'/>"
                                              "<on-mention identity-category='client' "
                                              "identity-type='phone'/>"
                                              "<always identity-category='client' "
                                              "identity-type='pc'/>"));
        scene.sleep_in_room(phone);
        CHECK(scene.hear(InRooms::body("hi")) == "");
        CHECK(scene.hear(InRooms::body("Jule?")) == "phone!");
    }
}

TEST_CASE("rooms: a filter of the registration goes before all") {
    InRooms scene;
    Client& phone = scene.phone_with(filter);
    scene.bookmark(phone, InRooms::notify("<never/>"));
    scene.sleep_in_room(phone, "muc_public");
    CHECK(scene.hear(InRooms::body("hi")) == "phone!");
}

TEST_CASE("rooms: bookmarks from before a phone had push count, also after a restart") {
    InRooms scene;
    Client& desk = scene.world.log_in("juliet@example.org/desk");
    scene.bookmark(desk, InRooms::notify("<on-mention/>") + "<nick>Jule</nick>");
    desk.close();
    scene.phone_with().close();
    CHECK(scene.hear(InRooms::body("hi"), "") == "");
    CHECK(scene.hear(InRooms::body("Jule?"), "") == "phone!");
    scene.world.crash_and_restart();
    scene.started();
    CHECK(scene.hear(InRooms::body("hi"), "") == "");
    CHECK(scene.hear(InRooms::body("Jule?"), "") == "phone!");
}

TEST_CASE("rooms: one that a user is not told of gets no error for who is away") {
    InRooms scene;
    Client& phone = scene.phone_with();
    scene.bookmark(phone, InRooms::notify("<never/>"));
    phone.close();
    scene.world.remote().drop_all();
    CHECK(scene.hear(InRooms::body("hi"), "") == "");
    CHECK(scene.world.remote().pending() == 0);
}

TEST_CASE("rooms: who is away and was in the room is known by that nickname") {
    InRooms scene;
    Client& phone = scene.phone_with();
    scene.sleep_in_room(phone, "muc_public");
    scene.world.log_in("juliet@example.org/phone").close();
    CHECK(scene.hear(InRooms::body("hi"), "") == "");
    CHECK(scene.hear(InRooms::body("Jule?"), "") == "phone!");
}

TEST_CASE("rooms: what is not told of a room hides nothing else of a queue") {
    InRooms scene;
    Client& phone = scene.phone_with();
    scene.bookmark(phone, InRooms::notify("<never/>"));
    phone.send("<presence to='" + room + "/Jule'/>");
    scene.acknowledge(phone);
    scene.say("hi", "juliet@example.org/phone");
    scene.world.arrive("<message from='" + room +
                       "/Nurse' to='juliet@example.org/phone' type='groupchat'><body>x</body>"
                       "</message>");
    phone.cut();
    CHECK(scene.published() == "phone!");
}

// ---- What is kept ------------------------------------------------------------------------------

TEST_CASE("settings and places of rooms as they are kept") {
    using namespace rooms;
    const Kept kept{"a@b", Setting::on_mention, "J"};
    CHECK(encode(kept) == std::string("\x01\x03"
                                      "a@b\x02\x01"
                                      "J"));
    CHECK(*decode_kept(encode(kept)) == kept);
    CHECK_FALSE(decode_kept("\x01\x03"
                            "a@b\x04\x01"
                            "J")
                    .ok());
    const Occupancy occupancy{"a@b", "J", "o1", Kind::is_public};
    CHECK(encode(occupancy) == std::string("\x01\x03"
                                           "a@b\x01"
                                           "J\x02"
                                           "o1\x02"));
    CHECK(*decode_occupancy(encode(occupancy)) == occupancy);
    using storage::DataKind;
    CHECK(check_entry(DataKind::resident, bookmark_key("a@b"), encode(kept)).ok());
    CHECK(check_entry(DataKind::resident, occupancy_key("a@b"), encode(occupancy)).ok());
    CHECK(check_entry(DataKind::resident, "r", "1").ok());
    CHECK_FALSE(check_entry(DataKind::resident, "ba@b", "x").ok());
    CHECK_FALSE(check_entry(DataKind::resident, "oa@b", "x").ok());
}

TEST_CASE("settings for other clients than phones are not a phone's") {
    using namespace rooms;
    const auto read = [](const std::string& settings) {
        const auto document = xml::parse_element(
            "<notify xmlns='urn:xmpp:notification-settings:1'>" + settings + "</notify>");
        return read_setting(document.root());
    };
    CHECK(read("") == Setting::unset);
    CHECK(read("<never identity-category='client' identity-type='pc'/>") == Setting::unset);
    CHECK(read("<never identity-category='gateway'/>") == Setting::unset);
    CHECK(read("<never identity-type='phone'/>") == Setting::unset);
    CHECK(read("<always identity-category='client'/><never/>") == Setting::always);
    CHECK(read("<sometimes/><never/>") == Setting::never);
}

}  // namespace
}  // namespace clarion::push
