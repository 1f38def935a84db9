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

TEST_CASE_FIXTURE(Scene, "who gives the form up is answered that this is done") {
    open();
    const std::string cancel =
        "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='cancel'/></query>";
    CHECK(ask(*tybalt, "set", cancel) == "");
    CHECK(count_listed(*this, "member", "tybalt@") == 0);
}

}  // namespace
}  // namespace clarion::muc
