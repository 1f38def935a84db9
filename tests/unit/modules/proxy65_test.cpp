#include "modules/proxy65.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "modules/disco.h"
#include "proto/ns.h"
#include "proto/socks5.h"
#include "proto/stanza_error.h"
#include "server/core/routing/bytestream_port.h"
#include "server/core/routing/domain_links.h"
#include "tests/support/world.h"

namespace clarion::proxy65 {
namespace {

using test::Client;
using test::World;

/// Instead of net's: notes what it is asked, and on which shard.
struct FakeRelay final : core::BytestreamPort {
    std::uint16_t port() const override { return listening; }
    unsigned meeting_shard(std::string_view) const override { return 1; }
    Result<> activate(std::string_view address, const std::string& account) override {
        asked.push_back(std::string(address) + " " + account);
        return outcome;
    }

    std::uint16_t listening = 7777;
    Result<> outcome{};
    std::vector<std::string> asked;
};

World::Setup setup(const std::string& config) {
    return {.modules = {{.name = "disco", .install = disco::install},
                        {.name = "proxy65",
                         .install = install,
                         .declare_options = declare_options,
                         .domains = domains}},
            .config = config};
}

struct Scene {
    explicit Scene(const std::string& options = {})
        : world(setup("[proxy65.\"Proxy.example.org\"]\n" + options)) {
        for (unsigned i = 0; i < 2; ++i) world.core(i).links().set_bytestreams(&relays[i]);
        world.add_account("romeo@example.org");
        romeo = &world.connect("romeo@example.org/orchard");
    }

    std::string ask(const std::string& type, const std::string& payload) {
        return said(
            romeo->ask("<iq type='" + type + "' id='p' to='proxy.example.org'>" + payload + "</iq>")
                .root());
    }
    /// The same from another server.
    std::string ask_from_afar(const std::string& type, const std::string& payload) {
        world.arrive("<iq xmlns='jabber:client' type='" + type +
                     "' id='p' from='mercutio@example.com/street' to='proxy.example.org'>" +
                     payload + "</iq>");
        const StanzaPtr answer = world.remote().pop();
        return answer ? said(answer->root()) : "nothing";
    }
    static std::string said(const xml::Element& answer) {
        if (answer.attr("type") == "error") return std::string(name(read_error(answer).condition));
        const xml::Element* query = answer.child(ns::bytestreams, "query");
        if (!query) return "done";
        const xml::Element& host = *query->child(ns::bytestreams, "streamhost");
        return std::string(host.attr("jid")) + " " + std::string(host.attr("host")) + " " +
               std::string(host.attr("port"));
    }

    World world;
    FakeRelay relays[2];
    Client* romeo = nullptr;
};

constexpr auto query = "<query xmlns='http://jabber.org/protocol/bytestreams'/>";
constexpr auto activation =
    "<query xmlns='http://jabber.org/protocol/bytestreams' sid='s1'>"
    "<activate> Juliet@Example.Net/balcony\n</activate></query>";

std::string address_for(std::string_view requester) {
    return socks5::stream_address("s1", *Jid::parse(requester),
                                  *Jid::parse("juliet@example.net/balcony"));
}

}  // namespace

TEST_SUITE("modules/proxy65") {
    TEST_CASE("it tells where to connect, as the options say") {
        Scene usual;
        CHECK(usual.ask("get", query) == "proxy.example.org proxy.example.org 7777");
        Scene said("host = \"192.0.2.1\"\nport = 1080\n");
        CHECK(said.ask("get", query) == "proxy.example.org 192.0.2.1 1080");
    }

    TEST_CASE("a stream is activated where its connections meet, by the hash of what was asked") {
        Scene scene;
        CHECK(scene.ask("set", activation) == "done");
        CHECK(scene.relays[0].asked.empty());
        CHECK(scene.relays[1].asked ==
              std::vector{address_for("romeo@example.org/orchard") + " romeo@example.org"});
    }

    TEST_CASE("what the relay says is the answer") {
        Scene scene;
        scene.relays[1].outcome = fail("not-allowed", "only one end is connected");
        CHECK(scene.ask("set", activation) == "not-allowed");
        scene.relays[1].outcome = fail(error_code::item_not_found, "no such stream");
        CHECK(scene.ask("set", activation) == "item-not-found");
        scene.relays[1].outcome = fail(error_code::resource_constraint, "too many streams");
        CHECK(scene.ask("set", activation) == "resource-constraint");
    }

    TEST_CASE("users of other servers are forbidden, or counted by their server") {
        Scene local;
        CHECK(local.ask_from_afar("get", query) == "forbidden");
        CHECK(local.ask_from_afar("set", activation) == "forbidden");
        CHECK(local.relays[1].asked.empty());
        Scene open("access = \"anyone\"\n");
        CHECK(open.ask_from_afar("get", query) == "proxy.example.org proxy.example.org 7777");
        CHECK(open.ask_from_afar("set", activation) == "done");
        CHECK(open.relays[1].asked ==
              std::vector{address_for("mercutio@example.com/street") + " example.com"});
    }

    TEST_CASE("without a listener it is out of service") {
        Scene scene;
        for (FakeRelay& relay : scene.relays) relay.listening = 0;
        CHECK(scene.ask("get", query) == "not-allowed");
        CHECK(scene.ask("set", activation) == "not-allowed");
        for (unsigned i = 0; i < 2; ++i) scene.world.core(i).links().set_bytestreams(nullptr);
        CHECK(scene.ask("get", query) == "not-allowed");
    }

    TEST_CASE("who does not say which stream with whom gets a bad request") {
        Scene scene;
        const std::string open = "<query xmlns='http://jabber.org/protocol/bytestreams'";
        CHECK(scene.ask("set", open + "/>") == "bad-request");
        CHECK(scene.ask("set", open + " sid='s1'/>") == "bad-request");
        CHECK(scene.ask("set", open + "><activate>juliet@example.net</activate></query>") ==
              "bad-request");
        CHECK(scene.ask("set", open + " sid='s1'><activate>@</activate></query>") ==
              "jid-malformed");
        CHECK(scene.relays[1].asked.empty());
    }
}

}  // namespace clarion::proxy65
