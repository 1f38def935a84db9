// How many rooms one user may make ([muc] max_rooms_of_creator).
#include <algorithm>

#include "modules/muc/records.h"
#include "server/core/context.h"
#include "server/runtime/shard.h"
#include "storage/module_data.h"
#include "storage/owners.h"
#include "storage/storage.h"
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

/// What the service keeps of rooms that were made: "creator address".
std::vector<std::string> made_rooms(Scene& scene) {
    std::vector<std::string> all;
    scene.world.run("rooms.example.org", [&](core::Core& core) -> Task<> {
        std::string domain = "rooms.example.org";
        const auto id = co_await core.storage().owners().find(storage::OwnerKind::actor, domain);
        storage::DataQuery query;
        query.prefix = made_prefix;
        const storage::DataSpace space{**id, "muc", storage::DataKind::stored};
        const auto page = co_await core.storage().module_data().read(space, query);
        for (const auto& [key, value] : page->entries) {
            const auto made = decode_made_room(value);
            all.push_back(made->creator + " " + made->address);
        }
    });
    std::sort(all.begin(), all.end());
    return all;
}

TEST_CASE("an entry comes and goes with each room") {
    Scene scene{std::string(two_each)};
    REQUIRE(make(scene, *scene.romeo, "a") == "");
    REQUIRE(make(scene, *scene.juliet, "b") == "");
    CHECK(made_rooms(scene) == std::vector<std::string>{"juliet@example.net b@rooms.example.org",
                                                        "romeo@example.org a@rooms.example.org"});
    leave(*scene.romeo, "a");
    CHECK(made_rooms(scene) == std::vector<std::string>{"juliet@example.net b@rooms.example.org"});
}

/// As it was stored before the service had an entry for each room.
void store_as_before(Scene& scene, const std::string& room) {
    const std::string address = room + "@rooms.example.org";
    scene.world.run(address, [&](core::Core& core) -> Task<> {
        storage::Storage& stored = core.storage();
        std::string domain = "rooms.example.org", name = address;
        const auto service = co_await stored.owners().find(storage::OwnerKind::actor, domain);
        const auto id = co_await stored.owners().find(storage::OwnerKind::actor, name);
        const storage::DataSpace space{**id, "muc", storage::DataKind::resident};
        std::string key(config_key);
        const auto kept = co_await stored.module_data().get(space, key);
        RoomRecord record = *decode_room(**kept);
        record.is_counted = false;
        stored.module_data().put(core.shard().batch(), space, config_key, encode(record));
        stored.module_data().remove(core.shard().batch(),
                                    {**service, "muc", storage::DataKind::stored},
                                    made_key({record.creator, address}));
    });
}

TEST_CASE("a room of an earlier layout counts from when it is next used") {
    Scene scene{std::string(two_each) + "persistent_rooms = true\n"};
    for (const auto* room : {"a", "b"}) {
        REQUIRE(make(scene, *scene.romeo, room) == "");
        leave(*scene.romeo, room);
        store_as_before(scene, room);
    }
    scene.world.crash_and_restart();
    scene.log_in();
    CHECK(made_rooms(scene).empty());
    CHECK(make(scene, *scene.tybalt, "a") == "entered");
    CHECK(made_rooms(scene) == std::vector<std::string>{"romeo@example.org a@rooms.example.org"});
    CHECK(make(scene, *scene.romeo, "c") == "");
    CHECK(make(scene, *scene.romeo, "d") == "!resource-constraint\n");
    CHECK(make(scene, *scene.tybalt, "b") == "entered");
    scene.world.crash_and_restart();
    scene.log_in();
    CHECK(made_rooms(scene).size() == 3);
    CHECK(make(scene, *scene.romeo, "d") == "!resource-constraint\n");
}

}  // namespace
}  // namespace clarion::muc
