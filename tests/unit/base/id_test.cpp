#include "base/id.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/text.h"

using namespace clarion;

TEST_CASE("a token has the bytes asked for, in the alphabet of URLs") {
    for (const std::size_t bytes : {0u, 1u, 16u, 32u, 64u, 65u, 5000u}) {
        const Result<std::string> raw = base64url_decode(random_token(bytes));
        REQUIRE(raw.ok());
        CHECK(raw->size() == bytes);
    }
}

TEST_CASE("tokens do not repeat, within a thread or across threads") {
    std::vector<std::vector<std::string>> made(4);
    std::vector<std::thread> threads;
    for (auto& tokens : made) {
        threads.emplace_back([&tokens] {
            for (int i = 0; i < 1000; ++i) tokens.push_back(random_token(16));
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::set<std::string> distinct;
    for (const auto& tokens : made) distinct.insert(tokens.begin(), tokens.end());
    CHECK(distinct.size() == 4000);
}

TEST_CASE("every bit of a random number is sometimes set and sometimes not") {
    std::uint64_t ever = 0;
    std::uint64_t always = ~std::uint64_t{0};
    for (int i = 0; i < 500; ++i) {
        const std::uint64_t number = random_u64();
        ever |= number;
        always &= number;
    }
    CHECK(ever == ~std::uint64_t{0});
    CHECK(always == 0);
}
