// Servers that are slow, silent, or up to no good.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "proto/ns.h"
#include "tests/wire/s2s_world.h"

using namespace clarion;
using clarion::test::Arrival;
using clarion::test::S2sWorld;
using clarion::test::Server;

namespace {

/// A peer that says what it is told to.
class RawPeer {
public:
    explicit RawPeer(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const auto to = net::SocketAddress::parse("127.0.0.1", port).value();
        const timeval limit{10, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        REQUIRE(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(to.storage.data()),
                          to.size) == 0);
    }
    void say(const std::string& text) {
        (void)!::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
    void open(const std::string& from, const std::string& to) {
        say("<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
            "xmlns:db='jabber:server:dialback' version='1.0' from='" +
            from + "' to='" + to + "'>");
    }
    /// Everything until the server closes, or `part` was seen.
    std::string hear(std::string_view part = {}) {
        std::string heard;
        char buffer[4096];
        while (part.empty() || heard.find(part) == heard.npos) {
            const auto size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
            if (size <= 0) break;
            heard.append(buffer, static_cast<std::size_t>(size));
        }
        return heard;
    }

    /// Not closed by the server within a moment.
    bool is_connected() {
        char byte = 0;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        ssize_t size = 1;
        while (size > 0) size = ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT);
        return size < 0 && errno == EAGAIN;
    }

private:
    FileDescriptor fd_;
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("what a peer may not do") {
    S2sWorld world;
    Server& b = world.add("b.example", "[s2s]\nrequire_encryption = false\n");
    world.start();
    RawPeer peer(b.port());
    SUBCASE("send stanzas before it is authenticated") {
        peer.open("a.example", "b.example");
        peer.say("<message from='x@a.example' to='gw.b.example'><body>hi</body></message>");
        CHECK(contains(peer.hear(), "<not-authorized"));
    }
    SUBCASE("claim to be us") {
        peer.open("gw.b.example", "b.example");
        CHECK(contains(peer.hear(), "<invalid-from"));
    }
    SUBCASE("smuggle plaintext in behind STARTTLS") {
        peer.open("a.example", "b.example");
        peer.say(
            "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><db:result from='a.example' "
            "to='b.example'>k</db:result>");
        CHECK(!contains(peer.hear(), "db:result"));
    }
    SUBCASE("hide more than white space behind STARTTLS") {
        peer.open("a.example", "b.example");
        peer.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\r\n");
        CHECK(contains(peer.hear("<proceed"), "<proceed"));
        peer.say("\n");
        CHECK(peer.is_connected());
        peer.say("\x15\x03\x01");  // the begin of a TLS record: white space was none
        CHECK(peer.is_connected());
        peer.say("<db:result from='a.example' to='b.example'>k</db:result>");
        CHECK(!contains(peer.hear(), "db:result"));
    }
    SUBCASE("send a lot before it is authenticated") {
        peer.open("a.example", "b.example");
        peer.say("<db:result from='a.example' to='b.example'>" + std::string(100000, 'k'));
        CHECK(contains(peer.hear(), "<policy-violation"));
    }
    SUBCASE("prove a domain with a false key") {
        Server& a = world.add("c.example");
        a.start(world.dns_server());  // its name is not in DNS: the domain cannot be asked
        peer.open("c.example", "b.example");
        peer.say("<db:result from='c.example' to='b.example'>false</db:result>");
        CHECK(contains(peer.hear("/db:result>"), "<remote-server-not-found"));
    }
    CHECK(b.arrivals() == 0);
}

TEST_CASE("a false key is found out by asking the domain") {
    S2sWorld world;
    Server& a = world.add("a.example");
    Server& b = world.add("b.example", "[s2s]\nrequire_encryption = false\n");
    world.start();
    RawPeer peer(b.port());
    peer.open("gw.a.example", "gw.b.example");
    peer.say("<db:result from='gw.a.example' to='gw.b.example'>" + std::string(64, 'a') +
             "</db:result>");
    const std::string heard = peer.hear();
    CHECK(contains(heard, "type='invalid'"));
    CHECK(contains(heard, "</stream:stream>"));
    CHECK(b.arrivals() + a.arrivals() == 0);
}

TEST_CASE("a server that accepts connections and says nothing") {
    net::OpenPort silent =
        net::open_port({.type = "s2s", .address = "127.0.0.1", .port = 0}, 1, true).value();
    S2sWorld world;
    world.dns("--host-record=xmpp.silent.example,127.0.0.1");
    world.dns("--srv-host=_xmpp-server._tcp.silent.example,xmpp.silent.example," +
              std::to_string(silent.port));
    Server& a = world.add("a.example", "[s2s]\nnegotiation_timeout = 1\n");
    world.start();
    a.send("<message from='gw.a.example' to='x@silent.example' id='1'><body>hi</body></message>");
    CHECK(a.spooled("silent.example") == 1);
    const Arrival bounce = a.wait_for_arrival();
    CHECK(read_error(bounce.stanza->root()).condition ==
          StanzaErrorCondition::remote_server_timeout);
    CHECK(bounce.local_bounce);
    CHECK(a.spooled("silent.example") == 0);
}

TEST_CASE("a stop waits neither for name servers nor for silent peers") {
    net::OpenPort silent =
        net::open_port({.type = "s2s", .address = "127.0.0.1", .port = 0}, 1, true).value();
    S2sWorld world;
    world.dns("--host-record=xmpp.silent.example,127.0.0.1");
    world.dns("--srv-host=_xmpp-server._tcp.silent.example,xmpp.silent.example," +
              std::to_string(silent.port));
    Server& a = world.add("a.example");
    world.start();
    a.send("<message from='gw.a.example' to='x@silent.example' id='1'><body>hi</body></message>");
    a.wait_for_links(
        [](const auto& links) { return !links.empty() && links.front().state == "open"; });
    const auto before = std::chrono::steady_clock::now();
    a.stop();
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(4));
}

namespace {

/// A domain whose server accepts connections and says nothing.
struct Silent {
    net::OpenPort port =
        net::open_port({.type = "s2s", .address = "127.0.0.1", .port = 0}, 1, true).value();
    explicit Silent(S2sWorld& world) {
        world.dns("--host-record=xmpp.silent.example,127.0.0.1");
        world.dns("--srv-host=_xmpp-server._tcp.silent.example,xmpp.silent.example," +
                  std::to_string(port.port));
    }
};

std::string question(const std::string& from) {
    return "<db:result from='" + from + "' to='b.example'>key</db:result>";
}

}  // namespace

TEST_CASE("a question about a key obeys the limit of streams, and the pause after a failure") {
    S2sWorld world;
    const Silent silent(world);
    Server& b = world.add("b.example",
                          "[s2s]\nrequire_encryption = false\nmax_outgoing_streams = 1\n"
                          "negotiation_timeout = 2\nretry_delay = 60\n");
    world.start();
    RawPeer peer(b.port());
    peer.open("silent.example", "b.example");
    peer.say(question("silent.example"));
    b.wait_for_links([](const auto& links) {
        return std::any_of(links.begin(), links.end(), [](const net::S2sLinkInfo& link) {
            return link.direction == net::S2sLinkInfo::Direction::out && link.state == "open";
        });
    });
    peer.say(question("other.example"));
    const std::string first = peer.hear("/db:result>");  // at once: no further stream
    CHECK(contains(first, "to='other.example'"));
    CHECK(contains(first, "<remote-server-timeout"));
    CHECK(contains(peer.hear("/db:result>"), "to='silent.example'"));
    const auto before = std::chrono::steady_clock::now();
    peer.say(question("silent.example"));
    CHECK(contains(peer.hear("/db:result>"), "<remote-server-timeout"));
    // Another attempt would take negotiation_timeout; the end of the first may come a little later
    // than that of the question.
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
}

TEST_CASE("who asks much is read no further until the answers are there") {
    S2sWorld world;
    const Silent silent(world);
    Server& b = world.add("b.example",
                          "[s2s]\nrequire_encryption = false\nnegotiation_timeout = 2\n"
                          "max_questions_per_connection = 1\n");
    world.start();
    RawPeer peer(b.port());
    peer.open("silent.example", "b.example");
    peer.say(question("silent.example") +
             "<db:verify from='silent.example' to='b.example' id='1'>key</db:verify>");
    const std::string heard = peer.hear("</db:verify>");
    CHECK(contains(heard, "type='invalid'"));
    CHECK(heard.find("<db:result") < heard.find("<db:verify"));
}

TEST_CASE("so many keys may prove nothing") {
    S2sWorld world;
    Server& b = world.add("b.example", "[s2s]\nrequire_encryption = false\nmax_false_keys = 2\n");
    world.start();
    RawPeer peer(b.port());
    peer.open("none.example", "b.example");
    for (const char* each : {"a.none.example", "b.none.example", "c.none.example"})
        peer.say(question(each));
    const std::string heard = peer.hear();
    CHECK(contains(heard, "<policy-violation"));
    CHECK(contains(heard, "</stream:stream>"));
}

TEST_CASE("nothing that a server says gives it more time to prove a domain") {
    S2sWorld world;
    Server& b =
        world.add("b.example", "[s2s]\nrequire_encryption = false\nnegotiation_timeout = 1\n");
    world.start();
    RawPeer peer(b.port());
    peer.open("a.example", "b.example");
    const auto say_for_long = [&](const std::string& element) {
        const auto before = std::chrono::steady_clock::now();
        for (int i = 0; i < 10 && peer.is_connected(); ++i) {
            peer.say(element);
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
        }
        CHECK(std::chrono::steady_clock::now() - before < std::chrono::milliseconds(3500));
        CHECK_FALSE(peer.is_connected());
    };
    SUBCASE("claims") { say_for_long(question("none.example")); }
    SUBCASE("questions about our keys") {
        say_for_long("<db:verify from='a.example' to='b.example' id='1'>key</db:verify>");
    }
}

TEST_CASE("a server that only verified our keys is told of no error") {
    S2sWorld world;
    Server& b =
        world.add("b.example", "[s2s]\nrequire_encryption = false\nnegotiation_timeout = 1\n");
    world.start();
    RawPeer asks(b.port()), idles(b.port());
    asks.open("a.example", "b.example");
    asks.say("<db:verify from='a.example' to='b.example' id='1'>key</db:verify>");
    idles.open("a.example", "b.example");
    const std::string heard = asks.hear();
    CHECK(contains(heard, "</stream:stream>"));
    CHECK_FALSE(contains(heard, "<stream:error"));
    CHECK(contains(idles.hear(), "<connection-timeout"));
}

TEST_CASE("one address has so many connections that prove nothing") {
    S2sWorld world;
    Server& b = world.add("b.example",
                          "[s2s]\nrequire_encryption = false\n"
                          "[limits]\ns2s_unauthenticated_per_address = 2\n");
    world.start();
    RawPeer first(b.port());
    first.open("a.example", "b.example");
    CHECK(contains(first.hear("<stream:features"), "<stream:features"));
    {
        RawPeer second(b.port());
        second.open("a.example", "b.example");
        CHECK(contains(second.hear("<stream:features"), "<stream:features"));
        RawPeer third(b.port());
        CHECK(third.hear().empty());
    }
    b.wait_for_links([](const auto& links) { return links.size() == 1; });
    RawPeer fourth(b.port());
    fourth.open("a.example", "b.example");
    CHECK(contains(fourth.hear("<stream:features"), "<stream:features"));
}

TEST_CASE("one address has so many keys verified at a time, over all its connections") {
    S2sWorld world;
    const Silent silent(world);
    Server& b = world.add("b.example",
                          "[s2s]\nrequire_encryption = false\nnegotiation_timeout = 4\n"
                          "[limits]\ndialback_questions_per_address = 1\n");
    world.start();
    const auto asked_about_silent = [](const auto& links) {
        return std::any_of(links.begin(), links.end(), [](const net::S2sLinkInfo& link) {
            return link.direction == net::S2sLinkInfo::Direction::out;
        });
    };
    {
        RawPeer gone(b.port());
        gone.open("silent.example", "b.example");
        gone.say(question("silent.example"));
        b.wait_for_links(asked_about_silent);
    }
    RawPeer peer(b.port());
    peer.open("other.example", "b.example");
    peer.say(question("other.example"));
    const auto before = std::chrono::steady_clock::now();
    CHECK(contains(peer.hear("/db:result>"), "<remote-server-timeout"));
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(1));
}

