#include "server/net/component/component_connection.h"

#include <doctest/doctest.h>

#include "proto/crypto.h"
#include "tests/unit/net/wire.h"

using namespace clarion;
using clarion::test::insecure;
using clarion::test::Wire;
using clarion::test::WireClient;

namespace {

const std::string config = std::string(insecure) +
                           "[component.\"push.example.org\"]\nsecret = \"s3cret\"\n"
                           "max_send_buffer = 65536\n";

constexpr std::string_view header =
    "<stream:stream xmlns='jabber:component:accept' to='push.example.org' "
    "xmlns:stream='http://etherx.jabber.org/streams'>";

std::string handshake_for(const std::string& greeting, const std::string& secret) {
    const std::size_t at = greeting.find("id='") + 4;
    const std::string id = greeting.substr(at, greeting.find('\'', at) - at);
    return "<handshake>" + hex_encode(crypto::sha1(id + secret)) + "</handshake>";
}

/// Counts the elements that the server has taken from anybody.
struct ReceivedCount final : core::Trace {
    void on_element(const core::TracedStream&, core::TraceEvent event,
                    const xml::Element&) override {
        if (event == core::TraceEvent::received) ++count;
    }
    void on_text(const core::TracedStream&, core::TraceEvent, std::string_view) override {}
    void on_note(const core::TracedStream&, std::string_view) override {}
    int count = 0;
};

/// Up to the end of the server's own header.
std::string greeting_of(WireClient& component) {
    component.send(header);
    component.expect("<stream:stream");
    return component.expect(">");
}

}  // namespace

