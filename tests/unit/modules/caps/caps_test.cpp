#include "modules/caps/caps.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "modules/disco.h"
#include "modules/ping.h"
#include "modules/roster.h"
#include "modules/stream_management.h"
#include "proto/entity_caps.h"
#include "proto/ns.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/events/caps_events.h"
#include "server/core/events/stream_events.h"
#include "server/runtime/event_bus.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::test;

namespace {

constexpr std::string_view romeo_jid = "romeo@example.org";
constexpr std::string_view nick = "http://jabber.org/protocol/nick";

/// A kind of client, by one feature of its own.
std::string features(const std::string& own) {
    return "<identity category='client' type='phone' name='Tern'/>"
           "<feature var='" +
           own +
           "'/>"
           "<feature var='http://jabber.org/protocol/nick+notify'/>";
}

std::string ver_of(const std::string& children) {
    const auto query = xml::parse_element(
        "<query xmlns='http://jabber.org/protocol/disco#info'>" + children + "</query>",
        ns::client);
    return *caps_ver("sha-1", *caps_text(query.root()));
}

std::string c_of(const std::string& children) {
    return "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://tern' ver='" +
           ver_of(children) + "'/>";
}

std::string presence(std::string_view from, std::string_view to, const std::string& children) {
    return "<presence xmlns='jabber:client' from='" + std::string(from) + "' to='" +
           std::string(to) + "'>" + children + "</presence>";
}

std::string answer_to(const Stanza& question, const std::string& children) {
    return "<iq xmlns='jabber:client' type='result' id='" + std::string(question.id()) +
           "' from='" + std::string(question.to().full()) + "' to='" +
           std::string(question.from().full()) +
           "'><query xmlns='http://jabber.org/protocol/disco#info'>" + children + "</query></iq>";
}

/// What the module told, in order: "account resource", and whether there was something before.
struct Told {
    std::vector<std::string> all;
} told;

void listen(core::ModuleSetup& setup) {
    setup.on<events::CapabilitiesKnown>(
        events::CapabilitiesKnown::Stage::react, [](const events::CapabilitiesKnown& event) {
            told.all.push_back(std::string(event.account.jid().bare()) + ' ' +
                               std::string(event.resource.full()) +
                               (event.before ? " changed" : ""));
        });
}

struct Scene {
    explicit Scene(std::string config = {}) : world(setup(std::move(config))) {
        told.all.clear();
        for (const char* jid :
             {"romeo@example.org", "benvolio@example.org", "mercutio@example.org"})
            world.add_account(jid);
    }
    static World::Setup setup(std::string config) {
        return {.modules = {{.name = "roster",
                             .install = roster::install,
                             .declare_options = roster::declare_options},
                            {.name = "disco", .install = disco::install},
                            {.name = "ping", .install = ping::install},
                            {.name = "caps",
                             .install = caps::install,
                             .declare_options = caps::declare_options,
                             .check_entry = caps::check_entry},
                            {.name = "stream_management",
                             .install = stream_management::install,
                             .declare_options = stream_management::declare_options},
                            {.name = "listener", .install = listen}},
                .config = std::move(config)};
    }

    Client& enter(std::string_view bare, std::string_view contact) {
        world.befriend(bare, contact);
        Client& client = world.log_in(std::string(bare) + "/home");
        world.remote().drop_all();
        return client;
    }

    unsigned shard_of(std::string_view bare) { return world.home_of(bare).shard().index(); }
    /// Of a user whose home is another shard.
    std::string jid_elsewhere(std::string_view bare) {
        for (int i = 0;; ++i) {
            std::string jid = "other" + std::to_string(i) + "@example.org";
            if (shard_of(jid) != shard_of(bare)) return jid;
        }
    }

    /// Questions that went to other servers; the rest that did is dropped.
    std::vector<StanzaPtr> questions() {
        std::vector<StanzaPtr> found;
        while (auto stanza = world.remote().pop())
            if (stanza->kind() == StanzaKind::iq) found.push_back(std::move(stanza));
        return found;
    }

    std::vector<std::string> capable(std::string_view account, std::string_view feature) {
        std::vector<Jid> found;
        auto& of = world.account(account);
        world.at(account, [&](core::Core& core) {
            core.bus().fire(events::CapableSought{of, feature, found});
        });
        std::vector<std::string> names;
        for (const Jid& jid : found) names.emplace_back(jid.full());
        return names;
    }
    std::vector<std::string> wants_nicks(std::string_view account) {
        return capable(account, std::string(nick) + "+notify");
    }

