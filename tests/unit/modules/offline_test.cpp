#include "modules/offline.h"

#include <doctest/doctest.h>

#include "modules/mam/mam.h"
#include "modules/stream_management.h"
#include "proto/delay.h"
#include "proto/ns.h"
#include "proto/stanza_id.h"
#include "tests/support/world.h"

namespace clarion::offline {
namespace {

const Jid juliet = Jid::trusted("juliet@example.org");

/// Juliet is away; Romeo writes from another server.
struct Scene {
    test::World world;

    explicit Scene(std::string config = {})
        : world({.modules = {{"mam", mam::install, mam::declare_options, "", ""},
                             {"offline", install, declare_options, "", ""},
                             {"stream_management", stream_management::install, nullptr, "", ""}},
                 .config = std::move(config)}) {
        world.add_account("juliet@example.org");
    }
    void romeo_says(const std::string& text, const std::string& more = {}) {
        world.arrive(
            "<message from='romeo@example.com/orchard' to='juliet@example.org' type='chat' id='" +
            text + "'><body>" + text + "</body>" + more + "</message>");
    }
    test::Client& comes_online(const std::string& resource, bool with_sm = false) {
        test::Client& client = world.connect("juliet@example.org/" + resource);
        if (with_sm) client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        client.drop_all();
        client.send("<presence/>");
        return client;
    }
    std::uint64_t kept() { return world.account("juliet@example.org").offline_count(); }
    /// Bodies of the messages that client has received, in order.
    static std::vector<std::string> bodies(test::Client& client) {
        std::vector<std::string> found;
        while (true) {
            const auto message = client.pop("message");
            if (message.root().name() == "nothing") return found;
            found.emplace_back(message.root().child_text(ns::client, "body"));
        }
    }
};

constexpr const char* without_archive = "[mam]\ndefault = \"never\"\n";

TEST_CASE("what came while nobody was there comes first, in order, with its time") {
    for (const char* config : {"", without_archive}) {
        Scene scene(config);
        scene.romeo_says("one");
        scene.world.advance(std::chrono::seconds(5));
        scene.romeo_says("two");
        CHECK(scene.kept() == 2);
        scene.world.advance(std::chrono::hours(1));

        test::Client& balcony = scene.comes_online("balcony");
        const auto first = balcony.pop("message");
        CHECK(first.root().child_text(ns::client, "body") == "one");
        const xml::Element* delay = find_delay(first.root(), "example.org");
        REQUIRE(delay);
        CHECK(delay->attr("stamp") == "2026-01-01T00:00:00Z");
        const auto second = balcony.pop("message");
        CHECK(second.root().child_text(ns::client, "body") == "two");
        CHECK(find_delay(second.root(), "example.org")->attr("stamp") == "2026-01-01T00:00:05Z");
        CHECK(scene.kept() == 0);
        CHECK(scene.bodies(scene.comes_online("chamber")).empty());
    }
}

TEST_CASE("an archived message comes with the id it has in the archive, once") {
    Scene scene;
    scene.romeo_says("one");
    const auto message = scene.comes_online("balcony").pop("message");
    CHECK_FALSE(find_stanza_id(message.root(), juliet).empty());
}

TEST_CASE("with stream management a message stays until it is acknowledged") {
    Scene scene(without_archive);
    scene.romeo_says("one");
    scene.romeo_says("two");
    test::Client& balcony = scene.comes_online("balcony", true);
    CHECK(Scene::bodies(balcony) == std::vector<std::string>{"one", "two"});
    CHECK(scene.kept() == 2);
    SUBCASE("another session does not get it a second time") {
        CHECK(Scene::bodies(scene.comes_online("chamber")).empty());
        CHECK(scene.kept() == 2);
    }
    SUBCASE("acknowledged") {
        const std::uint32_t sent = balcony.session().sm()->queue.sent();
        balcony.send("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(sent) + "'/>");
        CHECK(scene.kept() == 0);
        balcony.close();
        CHECK(Scene::bodies(scene.comes_online("chamber")).empty());
    }
    SUBCASE("the stream ends without that: the next session gets it") {
        balcony.close();
        CHECK(scene.kept() == 2);
        CHECK(Scene::bodies(scene.comes_online("chamber")) ==
              std::vector<std::string>{"one", "two"});
    }
    SUBCASE("the stream ends without that, and another session is there already") {
        test::Client& chamber = scene.comes_online("chamber");
        balcony.close();
        CHECK(Scene::bodies(chamber) == std::vector<std::string>{"one", "two"});
        CHECK(scene.kept() == 0);
    }
}

TEST_CASE("more than one page, and live messages behind") {
    Scene scene(without_archive);
    std::vector<std::string> expected;
    for (int i = 0; i < 120; ++i) {
        expected.push_back(std::to_string(i));
        scene.romeo_says(expected.back());
    }
    test::Client& balcony = scene.world.connect("juliet@example.org/balcony");
    balcony.send_soon("<presence/>");
    balcony.send_soon("<message to='juliet@example.org' type='chat'><body>live</body></message>");
    scene.world.settle();
    expected.push_back("live");
    CHECK(Scene::bodies(balcony) == expected);
    CHECK(scene.kept() == 0);
}

TEST_CASE("nothing for a negative priority; all once it is none") {
    Scene scene;
    scene.romeo_says("one");
    test::Client& balcony = scene.world.connect("juliet@example.org/balcony");
    balcony.send("<presence><priority>-1</priority></presence>");
    CHECK(Scene::bodies(balcony).empty());
    balcony.send("<presence/>");
    CHECK(Scene::bodies(balcony) == std::vector<std::string>{"one"});
}

TEST_CASE("what is not worth keeping is answered, and not kept") {
    Scene scene(without_archive);
    scene.romeo_says("no", "<no-store xmlns='urn:xmpp:hints'/>");
    CHECK(scene.kept() == 0);
    const StanzaPtr answer = scene.world.remote().pop();
    REQUIRE(answer);
    CHECK(read_error(answer->root()).condition == StanzaErrorCondition::service_unavailable);
}

TEST_CASE("an account keeps no more than its limit") {
    SUBCASE("without archive the sender is told") {
        Scene scene("[mam]\ndefault = \"never\"\n[offline]\nmax_messages = 1\n");
        scene.romeo_says("one");
        CHECK(scene.world.remote().pending() == 0);
        scene.romeo_says("two");
        CHECK(scene.kept() == 1);
        CHECK(scene.world.remote().pending() == 1);
    }
    SUBCASE("what is in the archive is not lost") {
        Scene scene("[offline]\nmax_messages = 1\n");
        scene.romeo_says("one");
        scene.romeo_says("two");
        CHECK(scene.kept() == 1);
        CHECK(scene.world.remote().pending() == 0);
    }
}

TEST_CASE("who asked the archive first is not sent the same again") {
    Scene scene;
    scene.romeo_says("one");
    test::Client& balcony = scene.world.connect("juliet@example.org/balcony");
    const auto fin = balcony.ask("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
    CHECK(fin.root().attr("type") == "result");
    balcony.drop_all();
    balcony.send("<presence/>");
    CHECK(Scene::bodies(balcony).empty());
    CHECK(scene.kept() == 0);
}

TEST_CASE("what came after the archive was asked and before coming online is sent") {
    Scene scene;
    scene.romeo_says("one");
    test::Client& balcony = scene.world.connect("juliet@example.org/balcony");
    balcony.ask("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
    scene.romeo_says("two");
    balcony.drop_all();
    balcony.send("<presence/>");
    CHECK(Scene::bodies(balcony) == std::vector<std::string>{"two"});
    CHECK(scene.kept() == 0);
}

}  // namespace
}  // namespace clarion::offline