TEST_SUITE("net/component_connection") {
    TEST_CASE("a component attaches at its home, is reached and answers") {
        Wire wire(config);
        wire.world.add_account("romeo@example.org", "secret");
        for (const int shard : {0, 1}) {
            const std::uint16_t port = wire.listen("component", shard);
            WireClient component(wire, port), romeo(wire, wire.listen("c2s"));
            component.ask(handshake_for(greeting_of(component), "s3cret"), "<handshake/>");
            romeo.log_in("romeo", "orchard");
            romeo.send(
                "<iq type='set' id='p1' to='push.example.org'>"
                "<publish xmlns='urn:example:push'/></iq>");
            const std::string got = component.expect("</iq>");
            CHECK(got.find("from='romeo@example.org/orchard'") != std::string::npos);
            CHECK(got.find("xmlns='jabber:client'") == std::string::npos);
            component.send(
                "<iq type='result' id='p1' from='push.example.org' "
                "to='romeo@example.org/orchard'/>");
            const std::string answer = romeo.expect("id='p1'");
            CHECK(answer.find("<iq") != std::string::npos);
            component.ask("</stream:stream>", "</stream:stream>");
            component.close();
            romeo.close();
            wire.run_until([&] { return wire.connections() == 0; });
            auto& home = wire.world.home_of("push.example.org");
            CHECK(home.links().component("push.example.org") == nullptr);
        }
    }

    TEST_CASE("who does not know the secret, or the domain, is refused") {
        Wire wire(config);
        const std::uint16_t port = wire.listen("component");
        WireClient noise(wire, port);
        noise.send("GET / HTTP/1.1\r\n\r\n");
        CHECK(noise.expect(" xml:lang='en'>").find(" from='example.org'") != std::string::npos);
        noise.expect("<not-well-formed");
        WireClient wrong(wire, port);
        wrong.send(handshake_for(greeting_of(wrong), "guess"));
        CHECK(wrong.expect("</stream:stream>").find("<not-authorized") != std::string::npos);
        WireClient eager(wire, port);
        greeting_of(eager);
        eager.send("<message from='push.example.org' to='romeo@example.org'/>");
        CHECK(eager.expect("</stream:stream>").find("<not-authorized") != std::string::npos);
        WireClient unknown(wire, port);
        unknown.send(
            "<stream:stream xmlns='jabber:component:accept' to='pull.example.org' "
            "xmlns:stream='http://etherx.jabber.org/streams'>");
        CHECK(unknown.expect(" xml:lang='en'>").find(" from='example.org'") != std::string::npos);
        CHECK(unknown.expect("</stream:stream>").find("<host-unknown") != std::string::npos);
        WireClient client(wire, port);
        client.send(WireClient::header);
        CHECK(client.expect("</stream:stream>").find("<invalid-namespace") != std::string::npos);
    }

    TEST_CASE("of two that know the secret the newer stays, or the older by option") {
        for (const bool newer : {true, false}) {
            Wire wire(newer ? config : config + "conflict = \"older\"\n");
            wire.world.add_account("romeo@example.org", "secret");
            const std::uint16_t port = wire.listen("component");
            WireClient first(wire, port), second(wire, port), romeo(wire, wire.listen("c2s"));
            first.ask(handshake_for(greeting_of(first), "s3cret"), "<handshake/>");
            second.send(handshake_for(greeting_of(second), "s3cret"));
            WireClient& stays = newer ? second : first;
            WireClient& goes = newer ? first : second;
            CHECK(goes.expect("</stream:stream>").find("<conflict") != std::string::npos);
            goes.close();
            wire.run_until([&] { return wire.connections() == 2; });
            romeo.log_in("romeo");
            romeo.send("<iq type='set' id='p1' to='push.example.org'><p xmlns='urn:p'/></iq>");
            stays.expect("id='p1'");
        }
        Wire wire(config);
        const std::uint16_t port = wire.listen("component");
        WireClient first(wire, port), impostor(wire, port);
        first.ask(handshake_for(greeting_of(first), "s3cret"), "<handshake/>");
        impostor.send(handshake_for(greeting_of(impostor), "guess"));
        impostor.expect("<not-authorized");
        wire.settle();
        CHECK(!first.ended());
    }

    TEST_CASE("its namespace may be said by each element, its answers are in it all the same") {
        Wire wire(config);
        WireClient component(wire, wire.listen("component"));
        component.send("<s xmlns='urn:x'/>");
        component.expect("<invalid-namespace");
        WireClient other(wire, wire.listen("component"));
        other.send("<stream xmlns='http://etherx.jabber.org/streams' to='push.example.org'>");
        other.expect("<stream:stream");
        std::string handshake = handshake_for(other.expect(">"), "s3cret");
        handshake.replace(0, 11, "<handshake xmlns='jabber:component:accept'>");
        other.ask(handshake, "<handshake/>");
        other.send(
            "<iq xmlns='jabber:component:accept' type='get' id='7' from='push.example.org' "
            "to='example.org'><x xmlns='urn:x'/></iq>");
        CHECK(other.expect("</iq>").find("xmlns='jabber:client'") == std::string::npos);
    }

    TEST_CASE("'from' must be the component's own domain, 'to' must be there") {
        Wire wire(config);
        const std::uint16_t port = wire.listen("component");
        for (const char* from : {"from='example.org'", "from='a.push.example.org'", ""}) {
            WireClient component(wire, port);
            component.ask(handshake_for(greeting_of(component), "s3cret"), "<handshake/>");
            component.send(std::string("<message ") + from + " to='romeo@example.org'/>");
            CHECK(component.expect("</stream:stream>").find("<invalid-from") != std::string::npos);
            component.close();
            wire.run_until([&] { return wire.connections() == 0; });
        }
        WireClient component(wire, port);
        component.ask(handshake_for(greeting_of(component), "s3cret"), "<handshake/>");
        component.send("<message from='push.example.org'/>");
        CHECK(component.expect("</stream:stream>").find("<improper-addressing") !=
              std::string::npos);
    }

    TEST_CASE("a stanza that is none is answered; an unusable one ends the stream") {
        Wire wire(config);
        WireClient component(wire, wire.listen("component"));
        component.ask(handshake_for(greeting_of(component), "s3cret"), "<handshake/>");
        component.send(
            "<iq type='get' id='7' from='push.example.org' to='a@@example.org'>"
            "<x xmlns='urn:x'/></iq>");
        CHECK(component.expect("</iq>").find("<jid-malformed") != std::string::npos);
        component.send("<nonsense/>");
        CHECK(component.expect("</stream:stream>").find("<unsupported-stanza-type") !=
              std::string::npos);
    }

    TEST_CASE("a component that reads nothing gets its stanzas back to their senders") {
        Wire wire(config + "[limits]\nc2s_bytes_per_second = 0\n");
        wire.world.add_account("romeo@example.org", "secret");
        WireClient component(wire, wire.listen("component")), romeo(wire, wire.listen("c2s"));
        component.ask(handshake_for(greeting_of(component), "s3cret"), "<handshake/>");
        romeo.log_in("romeo");
        bool refused = false;
        for (int i = 0; i < 100 && !refused; ++i) {
            romeo.send("<iq type='set' id='" + std::to_string(i) +
                       "' to='push.example.org'><p "
                       "xmlns='urn:p'>" +
                       std::string(200000, 'x') + "</p></iq>");
            wire.settle();
            CHECK(!romeo.ended());
            refused = romeo.received.find("<resource-constraint") != std::string::npos;
        }
        CHECK(refused);
    }

    TEST_CASE("while the shard has more to deliver than a turn may, a component causes nothing") {
        Wire wire(config + "[limits]\ndeliveries_per_turn = 100\n");
        WireClient component(wire, wire.listen("component"));
        component.ask(handshake_for(greeting_of(component), "s3cret"), "<handshake/>");
        auto& home = wire.world.home_of("push.example.org");
        ReceivedCount received;
        home.set_trace(&received);
        std::string requests;
        for (int i = 1; i <= 100; ++i)
            requests += "<iq type='get' id='" + std::to_string(i) +
                        "' from='push.example.org' to='example.org'><x xmlns='urn:x'/></iq>";
        int at_last = 0;
        home.shards().post(home.shard().index(), [&] {
            for (int i = 0; i < 100'000; ++i)
                home.deliveries().push([&, i](core::Context&) {
                    if (i == 1000) component.send(requests);
                    at_last = received.count;
                });
        });
        component.expect("id='100'");
        home.set_trace(nullptr);
        CHECK(received.count == 100);
        CHECK(at_last == 1);
    }

    TEST_CASE(
        "one address has so many connections, and of those without a secret the oldest goes") {
        Wire wire(config +
                  "[limits]\ncomponent_connections_per_address = 3\n"
                  "unauthenticated_connections = 2\n");
        const std::uint16_t port = wire.listen("component");
        WireClient attached(wire, port);
        attached.ask(handshake_for(greeting_of(attached), "s3cret"), "<handshake/>");
        WireClient oldest(wire, port);
        greeting_of(oldest);
        WireClient second(wire, port);
        greeting_of(second);
        WireClient more(wire, port);
        more.expect_end();
        WireClient elsewhere(wire, port, "127.0.0.2");
        greeting_of(elsewhere);
        wire.advance(std::chrono::seconds(1));
        oldest.expect("<resource-constraint");
        CHECK_FALSE(attached.ended());
        CHECK_FALSE(second.ended());
    }
}
