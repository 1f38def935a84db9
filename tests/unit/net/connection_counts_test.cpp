#include "server/net/connection_counts.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "server/net/transport/socket_address.h"

using namespace clarion;
using net::ConnectionCounts;
using Kind = ConnectionCounts::Kind;

TEST_SUITE("net/connection_counts") {
    TEST_CASE("places are counted by network and kind, and given back") {
        const auto counts = std::make_shared<ConnectionCounts>();
        const ConnectionCounts::Limits limits{.per_network = 2, .unauthenticated = 3};
        auto a = counts->admit(Kind::client, "192.0.2.1", limits);
        auto b = counts->admit(Kind::client, "192.0.2.1", limits);
        REQUIRE(a);
        REQUIRE(b);
        CHECK_FALSE(counts->admit(Kind::client, "192.0.2.1", limits));
        CHECK(counts->admit(Kind::server, "192.0.2.1", limits));
        auto c = counts->admit(Kind::client, "192.0.2.2", limits);
        CHECK(counts->unauthenticated(Kind::client) == 3);
        CHECK_FALSE(counts->admit(Kind::client, "192.0.2.2", limits));
        CHECK(counts->admit(Kind::client, "192.0.2.1", {}));

        a->note_authenticated();
        a->note_authenticated();
        CHECK(counts->unauthenticated(Kind::client) == 2);
        CHECK_FALSE(counts->admit(Kind::client, "192.0.2.1", limits));
        CHECK(counts->admit(Kind::client, "192.0.2.3", limits));
        {
            const ConnectionCounts::Place moved = std::move(*a);  // as connections are
            a.reset();
            CHECK_FALSE(counts->admit(Kind::client, "192.0.2.1", limits));
        }
        CHECK(counts->admit(Kind::client, "192.0.2.1", limits));
        b.reset();
        c.reset();
        CHECK(counts->unauthenticated(Kind::client) == 0);
        CHECK(counts->unauthenticated(Kind::server) == 0);
    }

    TEST_CASE("when all places are taken, the network that holds most loses its oldest") {
        const auto counts = std::make_shared<ConnectionCounts>();
        const ConnectionCounts::Limits limits{.unauthenticated = 4};
        const auto come = [&](const char* network) {
            return counts->admit(Kind::client, network, limits);
        };
        auto a1 = come("a"), a2 = come("a"), a3 = come("a"), a4 = come("a");
        CHECK_FALSE(come("a"));
        CHECK_FALSE(a1->is_lost());
        auto b1 = come("b");
        REQUIRE(b1);
        CHECK(a1->is_lost());
        CHECK_FALSE(a2->is_lost());
        CHECK(counts->unauthenticated(Kind::client) == 4);
        CHECK_FALSE(come("a"));
        auto b2 = come("b");
        REQUIRE(b2);
        CHECK(a2->is_lost());
        CHECK_FALSE(come("b"));  // as many as the other: nothing is turned round
        CHECK_FALSE(come("a"));
        auto c1 = come("c");
        REQUIRE(c1);
        CHECK_FALSE(c1->is_lost());
        CHECK(b1->is_lost() != a3->is_lost());

        // Who logs in meanwhile keeps its connection.
        a1->note_authenticated();
        CHECK_FALSE(a1->is_lost());
        CHECK(counts->unauthenticated(Kind::client) == 4);
        a2.reset();
        CHECK(counts->unauthenticated(Kind::client) == 4);
        for (auto* place : {&a3, &a4, &b1, &b2, &c1}) place->reset();
        CHECK(counts->unauthenticated(Kind::client) == 0);
        CHECK_FALSE(counts->admit(Kind::client, "a", {.per_network = 1}));  // a1 is there
        a1.reset();
        CHECK(counts->admit(Kind::client, "a", {.per_network = 1}));
    }

    TEST_CASE("questions take no places from others") {
        const auto counts = std::make_shared<ConnectionCounts>();
        const ConnectionCounts::Limits limits{.unauthenticated = 2};
        const auto a = counts->admit(Kind::question, "a", limits);
        const auto b = counts->admit(Kind::question, "a", limits);
        CHECK_FALSE(counts->admit(Kind::question, "b", limits));
    }

    TEST_CASE("who has proved something leaves room for others of its network") {
        const auto counts = std::make_shared<ConnectionCounts>();
        const ConnectionCounts::Limits limits{.per_network = 3, .unauthenticated_per_network = 1};
        auto a = counts->admit(Kind::server, "192.0.2.1", limits);
        REQUIRE(a);
        CHECK_FALSE(counts->admit(Kind::server, "192.0.2.1", limits));
        CHECK(counts->admit(Kind::server, "192.0.2.2", limits));
        a->note_authenticated();
        auto b = counts->admit(Kind::server, "192.0.2.1", limits);
        REQUIRE(b);
        b->note_authenticated();
        const auto c = counts->admit(Kind::server, "192.0.2.1", limits);
        CHECK(c);
        b.reset();
        CHECK_FALSE(counts->admit(Kind::server, "192.0.2.1", limits));
    }

    TEST_CASE("questions are counted apart from the connections that ask them") {
        const auto counts = std::make_shared<ConnectionCounts>();
        const ConnectionCounts::Limits limits{.per_network = 1, .unauthenticated = 2};
        const auto connection = counts->admit(Kind::server, "192.0.2.1", limits);
        const auto a = counts->admit(Kind::question, "192.0.2.1", limits);
        CHECK(a);
        CHECK_FALSE(counts->admit(Kind::question, "192.0.2.1", limits));
        const auto b = counts->admit(Kind::question, "192.0.2.2", limits);
        CHECK(b);
        CHECK_FALSE(counts->admit(Kind::question, "192.0.2.3", limits));
    }

    TEST_CASE("a network may come so often, however short it stays") {
        using namespace std::chrono_literals;
        const auto counts = std::make_shared<ConnectionCounts>();
        ConnectionCounts::Limits limits{.new_per_second = 10, .now = SteadyTime{1h}};
        const auto come = [&](const char* network) {
            return counts->admit(Kind::client, network, limits).has_value();
        };
        for (int i = 0; i < 40; ++i) CHECK(come("192.0.2.1"));
        CHECK_FALSE(come("192.0.2.1"));
        CHECK(come("192.0.2.2"));
        CHECK_FALSE(counts->admit(Kind::server, "192.0.2.1", limits));
        limits.now += 500ms;
        for (int i = 0; i < 5; ++i) CHECK(come("192.0.2.1"));
        CHECK_FALSE(come("192.0.2.1"));
        limits.now += 1h;
        for (int i = 0; i < 40; ++i) CHECK(come("192.0.2.1"));
        CHECK_FALSE(come("192.0.2.1"));
        for (int i = 0; i < 120000; ++i) counts->admit(Kind::client, std::to_string(i), limits);
        CHECK(come("192.0.2.3"));
    }

    TEST_CASE("those who come seldom are forgotten first, and nobody is looked for") {
        using namespace std::chrono_literals;
        net::Allowances allowances(4);
        const net::Allowances::Rate rate{.per_second = 1, .seconds_at_once = 2};
        SteadyTime now{1h};
        const auto take = [&](const char* who) { return allowances.take(who, now, rate); };
        CHECK(take("often"));
        CHECK(take("often"));
        CHECK_FALSE(take("often"));
        for (const char* who : {"a", "b", "c", "d", "e"}) {
            CHECK(take(who));
            CHECK_FALSE(take("often"));
            CHECK(allowances.size() <= 4);
        }
        for (const char* who : {"f", "g", "h", "i"}) CHECK(take(who));
        CHECK(take("often"));  // did nothing for so long
        now += 1s;
        CHECK(take("often"));
        CHECK(take("often"));
        CHECK_FALSE(take("often"));
        for (int i = 0; i < 100; ++i) CHECK(allowances.take("anybody", now, {}));
    }

    TEST_CASE("a network is an IPv4 address, or the /64 of an IPv6 one") {
        const auto network = [](const char* ip) {
            return net::SocketAddress::parse(ip, 5222).value().network();
        };
        CHECK(network("192.0.2.1") == "192.0.2.1");
        CHECK(network("::ffff:192.0.2.1") == "192.0.2.1");
        CHECK(network("2001:db8:0:1:2:3:4:5") == "2001:db8:0:1::/64");
        CHECK(network("2001:db8:0:1::") == "2001:db8:0:1::/64");
        CHECK(network("::1") == "::/64");
    }
}
