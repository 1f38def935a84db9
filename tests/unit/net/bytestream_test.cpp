#include <doctest/doctest.h>

#include "proto/socks5.h"
#include "server/core/routing/domain_links.h"
#include "server/net/proxy65/bytestream_relay.h"
#include "tests/unit/net/wire.h"

using namespace clarion;
using namespace std::chrono_literals;
using clarion::test::Wire;
using clarion::test::WireClient;

namespace {

const std::string romeo = "romeo@example.org";

std::string bytes(std::initializer_list<unsigned char> values) {
    return {values.begin(), values.end()};
}

/// A server with the relay, and its port.
struct Proxy {
    explicit Proxy(const std::string& options = {}) : wire("[bytestreams]\n" + options) {
        std::vector<net::BytestreamRelay*> all;
        for (const auto& net : wire.nets) {
            relays.push_back(std::make_unique<net::BytestreamRelay>(*net));
            all.push_back(relays.back().get());
        }
        for (const auto& relay : relays) relay->set_peers(all);
        port = wire.listen("proxy65");
    }
    ~Proxy() { wire.stop(); }

    /// What the requester asks for by XMPP.
    std::string activate(const std::string& address, const std::string& account = romeo) {
        const unsigned shard = relays[0]->meeting_shard(address);
        core::BytestreamPort* const mine = wire.world.core(shard).links().bytestreams();
        const Result<> done = mine->activate(address, account);
        wire.settle();
        return done ? "active" : std::string(done.error().code);
    }
    std::size_t streams() const { return relays[0]->streams() + relays[1]->streams(); }

    Wire wire;
    std::vector<std::unique_ptr<net::BytestreamRelay>> relays;
    std::uint16_t port;
};

/// One that has asked for an address.
struct End : WireClient {
    End(Proxy& proxy, const std::string& address, const char* from = "127.0.0.1")
        : WireClient(proxy.wire, proxy.port, from) {
        ask(bytes({5, 1, 0}), bytes({5, 0}));
        send(bytes({5, 1, 0, 3, 40}) + address + bytes({0, 0}));
        answer = expect(address + bytes({0, 0}));
    }
    bool joined() const { return answer == bytes({5, 0, 0, 3, 40}) + answer.substr(5); }
    /// Says that it sends no more.
    void end() { ::shutdown(fd(), SHUT_WR); }

    std::string answer;
};

std::string address_of(const std::string& sid) {
    return socks5::stream_address(sid, *Jid::parse("romeo@example.org/orchard"),
                                  *Jid::parse("juliet@example.org/balcony"));
}

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    std::uint32_t state = 1;
    for (char& c : text) {
        state = state * 1664525 + 1013904223;
        c = static_cast<char>(state >> 24);
    }
    return text;
}

/// Sends all of it, however slowly it is taken, while the other reads; what came.
std::string transfer(Proxy& proxy, End& from, End& to, std::string_view text) {
    const std::size_t size = text.size();
    proxy.wire.run_until([&] {
        text.remove_prefix(from.send_some(text));
        (void)to.ended();
        return to.received.size() >= size;
    });
    return std::exchange(to.received, {});
}

}  // namespace

