// What a start learns of sessions that sleep, also from a disk that fails for a time.
#include "server/core/accounts/hibernation_recovery.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "server/core/accounts/account_directory.h"
#include "server/core/events/session_events.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view juliet = "juliet@example.org";
constexpr std::string_view romeo = "romeo@example.org";

struct Scene {
    World world{{.shards = 1}};

    Scene() {
        for (const auto name : {juliet, romeo}) world.add_account(name);
    }
    /// A client with a session that sleeps once it is cut off.
    Client& phone(std::string_view account) {
        Client& client = world.log_in(std::string(account) + "/phone");
        world.at(account, [&](Core&) { client.session().enable_sm(true, 0); });
        return client;
    }
    void spawn(Task<> (*work)(Context&)) {
        world.post(juliet, [work](Core& core) { core.scope().spawn("test", work(core)); });
    }
    static Task<> learn(Context& core) { return learn_hibernating(core, PartitionSet::all()); }
    /// The server dies, and a new one knows nothing of who sleeps.
    void restart() {
        world.crash_and_restart();
        world.at(juliet,
                 [](Core& core) { core.accounts().forget_hibernating(PartitionSet::all()); });
    }
    bool may_sleep(std::string_view account) {
        bool may = false;
        world.at(account, [&](Core& core) { may = core.accounts().may_have_hibernating(account); });
        return may;
    }
    std::size_t noted() { return world.core(0).accounts().noted_hibernating(); }
};

}  // namespace

TEST_CASE_FIXTURE(Scene, "only who sleeps counts as asleep after a restart") {
    spawn(watch_deadlines);
    phone(juliet).cut();
    for (int i = 0; i < 4; ++i) world.advance(300s);  // its time is over; that is remembered
    phone(romeo).cut();
    restart();
    spawn(learn);
    world.settle();
    CHECK(noted() == 1);
    CHECK_FALSE(may_sleep(juliet));
    CHECK(may_sleep(romeo));
}

TEST_CASE_FIXTURE(Scene, "while it cannot be read who sleeps, everybody may") {
    phone(juliet).cut();
    restart();
    world.storage().fail_next_reads(1);
    spawn(learn);
    world.settle();
    CHECK(may_sleep(juliet));
    CHECK(may_sleep(romeo));
    world.storage().fail_next_reads(1);
    world.advance(unreadable_pause);
    CHECK(may_sleep(romeo));
    world.advance(unreadable_pause);
    CHECK(noted() == 1);
    CHECK(may_sleep(juliet));
    CHECK_FALSE(may_sleep(romeo));
}

TEST_CASE_FIXTURE(Scene, "a session whose deadline could not be read ends a minute later") {
    phone(juliet).cut();
    int ended = 0;
    world.at(juliet, [&](Core& core) {
        core.bus().on<events::SessionEnded>(events::SessionEnded::Stage::clean_up, "test",
                                            [&ended](const events::SessionEnded&) { ++ended; });
    });
    world.storage().fail_next_reads(1);
    spawn(watch_deadlines);
    world.settle();
    for (int i = 0; i < 4; ++i) world.advance(300s);
    CHECK(ended == 1);
}
