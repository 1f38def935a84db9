// A list that is written in several steps, of which the server does some before it dies.
#include "tests/unit/modules/bookmarks/bookmarks_scene.h"

namespace clarion::bookmarks {
namespace {

struct Crash : Scene {
    const std::string before = room("a@r", "A") + room("b@r", "B") + "<url url='u'/>";
    const std::string after = room("a@r", "X") + room("c@r", "C");

    Crash() { REQUIRE(set_list(*oldest, before) == "ok"); }

    /// The list is published, and nothing behind that becomes durable.
    void die_after_publishing(std::string_view list) {
        holding() = true;
        oldest->send_soon(list_request(list));
        world.settle_until([] { return !holding(); });
        die();
    }
    void die() {
        world.run_shards();
        world.storage().fail_next_commits(1);
        world.crash_while_held();
        connect();
    }
};

TEST_CASE_FIXTURE(Crash,
                  "bookmarks crash: between what is new and what is gone it is the new list") {
    die_after_publishing(after);
    CHECK(list() == storage(after));
    CHECK(restore() == "item-not-found");  // half of the rooms is not most
    CHECK(publish(item("b@r", "B")) == "ok");
    world.crash_and_restart();
    connect();
    CHECK(list() == storage(after + room("b@r", "B")));
}

TEST_CASE_FIXTURE(Crash, "bookmarks crash: the client repeats it") {
    die_after_publishing(after);
    CHECK(set_list(*oldest, after) == "ok");
    CHECK(list() == storage(after));
}

TEST_CASE_FIXTURE(Crash, "bookmarks crash: what it removed can be brought back") {
    die_after_publishing(room("c@r", "C"));
    CHECK(list() == storage(room("c@r", "C")));
    CHECK(restore() == "2");
    CHECK(list() ==
          storage(room("c@r", "C") + room("a@r", "A") + room("b@r", "B") + "<url url='u'/>"));
}

TEST_CASE_FIXTURE(Crash, "bookmarks crash: before anything was written it is the old list") {
    world.storage().hold_commits();
    oldest->send_soon(list_request(after));
    die();
    CHECK(list() == storage(before));
}

TEST_CASE_FIXTURE(Crash, "bookmarks crash: a client that goes on with the new list") {
    die_after_publishing(after);
    CHECK(publish(item("d@r", "D")) == "ok");
    CHECK(list() == storage(after + room("d@r", "D")));
}

}  // namespace
}  // namespace clarion::bookmarks
