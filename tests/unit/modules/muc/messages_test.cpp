// What is said in a room, to all or to one, and what is kept of it (XEP-0045, 7.4, 7.5, 8.1).
#include "proto/xml_writer.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

TEST_CASE_FIXTURE(Scene, "all hear what is said, the speaker too, and nobody else") {
    open();
    say(*juliet, "Ay me!");
    CHECK(seen(*romeo) == "Juliet: Ay me!\n");
    CHECK(seen(*juliet) == "Juliet: Ay me!\n");
    CHECK(seen(*tybalt) == "");
    say(*tybalt, "What, art thou drawn?");
    CHECK(seen(*tybalt) == "!not-acceptable\n");
    CHECK(seen(*romeo) == "");
}

TEST_CASE_FIXTURE(Scene, "what is said is marked by the room, and by nobody else") {
    open();
    send_message(*juliet,
                 "<body>Ay me!</body><occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>"
                 "<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='verona@rooms.example.org'/>"
                 "<origin-id xmlns='urn:xmpp:sid:0' id='o'/>");
    const auto heard = romeo->pop();
    CHECK(heard.root().attr("from") == "verona@rooms.example.org/Juliet");
    CHECK(heard.root().attr("id") == "m");
    CHECK(heard.root().child(ns::stanza_id, "origin-id"));
    int ids = 0;
    for (const xml::Element& child : heard.root().children()) {
        ids += child.name() == "occupant-id" || child.name() == "stanza-id";
        CHECK(child.attr("id") != "forged");
    }
    CHECK(ids == 2);
}

TEST_CASE_FIXTURE(Scene, "visitors have no voice in a moderated room until they are given it") {
    open({"moderatedroom=1"});
    say(*juliet, "Ay me!");
    CHECK(seen(*juliet) == "!forbidden\n");
    CHECK(set_role(*romeo, "Juliet", "participant") == "");
    CHECK(seen(*juliet) == "+Juliet none/participant (juliet@example.net/balcony) by=Romeo 110\n");
    say(*juliet, "Ay me!");
    CHECK(seen(*juliet) == "Juliet: Ay me!\n");
}

TEST_CASE_FIXTURE(Scene, "asking for voice, and getting it") {
    open({"moderatedroom=1"});
    const auto form = [](std::string_view more) {
        return "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
               "http://jabber.org/protocol/muc#request</value></field>" +
               std::string(more) + "</x>";
    };
    const auto send_form = [&](Client& who, std::string_view more) {
        who.send("<message to='" + std::string(room_jid) + "'>" + form(more) + "</message>");
    };
    const std::string wish = "<field var='muc#role'><value>participant</value></field>";
    send_form(*juliet, wish);
    CHECK(seen(*juliet) == "");
    CHECK(seen(*romeo) == "form\n");
    const std::string allowed = wish +
                                "<field var='muc#roomnick'><value>Juliet</value></field>"
                                "<field var='muc#request_allow'><value>true</value></field>";
    send_form(*juliet, allowed);  // not by herself
    CHECK(seen(*juliet) == "!forbidden\n");
    send_form(*romeo, allowed);
    CHECK(seen(*juliet) == "+Juliet none/participant (juliet@example.net/balcony) by=Romeo 110\n");
    forget();
    CHECK(configure(*romeo, {"allowvoicerequests=0"}) == "");
    CHECK(set_role(*romeo, "Juliet", "visitor") == "");
    forget();
    send_form(*juliet, wish);
    CHECK(seen(*juliet) == "!forbidden\n");
    CHECK(seen(*romeo) == "");
}

