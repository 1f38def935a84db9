#include "modules/http_upload/quota.h"

#include <doctest/doctest.h>

#include <chrono>

namespace clarion::http_upload {
namespace {

using namespace std::chrono_literals;
using Of = Shortage::Of;

constexpr LastingTime now{1'700'000'000s};
constexpr LastingTime end = now + 10min;

std::optional<Shortage> ask(std::uint64_t size, const Usage& usage, const Promised& promised,
                            const UploadOptions& options, Purpose purpose = Purpose::message) {
    return find_shortage(usage, promised, options, purpose, size, now);
}

TEST_CASE("quota: bytes that are kept, and promised") {
    const UploadOptions options{.quota = 1000, .daily_quota = 0};
    CHECK_FALSE(ask(400, {.bytes = 600}, {}, options));
    CHECK(ask(401, {.bytes = 600}, {}, options) == Shortage{Of::bytes});
    // A slot may not be used after all.
    CHECK(ask(400, {.bytes = 500}, {.bytes = 200, .slots = 1, .next_end = end}, options) ==
          Shortage{Of::bytes, end});
    CHECK(ask(600, {.bytes = 500}, {.bytes = 200, .slots = 1, .next_end = end}, options) ==
          Shortage{Of::bytes});
    CHECK_FALSE(ask(1u << 30, {.bytes = 1u << 30}, {}, {.quota = 0, .daily_quota = 0}));
}

TEST_CASE("quota: profiles have their own") {
    const UploadOptions options{.quota = 1000, .daily_quota = 0, .profile_quota = 100};
    CHECK_FALSE(ask(100, {.bytes = 1000}, {}, options, Purpose::profile));
    CHECK(ask(51, {.profile_bytes = 50}, {}, options, Purpose::profile) == Shortage{Of::bytes});
    CHECK_FALSE(ask(1000, {.profile_bytes = 100}, {}, options));
    CHECK(ask(1, {.bytes = 1000}, {}, options, Purpose::permanent) == Shortage{Of::bytes});
}

TEST_CASE("quota: files and slots") {
    const UploadOptions options{.daily_quota = 0, .max_files = 3, .max_slots = 2};
    CHECK_FALSE(ask(1, {.files = 2}, {}, options));
    CHECK(ask(1, {.files = 3}, {}, options) == Shortage{Of::files});
    CHECK(ask(1, {.files = 2}, {.files = 1, .slots = 1, .next_end = end}, options) ==
          Shortage{Of::files, end});
    CHECK(ask(1, {}, {.slots = 2, .next_end = end}, options) == Shortage{Of::slots, end});
}

TEST_CASE("quota: what is uploaded in a day drains") {
    const UploadOptions options{.quota = 0, .daily_quota = 2400};
    Usage usage;
    add_daily(usage, options, 2400, now);
    CHECK(drained(usage, options, now) == 2400);
    CHECK(drained(usage, options, now + 1h) == 2300);
    CHECK(drained(usage, options, now + 24h) == 0);
    CHECK(drained(usage, options, now + 240h) == 0);
    CHECK(drained(usage, options, now - 1h) == 2400);  // whatever the clock was
    const auto shortage = ask(100, usage, {}, options);
    REQUIRE(shortage);
    CHECK(shortage->of == Of::day);
    REQUIRE(shortage->again);
    CHECK(*shortage->again > now + 59min);
    CHECK(*shortage->again < now + 61min);
    CHECK_FALSE(find_shortage(usage, {}, options, Purpose::message, 100, *shortage->again));
    give_back_daily(usage, options, 400, now + 1h);
    CHECK(usage.daily == 1900);
    give_back_daily(usage, options, 5000, now + 1h);
    CHECK(usage.daily == 0);
}

TEST_CASE("quota: a limit that was lowered holds what is above it back, but not for ever") {
    Usage usage{.daily = 1'000'000, .daily_at = now};
    const UploadOptions options{.quota = 0, .daily_quota = 1000};
    CHECK(ask(1, usage, {}, options));
    CHECK(drained(usage, options, now + 24h) == 999'000);
    add_daily(usage, {.daily_quota = 0}, 10, now);
    CHECK(usage.daily == 1'000'010);
}

TEST_CASE("quota: files come and go") {
    Usage usage;
    add_file(usage, Purpose::message, 10);
    add_file(usage, Purpose::profile, 5);
    add_file(usage, Purpose::permanent, 1);
    CHECK(usage == Usage{.bytes = 11, .profile_bytes = 5, .files = 3});
    remove_file(usage, Purpose::profile, 5);
    remove_file(usage, Purpose::message, 100);  // more than there is, of a damaged record
    remove_file(usage, Purpose::message, 1);
    remove_file(usage, Purpose::message, 1);
    CHECK(usage == Usage{});
}

}  // namespace
}  // namespace clarion::http_upload