TEST_CASE("nobody has us connect to what is not public") {
    S2sWorld world;
    world.dns("--host-record=inside.example,127.0.0.1");
    Server& a = world.add("a.example", "[s2s]\nallow_private_addresses = false\n");
    Server& b = world.add("b.example");
    world.start();
    a.send("<message from='gw.a.example' to='x@gw.b.example' id='1'><body>hi</body></message>");
    const Arrival bounce = a.wait_for_arrival();
    CHECK(read_error(bounce.stanza->root()).condition ==
          StanzaErrorCondition::remote_server_timeout);
    for (const char* domain : {"inside.example", "127.0.0.1"}) {
        const auto steps = a.test(domain);
        REQUIRE_FALSE(steps.empty());
        CHECK_FALSE(steps.back().ok);
        CHECK(contains(steps.back().text, "allow_private_addresses"));
    }
    CHECK(b.links().empty());
}

TEST_CASE("a server has so many streams for a pair of domains; the oldest makes room") {
    S2sWorld world;
    Server& a = world.add("a.example");
    Server& b = world.add("b.example", "[s2s]\nmax_incoming_streams = 1\n");
    world.start();
    const auto is_from_a = [](const net::S2sLinkInfo& link) {
        return link.direction == net::S2sLinkInfo::Direction::in && link.remote == "a.example" &&
               link.state == "up";
    };
    a.send("<presence from='x@a.example' to='y@b.example'/>");
    b.wait_for_links(
        [&](const auto& links) { return std::any_of(links.begin(), links.end(), is_from_a); });
    a.test("b.example");
    b.wait_for_links(
        [&](const auto& links) { return std::none_of(links.begin(), links.end(), is_from_a); });
}