TEST_CASE_FIXTURE(Scene, "voice is given to who asked, whoever has the nickname now") {
    open({"moderatedroom=1"});
    const auto send_form = [&](Client& who, std::string_view jid, std::string_view nick) {
        std::string form =
            "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
            "http://jabber.org/protocol/muc#request</value></field><field "
            "var='muc#request_allow'><value>1</value></field>";
        if (!jid.empty())
            form += "<field var='muc#jid'><value>" + std::string(jid) + "</value></field>";
        if (!nick.empty())
            form += "<field var='muc#roomnick'><value>" + std::string(nick) + "</value></field>";
        forget();
        who.send("<message to='" + std::string(room_jid) + "'>" + form + "</x></message>");
    };
    leave(*juliet, "Juliet");
    enter(*tybalt, "Juliet");
    send_form(*romeo, "juliet@example.net/balcony", "Juliet");
    CHECK(seen(*romeo) == "!item-not-found\n");
    CHECK(seen(*tybalt) == "");
    // Whoever asked has another nickname now, or has come back with another client.
    enter(*juliet, "Rosaline");
    send_form(*romeo, "juliet@example.net/balcony", "Juliet");
    CHECK(seen(*tybalt) == "+Rosaline none/participant by=Romeo\n");
    CHECK(set_role(*romeo, "Rosaline", "visitor") == "");
    send_form(*romeo, "juliet@example.net/gone", "Juliet");
    CHECK(seen(*tybalt) == "+Rosaline none/participant by=Romeo\n");
    send_form(*romeo, "@", "Juliet");
    CHECK(seen(*romeo) == "!item-not-found\n");
    // Where the form says no address, the nickname is all there is.
    send_form(*romeo, "", "Juliet");
    CHECK(seen(*tybalt) == "+Juliet none/participant (tybalt@example.org/street) by=Romeo 110\n");
}

TEST_CASE_FIXTURE(Scene, "the subject is for moderators, unless the room says otherwise") {
    open();
    send_message(*juliet, "<subject>The balcony</subject>");
    CHECK(seen(*juliet) == "!forbidden\n");
    send_message(*romeo, "<subject>The orchard</subject>");
    CHECK(seen(*juliet) == "Romeo* The orchard\n");
    enter(*tybalt, "Tybalt");
    CHECK(seen(*tybalt).ends_with("Romeo* The orchard (late)\n"));
    CHECK(configure(*romeo, {"changesubject=1"}) == "");
    forget();
    send_message(*juliet, "<subject>The balcony</subject>");
    CHECK(seen(*romeo) == "Juliet* The balcony\n");
    send_message(*juliet, "<subject>" + std::string(100000, 'x') + "</subject>");
    CHECK(seen(*juliet) == "Juliet* The balcony\n!not-acceptable\n");
    // A subject beside a body is said, not set.
    forget();
    send_message(*juliet, "<subject>But</subject><body>soft</body>");
    CHECK(seen(*romeo) == "Juliet: soft\n");
    evict();
    enter(*nurse, "Nurse");
    CHECK(seen(*nurse).ends_with("Juliet* The balcony (late)\n"));
}

TEST_CASE_FIXTURE(Scene, "what was said before, as much of it as is wanted") {
    open();
    for (const auto* line : {"one", "two", "three"}) say(*romeo, line);
    const auto history = [&](std::string_view wanted) {
        enter(*tybalt, "Tybalt", wanted);
        std::string lines;
        for (auto next = tybalt->pop(); next.root().name() != "nothing"; next = tybalt->pop())
            if (next.root().name() == "message" && next.root().child(ns::client, "body"))
                lines += describe(next.root()) + "\n";
        leave(*tybalt, "Tybalt");
        forget();
        return lines;
    };
    CHECK(history("") == "Romeo: one (late)\nRomeo: two (late)\nRomeo: three (late)\n");
    CHECK(history("<history maxstanzas='1'/>") == "Romeo: three (late)\n");
    CHECK(history("<history maxchars='0'/>") == "");
    CHECK(history("<history maxstanzas='0'/>") == "");
    world.advance(60s);
    say(*romeo, "four");
    CHECK(history("<history seconds='30'/>") == "Romeo: four (late)\n");
    CHECK(history("<history seconds='-1'/>").ends_with("four (late)\n"));
    CHECK(configure(*romeo, {"historylength=2"}) == "");
    forget();
    CHECK(history("") == "Romeo: three (late)\nRomeo: four (late)\n");
    evict();
    CHECK(history("") == "Romeo: three (late)\nRomeo: four (late)\n");
}

