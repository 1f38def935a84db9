// What a handler sends to a session and what it routes keep their order, whichever they use.
#include <doctest/doctest.h>

#include <string>

#include "modules/blocking/blocking.h"
#include "modules/carbons.h"
#include "modules/mam/mam.h"
#include "modules/roster.h"
#include "modules/stream_management.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;

namespace {

constexpr std::string_view romeo_jid = "romeo@example.org";
constexpr std::string_view juliet_jid = "juliet@example.org";

struct Scene {
    Scene() {
        world.add_account(romeo_jid);
        world.add_account(juliet_jid);
        romeo = &world.log_in("romeo@example.org/phone");
    }

    /// What it received, oldest first: 'result', 'set:roster' ...
    static std::string received(Client& client) {
        std::string all;
        while (client.pending() > 0) {
            const auto element = client.pop();
            all += name_of(element.root()) + ' ';
        }
        return all;
    }

    static std::string name_of(const xml::Element& element) {
        std::string name(element.attr("type").empty() ? element.name() : element.attr("type"));
        const xml::Element* payload = element.first_child();
        if (element.name() == "iq" && payload) name += ':' + std::string(payload->name());
        if (element.name() == "message" && payload) name = payload->name();
        return name;
    }

    World world{{.modules = {{"roster", roster::install, roster::declare_options},
                             {"blocking", blocking::install, blocking::declare_options},
                             {"mam", mam::install, mam::declare_options},
                             {"carbons", carbons::install},
                             {"stream_management", stream_management::install,
                              stream_management::declare_options}},
                 .shards = 1}};
    Client* romeo = nullptr;
};

}  // namespace

TEST_CASE("order: a roster push and the result") {
    Scene scene;
    scene.romeo->send(
        "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='nurse@example.org'/>"
        "</query></iq>");
    CHECK(Scene::received(*scene.romeo) == "set:query result ");
}

TEST_CASE("order: the result of a command and its push") {
    Scene scene;
    scene.romeo->send("<iq type='get' id='1'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
    scene.romeo->drop_all();
    scene.romeo->send(
        "<iq type='set' id='2'><block xmlns='urn:xmpp:blocking'><item jid='x@example.com'/>"
        "</block></iq>");
    CHECK(Scene::received(*scene.romeo) == "result set:block ");
}

TEST_CASE("order: errors and pushes, in the order of what caused them") {
    Scene scene;
    scene.romeo->send_soon("<message to='nobody@example.org' id='1'><body>x</body></message>");
    scene.romeo->send_soon(
        "<iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='nurse@example.org'/>"
        "</query></iq>");
    scene.romeo->send_soon("<iq type='get' id='3' to='example.org'><x xmlns='urn:none'/></iq>");
    scene.world.settle();
    CHECK(Scene::received(*scene.romeo) == "body set:query result error:x ");
}

TEST_CASE("order: unavailable and available to the same contact") {
    Scene scene;
    scene.world.befriend(romeo_jid, juliet_jid);
    scene.world.befriend(juliet_jid, romeo_jid);
    Client& juliet = scene.world.log_in("juliet@example.org/balcony");
    juliet.drop_all();
    scene.romeo->send_soon("<presence type='unavailable'/>");
    scene.romeo->send_soon("<presence/>");
    scene.world.settle();
    CHECK(Scene::received(juliet).starts_with("unavailable presence "));
}

TEST_CASE("order: an answer to a subscription, and the roster push") {
    Scene scene;
    Client& juliet = scene.world.log_in("juliet@example.org/balcony");
    scene.romeo->send("<presence type='subscribe' to='juliet@example.org'/>");
    scene.romeo->drop_all();
    juliet.send("<presence type='subscribed' to='romeo@example.org'/>");
    CHECK(Scene::received(*scene.romeo).starts_with("subscribed set:query "));
}

TEST_CASE("order: the last page of an archive and <fin/>") {
    Scene scene;
    for (int i = 0; i < 3; ++i)
        scene.romeo->send("<message type='chat' to='juliet@example.org'><body>x</body></message>");
    scene.romeo->drop_all();
    scene.romeo->send("<iq type='set' id='1'><query xmlns='urn:xmpp:mam:2'/></iq>");
    CHECK(Scene::received(*scene.romeo) == "result result result result:fin ");
}

TEST_CASE("order: messages and carbons of messages, as they were sent") {
    Scene scene;
    Client& laptop = scene.world.log_in("romeo@example.org/laptop");
    scene.romeo->send("<iq type='set' id='1'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    scene.romeo->drop_all();
    for (int i = 0; i < 2; ++i) {
        laptop.send_soon("<message type='chat' to='juliet@example.org'><body>x</body></message>");
        laptop.send_soon(
            "<message type='chat' to='romeo@example.org/phone'><body>x</body></message>");
    }
    scene.world.settle();
    CHECK(Scene::received(*scene.romeo) == "sent body sent body ");
}

TEST_CASE("what a client is answered comes before the end of the stream that it closes") {
    Scene scene;
    scene.romeo->send_soon("<iq type='get' id='1' to='example.org'><x xmlns='urn:none'/></iq>");
    scene.romeo->close();
    CHECK(Scene::received(*scene.romeo) == "error:x ");
}
