// Who said what is in a room's archive: told to who may know it when they ask, and to nobody else
// (modules/muc/authors.h).
#include "modules/muc/authors.h"

#include <algorithm>

#include "modules/muc/records.h"
#include "server/core/context.h"
#include "server/runtime/shard.h"
#include "storage/expiry.h"
#include "storage/module_data.h"
#include "storage/owners.h"
#include "storage/storage.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

/// Nicknames and what was said, with the real address where it is told.
std::string read_archive(Scene& scene, Client& who) {
    scene.forget();
    const auto fin = scene.request(who, "set", "<query xmlns='urn:xmpp:mam:2'/>");
    if (fin.root().attr("type") == "error") return "!" + condition_of(fin.root());
    std::string all;
    for (auto page = who.pop("message"); page.root().name() == "message";
         page = who.pop("message")) {
        const auto* result = page.root().child(ns::mam, "result");
        REQUIRE(result);
        const auto* message = result->first_child()->child(ns::client, "message");
        REQUIRE(message);
        const auto* x = message->child(ns::muc_user, "x");
        all += describe(*message) + (x ? seen_items(*x) : "") + "\n";
    }
    return all;
}

constexpr std::string_view hidden = "Romeo: But soft!\nJuliet: Ay me!\n";
constexpr std::string_view told =
    "Romeo: But soft! / (romeo@example.org)\nJuliet: Ay me! / (juliet@example.net)\n";

void speak(Scene& scene) {
    scene.open({"persistentroom=1"});
    scene.say(*scene.romeo, "But soft!");
    scene.say(*scene.juliet, "Ay me!");
}

TEST_CASE_FIXTURE(Scene,
                  "moderators are told by whom something in the archive is, others are not") {
    speak(*this);
    CHECK(read_archive(*this, *romeo) == told);
    CHECK(read_archive(*this, *juliet) == hidden);
    CHECK(read_archive(*this, *tybalt) == hidden);
}

TEST_CASE_FIXTURE(Scene, "what counts is who may know it when the page is read") {
    speak(*this);
    CHECK(set_role(*romeo, "Juliet", "moderator") == "");
    CHECK(read_archive(*this, *juliet) == told);
    CHECK(set_role(*romeo, "Juliet", "participant") == "");
    CHECK(read_archive(*this, *juliet) == hidden);
    CHECK(affiliate(*romeo, "tybalt@example.org", "admin") == "");
    CHECK(read_archive(*this, *tybalt) == told);
    CHECK(affiliate(*romeo, "tybalt@example.org", "none") == "");
    CHECK(read_archive(*this, *tybalt) == hidden);
}

TEST_CASE_FIXTURE(Scene, "where anyone may see addresses anyone is told, as long as that is so") {
    speak(*this);
    CHECK(configure(*romeo, {"whois=anyone"}) == "");
    CHECK(read_archive(*this, *juliet) == told);
    CHECK(read_archive(*this, *tybalt) == told);
    CHECK(configure(*romeo, {"whois=moderators"}) == "");
    CHECK(read_archive(*this, *tybalt) == hidden);
    CHECK(read_archive(*this, *romeo) == told);
}

TEST_CASE_FIXTURE(Scene, "neither live messages nor the history tell it") {
    speak(*this);
    CHECK(configure(*romeo, {"whois=anyone"}) == "");
    forget();
    say(*juliet, "Good night!");
    const auto live = romeo->pop("message");
    CHECK_FALSE(live.root().child(ns::muc_user, "x"));
    for (const bool again : {false, true}) {
        if (again) evict();  // the history then comes from the archive
        enter(*tybalt, "Tybalt");
        int messages = 0;
        while (tybalt->pending() > 0) {
            const auto next = tybalt->pop();
            if (!next.root().child(ns::client, "body")) continue;
            ++messages;
            CHECK_FALSE(next.root().child(ns::muc_user, "x"));
        }
        CHECK(messages == 3);
        leave(*tybalt, "Tybalt");
    }
}

TEST_CASE_FIXTURE(Scene, "it is known after a restart, of who is not there any more too") {
    speak(*this);
    leave(*juliet, "Juliet");
    world.crash_and_restart();
    log_in();
    CHECK(affiliate(*romeo, "tybalt@example.org", "admin") == "");
    CHECK(read_archive(*this, *tybalt) == told);
}

std::vector<std::string> stored_authors(Scene& scene) {
    std::vector<std::string> all;
    scene.world.run(room_jid, [&](core::Core& core) -> Task<> {
        std::string address(room_jid);
        const auto id = co_await core.storage().owners().find(storage::OwnerKind::actor, address);
        storage::DataQuery query;
        query.prefix = author_prefix;
        const storage::DataSpace space{**id, "muc", storage::DataKind::stored};
        const auto page = co_await core.storage().module_data().read(space, query);
        for (const auto& [key, value] : page->entries) all.push_back(decode_author(value)->address);
    });
    std::sort(all.begin(), all.end());
    return all;
}

TEST_CASE_FIXTURE(Scene, "an author is forgotten with the last of what the author said") {
    speak(*this);
    const std::vector<std::string> both{"juliet@example.net", "romeo@example.org"};
    CHECK(stored_authors(*this) == both);
    leave(*juliet, "Juliet");
    world.advance(72h);
    // As if what was said before had expired.
    world.run(room_jid, [&](core::Core& core) -> Task<> {
        std::string address(room_jid);
        const auto id = co_await core.storage().owners().find(storage::OwnerKind::actor, address);
        const storage::Keep keep{.since = core.clock().wall() - 1h, .now = core.clock().wall()};
        const auto old = co_await core.storage().expiry().find(**id, keep, 100);
        REQUIRE(old->count == 2);
        core.storage().expiry().remove(core.shard().batch(), **id, *old);
    });
    say(*romeo, "It is the east");
    CHECK(stored_authors(*this) == both);  // the room has looked before, since it was loaded
    evict();
    say(*romeo, "And Juliet is the sun");
    CHECK(stored_authors(*this) == std::vector<std::string>{"romeo@example.org"});
}

TEST_CASE("records of authors and of what they made") {
    const AuthorRecord author{"romeo@example.org", WallTime(5us)};
    CHECK(*decode_author(encode(author)) == author);
    CHECK(encode(author) ==
          std::string_view("\x01\x11romeo@example.org\x00\x00\x00\x00\x00\x00\x00\x05", 27));
    const MadeRoom made{"romeo@example.org", "verona@rooms.example.org"};
    CHECK(*decode_made_room(encode(made)) == made);
    CHECK(check_record(made_key(made), encode(made)).ok());
    CHECK_FALSE(check_record("rxyz", encode(made)).ok());
    CHECK(made_key(made).starts_with(made_prefix_of("romeo@example.org")));
    CHECK_FALSE(made_key(made).starts_with(made_prefix_of("juliet@example.net")));
}

TEST_CASE("a room that is not counted yet is kept in the first layout") {
    RoomRecord room;
    room.creator = "romeo@example.org";
    CHECK(encode(room).front() == 2);
    CHECK(*decode_room(encode(room)) == room);
    room.is_counted = false;
    CHECK(encode(room).front() == 1);
    CHECK(*decode_room(encode(room)) == room);
}

}  // namespace
}  // namespace clarion::muc