TEST_CASE_FIXTURE(Scene, "private messages") {
    open();
    whisper(*juliet, "Romeo", "Psst");
    CHECK(seen(*romeo) == "Juliet> Psst\n");
    CHECK(seen(*juliet) == "");
    whisper(*juliet, "Mercutio", "Psst");
    CHECK(seen(*juliet) == "!item-not-found\n");
    whisper(*tybalt, "Romeo", "Psst");
    CHECK(seen(*tybalt) == "!not-acceptable\n");
    juliet->send("<message type='groupchat' to='" + std::string(room_jid) +
                 "/Romeo'><body>to one?</body></message>");
    CHECK(seen(*juliet) == "!bad-request\n");
    enter(*tybalt, "Tybalt");
    forget();
    const auto refused = [&](Client& who, std::string_view to) {
        whisper(who, to, "Psst");
        const std::string answer = seen(who);
        forget();
        return answer;
    };
    CHECK(configure(*romeo, {"allowpm=moderators"}) == "");
    forget();
    CHECK(refused(*juliet, "Tybalt") == "!forbidden\n");
    CHECK(refused(*juliet, "Romeo") == "");  // to ask a moderator something
    CHECK(refused(*romeo, "Juliet") == "");
    CHECK(configure(*romeo, {"allowpm=none"}) == "");
    forget();
    CHECK(refused(*romeo, "Juliet") == "!forbidden\n");
    CHECK(refused(*juliet, "Romeo") == "!forbidden\n");
}

TEST_CASE("nobody says more than a room bears") {
    Scene scene("lock_new_rooms = false\nmessages_per_second = 2\npresence_per_second = 2\n");
    scene.open();
    for (int i = 0; i < 2; ++i) scene.say(*scene.juliet, "Ay me!");
    scene.forget();
    scene.say(*scene.juliet, "Ay me!");
    CHECK(scene.seen(*scene.juliet) == "!policy-violation\n");
    CHECK(scene.seen(*scene.romeo) == "");
    scene.world.advance(1s);
    scene.say(*scene.juliet, "Ay me!");
    CHECK(scene.seen(*scene.romeo) == "Juliet: Ay me!\n");
    for (int i = 0; i < 5; ++i) scene.say(*scene.romeo, "But soft!");
    CHECK(scene.seen(*scene.romeo).find("policy") == std::string::npos);
    scene.forget();
    for (int i = 0; i < 3; ++i) scene.send_presence(*scene.juliet, "Juliet", "<show>away</show>");
    CHECK(scene.seen(*scene.juliet).ends_with("!policy-violation\n"));
    scene.forget();
    scene.leave(*scene.juliet, "Juliet");
    CHECK(scene.seen(*scene.romeo) == "-Juliet none/none (juliet@example.net/balcony)\n");
}

TEST_CASE("who leaves and enters again may not say more, nor under another nickname") {
    Scene scene("lock_new_rooms = false\nmessages_per_second = 2\npresence_per_second = 2\n");
    scene.open();
    for (int i = 0; i < 2; ++i) scene.say(*scene.juliet, "Ay me!");
    for (int i = 0; i < 2; ++i) scene.send_presence(*scene.juliet, "Juliet", "<show>xa</show>");
    scene.leave(*scene.juliet, "Juliet");
    scene.enter(*scene.juliet, "Capulet");
    scene.forget();
    scene.say(*scene.juliet, "Ay me!");
    CHECK(scene.seen(*scene.juliet) == "!policy-violation\n");
    scene.send_presence(*scene.juliet, "Capulet", "<show>xa</show>");
    CHECK(scene.seen(*scene.juliet) == "!policy-violation\n");
    CHECK(scene.seen(*scene.romeo) == "");
    scene.world.advance(1s);
    scene.say(*scene.juliet, "Ay me!");
    CHECK(scene.seen(*scene.romeo) == "Capulet: Ay me!\n");
}

TEST_CASE("subjects count as what is said") {
    Scene scene("lock_new_rooms = false\nmessages_per_second = 2\n");
    scene.open({"changesubject=1"});
    for (int i = 0; i < 3; ++i) scene.send_message(*scene.juliet, "<subject>mine</subject>");
    CHECK(scene.seen(*scene.romeo) == "Juliet* mine\nJuliet* mine\n");
    CHECK(scene.seen(*scene.juliet) == "Juliet* mine\nJuliet* mine\n!policy-violation\n");
}

TEST_CASE_FIXTURE(Scene, "slow mode") {
    open({"slow_mode_duration=10"});
    say(*juliet, "Ay me!");
    forget();
    say(*juliet, "Ay me!");
    CHECK(seen(*juliet) == "!policy-violation\n");
    say(*romeo, "But soft!");
    say(*romeo, "But soft!");
    CHECK(seen(*romeo) == "Romeo: But soft!\nRomeo: But soft!\n");
    world.advance(10s);
    seen(*juliet);
    say(*juliet, "Ay me!");
    CHECK(seen(*juliet) == "Juliet: Ay me!\n");
}