    World world;
};

using Names = std::vector<std::string>;
const std::string tern = features("urn:tern");
const std::string gull = features("urn:gull");

}  // namespace

// ---- What the server says -----------------------------------------------------------------------

TEST_CASE("the host answers for its own hash as it does without one") {
    Scene scene;
    Client& romeo = scene.enter(romeo_jid, "juliet@capulet.lit");
    const auto plain = romeo.ask(
        "<iq type='get' id='1' to='example.org'>"
        "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    const std::string ver =
        *caps_ver("sha-1", *caps_text(*plain.root().child(ns::disco_info, "query")));
    const auto ask = [&](const std::string& node) {
        return romeo.ask("<iq type='get' id='2' to='example.org'><query node='" + node +
                         "' xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    };
    const auto named = ask("urn:clarion:server#" + ver);
    const xml::Element* query = named.root().child(ns::disco_info, "query");
    REQUIRE(query);
    CHECK(query->attr("node") == "urn:clarion:server#" + ver);
    CHECK(*caps_text(*query) == *caps_text(*plain.root().child(ns::disco_info, "query")));
    for (const char* other : {"urn:clarion:server", "urn:clarion:server#", "urn:clarion:server#x"})
        CHECK(read_error(ask(other).root()).condition == StanzaErrorCondition::item_not_found);
}

TEST_CASE("stream features name the host's hash, which follows its features") {
    const auto ver = [](std::string_view host, std::string config) {
        Scene scene(std::move(config));
        xml::Document features("features", ns::streams);
        scene.world.at("example.org", [&](core::Core& core) {
            const c2s::StreamFacts stream{.host = host};
            core.bus().fire(events::StreamFeatures{core, stream, features.root()});
        });
        const xml::Element* c = features.root().child(ns::caps, "c");
        if (!c) return std::string();
        CHECK(c->attr("hash") == "sha-1");
        CHECK(c->attr("node") == "urn:clarion:server");
        return std::string(c->attr("ver"));
    };
    const std::string org = ver("example.org", "");
    CHECK(org.size() == 28);
    CHECK(ver("example.net", "") == org);
    const std::string off = "[host.\"example.net\".modules]\ndisabled = [\"ping\"]\n";
    CHECK(ver("example.org", off) == org);
    CHECK(ver("example.net", off) != org);
    CHECK(ver("example.net", "[host.\"example.net\".modules]\ndisabled = [\"caps\"]\n") == "");
}

// ---- Contacts -----------------------------------------------------------------------------------

TEST_CASE("of all who say a hash, to all users of a domain, one is asked") {
    Scene scene;
    scene.enter(romeo_jid, "juliet@capulet.lit");
    scene.enter("benvolio@example.org", "juliet@capulet.lit");
    scene.enter("mercutio@example.org", "nurse@capulet.lit");
    scene.questions();
    for (const char* to : {"romeo@example.org", "benvolio@example.org"})
        scene.world.arrive(presence("juliet@capulet.lit/balcony", to, c_of(tern)));
    scene.world.arrive(presence("nurse@capulet.lit/hall", "mercutio@example.org", c_of(tern)));

    const auto asked = scene.questions();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0]->to().full() == "juliet@capulet.lit/balcony");
    CHECK(asked[0]->from().full() == romeo_jid);
    CHECK(asked[0]->payload()->attr("node") == "http://tern#" + ver_of(tern));
    CHECK(scene.wants_nicks(romeo_jid).empty());

    scene.world.arrive(answer_to(*asked[0], tern));
    CHECK(scene.questions().empty());
    CHECK(scene.wants_nicks(romeo_jid) == Names{"juliet@capulet.lit/balcony"});
    CHECK(scene.wants_nicks("benvolio@example.org") == Names{"juliet@capulet.lit/balcony"});
    CHECK(scene.wants_nicks("mercutio@example.org") == Names{"nurse@capulet.lit/hall"});
    CHECK(scene.capable(romeo_jid, "urn:tern") == Names{"juliet@capulet.lit/balcony"});
    CHECK(scene.capable(romeo_jid, "urn:gull").empty());
    std::sort(told.all.begin(), told.all.end());
    CHECK(told.all == Names{"benvolio@example.org juliet@capulet.lit/balcony",
                            "mercutio@example.org nurse@capulet.lit/hall",
                            "romeo@example.org juliet@capulet.lit/balcony"});
}

TEST_CASE("what is known and not yet on disk is not asked again, on another shard either") {
    Scene scene;
    scene.enter(romeo_jid, "juliet@capulet.lit");
    const std::string other = scene.jid_elsewhere(romeo_jid);
    scene.world.add_account(other);
    scene.enter(other, "nurse@capulet.lit");
    scene.world.arrive(presence("juliet@capulet.lit/balcony", romeo_jid, c_of(tern)));
    const auto asked = scene.questions();
    REQUIRE(asked.size() == 1);

    const auto arrive_held = [&](const std::string& stanza, std::string_view at) {
        scene.world.post(at, [stanza](core::Core& core) {
            core.router().route(*Stanza::from_document(xml::parse_element(stanza)));
        });
        scene.world.run_shards();
    };
    scene.world.storage().hold_commits();
    arrive_held(answer_to(*asked[0], tern), romeo_jid);
    arrive_held(presence("nurse@capulet.lit/hall", other, c_of(tern)), other);
    CHECK(scene.questions().empty());
    scene.world.storage().release_commits();
    scene.world.settle();
    CHECK(scene.questions().empty());
    CHECK(scene.wants_nicks(other) == Names{"nurse@capulet.lit/hall"});
}

TEST_CASE(
    "on several shards one is asked, then who waits; and if the desk moves, they ask themselves") {
    Scene scene;
    scene.enter(romeo_jid, "juliet@capulet.lit");
    const std::string other = scene.jid_elsewhere(romeo_jid);
    scene.world.add_account(other);
    scene.enter(other, "nurse@capulet.lit");
    scene.world.arrive(presence("juliet@capulet.lit/a", romeo_jid, c_of(tern)));
    scene.world.arrive(presence("nurse@capulet.lit/b", other, c_of(tern)));
    auto asked = scene.questions();
    REQUIRE(asked.size() == 1);
    SUBCASE("the first does not know") {
        scene.world.arrive(answer_to(*asked[0], gull));
        asked = scene.questions();
        REQUIRE(asked.size() == 1);
        CHECK(asked[0]->from().full() == other);
    }
    SUBCASE("the desk moves") {
        const std::string desk = caps::owner_address("example.org");
        PartitionSet set;
        set.add(partition_of(desk));
        CHECK(scene.world.move(set, 1 - scene.shard_of(desk)));
        asked = scene.questions();
        REQUIRE(asked.size() == 1);
        CHECK(asked[0]->from().full() == other);
    }
    scene.world.arrive(answer_to(*asked[0], tern));
    CHECK(scene.wants_nicks(other) == Names{"nurse@capulet.lit/b"});
}

TEST_CASE("it is told again when it changes or comes anew, and not otherwise") {
    Scene scene;
    scene.enter(romeo_jid, "juliet@capulet.lit");
    const auto arrive = [&](const std::string& children) {
        told.all.clear();
        scene.world.arrive(presence("juliet@capulet.lit/b", romeo_jid, children));
        for (const auto& question : scene.questions())
            scene.world.arrive(
                answer_to(*question,
                          question->payload()->attr("node").ends_with(ver_of(tern)) ? tern : gull));
        return told.all;
    };
    const std::string first = "romeo@example.org juliet@capulet.lit/b";
    CHECK(arrive(c_of(tern)) == Names{first});
    CHECK(arrive("<show>away</show>" + c_of(tern)).empty());
    CHECK(arrive("<show>dnd</show>").empty());  // whose server leaves out what is known
    CHECK(scene.wants_nicks(romeo_jid).size() == 1);
    CHECK(arrive(c_of(gull)) == Names{first + " changed"});
    scene.world.arrive(
        "<presence xmlns='jabber:client' type='unavailable' "
        "from='juliet@capulet.lit/b' to='romeo@example.org'/>");
    CHECK(scene.wants_nicks(romeo_jid).empty());
    CHECK(arrive(c_of(tern)) == Names{first});
}

TEST_CASE("an answer that has another hash holds for who gave it alone") {
    Scene scene;
    scene.enter(romeo_jid, "paris@capulet.lit");
    scene.world.befriend(romeo_jid, "juliet@capulet.lit");
    scene.world.arrive(presence("paris@capulet.lit/a", romeo_jid, c_of(tern)));
    scene.world.arrive(presence("paris@capulet.lit/b", romeo_jid, c_of(tern)));
    scene.world.arrive(presence("juliet@capulet.lit/c", romeo_jid, c_of(tern)));
    auto asked = scene.questions();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0]->to().full() == "paris@capulet.lit/a");
    scene.world.arrive(answer_to(*asked[0], features("urn:poison")));
    CHECK(scene.capable(romeo_jid, "urn:poison") == Names{"paris@capulet.lit/a"});

    asked = scene.questions();  // not another one of Paris's
    REQUIRE(asked.size() == 1);
    CHECK(asked[0]->to().full() == "juliet@capulet.lit/c");
    scene.world.arrive(answer_to(*asked[0], tern));
    CHECK(scene.capable(romeo_jid, "urn:tern") ==
          Names{"juliet@capulet.lit/c", "paris@capulet.lit/b"});
    CHECK(scene.capable(romeo_jid, "urn:poison") == Names{"paris@capulet.lit/a"});
}

