// Registering with a room: who becomes a member by it, how many, and for how long (XEP-0045, 7.10).
#include "proto/xml_writer.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

std::string registration(std::string_view nick) {
    return "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>"
           "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field>"
           "<field var='muc#register_roomnick'><value>" +
           std::string(nick) + "</value></field></x></query>";
}

std::string reserve(Scene& scene, Client& who, std::string_view nick) {
    return scene.ask(who, "set", registration(nick));
}

std::string unregister(Scene& scene, Client& who) {
    return scene.ask(who, "set", "<query xmlns='jabber:iq:register'><remove/></query>");
}

/// Of another server. What it is answered goes there.
void reserve_from_afar(Scene& scene, std::string_view from, std::string_view nick) {
    scene.world.arrive("<iq type='set' id='r' from='" + std::string(from) + "' to='" +
                       std::string(room_jid) + "'>" + registration(nick) + "</iq>");
}

/// Who is on a list of the room, as text.
std::string listed(Scene& scene, std::string_view affiliation) {
    const auto answer =
        scene.request(*scene.romeo, "get",
                      "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='" +
                          std::string(affiliation) + "'/></query>");
    return xml::to_string(answer.root());
}

std::size_t count_listed(Scene& scene, std::string_view affiliation, std::string_view what) {
    const std::string all = listed(scene, affiliation);
    std::size_t count = 0;
    for (auto at = all.find(what); at != std::string::npos; at = all.find(what, at + 1)) ++count;
    return count;
}

TEST_CASE_FIXTURE(Scene, "registering is no way past a password") {
    open();
    CHECK(configure(*romeo, {"passwordprotectedroom=1", "roomsecret=rose"}) == "");
    forget();
    const std::string archive = "<query xmlns='urn:xmpp:mam:2'/>";
    CHECK(ask(*tybalt, "set", archive) == "forbidden");
    CHECK(reserve(*this, *tybalt, "Tybalt") == "");  // the administrators are asked
    CHECK(seen(*romeo) == "form\n");
    CHECK(ask(*tybalt, "set", archive) == "forbidden");
    CHECK(count_listed(*this, "member", "tybalt@") == 0);
    // Who is inside has shown the password.
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    CHECK(count_listed(*this, "member", "juliet@") == 1);
}

