#include "server/net/c2s/c2s_connection.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/net/wire.h"

using namespace clarion;
using clarion::test::insecure;
using clarion::test::Wire;
using clarion::test::WireClient;

TEST_SUITE("net/c2s_connection") {
    TEST_CASE("two clients log in, on whichever shard they arrive, and talk") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        wire.world.add_account("juliet@example.org", "secret");
        for (const int shard : {0, 1}) {
            const std::uint16_t port = wire.listen("c2s", shard);
            WireClient romeo(wire, port), juliet(wire, port);
            romeo.log_in("romeo", "orchard" + std::to_string(shard));
            juliet.log_in("juliet", "balcony" + std::to_string(shard));
            romeo.send("<message type='chat' to='juliet@example.org/balcony" +
                       std::to_string(shard) + "'><body>hello &amp; goodbye</body></message>");
            const std::string got = juliet.expect("</message>");
            CHECK(got.find("from='romeo@example.org/orchard") != std::string::npos);
            CHECK(got.find("<body>hello &amp; goodbye</body>") != std::string::npos);
            romeo.ask("</stream:stream>", "</stream:stream>");
            romeo.expect_end();
            juliet.ask("</stream:stream>", "</stream:stream>");
            juliet.expect_end();
        }
        wire.run_until([&] { return wire.connections() == 0; });
    }

    TEST_CASE("everything at once: what came behind is handled after the move and the restart") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        for (const int shard : {0, 1}) {
            WireClient romeo(wire, wire.listen("c2s", shard));
            romeo.send(std::string(WireClient::header) + WireClient::plain("romeo", "secret") +
                       std::string(WireClient::header) +
                       "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
                       "<iq type='get' id='q'><query xmlns='urn:example:none'/></iq>"
                       "</stream:stream>");
            const std::string got = romeo.expect("</stream:stream>");
            CHECK(got.find("<success") != std::string::npos);
            CHECK(got.find("<jid>romeo@example.org/") != std::string::npos);
            CHECK(got.find("id='q'") != std::string::npos);
            romeo.expect_end();
        }
    }

    TEST_CASE("an account that moves: sessions are told, and logins find its new home") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s");
        WireClient bound(wire, port), unbound(wire, port), late(wire, port);
        bound.log_in("romeo", "orchard");
        unbound.ask(WireClient::header, "</stream:features>");
        unbound.ask(WireClient::plain("romeo", "secret"),
                    "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        late.ask(WireClient::header, "</stream:features>");
        const unsigned before = wire.world.home_of("romeo@example.org").shard().index();
        REQUIRE(wire.move("romeo@example.org"));

        const std::string end = bound.expect("</stream:stream>");
        CHECK(end.find("<reset ") != std::string::npos);
        bound.send("</stream:stream>");
        bound.expect_end();
        unbound.ask(WireClient::header, "</stream:features>");
        unbound.ask(
            "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            "<resource>garden</resource></bind></iq>",
            "<jid>romeo@example.org/garden</jid>");
        late.ask(WireClient::plain("romeo", "secret"),
                 "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        late.ask(WireClient::header, "</stream:features>");
        late.ask(
            "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            "<resource>street</resource></bind></iq>",
            "<jid>romeo@example.org/street</jid>");
        late.send("<message type='chat' to='romeo@example.org/garden'><body>x</body></message>");
        unbound.expect("<body>x</body></message>");
        CHECK(wire.world.home_of("romeo@example.org").shard().index() == 1 - before);
        CHECK(wire.world.core(1 - before).accounts().find("romeo@example.org")->sessions().size() ==
              2);
    }

    TEST_CASE("a client may say the namespace of each element instead of a default one") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        WireClient romeo(wire, wire.listen("c2s"));
        constexpr std::string_view header =
            "<stream xmlns='http://etherx.jabber.org/streams' to='example.org' version='1.0'>";
        romeo.ask(header, "</stream:features>");
        romeo.ask(WireClient::plain("romeo", "secret"), "<success");
        romeo.ask(header, "</stream:features>");
        romeo.ask(
            "<iq xmlns='jabber:client' type='set' id='b'>"
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
            "<jid>romeo@example.org/");
        const std::string got = romeo.ask(
            "<message xmlns='jabber:client' to='romeo@example.org/none'><body>a</body></message>"
            "<iq xmlns='jabber:client' type='get' id='q'><query xmlns='urn:none'/></iq>",
            "id='q'");
        CHECK(got.find("<stream:error") == std::string::npos);
        romeo.send("<iq type='get' id='q'><query xmlns='urn:none'/></iq>");
        romeo.expect("<unsupported-stanza-type");
    }

    TEST_CASE("bytes may come one by one") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        WireClient romeo(wire, wire.listen("c2s"));
        for (const char c : WireClient::header) {
            romeo.send(std::string_view(&c, 1));
            wire.settle();
        }
        romeo.expect("</stream:features>");
    }

    TEST_CASE("errors before a header of ours come after one, and the stream ends") {
        Wire wire(insecure);
        const std::uint16_t port = wire.listen("c2s");
        WireClient http(wire, port);
        http.send("GET / HTTP/1.1\r\n\r\n");
        const std::string got = http.expect("</stream:stream>");
        CHECK(got.find("<stream:stream ") != std::string::npos);
        CHECK(got.find(" from='example.org'") != std::string::npos);
        CHECK(got.find(" xml:lang='en'>") != std::string::npos);
        CHECK(got.find("<not-well-formed") != std::string::npos);
        http.close();
        WireClient dtd(wire, port);
        dtd.send("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]>");
        CHECK(dtd.expect("</stream:stream>").find("<restricted-xml") != std::string::npos);
        dtd.close();
        WireClient stranger(wire, port);
        stranger.send(
            "<stream:stream xmlns='jabber:client' to='nobody.example' version='1.0' "
            "xmlns:stream='http://etherx.jabber.org/streams'>");
        const std::string unknown = stranger.expect("</stream:stream>");
        CHECK(unknown.find("<host-unknown") != std::string::npos);
        CHECK(unknown.find("<stream:stream ") == unknown.rfind("<stream:stream "));
        stranger.close();
        wire.run_until([&] { return wire.connections() == 0; });
    }

    TEST_CASE("a stanza may be large only after login") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s");
        WireClient early(wire, port);
        early.ask(WireClient::header, "</stream:features>");
        early.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
                   std::string(20000, 'A'));
        CHECK(early.expect("</stream:stream>").find("<policy-violation") != std::string::npos);

        WireClient romeo(wire, port);
        romeo.log_in("romeo");
        romeo.ask("<iq type='get' id='big'><query xmlns='urn:example:none'>" +
                      std::string(100000, 'x') + "</query></iq>",
                  "id='big'");
        romeo.send("<message to='romeo@example.org'><body>" + std::string(300000, 'x'));
        CHECK(romeo.expect("</stream:stream>").find("<policy-violation") != std::string::npos);
    }

    TEST_CASE("before the login little memory is spent, and little is read at all") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s");
        std::string flood = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>";
        while (flood.size() < 2000) flood += "<a/>";
        WireClient early(wire, port);
        early.ask(WireClient::header, "</stream:features>");
        early.send(flood);
        CHECK(early.expect("</stream:stream>").find("<policy-violation") != std::string::npos);

        WireClient blank(wire, port);
        blank.send(std::string(65536, ' '));
        wire.settle();
        CHECK(!blank.ended());
        blank.send(" ");
        CHECK(blank.expect("</stream:stream>").find("too much before the login") !=
              std::string::npos);

        WireClient romeo(wire, port);
        romeo.log_in("romeo");
        for (int i = 0; i < 10; ++i) romeo.send(std::string(20000, ' '));
        std::string honest = "<iq type='get' id='small'><query xmlns='urn:example:none'>";
        for (int i = 0; i < 250; ++i) honest += "<a/>";
        romeo.ask(honest + "</query></iq>", "id='small'");
        CHECK(!romeo.ended());
    }

    TEST_CASE("who sends on after the end of its stream is read no more, and cut") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        // One that was closed for an error, and one that ended its own stream.
        for (const char* last : {"<nonsense/>", "</stream:stream>"}) {
            WireClient romeo(wire, wire.listen("c2s"));
            romeo.log_in("romeo");
            romeo.ask(last, "</stream:stream>");
            const std::string more = "<message to='romeo@example.org'><body>" +
                                     std::string(60000, 'x') + "</body></message>";
            std::size_t taken = 0;
            for (int i = 0; i < 1000; ++i) {
                taken += romeo.send_some(more);
                if (i % 4 == 0) wire.settle();
            }
            CHECK(taken < 20'000'000);  // what kernels hold between them
            CHECK(wire.connections() == 1);
            for (int i = 0; i < 7; ++i) wire.advance(std::chrono::seconds(1));
            CHECK(wire.connections() == 0);
        }
    }

    TEST_CASE("what was on its way when the stream ended is taken, and the end is in order") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        WireClient romeo(wire, wire.listen("c2s"));
        romeo.log_in("romeo");
        romeo.ask("<nonsense/>", "</stream:stream>");
        for (int i = 0; i < 10; ++i)
            romeo.send("<message><body>" + std::string(5000, 'x') + "</body></message>");
        romeo.send("</stream:stream>");
        romeo.expect_end();
        romeo.close();
        wire.run_until([&] { return wire.connections() == 0; });
    }

    TEST_CASE("who logs in and wants no session is closed") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s", 0);
        WireClient romeo(wire, port);
        romeo.authenticate("romeo");
        for (int i = 0; i < 28; ++i) wire.advance(std::chrono::seconds(1));
        CHECK(!romeo.ended());
        for (int i = 0; i < 5; ++i) wire.advance(std::chrono::seconds(1));
        CHECK(romeo.expect("</stream:stream>").find("no session in time") != std::string::npos);
    }

    TEST_CASE("who does not log in in time is closed, who does not close in time is cut") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s", 0);
        WireClient silent(wire, port), romeo(wire, port);
        romeo.log_in("romeo");
        wire.run_until([&] { return wire.connections() == 2; });
        CHECK(wire.nets[0]->counts().unauthenticated(net::ConnectionCounts::Kind::client) == 1);
        for (int i = 0; i < 32; ++i) wire.advance(std::chrono::seconds(1));
        CHECK(silent.expect("</stream:stream>").find("<connection-timeout") != std::string::npos);
        CHECK(!silent.ended());
        for (int i = 0; i < 7; ++i) wire.advance(std::chrono::seconds(1));
        silent.expect_end();
        CHECK(!romeo.ended());
        CHECK(wire.connections() == 1);
    }

    TEST_CASE("limits: per address, and of those not logged in") {
        Wire wire(std::string(insecure) + "[limits]\nc2s_connections_per_address = 2\n");
        const std::uint16_t port = wire.listen("c2s", 0);
        WireClient a(wire, port), b(wire, port);
        wire.run_until([&] { return wire.connections() == 2; });
        WireClient c(wire, port);
        c.expect_end();
        a.close();
        wire.run_until([&] { return wire.connections() == 1; });
        WireClient d(wire, port);
        d.ask(WireClient::header, "</stream:features>");

        Wire other(std::string(insecure) + "[limits]\nunauthenticated_connections = 1\n");
        const std::uint16_t second = other.listen("c2s", 0);
        WireClient e(other, second);
        other.run_until([&] { return other.connections() == 1; });
        WireClient f(other, second);
        f.expect_end();
    }

    TEST_CASE("limits: how often one address may come") {
        Wire wire(std::string(insecure) + "[limits]\nnew_connections_per_second = 1\n");
        const std::uint16_t port = wire.listen("c2s", 0);
        for (int i = 0; i < 4; ++i) {
            WireClient brief(wire, port);
            brief.ask(WireClient::header, "</stream:features>");
        }
        WireClient refused(wire, port);
        refused.expect_end();
        wire.advance(std::chrono::seconds(1));
        WireClient later(wire, port);
        later.ask(WireClient::header, "</stream:features>");
    }

    TEST_CASE("the limit per address is one for all shards, also for who has moved home") {
        for (const int shard : {0, 1}) {
            Wire wire(std::string(insecure) + "[limits]\nc2s_connections_per_address = 2\n");
            wire.world.add_account("romeo@example.org", "secret");
            const std::uint16_t here = wire.listen("c2s", shard),
                                there = wire.listen("c2s", 1 - shard);
            WireClient a(wire, here), b(wire, here);
            a.log_in("romeo", "a");
            b.log_in("romeo", "b");
            for (const std::uint16_t port : {here, there}) {
                WireClient c(wire, port);
                c.expect_end();
            }
            a.close();
            wire.run_until([&] { return wire.connections() == 1; });
            WireClient d(wire, there);
            d.ask(WireClient::header, "</stream:features>");
        }
        Wire wire(std::string(insecure) + "[limits]\nunauthenticated_connections = 1\n");
        wire.world.add_account("romeo@example.org", "secret");
        WireClient first(wire, wire.listen("c2s", 0));
        wire.run_until([&] { return wire.connections() == 1; });
        const std::uint16_t other = wire.listen("c2s", 1);
        WireClient refused(wire, other);
        refused.expect_end();
        first.log_in("romeo");
        WireClient second(wire, other);
        second.ask(WireClient::header, "</stream:features>");
    }

    TEST_CASE("a client that reads nothing is cut, and its session ends") {
        Wire wire(std::string(insecure) + "[limits]\nc2s_bytes_per_second = 0\n");
        wire.world.add_account("romeo@example.org", "secret");
        wire.world.add_account("juliet@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s");
        WireClient romeo(wire, port), juliet(wire, port);
        romeo.log_in("romeo");
        juliet.log_in("juliet", "balcony");
        const int little = 4096;
        ::setsockopt(juliet.fd(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
        const std::string message =
            "<message type='headline' to='juliet@example.org/balcony'><body>" +
            std::string(200000, 'x') + "</body></message>";
        for (int i = 0; i < 80 && wire.connections() == 2; ++i) {
            romeo.send(message);
            wire.settle();
        }
        wire.run_until([&] { return wire.connections() == 1; });
        CHECK(!romeo.ended());
    }

    TEST_CASE("who does not read what it is answered is not read either") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        int answered = 0;
        for (unsigned i = 0; i < Wire::shards; ++i)
            wire.world.core(i).iqs().add({.target = core::IqTarget::account,
                                          .type = StanzaType::get,
                                          .ns = "urn:example:large",
                                          .name = "query",
                                          .handler = [&](core::IqRequest& request) {
                                              ++answered;
                                              auto result = make_result(*request.stanza);
                                              result->root()
                                                  .add("query", "urn:example:large")
                                                  .add_text(std::string(100'000, 'x'));
                                              return result;
                                          }});
        WireClient romeo(wire, wire.listen("c2s"));
        romeo.log_in("romeo");
        std::string packet;
        for (int i = 0; i < 400; ++i)
            packet += "<iq type='get' id='q'><query xmlns='urn:example:large'/></iq>";
        romeo.send(packet);
        wire.settle();
        CHECK(answered < 200);  // 26 KB asked for 40 MB; what the kernel takes is not ours
        wire.run_until([&] {
            (void)romeo.ended();
            romeo.received.clear();
            return answered == 400;
        });
    }

    TEST_CASE("a client that stops reading a little is cut after send_timeout") {
        Wire wire(std::string(insecure) + "[limits]\nc2s_bytes_per_second = 0\n");
        wire.world.add_account("romeo@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s");
        WireClient romeo(wire, port);
        wire.world.add_account("juliet@example.org", "secret");
        WireClient juliet(wire, port);
        romeo.log_in("romeo");
        juliet.log_in("juliet");
        const int little = 4096;
        ::setsockopt(romeo.fd(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
        for (int i = 0; i < 30; ++i) {
            juliet.send("<message type='headline' to='romeo@example.org/r'><body>" +
                        std::string(200000, 'x') + "</body></message>");
            wire.settle();
        }
        wire.advance(std::chrono::seconds(1));
        CHECK(wire.connections() == 2);
        for (int i = 0; i < 62; ++i) wire.advance(std::chrono::seconds(1));
        wire.run_until([&] { return wire.connections() == 1; });
        CHECK(!juliet.ended());
    }

    TEST_CASE("reading is slowed down to the configured rate") {
        Wire wire(std::string(insecure) + "[limits]\nc2s_bytes_per_second = 20000\n");
        wire.world.add_account("romeo@example.org", "secret");
        WireClient romeo(wire, wire.listen("c2s"));
        romeo.log_in("romeo");
        wire.advance(std::chrono::seconds(2));
        int answered = 0;
        for (int i = 0; i < 60; ++i) {
            romeo.send("<iq type='get' id='q" + std::to_string(i) + "'><query xmlns='urn:none'>" +
                       std::string(4000, 'x') + "</query></iq>");
            wire.settle();
        }
        const auto count = [&] {
            romeo.ended();
            for (std::size_t at; (at = romeo.received.find("</iq>")) != std::string::npos;) {
                romeo.received.erase(0, at + 5);
                ++answered;
            }
            return answered;
        };
        CHECK(count() >= 19);  // four seconds' worth at once
        CHECK(count() < 25);
        for (int i = 0; i < 15; ++i) wire.advance(std::chrono::seconds(1));
        CHECK(count() == 60);
    }

    TEST_CASE("what a client said last is heard, though it closed with something unread") {
        Wire wire(std::string(insecure) + "[limits]\nc2s_bytes_per_second = 1000\n");
        wire.world.add_account("romeo@example.org", "secret");
        wire.world.add_account("juliet@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s");
        WireClient romeo(wire, port), juliet(wire, port);
        romeo.log_in("romeo");
        juliet.log_in("juliet", "balcony");
        const std::string_view unread =
            "<message to='romeo@example.org/r'><body>a</body></message>";
        juliet.send(unread);
        romeo.send(std::string(5000, ' '));  // what follows is read later
        wire.settle();
        romeo.send(
            "<message to='juliet@example.org/balcony'><body>last words</body></message>"
            "</stream:stream>");
        romeo.close();
        juliet.send(unread);  // into a connection that was reset
        wire.settle();
        for (int i = 0; i < 5; ++i) wire.advance(std::chrono::seconds(1));
        juliet.expect("last words");
        wire.run_until([&] { return wire.connections() == 1; });
    }

    TEST_CASE("at the highest rate that may be configured clients are read") {
        Wire wire(std::string(insecure) + "[limits]\nc2s_bytes_per_second = 1073741824\n");
        wire.world.add_account("romeo@example.org", "secret");
        WireClient romeo(wire, wire.listen("c2s"));
        romeo.log_in("romeo");
        wire.advance(std::chrono::seconds(2));
        romeo.send("<iq type='get' id='q'><query xmlns='urn:none'/></iq>");
        wire.settle();
        romeo.ended();
        CHECK(romeo.received.find("</iq>") != std::string::npos);
    }

    TEST_CASE("by option silent clients are asked whether they are there") {
        Wire wire(
            "[c2s]\nping_interval = 30\nping_timeout = 10\nrequire_encryption = false\n"
            "allow_plain_without_encryption = true\n[auth]\nscram_iterations = 4096\n");
        wire.world.add_account("romeo@example.org", "secret");
        WireClient romeo(wire, wire.listen("c2s"));
        romeo.log_in("romeo");
        const auto pass = [&wire](int seconds) {
            for (int i = 0; i < seconds; ++i) wire.advance(std::chrono::seconds(1));
        };
        pass(20);
        romeo.send(" ");  // white space is a sign of life as well
        wire.settle();
        pass(29);
        CHECK(romeo.received.find("urn:xmpp:ping") == std::string::npos);
        pass(2);
        const std::string asked = romeo.expect("</iq>");
        CHECK(asked.find("<ping xmlns='urn:xmpp:ping'/>") != std::string::npos);
        CHECK(asked.find("from='example.org'") != std::string::npos);
        const std::size_t id = asked.find("id='") + 4;
        romeo.send("<iq type='result' to='example.org' id='" +
                   asked.substr(id, asked.find('\'', id) - id) + "'/>");
        wire.settle();
        pass(32);
        romeo.expect("urn:xmpp:ping");
        CHECK(!romeo.ended());
        pass(11);
        romeo.expect_end();
        CHECK(romeo.received.find("<stream:error") == std::string::npos);
        wire.run_until([&] { return wire.connections() == 0; });
    }

    TEST_CASE("without that option nobody is asked") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        WireClient romeo(wire, wire.listen("c2s"));
        romeo.log_in("romeo");
        for (int i = 0; i < 10; ++i) wire.advance(std::chrono::minutes(10));
        CHECK(!romeo.ended());
        CHECK(romeo.received.empty());
    }

    TEST_CASE("shutting down: clients are told, and everything ends") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s");
        WireClient romeo(wire, port), fresh(wire, port);
        romeo.log_in("romeo");
        wire.run_until([&] { return wire.connections() == 2; });
        for (const auto& net : wire.nets) net->close_all(StreamErrorCondition::system_shutdown);
        CHECK(romeo.expect("</stream:stream>").find("<system-shutdown") != std::string::npos);
        romeo.send("</stream:stream>");
        romeo.expect_end();
        CHECK(fresh.expect("</stream:stream>").find("<stream:stream") != std::string::npos);
        romeo.close();
        fresh.close();
        wire.run_until([&] { return wire.connections() == 0; });
    }

    TEST_CASE("limits: when all places are taken, the network that holds most gives one") {
        Wire wire(std::string(insecure) + "[limits]\nunauthenticated_connections = 3\n");
        wire.world.add_account("romeo@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s");
        WireClient oldest(wire, port);
        oldest.ask(WireClient::header, "</stream:features>");
        WireClient second(wire, port), third(wire, port);
        second.ask(WireClient::header, "</stream:features>");
        third.ask(WireClient::header, "</stream:features>");
        WireClient refused(wire, port);
        refused.expect_end();
        WireClient romeo(wire, port, "127.0.0.2");
        romeo.ask(WireClient::header, "</stream:features>");
        wire.advance(std::chrono::seconds(1));
        CHECK(oldest.expect("</stream:stream>").find("<resource-constraint") != std::string::npos);
        CHECK_FALSE(second.ended());
        romeo.ask(WireClient::plain("romeo", "secret"),
                  "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        CHECK_FALSE(third.ended());
    }

    TEST_CASE("when descriptors run short, clients still have some that others may not take") {
        Wire wire(insecure);
        wire.world.add_account("romeo@example.org", "secret");
        const std::uint16_t components = wire.listen("component"), clients = wire.listen("c2s");
        rlimit before{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
        const auto limit_to = [&](rlim_t soft) {
            const rlimit limit{soft, before.rlim_max};
            REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
        };
        std::vector<FileDescriptor> gaps;  // closed: numbers go on without any
        for (int i = 0; i < 64; ++i) gaps.emplace_back(::dup(2));
        const auto next = static_cast<rlim_t>(gaps.back().get()) + 1;
        rlim_t soft = next + 3;
        while (soft - soft / 4 < next + 3) ++soft;  // a quarter is kept
        limit_to(soft);
        WireClient component(wire, components);  // with the server's end two more
        component.ask(
            "<stream:stream xmlns='jabber:component:accept' to='none.example.org' "
            "xmlns:stream='http://etherx.jabber.org/streams'>",
            "<host-unknown");
        WireClient more(wire, components);
        more.expect_end();
        CHECK(more.received.empty());
        WireClient romeo(wire, clients);
        romeo.log_in("romeo");
        limit_to(before.rlim_cur);
    }
}