TEST_CASE("however many names one network invents, it has the lines of one in the log") {
    std::mutex mutex;
    std::size_t lines = 0;
    set_log_level(LogLevel::info);
    set_log_sink([&](std::string_view line) {
        const std::lock_guard lock(mutex);
        lines += contains(line, " refusal stream ") || contains(line, " refusal request ");
    });
    {
        S2sWorld world;
        Server& b = world.add("b.example",
                              "[s2s]\nrequire_encryption = false\n[log]\nrefusals_per_peer = 3\n");
        world.start();
        for (int i = 0; i < 20; ++i) {
            RawPeer peer(b.port());
            peer.open("d" + std::to_string(i) + ".example", "b.example");
            peer.say("<message from='x@d.example' to='y@b.example'/>");
            peer.hear();
        }
    }
    set_log_sink({});
    set_log_level(LogLevel::error);
    CHECK(lines >= 1);
    CHECK(lines <= 3);
}

namespace {

std::string invented(int i) { return "d" + std::to_string(i) + ".none.example"; }

/// How many of the first `of` invented domains a server has looked for.
int looked_for(Server& server, int of) {
    int known = 0;
    for (int i = 0; i < of; ++i)
        known += server.reach(invented(i)).state != core::RemoteReach::State::idle;
    return known;
}

}  // namespace

