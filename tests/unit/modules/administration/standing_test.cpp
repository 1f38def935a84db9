// The message of the day and the welcome message (XEP-0133, 4.24 to 4.28).
#include "modules/administration/standing_message.h"

#include <doctest/doctest.h>

#include "server/core/events/server_events.h"
#include "server/runtime/event_bus.h"
#include "tests/unit/modules/administration/scene.h"

namespace clarion::administration {
namespace {

using namespace std::chrono_literals;

TEST_CASE("what is stored has the bytes that the format page shows") {
    const WallTime time(std::chrono::microseconds(258));
    CHECK(encode(StandingMessage{time, "Hi"}) == std::string("\x01\0\0\0\0\0\0\1\2\2Hi", 12));
    CHECK(encode_mark(time) == std::string("\x01\0\0\0\0\0\0\1\2", 9));
    CHECK(decode_message(encode(StandingMessage{time, "Hi"}))->since == time);
    CHECK(*decode_mark(encode_mark(time)) == time);
    CHECK_FALSE(decode_message("\x02"));
    CHECK_FALSE(decode_mark(encode_mark(time) + "x"));
}

struct Board : Theatre {
    Board() { romeo->drop_all(); }
    /// What the client was told, "subject: body", in order.
    Values told(Client& client) {
        Values all;
        for (auto message = client.pop("message"); message.root().name() == "message";
             message = client.pop("message"))
            all.push_back(std::string(message.root().child_text(ns::client, "subject")) + ": " +
                          std::string(message.root().child_text(ns::client, "body")));
        return all;
    }
    std::string say(const std::string& command, const std::string& var, const Values& lines) {
        const std::string done = run(*bard, command, field(var, lines));
        world.settle();
        return done;
    }
    Client& come(const std::string& jid) {
        Client& client = world.connect(jid);
        client.send("<presence/>");
        return client;
    }
    void restart() {
        world.crash_and_restart();
        for (unsigned i = 0; i < 2; ++i)
            world.run_on(i, [](core::Core& core) -> Task<> {
                core.bus().fire(events::ServerStarted{core});
                co_return;
            });
        bard = &world.log_in("bard@example.org/globe");
    }
};

TEST_CASE_FIXTURE(Board, "the message of the day is shown once, now or at the next login") {
    Client& tablet = come("romeo@example.org/tablet");
    CHECK(say("set-motd", "motd", {"Closed", "tonight"}) == "completed");
    const Values motd{"Message of the day: Closed\ntonight"};
    CHECK(told(*romeo) == motd);
    CHECK(told(tablet) == motd);
    CHECK(told(come("romeo@example.org/phone")).empty());
    Client& juliet = come("juliet@example.org/balcony");
    CHECK(told(juliet) == motd);
    juliet.send("<presence type='unavailable'/>");
    juliet.send("<presence/>");
    CHECK(told(juliet).empty());
    CHECK(told(come("paris@example.net/x")).empty());

    SUBCASE("after a restart too") {
        restart();
        CHECK(told(come("juliet@example.org/balcony")).empty());
        world.add_account("nurse@example.org");
        CHECK(told(come("nurse@example.org/x")) == motd);
    }
    SUBCASE("another one is shown again") {
        world.clock().advance(1s);
        CHECK(say("set-motd", "motd", {"Open"}) == "completed");
        CHECK(told(juliet) == Values{"Message of the day: Open"});
        CHECK(told(*romeo) == Values{"Message of the day: Open"});
    }
    SUBCASE("in other words it is the same one") {
        CHECK(say("edit-motd", "motd", {"Closed today"}) == "completed");
        CHECK(offered.field("motd")->values == Values{"Closed", "tonight"});
        CHECK(told(juliet).empty());
        world.add_account("nurse@example.org");
        CHECK(told(come("nurse@example.org/x")) == Values{"Message of the day: Closed today"});
    }
    SUBCASE("until it is deleted, and marks go with it") {
        CHECK(run(*bard, "delete-motd") == "completed");
        world.add_account("nurse@example.org");
        CHECK(told(come("nurse@example.org/x")).empty());
        CHECK_FALSE(juliet.account().owner().resident().empty("administration"));
        come("juliet@example.org/garden");
        CHECK(juliet.account().owner().resident().empty("administration"));
        restart();
        CHECK(told(come("nurse@example.org/x")).empty());
    }
}

TEST_CASE_FIXTURE(Board, "where there is none, nothing is edited, deleted or kept") {
    CHECK(run(*bard, "edit-motd") == "item-not-found");
    CHECK(run(*bard, "delete-motd") == "item-not-found");
    CHECK(run(*bard, "delete-welcome") == "item-not-found");
    CHECK(say("set-motd", "motd", {""}) == "bad-request bad-payload");
    CHECK(romeo->account().owner().resident().empty("administration"));
}

TEST_CASE_FIXTURE(Board, "accounts made since are welcomed at their first login") {
    world.clock().advance(1s);
    CHECK(say("set-welcome", "welcome", {"Be welcome"}) == "completed");
    CHECK(told(*romeo).empty());
    CHECK(told(come("juliet@example.org/balcony")).empty());  // she was here before
    world.add_account("nurse@example.org");
    Client& nurse = come("nurse@example.org/x");
    CHECK(told(nurse) == Values{"Welcome: Be welcome"});
    CHECK(told(come("nurse@example.org/y")).empty());

    SUBCASE("after a restart, and in other words, still once") {
        restart();
        CHECK(say("set-welcome", "welcome", {"Hello"}) == "completed");
        CHECK(offered.field("welcome")->values == Values{"Be welcome"});
        CHECK(told(come("nurse@example.org/x")).empty());
        world.add_account("peter@example.org");
        CHECK(told(come("peter@example.org/x")) == Values{"Welcome: Hello"});
    }
    SUBCASE("until it is deleted") {
        CHECK(run(*bard, "delete-welcome") == "completed");
        world.add_account("peter@example.org");
        CHECK(told(come("peter@example.org/x")).empty());
    }
}

}  // namespace
}  // namespace clarion::administration
