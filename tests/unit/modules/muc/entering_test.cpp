// Entering a room, nicknames, presence in it, and leaving (XEP-0045, 7).
#include "modules/muc/whispers.h"
#include "proto/xml_writer.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

TEST_CASE_FIXTURE(Scene, "who makes a room owns it, and others see who is there") {
    enter(*romeo, "Romeo");
    CHECK(seen(*romeo) ==
          "+Romeo owner/moderator (romeo@example.org/orchard) 170 201 110\n"
          "* \n");
    enter(*juliet, "Juliet");
    CHECK(seen(*juliet) ==
          "+Romeo owner/moderator\n"
          "+Juliet none/participant (juliet@example.net/balcony) 170 110\n"
          "* \n");
    CHECK(seen(*romeo) == "+Juliet none/participant (juliet@example.net/balcony)\n");
    CHECK(seen(*tybalt) == "");
}

TEST_CASE_FIXTURE(Scene, "a room that is not configured yet lets nobody else in") {
    Scene locked{std::string()};
    locked.enter(*locked.romeo, "Romeo");
    locked.forget();
    locked.enter(*locked.juliet, "Juliet");
    CHECK(locked.seen(*locked.juliet) == "!item-not-found\n");
    const std::string registering =
        "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'><field "
        "var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field><field "
        "var='muc#register_roomnick'><value>J</value></field></x></query>";
    CHECK(locked.ask(*locked.juliet, "get", "<query xmlns='jabber:iq:register'/>") ==
          "item-not-found");
    CHECK(locked.ask(*locked.juliet, "set", registering) == "item-not-found");
    CHECK(locked.configure(*locked.romeo, {}) == "");
    locked.enter(*locked.juliet, "Juliet");
    CHECK(locked.seen(*locked.romeo) == "+Juliet none/participant (juliet@example.net/balcony)\n");
}

TEST_CASE_FIXTURE(Scene, "a room that its owner does not configure after all is gone") {
    Scene locked{std::string()};
    locked.enter(*locked.romeo, "Romeo");
    locked.forget();
    CHECK(locked.ask(*locked.romeo, "set",
                     "<query xmlns='http://jabber.org/protocol/muc#owner'>"
                     "<x xmlns='jabber:x:data' type='cancel'/></query>") == "");
    CHECK(locked.seen(*locked.romeo) == "-Romeo none/none 110 destroyed \n");
    CHECK(locked.ask(*locked.romeo, "get",
                     "<query xmlns='http://jabber.org/protocol/disco#info'/>") == "item-not-found");
}

TEST_CASE("who may make rooms") {
    for (const auto& [create, refused] :
         {std::pair("local", ""), std::pair("anyone", ""), std::pair("admins", "!not-allowed\n")}) {
        Scene scene("create = \"" + std::string(create) + "\"\n");
        scene.enter(*scene.romeo, "Romeo");
        const std::string seen = scene.seen(*scene.romeo);
        CHECK(seen.starts_with(*refused ? refused : "+Romeo owner/moderator"));
        scene.world.arrive(
            "<presence from='mercutio@example.com/mask' to='feast@rooms.example.org/Mercutio'>"
            "<x xmlns='http://jabber.org/protocol/muc'/></presence>");
        const StanzaPtr answer = scene.world.remote().pop();
        REQUIRE(answer);
        CHECK(answer->is_error() == (std::string_view(create) != "anyone"));
        const auto* error = answer->root().child(ns::client, "error");
        if (error) CHECK(error->attr("by") == "feast@rooms.example.org");
    }
}