TEST_CASE("one account has so many servers looked for, a component as many as it likes") {
    S2sWorld world;
    Server& a =
        world.add("a.example", "[limits]\nnew_domains_per_second = 1\n[s2s]\nretry_delay = 60\n");
    world.start();
    const auto send_from = [&](const std::string& sender) {
        for (int i = 0; i < 60; ++i)
            a.send("<message from='" + sender + "' to='x@" + invented(i) + "' id='1'/>");
        a.wait_for_links([](const auto& links) { return links.empty(); });
        return looked_for(a, 60);
    };
    const int first = send_from("romeo@a.example");
    CHECK(first >= 20);
    CHECK(first < 30);
    CHECK(send_from("gw.a.example") == 60);
}

TEST_CASE("one network has so many servers looked for by its dialback keys") {
    S2sWorld world;
    Server& b = world.add("b.example",
                          "[s2s]\nrequire_encryption = false\nmax_questions_per_connection = 100\n"
                          "max_false_keys = 100\n[limits]\nnew_domains_per_second = 1\n"
                          "dialback_questions_per_address = 0\n");
    world.start();
    RawPeer peer(b.port());
    peer.open(invented(0), "b.example");
    for (int i = 0; i < 60; ++i) peer.say(question(invented(i)));
    std::string heard;
    int refused = 0;
    for (int answers = 0; answers < 60;) {
        const std::string more = peer.hear("</db:result>");
        REQUIRE_FALSE(more.empty());
        heard += more;
        answers = 0;
        for (std::size_t at = 0; (at = heard.find("</db:result>", at)) != heard.npos; ++at)
            ++answers;
    }
    for (std::size_t at = 0; (at = heard.find("<remote-server-timeout", at)) != heard.npos; ++at)
        ++refused;
    CHECK(refused > 30);
    CHECK(refused <= 40);
}