TEST_SUITE("net/bytestream") {
    TEST_CASE("two who ask for the same address are joined, on whatever shards they came") {
        Proxy proxy;
        const std::uint16_t first = proxy.wire.listen("proxy65", 0);
        const std::uint16_t second = proxy.wire.listen("proxy65", 1);
        for (int i = 0; i < 6; ++i) {
            const std::string address = address_of("s" + std::to_string(i));
            proxy.port = first;
            End juliet(proxy, address);
            proxy.port = second;
            End romeo_end(proxy, address);
            REQUIRE(juliet.joined());
            REQUIRE(romeo_end.joined());
            REQUIRE(proxy.activate(address) == "active");
            romeo_end.send("But soft");
            juliet.expect("But soft");
            juliet.send("Ay me");
            romeo_end.expect("Ay me");
        }
        proxy.wire.run_until([&] { return proxy.wire.connections() == 0; });
        CHECK(proxy.streams() == 0);
    }

    TEST_CASE("only the stream that was asked for is active, and only when both are there") {
        Proxy proxy;
        const std::string address = address_of("s");
        CHECK(proxy.activate(address) == "item-not-found");
        End juliet(proxy, address);
        CHECK(proxy.activate(address) == "not-allowed");
        End other(proxy, address_of("t"));
        CHECK(proxy.activate(address) == "not-allowed");
        End mine(proxy, address);
        CHECK(proxy.activate(address_of("u")) == "item-not-found");
        CHECK(proxy.activate(address) == "active");
        CHECK(proxy.activate(address) == "active");  // said twice, as the answer was lost
        CHECK(proxy.activate(address_of("t")) == "not-allowed");
    }

    TEST_CASE("a third is refused, before the stream is active and afterwards") {
        Proxy proxy;
        const std::string address = address_of("s");
        End juliet(proxy, address), mine(proxy, address), third(proxy, address);
        CHECK(third.answer.substr(0, 3) == bytes({5, 5, 0}));
        third.expect_end();
        CHECK(proxy.activate(address) == "active");
        End fourth(proxy, address);
        CHECK(fourth.answer.substr(0, 3) == bytes({5, 5, 0}));
        mine.send("still there");
        juliet.expect("still there");
    }

    TEST_CASE("who went before the stream was active may come again") {
        Proxy proxy;
        const std::string address = address_of("s");
        {
            End early(proxy, address);
            REQUIRE(early.joined());
        }
        proxy.wire.run_until([&] { return proxy.wire.connections() == 0; });
        CHECK(proxy.activate(address) == "item-not-found");
        End juliet(proxy, address), mine(proxy, address);
        CHECK(juliet.joined());
        CHECK(mine.joined());
    }

    TEST_CASE("what is sent before the stream is active is ignored, and there is not much of it") {
        Proxy proxy;
        const std::string address = address_of("s");
        End juliet(proxy, address), mine(proxy, address);
        mine.send("too early");
        proxy.wire.settle();
        REQUIRE(proxy.activate(address) == "active");
        mine.send("in time");
        CHECK(juliet.expect("in time") == "in time");
        End flood(proxy, address_of("t"));
        proxy.wire.run_until([&] {
            flood.send_some(pattern(1 << 20));
            return flood.ended();
        });
    }

    TEST_CASE("each may say that it sends no more, and hears the other out") {
        Proxy proxy;
        const std::string address = address_of("s");
        End juliet(proxy, address), mine(proxy, address);
        REQUIRE(proxy.activate(address) == "active");
        mine.send("farewell");
        mine.end();
        juliet.expect("farewell");
        juliet.expect_end();
        for (int i = 0; i < 3; ++i) {
            juliet.send("good night");
            mine.expect("good night");
        }
        CHECK(proxy.streams() == 1);
        juliet.end();
        mine.expect_end();
        proxy.wire.run_until([&] { return proxy.wire.connections() == 0; });
        CHECK(proxy.streams() == 0);
    }

    TEST_CASE("much is passed on whole, however fast it is read") {
        Proxy proxy("bytes_per_second = 0\nbytes_per_second_per_account = 0\n");
        const std::string address = address_of("s"), text = pattern(32 << 20);
        End juliet(proxy, address), mine(proxy, address);
        REQUIRE(proxy.activate(address) == "active");
        std::string_view left = text;
        std::size_t idle = 0;  // nobody reads: the sender is read no further
        proxy.wire.run_until([&] {
            const std::size_t taken = mine.send_some(left);
            left.remove_prefix(taken);
            idle = taken == 0 ? idle + 1 : 0;
            return left.empty() || idle > 2000;
        });
        REQUIRE(!left.empty());
        CHECK(proxy.wire.nets[0]->memory() + proxy.wire.nets[1]->memory() < 70'000);
        const std::string rest(left);
        std::string_view more = rest;
        proxy.wire.run_until([&] {
            more.remove_prefix(mine.send_some(more));
            (void)juliet.ended();
            return juliet.received.size() >= text.size();
        });
        CHECK(juliet.received == text);
        const std::string_view answer = std::string_view(text).substr(0, 4 << 20);
        CHECK(transfer(proxy, juliet, mine, answer) == answer);
        CHECK(proxy.wire.nets[0]->memory() + proxy.wire.nets[1]->memory() < 5'000);
    }

    TEST_CASE("who takes what is left after the sender is gone gets all of it") {
        Proxy proxy("bytes_per_second = 0\nbytes_per_second_per_account = 0\n");
        const std::string address = address_of("s"), text = pattern(4 << 20);
        End juliet(proxy, address);
        {
            End mine(proxy, address);
            REQUIRE(proxy.activate(address) == "active");
            std::string_view left = text;
            proxy.wire.run_until([&] {
                left.remove_prefix(mine.send_some(left));
                (void)juliet.ended();
                return left.empty();
            });
        }
        juliet.expect_end();
        CHECK(juliet.received == text);
    }

    TEST_CASE("an end that is lost ends the stream") {
        Proxy proxy;
        const std::string address = address_of("s");
        End juliet(proxy, address), mine(proxy, address);
        REQUIRE(proxy.activate(address) == "active");
        juliet.send("Ay me");
        mine.expect("Ay me");
        const linger at_once{1, 0};
        ::setsockopt(mine.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        mine.close();  // with a reset
        juliet.expect_end();
        proxy.wire.advance(6s);
        CHECK(proxy.wire.connections() == 0);
        CHECK(proxy.streams() == 0);
    }

    TEST_CASE("no address that somebody names is connected to") {
        Proxy proxy;
        WireClient client(proxy.wire, proxy.port);
        client.ask(bytes({5, 1, 0}), bytes({5, 0}));
        client.ask(bytes({5, 1, 0, 1, 127, 0, 0, 1, 0, 80}), bytes({5, 8, 0}));
        client.expect_end();
        WireClient name(proxy.wire, proxy.port);
        name.ask(bytes({5, 1, 0}), bytes({5, 0}));
        name.ask(bytes({5, 1, 0, 3, 9}) + "localhost" + bytes({0, 80}), bytes({5, 2, 0}));
        name.expect_end();
        WireClient password(proxy.wire, proxy.port);
        password.ask(bytes({5, 1, 2}), bytes({5, 0xff}));
        password.expect_end();
        WireClient web(proxy.wire, proxy.port);
        web.send("GET / HTTP/1.1\r\n\r\n");
        web.expect_end();
        CHECK(web.received.empty());
    }

    TEST_CASE("who says nothing, or is not activated, has so much time") {
        Proxy proxy("negotiation_timeout = 10\nactivation_timeout = 60\n");
        WireClient silent(proxy.wire, proxy.port);
        proxy.wire.run_until([&] { return proxy.wire.connections() == 1; });
        End waits(proxy, address_of("s"));
        proxy.wire.advance(9s);
        CHECK(!silent.ended());
        proxy.wire.advance(2s);
        silent.expect_end();
        proxy.wire.advance(48s);
        CHECK(!waits.ended());
        proxy.wire.advance(2s);
        waits.expect_end();
        CHECK(proxy.streams() == 0);
    }

    TEST_CASE("an idle stream ends, and so does one that lasts too long") {
        Proxy proxy("idle_time = 20\nmax_duration = 60\n");
        const std::string address = address_of("s");
        End juliet(proxy, address), mine(proxy, address);
        REQUIRE(proxy.activate(address) == "active");
        for (int i = 0; i < 3; ++i) {
            proxy.wire.advance(18s);
            mine.send("still here");
            juliet.expect("still here");
        }
        proxy.wire.advance(7s);
        juliet.expect_end();
        mine.expect_end();
        End second(proxy, address), third(proxy, address);
        REQUIRE(proxy.activate(address) == "active");
        proxy.wire.advance(21s);
        second.expect_end();
        third.expect_end();
        CHECK(proxy.streams() == 0);
    }

    TEST_CASE("streams are counted, of each account and all together, connections by network") {
        Proxy proxy("max_streams = 3\nmax_streams_per_account = 2\nconnections_per_address = 20\n");
        std::vector<std::unique_ptr<End>> ends;
        const auto open = [&](const std::string& sid) {
            for (int i = 0; i < 2; ++i)
                ends.push_back(std::make_unique<End>(proxy, address_of(sid)));
            return address_of(sid);
        };
        CHECK(proxy.activate(open("1")) == "active");
        CHECK(proxy.activate(open("2")) == "active");
        const std::string third = open("3");
        CHECK(proxy.activate(third) == "resource-constraint");
        CHECK(proxy.activate(third, "juliet@example.org") == "active");
        const std::string fourth = open("4");
        CHECK(proxy.activate(fourth, "nurse@example.org") == "resource-constraint");
        ends.erase(ends.begin(), ends.begin() + 2);
        proxy.wire.run_until([&] { return proxy.streams() == 3; });
        CHECK(proxy.activate(fourth) == "active");
        while (proxy.wire.connections() < 20)
            ends.push_back(std::make_unique<End>(proxy, address_of("w")));
        WireClient one_more(proxy.wire, proxy.port);
        one_more.expect_end();
        End from_elsewhere(proxy, address_of("5"), "127.0.0.2");
        CHECK(from_elsewhere.joined());
    }

    TEST_CASE("when all places to wait are taken, the network that has most loses its oldest") {
        Proxy proxy("max_waiting = 4\n");
        End active(proxy, address_of("a")), active_too(proxy, address_of("a"));
        REQUIRE(proxy.activate(address_of("a")) == "active");
        std::vector<std::unique_ptr<End>> waiting;
        for (int i = 0; i < 4; ++i)
            waiting.push_back(std::make_unique<End>(proxy, address_of(std::to_string(i))));
        End other(proxy, address_of("o"), "127.0.0.2");
        CHECK(other.joined());
        proxy.wire.advance(1s);
        waiting.front()->expect_end();
        CHECK(!waiting.back()->ended());
        CHECK(!active.ended());
    }

    TEST_CASE("a stream, and an account, have so many bytes a second") {
        Proxy proxy("bytes_per_second = 100000\nbytes_per_second_per_account = 150000\n");
        End juliet(proxy, address_of("1")), mine(proxy, address_of("1"));
        End nurse(proxy, address_of("2")), also_mine(proxy, address_of("2"));
        REQUIRE(proxy.activate(address_of("1")) == "active");
        REQUIRE(proxy.activate(address_of("2")) == "active");
        const std::string text = pattern(1 << 20);
        const auto come = [&](int seconds, const std::vector<End*>& senders) {
            proxy.wire.advance(std::chrono::seconds(seconds));
            for (int i = 0; i < 5; ++i) {  // more than the kernel takes at once
                for (End* sender : senders) sender->send_some(text);
                proxy.wire.settle();
                (void)juliet.ended();
                (void)nurse.ended();
            }
            return std::pair{juliet.received.size(), nurse.received.size()};
        };
        // Four seconds' worth at once: of a stream, then of the account. A read that has begun is
        // finished, which is 32 KB more at most.
        constexpr std::size_t one_read = 32 * 1024;
        const auto [alone, nothing] = come(0, {&mine});
        CHECK(alone >= 400'000);
        CHECK(alone < 400'000 + one_read);
        CHECK(nothing == 0);
        const auto [first, second] = come(0, {&mine, &also_mine});
        CHECK(first == alone);
        CHECK(first + second >= 600'000);
        CHECK(first + second < 600'000 + 2 * one_read);
        for (int i = 0; i < 10; ++i) come(1, {&mine, &also_mine});
        const auto [later, also_later] = come(1, {&mine, &also_mine});
        const std::size_t together = later + also_later - first - second;
        CHECK(together > 10 * 150'000 - 2 * one_read);
        CHECK(together < 11 * 150'000 + 2 * one_read);
    }

    TEST_CASE("a server that stops ends all streams") {
        Proxy proxy;
        End juliet(proxy, address_of("1")), mine(proxy, address_of("1"));
        End waits(proxy, address_of("2"));
        WireClient silent(proxy.wire, proxy.port);
        REQUIRE(proxy.activate(address_of("1")) == "active");
        proxy.wire.stop();
        CHECK(proxy.wire.connections() == 0);
        for (WireClient* each : {static_cast<WireClient*>(&juliet), static_cast<WireClient*>(&mine),
                                 static_cast<WireClient*>(&waits), &silent})
            each->expect_end();
    }
}
