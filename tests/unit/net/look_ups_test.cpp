#include "server/net/s2s/look_ups.h"

#include <doctest/doctest.h>

#include <string>

using namespace clarion;
using namespace clarion::net;
using namespace std::chrono_literals;

TEST_SUITE("net/look_ups") {
    TEST_CASE("strangers share what all of them may have looked for, accounts do not") {
        LookUps look_ups;
        const LookUpLimits limits;
        SteadyTime now{1h};
        int had = 0;
        for (int i = 0; i < 10000; ++i)
            had += look_ups.take_for_stranger(std::to_string(i % 100), now, limits);
        CHECK(had == 4 * limits.strangers_domains_per_second);
        CHECK(look_ups.take("juliet@example.org", now, limits));
        CHECK_FALSE(look_ups.take_for_stranger("somebody else", now, limits));
        CHECK(look_ups.take_for_stranger("somebody else", now + 1s, limits));
    }

    TEST_CASE("one network does not take what all may have") {
        LookUps look_ups;
        const LookUpLimits limits;
        const SteadyTime now{1h};
        int had = 0;
        for (int i = 0; i < 10000; ++i) had += look_ups.take_for_stranger("a", now, limits);
        CHECK(had == 20 * limits.new_domains_per_second);
        CHECK(look_ups.take_for_stranger("b", now, limits));
    }
}