TEST_CASE_FIXTURE(Scene,
                  "slow mode is about users, whatever they are called, and says how long it is") {
    open({"slow_mode_duration=10"});
    say(*juliet, "Ay me!");
    world.advance(4s);
    leave(*juliet, "Juliet");
    enter(*juliet, "Capulet");
    forget();
    send_message(*juliet, "<active xmlns='http://jabber.org/protocol/chatstates'/>");
    CHECK(seen(*juliet).find("policy") == std::string::npos);
    say(*juliet, "O Romeo!");
    const auto refused = juliet->pop("message");
    CHECK(condition_of(refused.root()) == "policy-violation");
    const auto* error = refused.root().child(ns::client, "error");
    REQUIRE(error);
    CHECK(error->attr("type") == "wait");
    CHECK(error->child_text(ns::stanza_errors, "text") ==
          "one message in 10 seconds: the next one in 6");
    evict();
    CHECK(is_loaded());  // somebody waits
    world.advance(6s);
    evict();
    CHECK_FALSE(is_loaded());
    say(*juliet, "O Romeo!");
    CHECK(seen(*juliet) == "Capulet: O Romeo!\n");
}

TEST_CASE_FIXTURE(Scene, "a long pause outlives the room's memory, and the server") {
    open({"slow_mode_duration=600", "persistentroom=1"});
    say(*juliet, "Ay me!");
    world.advance(100s);
    evict();
    CHECK_FALSE(is_loaded());
    const auto refusal = [&] {
        forget();
        say(*juliet, "O Romeo!");
        const auto refused = juliet->pop("message");
        const auto* error = refused.root().child(ns::client, "error");
        return error ? std::string(error->child_text(ns::stanza_errors, "text")) : "none";
    };
    CHECK(refusal() == "one message in 600 seconds: the next one in 500");
    world.crash_and_restart();
    log_in();
    enter(*juliet, "Juliet");
    CHECK(refusal() == "one message in 600 seconds: the next one in 500");
    world.advance(500s);
    CHECK(refusal() == "none");
    evict();
    CHECK(refusal() == "one message in 600 seconds: the next one in 600");
    CHECK(configure(*romeo, {"slow_mode_duration=60"}) == "");
    world.advance(61s);
    evict();
    CHECK(refusal() == "none");
}

TEST_CASE("private messages count as what is said") {
    Scene scene("lock_new_rooms = false\nmessages_per_second = 1\n");
    scene.open();
    for (int i = 0; i < 2; ++i) scene.whisper(*scene.juliet, "Romeo", "Psst");
    CHECK(scene.seen(*scene.romeo) == "Juliet> Psst\n");
    CHECK(scene.seen(*scene.juliet) == "!policy-violation\n");
    scene.say(*scene.juliet, "Ay me!");
    CHECK(scene.seen(*scene.juliet) == "!policy-violation\n");
    for (int i = 0; i < 2; ++i) scene.whisper(*scene.romeo, "Juliet", "Psst");
    CHECK(scene.seen(*scene.juliet) == "Romeo> Psst\nRomeo> Psst\n");
}

TEST_CASE_FIXTURE(Scene, "invitations go through the room, and back") {
    open();
    const auto invite = [&](Client& who, std::string_view jid) {
        who.send("<message to='" + std::string(room_jid) +
                 "'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='" +
                 std::string(jid) + "'><reason>Hey</reason></invite></x></message>");
    };
    invite(*juliet, "tybalt@example.org");
    auto message = tybalt->pop();
    CHECK(describe(message.root()) == "invited by verona@rooms.example.org/Juliet");
    CHECK(message.root().child(ns::muc_conference, "x"));
    tybalt->send("<message to='" + std::string(room_jid) +
                 "'><x xmlns='http://jabber.org/protocol/muc#user'><decline "
                 "to='verona@rooms.example.org/Juliet'/></x></message>");
    CHECK(seen(*juliet) == "declined by tybalt@example.org\n");
    CHECK(seen(*romeo) == "");
    invite(*tybalt, "nurse@example.net");
    CHECK(seen(*tybalt) == "!not-acceptable\n");
    CHECK(configure(*romeo, {"membersonly=1", "passwordprotectedroom=1", "roomsecret=s"}) == "");
    forget();
    invite(*romeo, "nurse@example.net");
    message = nurse->pop();
    CHECK(message.root().child(ns::muc_user, "x")->child_text(ns::muc_user, "password") == "s");
    enter(*nurse, "Nurse", "<password>s</password>");
    CHECK(seen(*nurse).find("+Nurse member/participant") != std::string::npos);
}

