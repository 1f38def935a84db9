// Nicknames that are reserved: by their users, by administrators, and held to (XEP-0045, 7.10, 9.3).
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

struct HeldScene : Scene {
    explicit HeldScene(const std::string& more = {})
        : Scene("lock_new_rooms = false\nenforce_registered_nicknames = true\n" + more) {}
};

std::string reserve(Scene& scene, Client& who, std::string_view nick) {
    return scene.ask(who, "set",
                     "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>"
                     "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value>"
                     "</field><field var='muc#register_roomnick'><value>" +
                         std::string(nick) + "</value></field></x></query>");
}

std::string reserve_for(Scene& scene, Client& who, std::string_view jid, std::string_view nick,
                        std::string_view affiliation = "member") {
    return scene.administer(who, "<item jid='" + std::string(jid) + "' affiliation='" +
                                     std::string(affiliation) + "' nick='" + std::string(nick) +
                                     "'/>");
}

TEST_CASE_FIXTURE(Scene, "who has a nickname reserved may use another one") {
    open();
    CHECK(reserve(*this, *tybalt, "Prince of Cats") == "");
    enter(*tybalt, "Tybalt");
    CHECK(seen(*tybalt).find("+Tybalt member/participant (tybalt@example.org/street) 170 110\n") !=
          std::string::npos);
}

TEST_CASE_FIXTURE(HeldScene, "who is held to a nickname is given it") {
    open();
    CHECK(reserve(*this, *tybalt, "Prince of Cats") == "");
    forget();
    enter(*tybalt, "Tybalt");
    CHECK(seen(*tybalt).find(
              "+Prince of Cats member/participant (tybalt@example.org/street) 170 210 110\n") !=
          std::string::npos);
    CHECK(seen(*juliet) == "+Prince of Cats member/participant\n");
    // As it is written, too.
    enter(*tybalt, "prince of cats");
    CHECK(seen(*tybalt).find(" 170 210 110\n") != std::string::npos);
    enter(*tybalt, "Prince of Cats");
    CHECK(seen(*tybalt).find("210") == std::string::npos);
    send_presence(*tybalt, "Tybalt");
    CHECK(seen(*tybalt) == "!not-acceptable\n");
    send_presence(*tybalt, "Prince of Cats");
    CHECK(seen(*tybalt) == "+Prince of Cats member/participant (tybalt@example.org/street) 110\n");
    // Nobody else is.
    send_presence(*juliet, "Capulet");
    CHECK(seen(*juliet).find("+Capulet none/participant") != std::string::npos);
}

TEST_CASE_FIXTURE(HeldScene, "another client of who is held joins the same occupant") {
    open();
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    Client& phone = world.log_in("juliet@example.net/phone");
    forget();
    enter(phone, "Phone");
    const std::string told = seen(phone);
    CHECK(told.find("+Juliet member/participant (juliet@example.net/balcony) "
                    "(juliet@example.net/phone) 170 210 110\n") != std::string::npos);
}

TEST_CASE_FIXTURE(HeldScene, "who registers inside is called so from then on") {
    open();
    enter(*tybalt, "Tybalt");
    forget();
    CHECK(reserve(*this, *tybalt, "Prince of Cats") == "");
    CHECK(seen(*juliet) ==
          "+Tybalt member/participant\n-Tybalt member/participant nick=Prince of Cats 303\n"
          "+Prince of Cats member/participant 210\n");
    evict();
    forget();
    say(*tybalt, "Peace?");
    CHECK(seen(*juliet) == "Prince of Cats: Peace?\n");
}