TEST_CASE("ill-formed, too large, and no answers leave unknown what somebody can do") {
    Scene scene("[caps]\nmax_size = 2000\n");
    scene.enter(romeo_jid, "juliet@capulet.lit");
    std::string large = tern;
    for (int i = 0; i < 100; ++i)
        large += "<feature var='urn:something:quite:long:" + std::to_string(i) + "'/>";
    const std::string twice = tern + "<feature var='urn:tern'/>";
    for (const auto& [said, answered] :
         {std::pair{c_of(tern), twice}, std::pair{c_of(large), large}}) {
        scene.world.arrive(presence("juliet@capulet.lit/b", romeo_jid, said));
        const auto asked = scene.questions();
        REQUIRE(asked.size() == 1);
        scene.world.arrive(answer_to(*asked[0], answered));
        CHECK(scene.wants_nicks(romeo_jid).empty());
        scene.world.arrive(presence("juliet@capulet.lit/b", romeo_jid, said));
        CHECK(scene.questions().empty());  // once was enough
    }
    scene.world.arrive(presence("juliet@capulet.lit/b", romeo_jid, c_of(gull)));
    CHECK(scene.questions().size() == 1);
    scene.world.advance(std::chrono::seconds(31));
    scene.world.arrive(presence("juliet@capulet.lit/new", romeo_jid, c_of(gull)));
    CHECK(scene.questions().size() == 1);  // somebody else may say
}