TEST_CASE_FIXTURE(Scene, "registering gives nobody voice in a moderated room") {
    open({"moderatedroom=1"});
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    CHECK(seen(*romeo) == "form\n");
    CHECK(seen(*juliet) == "");
    say(*juliet, "Ay me!");
    CHECK(seen(*juliet) == "!forbidden\n");
    // Who is a member reserves a nickname without asking anybody.
    CHECK(affiliate(*romeo, "juliet@example.net", "member") == "");
    forget();
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    CHECK(seen(*romeo).find("form") == std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "neither registering nor the end of it gives voice back") {
    open();
    const auto is_mute = [&] {
        forget();
        say(*juliet, "Ay me!");
        return seen(*juliet) == "!forbidden\n";
    };
    CHECK(set_role(*romeo, "Juliet", "visitor") == "");
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    CHECK(seen(*juliet).find("member/visitor") != std::string::npos);
    CHECK(is_mute());
    CHECK(unregister(*this, *juliet) == "");
    CHECK(is_mute());
    // What an administrator makes of somebody does.
    CHECK(affiliate(*romeo, "juliet@example.net", "member") == "");
    CHECK_FALSE(is_mute());
}

TEST_CASE("strangers who register take nobody's place") {
    Scene scene(
        "lock_new_rooms = false\nmax_affiliations = 2\nmax_registrations = 3\n"
        "max_registrations_of_domain = 2\nmessages_per_second = 0\n");
    scene.open();
    for (const std::string name : {"a", "b", "c"})
        reserve_from_afar(scene, name + "@mantua.example/x", name);
    CHECK(count_listed(scene, "member", "@mantua.example") == 2);
    // Registering again takes no more place.
    reserve_from_afar(scene, "a@mantua.example/x", "another");
    CHECK(count_listed(scene, "member", "nick=\"another\"") +
              count_listed(scene, "member", "nick='another'") ==
          1);
    for (const std::string name : {"d", "e"})
        reserve_from_afar(scene, name + "@padua.example/x", name);
    CHECK(count_listed(scene, "member", "@padua.example") == 1);
    // Not that of users of this server, of whom so many may, too; nor of those who are banned or named.
    CHECK(reserve(scene, *scene.tybalt, "Tybalt") == "");
    CHECK(reserve(scene, *scene.nurse, "Nurse") == "");
    CHECK(reserve(scene, *scene.juliet, "Juliet") == "");
    CHECK(scene.affiliate(*scene.romeo, "mercutio@verona.example", "outcast") == "");
    CHECK(scene.affiliate(*scene.romeo, "verona.example", "outcast") == "");
    CHECK(scene.affiliate(*scene.romeo, "paris@verona.example", "member") == "");
    CHECK(scene.affiliate(*scene.romeo, "friar@verona.example", "member") == "resource-constraint");
}

TEST_CASE_FIXTURE(Scene, "a server does not make members of all its users by registering") {
    open();
    reserve_from_afar(*this, "mantua.example", "Mantua");
    reserve_from_afar(*this, "mantua.example/x", "Mantua");
    CHECK(count_listed(*this, "member", "jid=") == 0);
}

TEST_CASE("a room bans so many, whatever else it lists") {
    Scene scene("lock_new_rooms = false\nmax_affiliations = 2\nmax_outcasts = 1\n");
    scene.open();
    CHECK(scene.affiliate(*scene.romeo, "a@x", "outcast") == "");
    CHECK(scene.affiliate(*scene.romeo, "a@x", "outcast") == "");
    CHECK(scene.affiliate(*scene.romeo, "b@x", "outcast") == "resource-constraint");
    CHECK(scene.affiliate(*scene.romeo, "b@x", "member") == "");
    CHECK(scene.affiliate(*scene.romeo, "a@x", "member") == "resource-constraint");
}

TEST_CASE("long addresses and nicknames take no more than their share") {
    Scene scene("lock_new_rooms = false\nmax_registration_bytes = 1200\n");
    scene.open();
    const std::string nick(200, 'n');
    CHECK(reserve(scene, *scene.tybalt, nick + "1") == "");
    CHECK(reserve(scene, *scene.juliet, nick + "2") == "");
    CHECK(reserve(scene, *scene.nurse, nick + "3") == "resource-constraint");
    CHECK(reserve(scene, *scene.nurse, "n") == "");
}

TEST_CASE_FIXTURE(Scene, "who has registered does not survive the ban of the domain") {
    open();
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    CHECK(affiliate(*romeo, "nurse@example.net", "member") == "");
    enter(*nurse, "Nurse");
    forget();
    CHECK(affiliate(*romeo, "example.net", "outcast") == "");
    CHECK(seen(*juliet).find("-Juliet outcast/none") != std::string::npos);
    enter(*juliet, "Juliet");
    CHECK(seen(*juliet) == "!forbidden\n");
    CHECK(count_listed(*this, "member", "juliet@") == 0);
    // Whom somebody named stays.
    CHECK(seen(*nurse).find("-Nurse") == std::string::npos);
    say(*nurse, "Faith, here it is.");
    CHECK(seen(*nurse) == "Nurse: Faith, here it is.\n");
    // Nor is anybody a member again when the ban is lifted, and the nickname is free.
    CHECK(affiliate(*romeo, "example.net", "none") == "");
    enter(*tybalt, "Juliet");
    CHECK(seen(*tybalt).find("+Juliet none/participant") != std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "who registers is what the domain is, for as long as it is that") {
    open();
    CHECK(affiliate(*romeo, "example.net", "admin") == "");
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    CHECK(affiliate(*romeo, "nurse@example.net", "outcast") == "");
    CHECK(affiliate(*juliet, "tybalt@example.org", "member") == "");
    CHECK(affiliate(*romeo, "example.net", "member") == "");
    CHECK(affiliate(*juliet, "tybalt@example.org", "none") == "forbidden");
    CHECK(unregister(*this, *juliet) == "");
    forget();
    say(*juliet, "Ay me!");
    CHECK(seen(*juliet) == "Juliet: Ay me!\n");
    CHECK(reserve(*this, *juliet, "Juliet") == "");
    CHECK(configure(*romeo, {"membersonly=1"}) == "");
    forget();
    CHECK(affiliate(*romeo, "example.net", "none") == "");
    CHECK(seen(*juliet).find("-Juliet") != std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "who gives the form up is answered that this is done") {
    open();
    const std::string cancel =
        "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='cancel'/></query>";
    CHECK(ask(*tybalt, "set", cancel) == "");
    CHECK(count_listed(*this, "member", "tybalt@") == 0);
}

}  // namespace
}  // namespace clarion::muc