TEST_CASE("invitations and requests for voice count as what is said") {
    Scene scene("lock_new_rooms = false\nmessages_per_second = 1\n");
    scene.open();
    const auto invite = [&] {
        scene.juliet->send("<message to='" + std::string(room_jid) +
                           "'><x xmlns='http://jabber.org/protocol/muc#user'><invite "
                           "to='nurse@example.net'/></x></message>");
    };
    invite();
    invite();
    CHECK(scene.seen(*scene.juliet) == "!policy-violation\n");
    CHECK(scene.seen(*scene.nurse) == "invited by verona@rooms.example.org/Juliet\n");
    // Several together count each: the next one waits for them.
    scene.world.advance(1s);
    scene.juliet->send("<message to='" + std::string(room_jid) +
                       "'><x xmlns='http://jabber.org/protocol/muc#user'><invite "
                       "to='nurse@example.net'/><invite to='tybalt@example.org'/></x></message>");
    CHECK(scene.seen(*scene.nurse) == "invited by verona@rooms.example.org/Juliet\n");
    scene.world.advance(1s);
    scene.juliet->drop_all();
    invite();
    CHECK(scene.seen(*scene.juliet) == "!policy-violation\n");
    REQUIRE(scene.set_role(*scene.romeo, "Juliet", "visitor") == "");
    scene.world.advance(1s);
    scene.forget();
    for (int i = 0; i < 2; ++i)
        scene.juliet->send("<message to='" + std::string(room_jid) +
                           "'><x xmlns='jabber:x:data' type='submit'><field "
                           "var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value>"
                           "</field></x></message>");
    CHECK(scene.seen(*scene.juliet) == "!policy-violation\n");
    CHECK(scene.seen(*scene.romeo) == "form\n");
}

TEST_CASE_FIXTURE(Scene, "requests of one occupant to another go through the room") {
    open();
    juliet->send("<iq type='get' id='v1' to='" + std::string(room_jid) +
                 "/Romeo'><query xmlns='jabber:iq:version'/></iq>");
    const auto asked = romeo->pop("iq");
    CHECK(asked.root().attr("from") == "verona@rooms.example.org/Juliet");
    CHECK(asked.root().attr("id") != "v1");
    tybalt->send("<iq type='result' id='" + std::string(asked.root().attr("id")) + "' to='" +
                 std::string(room_jid) + "/Juliet'/>");
    CHECK(seen(*juliet) == "");  // he was not asked
    romeo->send("<iq type='result' id='" + std::string(asked.root().attr("id")) + "' to='" +
                std::string(room_jid) +
                "/Juliet'><query xmlns='jabber:iq:version'><name>Quill</name></query></iq>");
    const auto answer = juliet->pop("iq");
    CHECK(answer.root().attr("id") == "v1");
    CHECK(answer.root().attr("from") == "verona@rooms.example.org/Romeo");
    CHECK(answer.root().child("jabber:iq:version", "query"));
    const std::string romeo_there = std::string(room_jid) + "/Romeo";
    CHECK(ask(*tybalt, "get", "<query xmlns='jabber:iq:version'/>", romeo_there) ==
          "not-acceptable");
    CHECK(ask(*juliet, "get", "<query xmlns='jabber:iq:version'/>",
              std::string(room_jid) + "/Mercutio") == "item-not-found");
    CHECK(ask(*juliet, "set", "<vCard xmlns='vcard-temp'/>", romeo_there) == "not-allowed");
}

namespace {

std::string ask_version(Client& who, std::string_view nick, const std::string& id = "v") {
    who.send("<iq type='get' id='" + id + "' to='" + std::string(room_jid) + "/" +
             std::string(nick) + "'><query xmlns='jabber:iq:version'/></iq>");
    return who.pending() > 0 ? condition_of(who.pop("iq").root()) : std::string();
}

}  // namespace