TEST_CASE("what proves nothing is asked of each, and holds for it alone") {
    Scene scene;
    scene.enter(romeo_jid, "juliet@capulet.lit");
    const std::string old =
        "<c xmlns='http://jabber.org/protocol/caps' node='http://old' ver='0.9'/>";
    for (const char* from : {"juliet@capulet.lit/a", "juliet@capulet.lit/b"})
        scene.world.arrive(presence(from, romeo_jid, old));
    const auto asked = scene.questions();
    REQUIRE(asked.size() == 2);
    CHECK(asked[0]->payload()->attr("node") == "http://old#0.9");
    scene.world.arrive(answer_to(*asked[0], tern));
    scene.world.arrive(answer_to(*asked[1], gull));
    CHECK(scene.capable(romeo_jid, "urn:tern") == Names{"juliet@capulet.lit/a"});
    CHECK(scene.capable(romeo_jid, "urn:gull") == Names{"juliet@capulet.lit/b"});
}

TEST_CASE("strangers, and contacts who do not see the account, are not asked") {
    Scene scene;
    scene.enter(romeo_jid, "juliet@capulet.lit");
    scene.world.befriend(romeo_jid, "rosaline@capulet.lit", core::Subscription::to);
    for (const char* from : {"rosaline@capulet.lit/x", "paris@capulet.lit/x"})
        scene.world.arrive(presence(from, romeo_jid, c_of(tern)));
    CHECK(scene.questions().empty());
    CHECK(scene.wants_nicks(romeo_jid).empty());
}

