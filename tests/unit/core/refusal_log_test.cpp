#include "server/core/routing/refusal_log.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/log.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace std::chrono_literals;
using clarion::test::Client;
using clarion::test::World;

namespace {

/// Lines of the area "refusal" at level info, while it lives.
class Refusals {
public:
    Refusals() {
        set_log_level(LogLevel::info);
        set_log_sink([this](std::string_view line) {
            const auto at = line.find(" info refusal ");
            if (at != std::string_view::npos) lines.emplace_back(line.substr(at + 14));
        });
    }
    ~Refusals() {
        set_log_sink({});
        set_log_level(LogLevel::error);
    }
    std::vector<std::string> lines;
};

}  // namespace

TEST_SUITE("core/refusal_log") {
    TEST_CASE("who was refused what, by whom and why") {
        World world;
        world.add_account("romeo@example.org");
        Client& romeo = world.connect("romeo@example.org/orchard");
        Refusals log;
        romeo.send("<iq type='get' id='1' to='example.org'><query xmlns='urn:none'/></iq>");
        romeo.send("<iq type='get' id='2' to='a@b@c'><query xmlns='urn:none'/></iq>");
        romeo.send("<message to='nobody@example.net'><body>Written</body></message>");
        REQUIRE(log.lines.size() == 3);
        CHECK(log.lines[0] ==
              "stanza from=romeo@example.org/orchard to=example.org kind=iq type=get "
              "payload=urn:none condition=service-unavailable text=\"\"");
        CHECK(log.lines[1].find("to=a@b@c kind=iq type=get payload=urn:none "
                                "condition=jid-malformed text=") != std::string::npos);
        CHECK(log.lines[2].find("to=nobody@example.net kind=message") != std::string::npos);
        CHECK(log.lines[2].find("Written") == std::string::npos);
    }

    TEST_CASE("no peer fills the log: the rest is summed up, and others are still heard") {
        World world({.config = "[log]\nrefusals_per_peer = 3\n", .shards = 1});
        for (const char* jid : {"romeo@example.org", "juliet@example.org"}) world.add_account(jid);
        Client& romeo = world.connect("romeo@example.org/orchard");
        Client& juliet = world.connect("juliet@example.org/balcony");
        Refusals log;
        const auto ask = [](Client& who, int i) {
            who.send("<iq type='get' id='1' to='example.org'><query xmlns='urn:" +
                     std::to_string(i) + "'/></iq>");
        };
        for (int i = 0; i < 50; ++i) ask(romeo, i);
        CHECK(log.lines.size() == 3);
        ask(juliet, 0);
        CHECK(log.lines.size() == 4);
        world.advance(10s);
        REQUIRE(log.lines.size() == 5);
        CHECK(log.lines[4] == "more peer=romeo@example.org lines=47 condition=service-unavailable");
        ask(romeo, 0);
        CHECK(log.lines.size() == 6);
    }

    TEST_CASE("all peers together do not fill it either") {
        World world({.config = "[log]\nrefusals = 5\n", .shards = 1});
        Refusals log;
        for (int i = 0; i < 2000; ++i)
            world.arrive("<iq type='get' id='1' from='p" + std::to_string(i) +
                         ".example' to='example.org'><query xmlns='urn:none'/></iq>");
        CHECK(log.lines.size() == 5);
        world.advance(10s);
        REQUIRE(log.lines.size() == 11);
        CHECK(log.lines.back() == "more lines=1990");
    }

    TEST_CASE("what somebody does as often as they like is summed up, and leaves others' lines") {
        World world({.config = "[log]\nrefusals_per_peer = 3\nrefusals = 4\n", .shards = 1});
        Refusals log;
        core::RefusalLog& refusals = world.core(0).refusals();
        constexpr Logger area{"refusal"};  // so that they are among the lines
        for (int peer = 0; peer < 5; ++peer)
            for (int i = 0; i < 50; ++i)
                refusals.tell(area, "p" + std::to_string(peer) + "@example.org", "enabled", {});
        CHECK(log.lines.size() == 15);
        CHECK(refusals.admit("somebody else", ""));
        world.advance(10s);
        CHECK(log.lines.size() == 20);
        CHECK(log.lines[15].find("lines=47 condition=enabled") != std::string::npos);
        CHECK(log.lines.back() == "more lines=47");  // of the fifth
    }

    TEST_CASE("who says to be somebody and has not proved it counts as their network") {
        World world({.config = "[log]\nrefusals_per_peer = 3\n", .shards = 1});
        Refusals log;
        core::RefusalLog& refusals = world.core(0).refusals();
        for (int i = 0; i < 50; ++i) {
            const std::string domain = "d" + std::to_string(i) + ".example";
            refusals.on_stream({"s2s-in", {}, domain, {}}, "192.0.2.1", "192.0.2.1", "x", {});
            refusals.on_request(domain, "urn:none", "x", {}, "192.0.2.2");
        }
        CHECK(log.lines.size() == 6);
    }
}
