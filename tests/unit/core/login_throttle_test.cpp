#include "server/core/streams/login_throttle.h"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace clarion;
using namespace std::chrono_literals;
using core::LoginThrottle;

namespace {

constexpr LoginThrottle::Pauses pauses{500ms, 10s};
constexpr std::string_view juliet = "juliet@example.org";

/// How long an attempt would have to wait; nullopt: it is refused.
std::optional<Duration> wait(LoginThrottle& throttle, SteadyTime now, std::string_view network,
                             std::string_view account = juliet) {
    const auto attempt = throttle.begin(now, network, account, pauses);
    if (!attempt) return std::nullopt;
    return attempt->wait();
}

}  // namespace

TEST_SUITE("core/login_throttle") {
    TEST_CASE("each failure doubles the pause before the next attempt") {
        LoginThrottle throttle;
        SteadyTime now{1h};
        for (const Duration expected : {500ms, 1000ms, 2000ms, 4000ms, 8000ms}) {
            CHECK(wait(throttle, now, "a") == Duration{});
            CHECK(throttle.on_failure(now, "a", juliet, pauses) == expected);
            now += expected;
        }
        for (int i = 0; i < 3; ++i) throttle.on_failure(now, "a", juliet, pauses);
        CHECK(throttle.on_failure(now, "a", juliet, pauses) == 10s);
        CHECK(wait(throttle, now, "a") == 10s);
        CHECK_FALSE(wait(throttle, now, "a"));
    }

    TEST_CASE(
        "attempts that are made at once follow each other, and those too far away are refused") {
        LoginThrottle throttle;
        const SteadyTime now{1h};
        throttle.on_failure(now, "a", juliet, pauses);
        std::vector<LoginThrottle::Attempt> made;
        Duration last{};
        for (int i = 0; i < 200; ++i) {
            auto attempt = throttle.begin(now, "a", juliet, pauses);
            if (!attempt) continue;
            CHECK(attempt->wait() >= last + 500ms);
            last = attempt->wait();
            made.push_back(std::move(*attempt));
        }
        CHECK(made.size() <= 10);
        CHECK(last <= 10s);
    }

    TEST_CASE("attempts that have not failed yet count as well, but for the devices of one owner") {
        LoginThrottle throttle;
        const SteadyTime now{1h};
        std::vector<LoginThrottle::Attempt> made;
        int at_once = 0;
        for (int i = 0; i < 200; ++i) {
            auto attempt = throttle.begin(now, "a", juliet, pauses);
            if (!attempt) continue;
            at_once += attempt->wait() == Duration{} ? 1 : 0;
            made.push_back(std::move(*attempt));
        }
        CHECK(at_once == 6);
        CHECK(made.size() <= 12);
        made.clear();
        CHECK(wait(throttle, now + 1min, "a") == Duration{});
    }

    TEST_CASE("an owner elsewhere gets in, and so do others from where somebody guesses") {
        LoginThrottle throttle;
        SteadyTime now{1h};
        for (int i = 0; i < 8; ++i) throttle.on_failure(now, "a", juliet, pauses);
        CHECK_FALSE(wait(throttle, now, "a").value_or(10s) < 10s);
        CHECK(wait(throttle, now, "b") == Duration{});
        CHECK(wait(throttle, now, "a", "romeo@example.org") == Duration{});
    }

    TEST_CASE("an account that is guessed from everywhere is open to whom it knows") {
        LoginThrottle throttle;
        const SteadyTime now{1h};
        throttle.on_success(now, "home", juliet);
        for (int i = 0; i < 200; ++i) throttle.on_failure(now, std::to_string(i), juliet, pauses);
        CHECK(wait(throttle, now, "new") == 10s);
        CHECK_FALSE(wait(throttle, now, "newer"));
        CHECK(wait(throttle, now, "home") == Duration{});
    }

    TEST_CASE(
        "a network that guesses at every account is slowed down, but not who is known there") {
        LoginThrottle throttle;
        const SteadyTime now{1h};
        throttle.on_success(now, "a", juliet);
        for (int i = 0; i < 200; ++i)
            throttle.on_failure(now, "a", std::to_string(i) + "@example.org", pauses);
        CHECK(wait(throttle, now, "a", "romeo@example.org") == 10s);
        CHECK(wait(throttle, now, "a") == Duration{});
    }

    TEST_CASE("many log in at once from one network when nobody fails") {
        LoginThrottle throttle;
        const SteadyTime now{1h};
        std::vector<LoginThrottle::Attempt> made;
        for (int i = 0; i < 1000; ++i) {
            auto attempt = throttle.begin(now, "a", std::to_string(i) + "@example.org", pauses);
            REQUIRE(attempt);
            CHECK(attempt->wait() == Duration{});
            made.push_back(std::move(*attempt));
        }
    }

    TEST_CASE("failures are forgotten as time goes by, and forgiven to whom gets in") {
        LoginThrottle throttle;
        SteadyTime now{1h};
        for (int i = 0; i < 4; ++i) throttle.on_failure(now, "a", juliet, pauses);
        CHECK(throttle.on_failure(now + 1min, "a", juliet, pauses) == 500ms);
        now += 1min;
        throttle.on_success(now, "a", juliet);
        CHECK(wait(throttle, now, "a") == Duration{});
        CHECK(throttle.on_failure(now, "a", juliet, pauses) == 500ms);
    }

    TEST_CASE("a flood of others does not wipe out who guesses now") {
        LoginThrottle throttle;
        SteadyTime now{1h};
        for (int i = 0; i < 60000; ++i) {
            now += 1ms;
            throttle.on_failure(now, std::to_string(i), std::to_string(i), pauses);
            if (i % 1000 == 0) throttle.on_failure(now, "a", juliet, pauses);
        }
        CHECK(wait(throttle, now, "a").value_or(10s) > 1s);
    }

    TEST_CASE("a name is as hard to find out as a password") {
        LoginThrottle throttle;
        const SteadyTime now{1h};
        CHECK(wait(throttle, now, "a", {}) == Duration{});
        CHECK(throttle.on_failure(now, "a", {}, pauses) == 500ms);
        CHECK(wait(throttle, now, "a", {}) == 500ms);
        CHECK(wait(throttle, now, "b", {}) == Duration{});
        CHECK(wait(throttle, now, "a") == Duration{});
    }
}
