// Presence probes of occupants.
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

TEST_CASE_FIXTURE(Scene, "an occupant asks for the presence of another") {
    open({"presencebroadcast=moderator"});
    send_presence(*juliet, "Juliet", "<show>dnd</show>");
    forget();
    send_presence(*romeo, "Juliet", {}, "probe");
    const auto told = romeo->pop();
    CHECK(describe(told.root()) == "+Juliet none/participant (juliet@example.net/balcony)");
    CHECK(told.root().child_text(ns::client, "show") == "dnd");
    send_presence(*juliet, "Romeo", {}, "probe");
    CHECK(seen(*juliet) == "+Romeo owner/moderator\n");
    send_presence(*juliet, "Juliet", {}, "probe");
    CHECK(seen(*juliet) == "+Juliet none/participant (juliet@example.net/balcony)\n");
    send_presence(*juliet, "Mercutio", {}, "probe");
    CHECK(seen(*juliet) == "!item-not-found\n");
    send_presence(*tybalt, "Romeo", {}, "probe");
    CHECK(seen(*tybalt) == "!not-acceptable\n");
    juliet->send("<presence type='probe' to='" + std::string(room_jid) + "'/>");
    CHECK(seen(*juliet) == "");
}

TEST_CASE_FIXTURE(Scene, "who has the nickname that is asked about may be away") {
    open();
    CHECK(administer(*romeo,
                     "<item jid='tybalt@example.org' affiliation='member' nick='Tybalt'/>") == "");
    forget();
    send_presence(*romeo, "Tybalt", {}, "probe");
    CHECK(seen(*romeo) == "-Tybalt member/none (tybalt@example.org) nick=Tybalt\n");
    send_presence(*juliet, "Tybalt", {}, "probe");
    CHECK(seen(*juliet) == "-Tybalt member/none nick=Tybalt\n");
}

TEST_CASE("probes count as presence") {
    Scene scene("lock_new_rooms = false\npresence_per_second = 1\n");
    scene.open();
    for (int i = 0; i < 2; ++i) scene.send_presence(*scene.juliet, "Romeo", {}, "probe");
    CHECK(scene.seen(*scene.juliet) == "+Romeo owner/moderator\n!policy-violation\n");
}

}  // namespace
}  // namespace clarion::muc