TEST_CASE("of one contact, and of an account, so many are known") {
    Scene scene("[caps]\nmax_resources = 2\nmax_known = 3\n");
    scene.enter(romeo_jid, "juliet@capulet.lit");
    for (const char* who : {"a", "b", "c"})
        scene.world.befriend(romeo_jid, std::string(who) + "@d");
    scene.world.arrive(presence("juliet@capulet.lit/1", romeo_jid, c_of(tern)));
    scene.world.arrive(answer_to(*scene.questions().at(0), tern));
    for (const char* from : {"juliet@capulet.lit/2", "juliet@capulet.lit/3", "a@d/1", "b@d/1"})
        scene.world.arrive(presence(from, romeo_jid, c_of(tern)));
    CHECK(scene.wants_nicks(romeo_jid) ==
          Names{"a@d/1", "juliet@capulet.lit/1", "juliet@capulet.lit/2"});
}

TEST_CASE("questions that wait are few, and to one domain fewer") {
    Scene scene("[caps]\nmax_questions = 8\n");
    scene.enter(romeo_jid, "juliet@capulet.lit");
    for (int i = 0; i < 5; ++i)
        scene.world.arrive(presence("juliet@capulet.lit/" + std::to_string(i), romeo_jid,
                                    c_of(features("urn:" + std::to_string(i)))));
    CHECK(scene.questions().size() == 2);
}

TEST_CASE("who sees the account no longer, and who was removed, is forgotten") {
    Scene scene;
    Client& romeo = scene.enter(romeo_jid, "juliet@capulet.lit");
    scene.world.arrive(presence("juliet@capulet.lit/b", romeo_jid, c_of(tern)));
    scene.world.arrive(answer_to(*scene.questions().at(0), tern));
    CHECK(scene.wants_nicks(romeo_jid).size() == 1);
    romeo.send("<presence type='unsubscribed' to='juliet@capulet.lit'/>");
    CHECK(scene.wants_nicks(romeo_jid).empty());
}

TEST_CASE("nothing is kept for an account without a session") {
    Scene scene;
    Client& romeo = scene.enter(romeo_jid, "juliet@capulet.lit");
    scene.world.arrive(presence("juliet@capulet.lit/b", romeo_jid, c_of(tern)));
    scene.world.arrive(answer_to(*scene.questions().at(0), tern));
    romeo.close();
    CHECK(scene.wants_nicks(romeo_jid).empty());
    scene.world.arrive(presence("juliet@capulet.lit/b", romeo_jid, c_of(tern)));
    CHECK(scene.wants_nicks(romeo_jid).empty());
}

// ---- Own sessions, restarts ---------------------------------------------------------------------

TEST_CASE("an own client is asked in the name of its account") {
    Scene scene;
    Client& romeo = scene.enter(romeo_jid, "juliet@capulet.lit");
    romeo.send("<presence>" + c_of(tern) + "</presence>");
    const auto question = romeo.pop("iq");
    CHECK(question.root().attr("from") == romeo_jid);
    const std::string query = "<query xmlns='http://jabber.org/protocol/disco#info' node='" +
                              std::string(question.root().first_child()->attr("node")) + "'>" +
                              tern + "</query>";
    romeo.send("<iq type='result' to='romeo@example.org' id='" +
               std::string(question.root().attr("id")) + "'>" + query + "</iq>");
    CHECK(scene.wants_nicks(romeo_jid) == Names{"romeo@example.org/home"});
    CHECK(told.all == Names{"romeo@example.org romeo@example.org/home"});
    events::CapabilitiesSought sought{romeo.account(), romeo.jid()};
    scene.world.at(romeo_jid, [&](core::Core& core) { core.bus().fire(sought); });
    REQUIRE(sought.found);
    CHECK(sought.found->has("urn:tern"));
    CHECK(sought.found->notifies(nick));
    romeo.send("<presence type='unavailable'/>");
    CHECK(scene.wants_nicks(romeo_jid).empty());
}

TEST_CASE("after a restart nobody is asked again") {
    Scene scene;
    scene.enter(romeo_jid, "juliet@capulet.lit");
    scene.world.arrive(presence("juliet@capulet.lit/b", romeo_jid, c_of(tern)));
    scene.world.arrive(answer_to(*scene.questions().at(0), tern));
    scene.world.crash_and_restart();
    scene.enter(romeo_jid, "juliet@capulet.lit");
    scene.world.arrive(presence("juliet@capulet.lit/b", romeo_jid, c_of(tern)));
    CHECK(scene.questions().empty());
    CHECK(scene.wants_nicks(romeo_jid) == Names{"juliet@capulet.lit/b"});
}

