#include "modules/commands/executions.h"

#include <doctest/doctest.h>

#include <chrono>

namespace clarion::commands {
namespace {

using namespace std::chrono_literals;

struct Kept {
    core::Command command{.node = "n", .name = "N", .forms = {}, .run = {}, .allowed = {}};
    core::Command other{.node = "m", .name = "M", .forms = {}, .run = {}, .allowed = {}};
    Executions executions;
    SteadyTime now{1h};

    void keep(const std::string& id, const std::string& who = "a@x/1", std::size_t most = 3) {
        Execution execution;
        execution.id = id;
        execution.command = &command;
        execution.who = who;
        execution.whom = "x";
        execution.expires = now + 10min;
        executions.keep(std::move(execution), now, most);
    }
    std::string take(const std::string& id, const std::string& who = "a@x/1",
                     const std::string& whom = "x", const std::string& node = "n") {
        const auto found = executions.take(now, {.id = id, .node = node, .who = who, .whom = whom});
        return found ? found->id : found.error().code;
    }
};

TEST_CASE_FIXTURE(Kept, "an execution is found by who began it, where and for what, and once") {
    keep("1");
    CHECK(take("2") == "bad-sessionid");
    CHECK(take("1", "a@x/2") == "bad-sessionid");
    CHECK(take("1", "b@x/1") == "bad-sessionid");
    CHECK(take("1", "a@x/1", "a@x") == "bad-sessionid");
    CHECK(take("1", "a@x/1", "x", "m") == "bad-sessionid");
    CHECK(take("1") == "1");
    CHECK(take("1") == "bad-sessionid");  // somebody is at it
}

TEST_CASE_FIXTURE(Kept, "an execution that is over is known for a while") {
    keep("1");
    SUBCASE("because time ran out") {
        now += 9min + 59s;
        keep("2");
        now += 2s;
        CHECK(take("1") == "session-expired");
        CHECK(take("1", "b@x/1") == "bad-sessionid");
        CHECK(take("2") == "2");
        CHECK(executions.size() == 0);
    }
    SUBCASE("because it was ended") {
        const auto taken =
            executions.take(now, {.id = "1", .node = "n", .who = "a@x/1", .whom = "x"});
        executions.end(*taken);
        CHECK(take("1") == "session-expired");
    }
    SUBCASE("until a thousand others are") {
        for (int i = 0; i < 1003; ++i) keep("n" + std::to_string(i));
        CHECK(executions.size() == 3);
        CHECK(take("1") == "bad-sessionid");
        CHECK(take("n0") == "session-expired");
    }
}

TEST_CASE_FIXTURE(Kept, "an account has so many, from all its resources, and others have theirs") {
    keep("1", "a@x/1");
    keep("2", "a@x/2");
    keep("3", "b@x/1");
    keep("4", "a@x/1");
    keep("5", "a@x/1");
    CHECK(executions.size() == 4);
    CHECK(take("1") == "session-expired");
    CHECK(take("2", "a@x/2") == "2");
    CHECK(take("3", "b@x/1") == "3");
}

}  // namespace
}  // namespace clarion::commands
