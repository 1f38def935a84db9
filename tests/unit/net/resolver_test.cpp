#include "server/net/dns/resolver.h"

#include <doctest/doctest.h>

#include "base/clock.h"
#include "server/core/options.h"
#include "server/net/dns/ttl_cache.h"
#include "server/runtime/shard.h"
#include "storage/memory/memory_storage.h"
#include "storage/storage.h"
#include "tests/unit/net/loop.h"

using namespace clarion;
using namespace clarion::net;
using namespace std::chrono_literals;

namespace {

/// A shard whose resolver has no name server that answers.
struct Resolving {
    std::unique_ptr<storage::Storage> storage = storage::make_memory_storage();
    core::ShardSet shards{1, system_clock(), *storage};
    core::DnsOptions options = [] {
        core::DnsOptions none;
        none.servers = {"127.0.0.1:1"};
        none.timeout = 200ms;
        return none;
    }();
    Resolver resolver{shards.at(0), options};

    template <class T>
    Result<T> run(Task<Result<T>> task) {
        Result<T> result = fail("never");
        bool ended = false;
        boost::asio::co_spawn(shards.at(0).executor(), keep(std::move(task), result),
                              [&](std::exception_ptr) { ended = true; });
        const auto limit = std::chrono::steady_clock::now() + 10s;
        while (!ended && std::chrono::steady_clock::now() < limit) shards.at(0).run_ready();
        return result;
    }
    template <class T>
    static Task<> keep(Task<Result<T>> task, Result<T>& result) {
        result = co_await std::move(task);
    }
};

}  // namespace

TEST_CASE("a domain that is an IP address needs no DNS") {
    Resolving with;
    for (const std::string& domain : {std::string("192.0.2.7"), std::string("[2001:db8::7]")}) {
        const auto targets = with.run(with.resolver.resolve(domain));
        REQUIRE(targets.ok());
        REQUIRE(targets->size() == 1);
        CHECK(targets->front().port == 5269);
        CHECK(!targets->front().direct_tls);
        REQUIRE(targets->front().addresses.size() == 1);
        CHECK(domain.find(targets->front().addresses.front()) != std::string::npos);
    }
}

TEST_CASE("without an answer the domain itself is tried, and /etc/hosts is looked at") {
    Resolving with;
    const auto targets = with.run(with.resolver.resolve("localhost"));
    REQUIRE(targets.ok());
    REQUIRE(targets->size() == 1);
    CHECK(targets->front().host == "localhost");
    const auto addresses = with.run(with.resolver.addresses("localhost"));
    REQUIRE(addresses.ok());
    CHECK(!addresses->empty());
}

TEST_CASE("name servers that do not answer are told from names that do not exist") {
    Resolving with;
    const auto addresses = with.run(with.resolver.addresses("xmpp.example.org"));
    REQUIRE(!addresses.ok());
    CHECK(addresses.error().code == "dns-timeout");
}

TEST_CASE("the cache forgets what expired, and never grows over its limit") {
    TtlCache<int> cache(2);
    const SteadyTime now{1h};
    cache.put("a", 1, now, 10s);
    cache.put("b", 2, now, 20s);
    CHECK(*cache.find("a", now) == 1);
    CHECK(cache.find("a", now + 10s) == nullptr);
    cache.put("c", 3, now + 15s, 10s);  // takes the place of "a"
    CHECK(cache.size() == 2);
    CHECK(*cache.find("b", now + 15s) == 2);
    cache.put("d", 4, now + 16s, 10s);
    CHECK(cache.size() == 2);
    CHECK(*cache.find("d", now + 16s) == 4);
    cache.put("e", 5, now, 0s);
    CHECK(cache.find("e", now) == nullptr);
    cache.erase("d");
    CHECK(cache.find("d", now) == nullptr);
}

TEST_CASE("a full cache forgets what expires first, whatever was put when") {
    TtlCache<int> cache(3);
    const SteadyTime now{1h};
    cache.put("later", 1, now, 30s);
    cache.put("first", 2, now, 10s);
    cache.put("next", 3, now, 20s);
    cache.put("new", 4, now, 25s);
    CHECK(cache.find("first", now) == nullptr);
    cache.put("next", 5, now, 40s);  // again: its place is the new one's
    cache.put("newer", 6, now, 50s);
    CHECK(cache.find("new", now) == nullptr);
    CHECK(*cache.find("next", now) == 5);
    CHECK(*cache.find("later", now) == 1);
    CHECK(cache.size() == 3);
}

TEST_CASE("putting into a full cache costs the same as into an empty one") {
    constexpr int entries = 20000;
    TtlCache<int> cache(entries);
    const auto fill = [&](int from) {
        const auto began = std::chrono::steady_clock::now();
        for (int i = from; i < from + entries; ++i)
            cache.put(std::to_string(i), i, SteadyTime{1h}, 1h);
        return std::chrono::steady_clock::now() - began;
    };
    const auto empty = fill(0), full = fill(entries);
    CHECK(full < 20 * empty + 100ms);  // 20,000 walks over 20,000 entries take seconds
    CHECK(cache.size() == entries);
}
