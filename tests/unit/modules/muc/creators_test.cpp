// How many rooms one user may make ([muc] max_rooms_of_creator).
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

constexpr std::string_view two_each = "lock_new_rooms = false\nmax_rooms_of_creator = 2\n";

/// "" if it was made.
std::string make(Scene& scene, Client& who, std::string_view room, std::string_view nick = "Nick") {
    who.drop_all();
    who.send("<presence to='" + std::string(room) + "@rooms.example.org/" + std::string(nick) +
             "'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    const std::string seen = scene.seen(who);
    if (seen.starts_with("!")) return seen;
    return seen.find(" 201 ") != std::string::npos ? "" : "entered";
}

void leave(Client& who, std::string_view room) {
    who.send("<presence type='unavailable' to='" + std::string(room) +
             "@rooms.example.org/Nick'/>");
}

TEST_CASE("who has made as many rooms as allowed makes no more until one is gone") {
    Scene scene{std::string(two_each)};
    CHECK(make(scene, *scene.romeo, "a") == "");
    CHECK(make(scene, *scene.romeo, "b") == "");
    CHECK(make(scene, *scene.romeo, "c") == "!resource-constraint\n");
    CHECK(make(scene, *scene.romeo, "b", "Other") == "entered");  // that one is there
    CHECK(make(scene, *scene.juliet, "c") == "");
    leave(*scene.romeo, "a");
    CHECK(make(scene, *scene.romeo, "d") == "");
    CHECK(make(scene, *scene.romeo, "a") == "!resource-constraint\n");
}

TEST_CASE("rooms that were made before a restart count") {
    Scene scene{std::string(two_each)};
    REQUIRE(make(scene, *scene.romeo, "a") == "");
    REQUIRE(make(scene, *scene.romeo, "b") == "");
    scene.world.crash_and_restart();
    scene.log_in();
    CHECK(make(scene, *scene.romeo, "c") == "!resource-constraint\n");
    CHECK(make(scene, *scene.juliet, "c") == "");
}

TEST_CASE("administrators make more") {
    Scene scene(std::string(two_each) +
                "[host.\"example.org\".administration]\nadmins = [\"romeo@example.org\"]\n");
    for (const auto* room : {"a", "b", "c"}) CHECK(make(scene, *scene.romeo, room) == "");
    for (const auto* room : {"d", "e"}) CHECK(make(scene, *scene.tybalt, room) == "");
    CHECK(make(scene, *scene.tybalt, "f") == "!resource-constraint\n");
}

TEST_CASE("a room that is destroyed by its owner counts no more") {
    Scene scene{std::string(two_each)};
    REQUIRE(make(scene, *scene.romeo, "a") == "");
    REQUIRE(make(scene, *scene.romeo, "b") == "");
    CHECK(scene.ask(*scene.romeo, "set",
                    "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query>",
                    "a@rooms.example.org") == "");
    CHECK(make(scene, *scene.romeo, "c") == "");
    CHECK(make(scene, *scene.romeo, "d") == "!resource-constraint\n");
}

}  // namespace
}  // namespace clarion::muc