TEST_CASE("so many requests of one user, and in one room, may wait for an answer") {
    Scene scene("lock_new_rooms = false\nmax_requests_of_user = 2\nmax_requests = 3\n");
    scene.open();
    scene.enter(*scene.tybalt, "Tybalt");
    scene.forget();
    CHECK(ask_version(*scene.juliet, "Romeo") == "");
    CHECK(ask_version(*scene.juliet, "Tybalt") == "");
    CHECK(ask_version(*scene.juliet, "Romeo") == "resource-constraint");
    scene.tybalt->drop_all();
    CHECK(ask_version(*scene.tybalt, "Romeo") == "");
    CHECK(ask_version(*scene.tybalt, "Romeo") == "resource-constraint");
    const auto asked = scene.romeo->pop("iq");
    scene.romeo->send("<iq type='result' id='" + std::string(asked.root().attr("id")) + "' to='" +
                      std::string(asked.root().attr("from")) + "'/>");
    CHECK(scene.juliet->pop("iq").root().attr("type") == "result");
    CHECK(ask_version(*scene.juliet, "Romeo") == "");
    scene.world.advance(61s);
    CHECK(condition_of(scene.juliet->pop("iq").root()) == "remote-server-timeout");
    scene.forget();
    CHECK(ask_version(*scene.tybalt, "Juliet") == "");
}

TEST_CASE("nobody asks more of others than a room bears, with however long an id") {
    Scene scene("lock_new_rooms = false\nrequests_per_second = 1\n");
    scene.open();
    for (int i = 0; i < 10; ++i) CHECK(ask_version(*scene.romeo, "Juliet") == "");
    CHECK(ask_version(*scene.romeo, "Juliet") == "policy-violation");
    scene.forget();
    CHECK(ask_version(*scene.juliet, "Romeo", std::string(2000, 'i')) == "not-acceptable");
    scene.world.advance(1s);
    CHECK(ask_version(*scene.romeo, "Juliet") == "");
}

TEST_CASE_FIXTURE(Scene, "answers through the room do not say whose they are") {
    open();
    const auto answer_of_romeo = [&](std::string_view type, std::string_view payload) {
        juliet->send("<iq type='get' id='v1' to='" + std::string(room_jid) +
                     "/Romeo'><query xmlns='jabber:iq:version'/></iq>");
        romeo->send("<iq type='" + std::string(type) + "' id='" +
                    std::string(romeo->pop("iq").root().attr("id")) + "' to='" +
                    std::string(room_jid) + "/Juliet'>" + std::string(payload) + "</iq>");
        return xml::to_string(juliet->pop("iq").root());
    };
    const std::string error =
        "<error type='cancel' by='romeo@example.org'><not-allowed "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    const std::string items =
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'><item id='1' "
        "publisher='romeo@example.org/orchard'/><item id='2' publisher='romeo@example.organ'/>"
        "</items></pubsub>";
    CHECK(answer_of_romeo("error", error).find("romeo@") == std::string::npos);
    const std::string hidden = answer_of_romeo("result", items);
    CHECK(hidden.find("romeo@example.org/") == std::string::npos);
    CHECK(hidden.find("romeo@example.organ") != std::string::npos);
    CHECK(hidden.find("publisher='verona@rooms.example.org/Romeo'") != std::string::npos);
    CHECK(configure(*romeo, {"whois=anyone"}) == "");
    forget();
    CHECK(answer_of_romeo("result", items).find("romeo@example.org/orchard") != std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "the room answers a ping to oneself (XEP-0410)") {
    open();
    const std::string ping = "<ping xmlns='urn:xmpp:ping'/>";
    const std::string there = std::string(room_jid) + "/Juliet";
    CHECK(ask(*juliet, "get", ping, there) == "");
    CHECK(ask(*tybalt, "get", ping, there) == "not-acceptable");
    evict();
    CHECK(ask(*juliet, "get", ping, there) == "");
    leave(*juliet, "Juliet");
    CHECK(ask(*juliet, "get", ping, there) == "not-acceptable");
    leave(*romeo, "Romeo");  // and the room is gone
    CHECK(ask(*juliet, "get", ping, there) == "not-acceptable");
    CHECK(ask(*juliet, "get", ping) == "item-not-found");
}

}  // namespace
}  // namespace clarion::muc