TEST_CASE_FIXTURE(HeldScene, "of two nicknames who registers keeps one") {
    open();
    Client& phone = world.log_in("juliet@example.net/phone");
    enter(phone, "Phone");
    forget();
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    CHECK(seen(*romeo).find("-Phone member/none (juliet@example.net/phone) 307\n") !=
          std::string::npos);
    CHECK(seen(*juliet).find("303") == std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "administrators reserve nicknames, and take them back") {
    open();
    CHECK(reserve_for(*this, *romeo, "tybalt@example.org", "Prince of Cats") == "");
    forget();
    enter(*nurse, "prince of cats");
    CHECK(seen(*nurse) == "!conflict\n");
    CHECK(reserve_for(*this, *romeo, "nurse@example.net", "PRINCE OF CATS") == "conflict");
    CHECK(reserve_for(*this, *romeo, "nurse@example.net", " ") == "jid-malformed");
    CHECK(reserve_for(*this, *juliet, "nurse@example.net", "Nurse") == "forbidden");
    CHECK(administer(*romeo,
                     "<item jid='nurse@example.net' affiliation='member' nick='N'/>"
                     "<item jid='juliet@example.net' affiliation='member' nick='n'/>") ==
          "conflict");
    // Without a nickname none changes; with an empty one it is free.
    CHECK(affiliate(*romeo, "tybalt@example.org", "admin") == "");
    forget();
    enter(*nurse, "prince of cats");
    CHECK(seen(*nurse) == "!conflict\n");
    CHECK(reserve_for(*this, *romeo, "tybalt@example.org", "", "member") == "");
    enter(*nurse, "prince of cats");
    CHECK(seen(*nurse).find("+prince of cats none/participant") != std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "who is no member any more has nothing reserved") {
    open();
    CHECK(reserve_for(*this, *romeo, "tybalt@example.org", "Prince of Cats") == "");
    CHECK(affiliate(*romeo, "tybalt@example.org", "none") == "");
    forget();
    enter(*nurse, "Prince of Cats");
    CHECK(seen(*nurse).find("+Prince of Cats none/participant") != std::string::npos);
    // Whoever bans somebody by a nickname reserves none.
    CHECK(reserve_for(*this, *romeo, "tybalt@example.org", "Tybalt", "outcast") == "");
    send_presence(*nurse, "Tybalt");
    CHECK(seen(*nurse).find("+Tybalt none/participant") != std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "whoever has the nickname that is reserved for somebody else goes") {
    open();
    enter(*nurse, "Tybalt");
    forget();
    CHECK(reserve_for(*this, *romeo, "tybalt@example.org", "Tybalt") == "");
    CHECK(seen(*nurse) ==
          "-Tybalt none/none (nurse@example.net/chamber) because=This nickname is reserved 307 "
          "110\n");
    CHECK(seen(*romeo) ==
          "-Tybalt none/none (nurse@example.net/chamber) because=This nickname is reserved 307\n"
          "room member/ (tybalt@example.org) by=Romeo\n");
    // Not if it is more than who wants it.
    CHECK(affiliate(*romeo, "tybalt@example.org", "admin") == "");
    CHECK(reserve_for(*this, *tybalt, "juliet@example.net", "Romeo") == "not-allowed");
}

TEST_CASE_FIXTURE(Scene, "who is in the room is shown anew when a nickname is reserved") {
    open({"membersonly=0"});
    CHECK(affiliate(*romeo, "juliet@example.net", "member") == "");
    forget();
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    CHECK(seen(*romeo) == "+Juliet member/participant (juliet@example.net/balcony)\n");
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    CHECK(seen(*romeo) == "");
    CHECK(reserve_for(*this, *romeo, "romeo@example.org", "Romeo", "owner") == "");
    CHECK(seen(*romeo) == "+Romeo owner/moderator (romeo@example.org/orchard) by=Romeo 110\n");
}

TEST_CASE("requests to register count as what is said") {
    Scene scene("lock_new_rooms = false\nmessages_per_second = 1\n");
    scene.open();
    CHECK(reserve(scene, *scene.juliet, "Juliet") == "");
    CHECK(reserve(scene, *scene.juliet, "Capulet") == "policy-violation");
    // Who is not in the room has one measure with all who are not.
    CHECK(reserve(scene, *scene.tybalt, "Tybalt") == "");
    CHECK(reserve(scene, *scene.nurse, "Nurse") == "policy-violation");
    scene.world.advance(1s);
    CHECK(reserve(scene, *scene.nurse, "Nurse") == "");
    for (int i = 0; i < 3; ++i) CHECK(reserve(scene, *scene.romeo, "Romeo") == "");
}

}  // namespace
}  // namespace clarion::muc
