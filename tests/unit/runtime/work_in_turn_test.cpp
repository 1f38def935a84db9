#include "server/runtime/work_in_turn.h"

#include <doctest/doctest.h>

#include <string>

using clarion::core::WorkInTurn;

TEST_CASE("who asks workers for much waits for themselves") {
    WorkInTurn waiting;
    std::string done;
    const auto push = [&](const char* key, char what) {
        waiting.push(key, [&done, what] { done += what; });
    };
    for (const char what : {'1', '2', '3', '4'}) push("a", what);
    waiting.take()();
    push("b", 'x');
    push("b", 'y');
    push("c", 'z');
    while (auto work = waiting.take()) work();
    CHECK(done == "12xz3y4");
    CHECK_FALSE(waiting.take());
}