TEST_CASE("a sleeping session can do what it could, also after a restart") {
    for (const bool proves : {true, false}) {
        CAPTURE(proves);
        Scene scene;
        Client& romeo = scene.enter(romeo_jid, "juliet@capulet.lit");
        const std::string said =
            proves ? c_of(tern)
                   : "<c xmlns='http://jabber.org/protocol/caps' node='http://old' ver='1'/>";
        romeo.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        romeo.send("<presence>" + said + "</presence>");
        const auto question = romeo.pop("iq");
        romeo.send("<iq type='result' id='" + std::string(question.root().attr("id")) +
                   "'><query xmlns='http://jabber.org/protocol/disco#info'>" + tern +
                   "</query></iq>");
        CHECK(scene.wants_nicks(romeo_jid) == Names{"romeo@example.org/home"});
        romeo.cut();
        CHECK(scene.wants_nicks(romeo_jid) == Names{"romeo@example.org/home"});
        scene.world.crash_and_restart();
        told.all.clear();
        (void)scene.world.account(romeo_jid);
        scene.world.settle();
        CHECK(scene.wants_nicks(romeo_jid) == Names{"romeo@example.org/home"});
        CHECK(told.all.empty());
    }
}

TEST_CASE("what is on disk is bounded, and the oldest goes") {
    Scene scene("[caps]\nmax_stored = 8\n");
    scene.enter(romeo_jid, "juliet@capulet.lit");
    const auto learn = [&](int i) {
        const std::string kind = features("urn:" + std::to_string(i));
        scene.world.arrive(presence("juliet@capulet.lit/b", romeo_jid, c_of(kind)));
        const auto asked = scene.questions();
        if (!asked.empty()) scene.world.arrive(answer_to(*asked[0], kind));
        scene.world.advance(std::chrono::hours(1));
        return !asked.empty();
    };
    for (int i = 0; i < 9; ++i) CHECK(learn(i));
    scene.world.crash_and_restart();
    scene.enter(romeo_jid, "juliet@capulet.lit");
    CHECK_FALSE(learn(8));
    CHECK_FALSE(learn(4));
    CHECK(learn(0));
}

TEST_CASE("what memory has no room for is found again on disk") {
    Scene scene("[caps]\nmax_memory = 65536\n");
    scene.enter(romeo_jid, "juliet@capulet.lit");
    const auto kind = [](int i) {
        std::string all = features("urn:" + std::to_string(i));
        for (int j = 0; j < 100; ++j)
            all += "<feature var='urn:something:quite:long:" + std::to_string(j) + "'/>";
        return all;
    };
    const auto arrive = [&](int i, const std::string& resource) {
        scene.world.arrive(presence("juliet@capulet.lit/" + resource, romeo_jid, c_of(kind(i))));
        const auto asked = scene.questions();
        if (!asked.empty()) scene.world.arrive(answer_to(*asked[0], kind(i)));
        return !asked.empty();
    };
    CHECK(arrive(0, "first"));
    for (int i = 1; i < 40; ++i) CHECK(arrive(i, "other"));
    const Names now = scene.capable(romeo_jid, "urn:0");  // it begins to be read
    CHECK(now.empty());
    CHECK(scene.capable(romeo_jid, "urn:0") == Names{"juliet@capulet.lit/first"});
    CHECK_FALSE(arrive(1, "third"));
}

TEST_CASE("entries prove themselves") {
    const std::string text = "client/phone//<urn:tern<";
    const std::string key = "sha-1 " + *caps_ver("sha-1", text);
    const std::string value = caps::encode({WallTime{std::chrono::microseconds(3)}, text});
    CHECK(value == std::string("\x01\0\0\0\0\0\0\0\x03\x18", 10) + text);
    const auto back = caps::decode_text(key, value);
    REQUIRE(back);
    CHECK(back->text == text);
    CHECK(back->used == WallTime{std::chrono::microseconds(3)});
    CHECK_FALSE(caps::decode_text(key, caps::encode({{}, "client/phone//<"})).ok());
    CHECK_FALSE(caps::decode_text("sha-1", value).ok());
    CHECK_FALSE(caps::decode_text(key, value + "x").ok());
    CHECK_FALSE(caps::decode_text(key, "").ok());
}