TEST_CASE("nobody makes more rooms than are allowed") {
    Scene scene("lock_new_rooms = false\nmax_rooms_of_creator = 2\n");
    const auto make = [&](Client& who, std::string_view room) {
        who.send("<presence to='" + std::string(room) +
                 "@rooms.example.org/N'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    };
    const auto made = [&](Client& who) {
        const std::string all = scene.seen(who);
        const bool refused = all.find("!resource-constraint") != std::string::npos;
        return refused ? false : all.find("201") != std::string::npos;
    };
    for (const auto* room : {"a", "b"}) {
        make(*scene.romeo, room);
        CHECK(made(*scene.romeo));
    }
    make(*scene.romeo, "c");
    CHECK_FALSE(made(*scene.romeo));
    make(*scene.juliet, "c");
    CHECK(made(*scene.juliet));
    scene.romeo->send("<presence type='unavailable' to='a@rooms.example.org/N'/>");
    scene.forget();
    make(*scene.romeo, "d");  // one of his is gone
    CHECK(made(*scene.romeo));
}

TEST_CASE("so many enter at once, and administrators of the room always") {
    Scene scene("lock_new_rooms = false\njoins_per_second = 2\n");
    scene.open();
    REQUIRE(scene.affiliate(*scene.romeo, "nurse@example.net", "admin") == "");
    scene.forget();
    scene.enter(*scene.tybalt, "Tybalt");
    CHECK(scene.seen(*scene.tybalt) == "!policy-violation\n");
    scene.enter(*scene.nurse, "Nurse");
    CHECK(scene.seen(*scene.nurse).find("+Nurse admin/moderator") != std::string::npos);
    scene.world.advance(1s);
    scene.enter(*scene.tybalt, "Tybalt");
    CHECK(scene.seen(*scene.tybalt).find("110") != std::string::npos);
}

TEST_CASE("who enters and leaves again and again keeps nobody out") {
    Scene scene("lock_new_rooms = false\njoins_per_second = 20\n");
    scene.open();
    for (int i = 0; i < 30; ++i) {
        scene.enter(*scene.tybalt, "Tybalt");
        scene.leave(*scene.tybalt, "Tybalt");
    }
    scene.enter(*scene.tybalt, "Tybalt");
    CHECK(scene.seen(*scene.tybalt).ends_with("!policy-violation\n"));
    scene.enter(*scene.nurse, "Nurse");
    CHECK(scene.seen(*scene.nurse).find(" 110\n") != std::string::npos);
    scene.world.advance(1s);
    scene.enter(*scene.tybalt, "Tybalt");
    CHECK(scene.seen(*scene.tybalt).find(" 110\n") != std::string::npos);
}

namespace {

/// So many users of another server enter; how many are refused so.
int enter_from_elsewhere(Scene& scene, int users, std::string_view condition,
                         std::string_view within = {}) {
    int refused = 0;
    for (int i = 0; i < users; ++i) {
        const std::string name = "u" + std::to_string(i);
        scene.world.arrive("<presence from='" + name + "@example.com/m' to='" +
                           std::string(room_jid) + "/" + name +
                           "'><x xmlns='http://jabber.org/protocol/muc'>" + std::string(within) +
                           "</x></presence>");
        while (const StanzaPtr answer = scene.world.remote().pop())
            refused += answer->is_error() && condition_of(answer->root()) == condition;
    }
    return refused;
}

}  // namespace

TEST_CASE("the users of one other server do not keep all others out") {
    Scene scene("lock_new_rooms = false\njoins_per_second = 20\njoins_of_domain_per_second = 5\n");
    scene.open();
    CHECK(enter_from_elsewhere(scene, 30, "policy-violation") == 25);
    scene.enter(*scene.tybalt, "Tybalt");
    CHECK(scene.seen(*scene.tybalt).find(" 110\n") != std::string::npos);
}

TEST_CASE("who gives too many wrong passwords waits, also with the right one") {
    Scene scene("lock_new_rooms = false\nwrong_passwords_per_minute = 3\n");
    scene.open({"passwordprotectedroom=1", "roomsecret=queen mab"});
    const std::string right = "<password>queen mab</password>";
    const std::string wrong = "<password>queen bab</password>";
    const auto tries = [&](Client& who, std::string_view nick, std::string_view password) {
        scene.enter(who, nick, password);
        const std::string seen = scene.seen(who);
        return seen.find(" 110\n") != std::string::npos ? std::string("enters") : seen;
    };
    for (int i = 0; i < 3; ++i) CHECK(tries(*scene.tybalt, "Tybalt", wrong) == "!not-authorized\n");
    CHECK(tries(*scene.tybalt, "Tybalt", wrong) == "!policy-violation\n");
    CHECK(tries(*scene.tybalt, "T", right) == "!policy-violation\n");
    CHECK(tries(*scene.tybalt, "Tybalt", "") == "!not-authorized\n");  // guesses nothing
    CHECK(tries(*scene.nurse, "Nurse", right) == "enters");
    scene.world.advance(21s);
    CHECK(tries(*scene.tybalt, "Tybalt", right) == "enters");
}

TEST_CASE("the users of another server have so many wrong passwords together") {
    Scene scene("lock_new_rooms = false\nwrong_passwords_per_minute = 3\n");
    scene.open({"passwordprotectedroom=1", "roomsecret=queen mab"});
    REQUIRE(scene.affiliate(*scene.romeo, "u39@example.com", "member") == "");
    const std::string wrong = "<password>queen bab</password>";
    CHECK(enter_from_elsewhere(scene, 39, "not-authorized", wrong) == 30);
    CHECK(enter_from_elsewhere(scene, 1, "policy-violation", wrong) == 1);
    scene.world.arrive("<presence from='u39@example.com/m' to='" + std::string(room_jid) +
                       "/U'><x xmlns='http://jabber.org/protocol/muc'><password>queen "
                       "mab</password></x></presence>");
    const StanzaPtr answer = scene.world.remote().pop();
    REQUIRE(answer);
    CHECK_FALSE(answer->is_error());
}

TEST_CASE_FIXTURE(Scene, "presence that does not ask to enter is an error from who is outside") {
    open();
    send_presence(*tybalt, "Tybalt");
    CHECK(seen(*tybalt) == "!item-not-found\n");
    tybalt->send("<presence to='nobody@rooms.example.org/Tybalt'/>");
    CHECK(seen(*tybalt) == "!item-not-found\n");
    send_presence(*tybalt, "Tybalt", "<x xmlns='http://jabber.org/protocol/muc#user'/>");
    CHECK(seen(*tybalt) == "!item-not-found\n");
    CHECK(seen(*romeo) == "");
}

TEST_CASE_FIXTURE(Scene, "a nickname is needed, and another's is refused") {
    open();
    tybalt->send("<presence to='" + std::string(room_jid) +
                 "'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    CHECK(seen(*tybalt) == "!jid-malformed\n");
    for (const auto* nick : {"Juliet", "juliet", "JULIET", "Ｊuliet"}) {
        enter(*tybalt, nick);
        CHECK(seen(*tybalt) == "!conflict\n");
    }
    enter(*tybalt, "Jul iet");
    CHECK(seen(*romeo) == "+Jul iet none/participant (tybalt@example.org/street)\n");
}

TEST_CASE_FIXTURE(Scene, "the rules of a room for who enters") {
    SUBCASE("outcasts") {
        open();
        CHECK(affiliate(*romeo, "tybalt@example.org", "outcast") == "");
        enter(*tybalt, "Tybalt");
        CHECK(seen(*tybalt) == "!forbidden\n");
    }
    SUBCASE("everybody of a domain") {
        open();
        CHECK(affiliate(*romeo, "example.com", "outcast") == "");
        world.arrive("<presence from='mercutio@example.com/mask' to='" + std::string(room_jid) +
                     "/Mercutio'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        const StanzaPtr answer = world.remote().pop();
        REQUIRE(answer);
        CHECK(condition_of(answer->root()) == "forbidden");
    }
    SUBCASE("members only") {
        enter(*romeo, "Romeo");
        CHECK(configure(*romeo, {"membersonly=1"}) == "");
        forget();
        enter(*tybalt, "Tybalt");
        CHECK(seen(*tybalt) == "!registration-required\n");
        CHECK(affiliate(*romeo, "tybalt@example.org", "member") == "");
        enter(*tybalt, "Tybalt");
        CHECK(seen(*tybalt).starts_with("+Romeo owner/moderator\n+Tybalt member/participant"));
    }
    SUBCASE("a password") {
        enter(*romeo, "Romeo");
        CHECK(configure(*romeo, {"passwordprotectedroom=1", "roomsecret=queen mab"}) == "");
        forget();
        enter(*tybalt, "Tybalt");
        CHECK(seen(*tybalt) == "!not-authorized\n");
        enter(*tybalt, "Tybalt", "<password>queen bab</password>");
        CHECK(seen(*tybalt) == "!not-authorized\n");
        enter(*tybalt, "Tybalt", "<password>queen mab</password>");
        CHECK(seen(*romeo) == "+Tybalt none/participant (tybalt@example.org/street)\n");
    }
    SUBCASE("full") {
        enter(*romeo, "Romeo");
        CHECK(configure(*romeo, {"maxusers=1"}) == "");
        forget();
        enter(*tybalt, "Tybalt");
        CHECK(seen(*tybalt) == "!service-unavailable\n");
        CHECK(affiliate(*romeo, "tybalt@example.org", "admin") == "");
        enter(*tybalt, "Tybalt");
        CHECK(seen(*tybalt).starts_with("+Romeo owner/moderator"));
    }
}

TEST_CASE_FIXTURE(Scene, "who enters again is told all again, and others nothing new") {
    open();
    enter(*juliet, "Juliet");
    CHECK(seen(*juliet) ==
          "+Romeo owner/moderator\n"
          "+Juliet none/participant (juliet@example.net/balcony) 170 110\n"
          "* \n");
    CHECK(seen(*romeo) == "");
    enter(*juliet, "Capulet");  // that is a change of nickname
    CHECK(seen(*romeo) ==
          "-Juliet none/participant (juliet@example.net/balcony) nick=Capulet 303\n"
          "+Capulet none/participant (juliet@example.net/balcony)\n");
    CHECK(seen(*juliet) ==
          "-Juliet none/participant (juliet@example.net/balcony) nick=Capulet 303 110\n"
          "+Romeo owner/moderator\n"
          "+Capulet none/participant (juliet@example.net/balcony) 170 110\n"
          "* \n");
}

TEST_CASE_FIXTURE(Scene, "changes of presence and of nicknames") {
    open();
    send_presence(*juliet, "Juliet", "<show>away</show>");
    CHECK(seen(*romeo) == "+Juliet none/participant (juliet@example.net/balcony)\n");
    CHECK(seen(*juliet) == "+Juliet none/participant (juliet@example.net/balcony) 110\n");
    send_presence(*juliet, "Rosaline");
    CHECK(seen(*romeo) ==
          "-Juliet none/participant (juliet@example.net/balcony) nick=Rosaline 303\n"
          "+Rosaline none/participant (juliet@example.net/balcony)\n");
    CHECK(seen(*juliet) ==
          "-Juliet none/participant (juliet@example.net/balcony) nick=Rosaline 303 110\n"
          "+Rosaline none/participant (juliet@example.net/balcony) 110\n");
    send_presence(*juliet, "Romeo");
    CHECK(seen(*juliet) == "!conflict\n");
    send_presence(*juliet, "ROSALINE");
    CHECK(seen(*romeo).find("nick=ROSALINE 303") != std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "one's own other client's nickname may be changed to") {
    open();
    Client& phone = world.log_in("juliet@example.net/phone");
    Client& tablet = world.log_in("juliet@example.net/tablet");
    enter(phone, "Rosaline");
    enter(tablet, "Rosaline");
    phone.drop_all();
    tablet.drop_all();
    forget();
    // One of two goes over: the rest stays as it is.
    send_presence(tablet, "juliet");
    CHECK(seen(tablet) ==
          "-Rosaline none/participant (juliet@example.net/phone) nick=Juliet 303 110\n"
          "+Juliet none/participant (juliet@example.net/balcony) (juliet@example.net/tablet) "
          "110\n");
    CHECK(seen(phone) ==
          "+Rosaline none/participant (juliet@example.net/phone) 110\n+Juliet none/participant\n");
    CHECK(seen(*romeo) ==
          "+Rosaline none/participant (juliet@example.net/phone)\n"
          "+Juliet none/participant (juliet@example.net/balcony) (juliet@example.net/tablet)\n");
    // The last one too, also if its client believes that it is not inside.
    enter(phone, "Juliet");
    CHECK(seen(*romeo) ==
          "-Rosaline none/participant (juliet@example.net/phone) nick=Juliet 303\n"
          "+Juliet none/participant (juliet@example.net/balcony) (juliet@example.net/tablet) "
          "(juliet@example.net/phone)\n");
    CHECK(seen(phone).ends_with("* \n"));
    evict();
    forget();
    tablet.drop_all();
    say(phone, "Ay me!");
    for (Client* each : {romeo, juliet, &phone, &tablet}) CHECK(seen(*each) == "Juliet: Ay me!\n");
    send_presence(phone, "Romeo");
    CHECK(seen(phone) == "!conflict\n");
}

TEST_CASE_FIXTURE(Scene, "two clients of one user under one nickname are one occupant") {
    open();
    Client& desk = world.log_in("juliet@example.net/desk");
    forget();
    enter(desk, "Juliet");
    CHECK(seen(desk) ==
          "+Romeo owner/moderator\n"
          "+Juliet none/participant (juliet@example.net/balcony) (juliet@example.net/desk) 170 "
          "110\n"
          "* \n");
    seen(*romeo);
    seen(*juliet);
    say(*romeo, "But soft!");
    CHECK(seen(desk) == "Romeo: But soft!\n");
    CHECK(seen(*juliet) == "Romeo: But soft!\n");
    seen(*romeo);
    leave(desk, "Juliet");
    CHECK(seen(desk) == "-Juliet none/none 110\n");
    CHECK(seen(*romeo).starts_with("+Juliet none/participant (juliet@example.net/balcony)"));
    seen(*juliet);
    leave(*juliet, "Juliet");
    CHECK(seen(*romeo) == "-Juliet none/none (juliet@example.net/balcony)\n");
}

TEST_CASE_FIXTURE(Scene, "who leaves, and whose session ends, is gone for all") {
    open();
    leave(*juliet, "Juliet");
    CHECK(seen(*juliet) == "-Juliet none/none (juliet@example.net/balcony) 110\n");
    CHECK(seen(*romeo) == "-Juliet none/none (juliet@example.net/balcony)\n");
    enter(*juliet, "Juliet");
    forget();
    juliet->close();
    CHECK(seen(*romeo) == "-Juliet none/none (juliet@example.net/balcony)\n");
}

TEST_CASE_FIXTURE(Scene, "a room goes with its last occupant, unless it is to stay") {
    SUBCASE("it goes") {
        enter(*romeo, "Romeo");
        leave(*romeo, "Romeo");
        CHECK(ask(*romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>") ==
              "item-not-found");
    }
    SUBCASE("it stays") {
        enter(*romeo, "Romeo");
        CHECK(configure(*romeo, {"persistentroom=1"}) == "");
        leave(*romeo, "Romeo");
        CHECK(ask(*romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>") == "");
    }
}

TEST_CASE_FIXTURE(Scene, "a room that its maker may not enter as it wants to is none") {
    enter(*romeo, std::string(300, 'o'));
    CHECK(seen(*romeo) == "!not-acceptable\n");
    romeo->send("<presence to='" + std::string(room_jid) +
                "'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    CHECK(seen(*romeo) == "!jid-malformed\n");
    CHECK_FALSE(is_loaded());
    enter(*juliet, "Juliet");
    CHECK(seen(*juliet) ==
          "+Juliet owner/moderator (juliet@example.net/balcony) 170 201 110\n* \n");
}

TEST_CASE_FIXTURE(Scene, "a temporary room that its configuration leaves empty is gone") {
    enter(*romeo, "Romeo");
    CHECK(configure(*romeo, {"persistentroom=1"}) == "");
    leave(*romeo, "Romeo");
    CHECK(configure(*romeo, {"persistentroom=0"}) == "");
    CHECK(configure(*romeo, {"persistentroom=1"}) == "item-not-found");
}

TEST_CASE_FIXTURE(Scene, "whose presence is not told is out of sight, and comes into it") {
    open({"presencebroadcast=moderator"});
    enter(*tybalt, "Tybalt");
    CHECK(seen(*tybalt) ==
          "+Romeo owner/moderator\n+Tybalt none/participant (tybalt@example.org/street) 170 110\n"
          "* \n");
    CHECK(seen(*juliet) == "");
    CHECK(set_role(*romeo, "Tybalt", "moderator") == "");
    CHECK(seen(*juliet) == "+Tybalt none/moderator by=Romeo\n");
    forget();
    CHECK(set_role(*romeo, "Tybalt", "participant") == "");
    CHECK(seen(*juliet) == "-Tybalt none/none by=Romeo\n");
    CHECK(seen(*tybalt) == "+Tybalt none/participant (tybalt@example.org/street) by=Romeo 110\n");
    forget();
    CHECK(configure(*romeo, {"presencebroadcast=participant"}) == "");
    CHECK(seen(*nurse) == "");
    CHECK(seen(*juliet) ==
          "+Juliet none/participant (juliet@example.net/balcony) 110\n"
          "-Romeo owner/none\n+Tybalt none/participant\nroom 104\n");
}

TEST_CASE_FIXTURE(Scene, "only errors that say that nobody is there take an occupant out") {
    enter(*romeo, "Romeo");
    world.arrive("<presence from='mercutio@example.com/mask' to='" + std::string(room_jid) +
                 "/Mercutio'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    forget();
    const auto error = [&](std::string_view condition) {
        world.arrive("<message type='error' from='mercutio@example.com/mask' to='" +
                     std::string(room_jid) + "/Romeo'><error type='cancel'><" +
                     std::string(condition) +
                     " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        return seen(*romeo);
    };
    for (const auto* condition : {"resource-constraint", "not-acceptable", "internal-server-error"})
        CHECK(error(condition) == "");
    CHECK(error("recipient-unavailable") ==
          "-Mercutio none/none (mercutio@example.com/mask) 307 333\n");
    CHECK(error("recipient-unavailable") == "");
}

TEST_CASE_FIXTURE(Scene, "an error about a private message takes nobody out") {
    enter(*romeo, "Romeo");
    world.arrive("<presence from='mercutio@example.com/mask' to='" + std::string(room_jid) +
                 "/Mercutio'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    const auto comes_back = [&](std::string_view id) {
        forget();
        world.arrive("<message type='error' id='" + std::string(id) +
                     "' from='mercutio@example.com/mask' to='" + std::string(room_jid) +
                     "/Romeo'><error type='cancel'><item-not-found "
                     "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        return seen(*romeo);
    };
    romeo->send("<message type='chat' id='w1' to='" + std::string(room_jid) +
                "/Mercutio'><body>Psst</body></message>");
    send_message(*romeo, "<body>But soft!</body>", "m1");
    CHECK(comes_back("w1") == "!item-not-found\n");
    CHECK(comes_back("w1") == "");
    CHECK(comes_back("m1") == "-Mercutio none/none (mercutio@example.com/mask) 307 333\n");
}

TEST_CASE("so many private messages are known again as the option says") {
    Scene scene("lock_new_rooms = false\nmax_private_messages = 1\n");
    scene.enter(*scene.romeo, "Romeo");
    scene.world.arrive("<presence from='mercutio@example.com/mask' to='" + std::string(room_jid) +
                       "/Mercutio'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    for (const std::string id : {"w1", "w2"})
        scene.romeo->send("<message type='chat' id='" + id + "' to='" + std::string(room_jid) +
                          "/Mercutio'><body>Psst</body></message>");
    const auto comes_back = [&](const std::string& id) {
        scene.forget();
        scene.world.arrive("<message type='error' id='" + id +
                           "' from='mercutio@example.com/mask' to='" + std::string(room_jid) +
                           "/Romeo'><error type='cancel'><item-not-found "
                           "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        return scene.seen(*scene.romeo);
    };
    CHECK(comes_back("w2") == "!item-not-found\n");
    CHECK(comes_back("w1").starts_with("-Mercutio"));
}

TEST_CASE("whispers are known again by session and id, the last ones") {
    constexpr std::size_t most = 200;
    const Whisper whisper{Jid::trusted("s@b/c"), Jid::trusted("r@b/Nick")};
    const std::vector<Jid> to{Jid::trusted("a@b/c")};
    Whispers whispers;
    whispers.note(whisper, to, "", most);
    whispers.note(whisper, to, "0", most);
    CHECK(whispers.fail("a@b/c", "0").is_known);
    CHECK(whispers.fail("a@b/c", "0").is_known);
    CHECK_FALSE(whispers.fail("a@b/d", "0").is_known);
    CHECK_FALSE(whispers.fail("a@b/c", "1").is_known);
    CHECK_FALSE(whispers.fail("a@b/c", "").is_known);
    for (std::size_t i = 1; i <= most; ++i) whispers.note(whisper, to, std::to_string(i), most);
    CHECK_FALSE(whispers.fail("a@b/c", "0").is_known);
    CHECK(whispers.fail("a@b/c", "1").is_known);
    CHECK(whispers.fail("a@b/c", std::to_string(most)).is_known);
}

TEST_CASE("a whisper has failed, once, when no session has taken it") {
    Whispers whispers;
    const std::vector<Jid> both{Jid::trusted("a@b/c"), Jid::trusted("a@b/d")};
    whispers.note({Jid::trusted("first@b/c"), {}}, both, "1", 10);
    CHECK_FALSE(whispers.fail("a@b/c", "1").failed);
    CHECK_FALSE(whispers.fail("a@b/c", "1").failed);
    // Ids of several senders may be the same.
    whispers.note({Jid::trusted("second@b/c"), {}}, {Jid::trusted("a@b/d")}, "1", 10);
    const Whisper* const first = whispers.fail("a@b/d", "1").failed;
    REQUIRE(first);
    CHECK(first->sender.full() == "first@b/c");
    const Whisper* const second = whispers.fail("a@b/d", "1").failed;
    REQUIRE(second);
    CHECK(second->sender.full() == "second@b/c");
    CHECK_FALSE(whispers.fail("a@b/d", "1").failed);
}

TEST_CASE_FIXTURE(Scene, "who sent a private message hears that nobody took it") {
    enter(*romeo, "Romeo");
    enter(*tybalt, "Tybalt");
    for (const auto* from : {"mercutio@example.com/mask", "mercutio@example.com/sword"})
        world.arrive("<presence from='" + std::string(from) + "' to='" + std::string(room_jid) +
                     "/Mercutio'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    const auto whispers = [&] {
        tybalt->send("<message type='chat' id='w' to='" + std::string(room_jid) +
                     "/Mercutio'><body>Psst</body></message>");
        forget();
    };
    const auto comes_back = [&](std::string_view from) {
        world.arrive("<message type='error' id='w' from='mercutio@example.com/" +
                     std::string(from) + "' to='" + std::string(room_jid) +
                     "/Tybalt'><error type='modify' by='mercutio@example.com'><not-acceptable "
                     "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text "
                     "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>mercutio@example.com has no "
                     "key</text></error></message>");
    };
    whispers();
    comes_back("mask");
    CHECK(tybalt->pending() == 0);  // the other client may have it
    comes_back("sword");
    const auto told = tybalt->pop();
    CHECK(told.root().attr("from") == std::string(room_jid) + "/Mercutio");
    CHECK(told.root().attr("id") == "w");
    CHECK(told.root().attr("type") == "error");
    CHECK(condition_of(told.root()) == "not-acceptable");
    CHECK(xml::to_string(told.root()).find("example.com") == std::string::npos);
    CHECK(romeo->pending() == 0);
    // Nor does who has left hear of it.
    whispers();
    leave(*tybalt, "Tybalt");
    forget();
    comes_back("mask");
    comes_back("sword");
    CHECK(tybalt->pending() == 0);
}

TEST_CASE_FIXTURE(Scene, "who may be gone is asked after") {
    const std::string mercutio = "mercutio@example.com/mask";
    enter(*romeo, "Romeo");
    world.arrive("<presence from='" + mercutio + "' to='" + std::string(room_jid) +
                 "/Mercutio'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    forget();
    world.remote().drop_all();
    const auto arrive = [&](std::string_view kind, std::string_view type, std::string_view id) {
        world.arrive("<" + std::string(kind) + " type='" + std::string(type) + "' id='" +
                     std::string(id) + "' from='" + mercutio + "' to='" + std::string(room_jid) +
                     "'><error type='cancel'><service-unavailable "
                     "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></" +
                     std::string(kind) + ">");
    };
    const auto asked_about = [&](std::string_view ns) {
        const StanzaPtr question = world.remote().pop();
        REQUIRE(question);
        CHECK(question->to().full() == mercutio);
        CHECK(question->root().first_child()->ns() == ns);
        CHECK(world.remote().pending() == 0);
        return std::string(question->id());
    };
    const auto comes_back = [&] { arrive("message", "error", "m1"); };
    comes_back();
    const std::string ping = asked_about(ns::ping);

    SUBCASE("once at a time") {
        comes_back();
        CHECK(world.remote().pending() == 0);
    }
    SUBCASE("the client answers") {
        world.arrive("<iq type='result' id='" + ping + "' from='" + mercutio + "' to='" +
                     std::string(room_jid) + "'/>");
        CHECK(seen(*romeo) == "");
        comes_back();
        asked_about(ns::ping);
    }
    SUBCASE("it answers nothing: it may sleep") {
        world.advance(3min);
        CHECK(seen(*romeo) == "");
        comes_back();
        asked_about(ns::ping);
    }
    SUBCASE("nobody is there to answer anything") {
        arrive("iq", "error", ping);
        CHECK(seen(*romeo) == "");
        arrive("iq", "error", asked_about(ns::disco_info));
        CHECK(seen(*romeo) == "-Mercutio none/none (mercutio@example.com/mask) 307 333\n");
    }
}

TEST_CASE_FIXTURE(Scene, "a client's word is not taken for the room's") {
    open();
    send_presence(*juliet, "Juliet",
                  "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>"
                  "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='owner' "
                  "role='moderator'/></x><status>here</status>");
    const auto presence = romeo->pop();
    CHECK(presence.root().child_text(ns::client, "status") == "here");
    int ids = 0, xs = 0;
    for (const xml::Element& child : presence.root().children()) {
        ids += child.name() == "occupant-id";
        xs += child.name() == "x";
        CHECK(child.attr("id") != "forged");
    }
    CHECK(ids == 1);
    CHECK(xs == 1);
    CHECK(describe(presence.root()) == "+Juliet none/participant (juliet@example.net/balcony)");
}

TEST_CASE_FIXTURE(Scene,
                  "an occupant id is the same as long as the room is, and another elsewhere") {
    const auto id_in = [&](std::string_view room) {
        romeo->send("<presence to='" + std::string(room) +
                    "/Romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        const auto presence = romeo->pop("presence");
        romeo->send("<presence type='unavailable' to='" + std::string(room) + "/Romeo'/>");
        forget();
        return std::string(presence.root().child(ns::occupant_id, "occupant-id")->attr("id"));
    };
    enter(*romeo, "Romeo");
    CHECK(configure(*romeo, {"persistentroom=1"}) == "");
    forget();
    const std::string id = id_in(room_jid);
    CHECK(id.size() > 20);
    CHECK(id_in(room_jid) == id);
    CHECK(id_in("feast@rooms.example.org") != id);
}

}  // namespace
}  // namespace clarion::muc
