#include "modules/mam/mam.h"
#include "modules/mam/preferences.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "modules/carbons.h"
#include "modules/mam/archive_rules.h"
#include "proto/forward.h"
#include "proto/ns.h"
#include "proto/stanza_id.h"
#include "server/core/events/archive_events.h"
#include "tests/support/world.h"

namespace clarion::mam {
namespace {

const Jid juliet = Jid::trusted("juliet@example.org");
const Jid romeo = Jid::trusted("romeo@example.net");

std::shared_ptr<Stanza> message(const std::string& attributes, const std::string& content) {
    auto parsed = Stanza::from_document(
        xml::parse_element("<message from='romeo@example.net/o' to='juliet@example.org' " +
                               attributes + ">" + content + "</message>",
                           ns::client));
    REQUIRE(parsed.ok());
    return *std::move(parsed);
}

TEST_CASE("what belongs into a personal archive") {
    struct Case {
        const char* attributes;
        const char* content;
        const char* reason;
        bool archived;
    };
    const Case cases[] = {
        {"type='chat'", "<body>hi</body>", "body", true},
        {"", "<body>hi</body>", "body", true},
        {"type='groupchat'", "<body>hi</body>", "type", false},
        {"type='headline'", "<body>hi</body>", "type", false},
        {"type='error'", "<body>hi</body>", "type", false},
        {"type='chat'", "", "nothing", false},
        {"type='chat'", "<body/>", "nothing", false},
        {"type='chat'", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", "nothing",
         false},
        {"type='chat'", "<body>hi</body><no-store xmlns='urn:xmpp:hints'/>", "hint", false},
        {"type='chat'", "<body>hi</body><no-permanent-store xmlns='urn:xmpp:hints'/>", "hint",
         false},
        {"type='chat'", "<store xmlns='urn:xmpp:hints'/>", "hint", true},
        {"type='headline'", "<store xmlns='urn:xmpp:hints'/>", "type", false},
        {"type='chat'", "<encrypted xmlns='urn:xmpp:omemo:2'/>", "encrypted", true},
        {"", "<subject>tonight</subject>", "subject", true},
        {"", "<received xmlns='urn:xmpp:receipts' id='1'/>", "receipt", true},
        {"", "<request xmlns='urn:xmpp:receipts'/>", "nothing", false},
        {"", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", "marker", true},
        {"", "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", "retraction", true},
        {"", "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", "reaction", true},
        {"", "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", "call", true},
        {"", "<x xmlns='jabber:x:conference' jid='r@muc.example.org'/>", "invitation", true},
        // 0184, 0333, 0424, 0444, 0308: what refers to another message.
        {"type='chat'", "<body>hi</body><request xmlns='urn:xmpp:receipts'/>", "body", true},
        {"", "<markable xmlns='urn:xmpp:chat-markers:0'/>", "nothing", false},
        {"", "<received xmlns='urn:xmpp:chat-markers:0' id='1'/>", "marker", true},
        {"", "<acknowledged xmlns='urn:xmpp:chat-markers:0' id='1'/>", "marker", true},
        {"type='groupchat'", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", "type", false},
        {"", "<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>x</reaction></reactions>",
         "reaction", true},
        {"", "<retract xmlns='urn:xmpp:message-retract:1' id='1'/><body>fallback</body>", "body",
         true},
        {"", "<retracted xmlns='urn:xmpp:message-retract:1' id='1'/>", "nothing", false},
        {"", "<replace xmlns='urn:xmpp:message-correct:0' id='1'/><body>hi</body>", "body", true},
        // 0085: states are about now, also beside a thread or an empty body.
        {"type='chat'", "<active xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread>",
         "nothing", false},
        {"type='chat'", "<paused xmlns='http://jabber.org/protocol/chatstates'/><body/>", "nothing",
         false},
        {"type='chat'", "<active xmlns='http://jabber.org/protocol/chatstates'/><body>hi</body>",
         "body", true},
        // 0334: hints, in combination too.
        {"type='chat'", "<no-copy xmlns='urn:xmpp:hints'/><body>hi</body>", "body", true},
        {"type='chat'", "<no-store xmlns='urn:xmpp:hints'/><store xmlns='urn:xmpp:hints'/>", "hint",
         false},
        {"type='chat'",
         "<composing xmlns='http://jabber.org/protocol/chatstates'/><store "
         "xmlns='urn:xmpp:hints'/>",
         "hint", true},
        {"type='error'", "<store xmlns='urn:xmpp:hints'/>", "type", false},
        {"type='groupchat'", "<store xmlns='urn:xmpp:hints'/>", "type", false},
        // Encrypted, by all that say so.
        {"", "<encrypted xmlns='eu.siacs.conversations.axolotl'/>", "encrypted", true},
        {"", "<openpgp xmlns='urn:xmpp:openpgp:0'/>", "encrypted", true},
        {"", "<x xmlns='jabber:x:encrypted'>a</x>", "encrypted", true},
        {"", "<encryption xmlns='urn:xmpp:eme:0' namespace='other'/>", "encrypted", true},
        // Calls: 0353, 0482.
        {"type='chat'", "<retract xmlns='urn:xmpp:jingle-message:0' id='1'/>", "call", true},
        {"type='chat'", "<finish xmlns='urn:xmpp:jingle-message:0' id='1'/>", "call", true},
        {"type='chat'", "<invite xmlns='urn:xmpp:call-invites:0' id='1'/>", "call", true},
        // Rooms: 0045 invitations and private messages, 0249.
        {"",
         "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='nurse@example.org'/></x>",
         "invitation", true},
        {"", "<x xmlns='http://jabber.org/protocol/muc#user'><decline/></x>", "nothing", false},
        {"type='chat'", "<body>hi</body><x xmlns='http://jabber.org/protocol/muc#user'/>", "body",
         true},
        {"type='groupchat'", "<subject>room</subject>", "type", false},
        {"type='headline'", "<event xmlns='http://jabber.org/protocol/pubsub#event'/>", "type",
         false},
        {"", "<event xmlns='http://jabber.org/protocol/pubsub#event'/>", "nothing", false},
        {"", "<subject/>", "nothing", false},
        {"type='unheard-of'", "<body>hi</body>", "body", true},  // RFC 6121, 5.2.2: normal
        // What is inside something else is not the message's own.
        {"",
         "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>hi</body>"
         "</message></forwarded>",
         "nothing", false},
    };
    for (const Case& c : cases) {
        INFO(c.attributes, " ", c.content);
        const Verdict verdict = should_archive(*message(c.attributes, c.content));
        CHECK(verdict.archive == c.archived);
        CHECK(verdict.reason == c.reason);
    }
}

// ---- In a server -------------------------------------------------------------------------------

/// A result as the client sees it.
struct Result {
    std::string id, stamp, query_id, body, from, to;
};

struct Answer {
    std::vector<Result> results;
    xml::Document iq;
    const xml::Element* fin() const { return iq.root().child(ns::mam, "fin"); }
    std::string condition() const { return std::string(name(read_error(iq.root()).condition)); }
    std::vector<std::string> bodies() const {
        std::vector<std::string> all;
        for (const Result& result : results) all.push_back(result.body);
        return all;
    }
    std::string rsm(std::string_view name) const {
        return std::string(fin()->child(ns::rsm, "set")->child_text(ns::rsm, name));
    }
};

using Texts = std::vector<std::string>;

struct Scene {
    test::World world;
    test::Client* balcony;
    test::Client* orchard;

    explicit Scene(std::string config = {})
        : world({.modules = {{"mam", install, declare_options, "", ""},
                             {"carbons", carbons::install, nullptr, "", ""}},
                 .config = std::move(config)}) {
        world.add_account("juliet@example.org");
        world.add_account("romeo@example.net");
        balcony = &world.log_in("juliet@example.org/balcony");
        orchard = &world.log_in("romeo@example.net/orchard");
    }

    void say(test::Client& from, const std::string& to, const std::string& text,
             const std::string& more = {}) {
        from.send("<message to='" + to + "' type='chat' id='" + text + "'><body>" + text +
                  "</body>" + more + "</message>");
        world.advance(std::chrono::seconds(1));
    }
    Texts ids_of(const Answer& answer) {
        Texts ids;
        for (const Result& result : answer.results) ids.push_back(result.id);
        return ids;
    }
    Answer query(test::Client& client, const std::string& content = {},
                 const std::string& to = {}) {
        client.drop_all();
        const std::string address = to.empty() ? "" : " to='" + to + "'";
        Answer answer;
        answer.iq =
            client.ask("<iq type='set' id='q'" + address +
                       "><query xmlns='urn:xmpp:mam:2' queryid='f27'>" + content + "</query></iq>");
        while (client.pending() > 0) answer.results.push_back(read(client.pop()));
        return answer;
    }
    static Result read(const xml::Document& wrapper) {
        const xml::Element* result = wrapper.root().child(ns::mam, "result");
        REQUIRE(result);
        const xml::Element* copy = find_forwarded(*result);
        REQUIRE(copy);
        const xml::Element* delay =
            result->child(ns::forward, "forwarded")->child(ns::delay, "delay");
        REQUIRE(delay);
        CHECK(copy->child(ns::stanza_id, "stanza-id") == nullptr);
        return {
            std::string(result->attr("id")),      std::string(delay->attr("stamp")),
            std::string(result->attr("queryid")), std::string(copy->child_text(ns::client, "body")),
            std::string(copy->attr("from")),      std::string(copy->attr("to"))};
    }
};

std::string form(const std::string& fields) {
    return "<x xmlns='jabber:x:data' type='submit'><field "
           "var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>" +
           fields + "</x>";
}
std::string field(const std::string& var, const std::string& value) {
    return "<field var='" + var + "'><value>" + value + "</value></field>";
}
std::string set(const std::string& content) {
    return "<set xmlns='http://jabber.org/protocol/rsm'>" + content + "</set>";
}

TEST_CASE("both sides find a message in their archives, the recipient by the id it came with") {
    Scene scene;
    scene.say(*scene.orchard, "juliet@example.org", "hi");
    const auto delivered = scene.balcony->pop("message");
    const std::string id(find_stanza_id(delivered.root(), juliet));
    CHECK_FALSE(id.empty());
    CHECK(find_stanza_id(delivered.root(), romeo).empty());

    const Answer hers = scene.query(*scene.balcony);
    REQUIRE(hers.results.size() == 1);
    CHECK(hers.results[0].id == id);
    CHECK(hers.results[0].query_id == "f27");
    CHECK(hers.results[0].body == "hi");
    CHECK(hers.results[0].from == "romeo@example.net/orchard");
    CHECK(hers.results[0].stamp == "2026-01-01T00:00:00Z");
    CHECK(hers.fin()->attr("complete") == "true");
    CHECK(hers.rsm("first") == id);
    CHECK(hers.rsm("last") == id);
    CHECK(hers.rsm("count") == "1");

    const Answer his = scene.query(*scene.orchard);
    CHECK(his.bodies() == Texts{"hi"});
}

TEST_CASE("the copy for the sender's other devices carries the id of the sender's archive") {
    Scene scene;
    test::Client& garden = scene.world.log_in("romeo@example.net/garden");
    garden.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    scene.say(*scene.orchard, "juliet@example.org", "hi");
    const auto carbon = garden.pop("message");
    const xml::Element* sent = carbon.root().child(ns::carbons, "sent");
    REQUIRE(sent);
    const std::string id(find_stanza_id(*find_forwarded(*sent), romeo));
    CHECK(scene.ids_of(scene.query(garden)) == Texts{id});
}

TEST_CASE("nobody else speaks for an archive") {
    Scene scene;
    scene.say(*scene.orchard, "juliet@example.org", "local",
              "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='1'/>"
              "<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.net' id='2'/>");
    scene.world.arrive(
        "<message from='nurse@example.com/n' to='juliet@example.org' "
        "type='chat'><body>remote</body>"
        "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='3'/></message>");
    for (const char* body : {"local", "remote"}) {
        const auto delivered = scene.balcony->pop("message");
        CHECK(delivered.root().child_text(ns::client, "body") == body);
        const auto id = find_stanza_id(delivered.root(), juliet);
        CHECK(id.size() > 3);
        CHECK(find_stanza_id(delivered.root(), romeo).empty());
    }
    CHECK(scene.query(*scene.balcony).bodies() ==
          Texts{"local", "remote"});  // read() checks their ids
}

TEST_CASE("forged ids go in any spelling, but only the message's own and only ours") {
    Scene scene;
    const auto id = [](const std::string& by) {
        return "<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='" + by + "'/>";
    };
    scene.world.arrive(
        "<message from='nurse@example.com/n' to='juliet@example.org/balcony' type='chat'>"
        "<body>hi</body>" +
        id("JULIET@Example.ORG") + id("juliet@example.org") + id("room@muc.example.com") +
        "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'>" +
        id("juliet@example.org") + "</message></forwarded></message>");
    const auto delivered = scene.balcony->pop("message");
    std::vector<std::string> left;
    for (const xml::Element& child : delivered.root().children())
        if (child.is(ns::stanza_id, "stanza-id")) left.emplace_back(child.attr("by"));
    CHECK(left == std::vector<std::string>{"room@muc.example.com", "juliet@example.org"});
    CHECK(find_stanza_id(delivered.root(), juliet) != "forged");
    const xml::Element* quoted = find_forwarded(delivered.root());
    REQUIRE(quoted);
    CHECK(find_stanza_id(*quoted, juliet) ==
          "forged");  // what somebody quotes is not ours to change
}

TEST_CASE("a message to oneself is archived once, and found with one's own address") {
    Scene scene;
    scene.say(*scene.balcony, "juliet@example.org", "note");
    scene.say(*scene.balcony, "romeo@example.net", "hi");
    CHECK_FALSE(find_stanza_id(scene.balcony->pop("message").root(), juliet).empty());
    CHECK(scene.query(*scene.balcony).bodies() == Texts{"note", "hi"});
    CHECK(scene.query(*scene.balcony, form(field("with", "juliet@example.org"))).bodies() ==
          Texts{"note"});
}

TEST_CASE("Archived says where incoming messages are, not outgoing ones") {
    Scene scene;
    Texts archived;
    for (const char* name : {"juliet@example.org", "romeo@example.net"})
        scene.world.at(name, [&](core::Context& core) {
            core.bus().on<events::Archived>(
                events::Archived::Stage::notify, "test", [&](const events::Archived& event) {
                    if (archived.empty() || archived.back() != event.envelope.stanza->body())
                        archived.emplace_back(event.envelope.stanza->body());
                    CHECK(event.account.jid() == juliet);
                });
        });
    scene.say(*scene.orchard, "juliet@example.org", "one");
    CHECK(archived == Texts{"one"});
}

TEST_CASE("paging") {
    Scene scene;
    for (int i = 1; i <= 7; ++i) scene.say(*scene.orchard, "juliet@example.org", std::to_string(i));
    test::Client& client = *scene.balcony;
    const Texts ids = scene.ids_of(scene.query(client));
    REQUIRE(ids.size() == 7);

    SUBCASE("forwards") {
        const Answer first = scene.query(client, set("<max>3</max>"));
        CHECK(first.bodies() == Texts{"1", "2", "3"});
        CHECK_FALSE(first.fin()->has_attr("complete"));
        CHECK(first.rsm("count") == "7");
        CHECK(first.rsm("last") == ids[2]);
        const Answer last = scene.query(client, set("<max>4</max><after>" + ids[2] + "</after>"));
        CHECK(last.bodies() == Texts{"4", "5", "6", "7"});
        CHECK(last.fin()->attr("complete") == "true");
    }
    SUBCASE("backwards") {
        const Answer last = scene.query(client, set("<max>3</max><before/>"));
        CHECK(last.bodies() == Texts{"5", "6", "7"});
        CHECK_FALSE(last.fin()->has_attr("complete"));
        const Answer first =
            scene.query(client, set("<max>10</max><before>" + last.rsm("first") + "</before>"));
        CHECK(first.bodies() == Texts{"1", "2", "3", "4"});
        CHECK(first.fin()->attr("complete") == "true");
    }
    SUBCASE("flipped: the same messages, newest first") {
        const Answer page = scene.query(client, set("<max>3</max>") + "<flip-page/>");
        CHECK(page.bodies() == Texts{"3", "2", "1"});
        CHECK(page.rsm("first") == ids[0]);
    }
    SUBCASE("only the count") {
        const Answer page = scene.query(client, set("<max>0</max>"));
        CHECK(page.results.empty());
        CHECK(page.rsm("count") == "7");
    }
    SUBCASE("between two ids, and by ids") {
        CHECK(scene.query(client, form(field("after-id", ids[1]) + field("before-id", ids[4])))
                  .bodies() == Texts{"3", "4"});
        CHECK(scene
                  .query(client, form("<field var='ids'><value>" + ids[5] + "</value><value>" +
                                      ids[0] + "</value></field>"))
                  .bodies() == Texts{"1", "6"});
    }
    SUBCASE("by time, both ends included") {
        CHECK(scene
                  .query(client, form(field("start", "2026-01-01T00:00:02Z") +
                                      field("end", "2026-01-01T00:00:04Z")))
                  .bodies() == Texts{"3", "4", "5"});
    }
    SUBCASE("ids that are not there") {
        CHECK(scene.query(client, set("<after>5</after>")).condition() == "item-not-found");
        CHECK(scene.query(client, form(field("before-id", "5"))).condition() == "item-not-found");
        CHECK(scene.query(client, form(field("ids", "5"))).condition() == "item-not-found");
    }
}

TEST_CASE("a clock that is set back spoils neither ids nor searches by time") {
    using namespace std::chrono_literals;
    Scene scene;
    test::Client& client = *scene.balcony;
    const auto set_back = [&](std::chrono::hours by) {
        scene.world.clock().set_wall(scene.world.clock().wall() - by);
    };
    const auto say = [&](int i) {
        scene.say(*scene.orchard, "juliet@example.org", std::to_string(i));
    };
    for (const int i : {1, 2}) say(i);
    set_back(2h);
    for (const int i : {3, 4}) say(i);
    const Answer all = scene.query(client);
    const Texts ids = scene.ids_of(all);
    CHECK(all.bodies() == Texts{"1", "2", "3", "4"});
    const std::string early = form(field("end", "2025-12-31T23:59:59Z"));
    const std::string late = form(field("start", "2026-01-01T00:00:00Z"));
    CHECK(scene.query(client, early).bodies() == Texts{"3", "4"});
    CHECK(scene.query(client, early).rsm("count") == "2");
    CHECK(scene.query(client, late).bodies() == Texts{"1", "2"});
    for (const Result& result : scene.query(client, early).results) CHECK(result.stamp < "2026");
    scene.world.clock().advance(2h);  // the clock was right the second time: it goes on
    say(5);
    CHECK(scene.query(client, late).bodies() == Texts{"1", "2", "5"});
    CHECK(scene.query(client, late + set("<max>2</max><before/>")).bodies() == Texts{"2", "5"});
    CHECK(scene.query(client, late + set("<max>2</max><before/>")).rsm("first") == ids[1]);
}

TEST_CASE("no id is given twice, though the clock was set back before a crash") {
    using namespace std::chrono_literals;
    Scene scene;
    scene.say(*scene.orchard, "juliet@example.org", "stored");
    scene.world.clock().set_wall(scene.world.clock().wall() - 2h);
    scene.balcony->drop_all();
    scene.world.storage().fail_next_commits(10);
    scene.say(*scene.orchard, "juliet@example.org", "lost");
    const std::string lost(
        scene.balcony->pop().root().child(ns::stanza_id, "stanza-id")->attr("id"));
    scene.world.storage().fail_next_commits(0);
    scene.world.crash_and_restart();
    test::Client& client = scene.world.log_in("juliet@example.org/balcony");
    client.drop_all();
    scene.say(scene.world.log_in("romeo@example.net/orchard"), "juliet@example.org", "again");
    const auto again = client.pop();
    REQUIRE(again.root().child(ns::stanza_id, "stanza-id"));
    CHECK(again.root().child(ns::stanza_id, "stanza-id")->attr("id") != lost);
}

TEST_CASE("with whom") {
    Scene scene;
    scene.say(*scene.orchard, "juliet@example.org", "from romeo");
    scene.say(*scene.balcony, "romeo@example.net", "to romeo");
    scene.say(*scene.balcony, "nurse@example.com/kitchen", "to nurse");
    CHECK(scene.query(*scene.balcony, form(field("with", "romeo@example.net"))).bodies() ==
          Texts{"from romeo", "to romeo"});
    CHECK(scene.query(*scene.balcony, form(field("with", "nurse@example.com/kitchen"))).bodies() ==
          Texts{"to nurse"});
    CHECK(scene.query(*scene.balcony, form(field("with", "paris@example.com"))).bodies().empty());
}

TEST_CASE("the options bound a page") {
    Scene scene("[mam]\nmax_page = 2\nmax_page_bytes = 1024\n");
    const std::string large(600, 'x');
    for (const char* first : {"a", "b", "c"})
        scene.say(*scene.orchard, "juliet@example.org", first);
    CHECK(scene.query(*scene.balcony, set("<max>100</max>")).bodies() == Texts{"a", "b"});
    scene.say(*scene.orchard, "juliet@example.org", "d",
              "<x xmlns='urn:example:x'>" + large + "</x>");
    scene.say(*scene.orchard, "juliet@example.org", "e",
              "<x xmlns='urn:example:x'>" + large + "</x>");
    const Answer last = scene.query(*scene.balcony, set("<before/>"));
    CHECK(last.bodies() == Texts{"e"});
    CHECK_FALSE(last.fin()->has_attr("complete"));
}

TEST_CASE("an archive is its owner's alone") {
    Scene scene;
    scene.say(*scene.orchard, "juliet@example.org", "secret");
    CHECK(scene.query(*scene.orchard, "", "juliet@example.org").condition() ==
          "service-unavailable");
    for (const char* request :
         {"<iq type='get' id='1' to='juliet@example.org'><metadata xmlns='urn:xmpp:mam:2'/></iq>",
          "<iq type='get' id='1' to='juliet@example.org'><prefs xmlns='urn:xmpp:mam:2'/></iq>",
          "<iq type='get' id='1' to='juliet@example.org'><query xmlns='urn:xmpp:mam:2'/></iq>"})
        CHECK(scene.orchard->ask(request).root().attr("type") == "error");
}

TEST_CASE("metadata") {
    Scene scene;
    const char* request = "<iq type='get' id='m'><metadata xmlns='urn:xmpp:mam:2'/></iq>";
    CHECK_FALSE(scene.balcony->ask(request).root().child(ns::mam, "metadata")->has_children());
    scene.say(*scene.orchard, "juliet@example.org", "1");
    scene.say(*scene.orchard, "juliet@example.org", "2");
    const Texts ids = scene.ids_of(scene.query(*scene.balcony));
    const auto answer = scene.balcony->ask(request);
    const xml::Element* metadata = answer.root().child(ns::mam, "metadata");
    CHECK(metadata->child(ns::mam, "start")->attr("id") == ids[0]);
    CHECK(metadata->child(ns::mam, "start")->attr("timestamp") == "2026-01-01T00:00:00Z");
    CHECK(metadata->child(ns::mam, "end")->attr("id") == ids[1]);
    CHECK(metadata->child(ns::mam, "end")->attr("timestamp") == "2026-01-01T00:00:01Z");
}

TEST_CASE("preferences are kept and obeyed") {
    Scene scene;
    const auto answer = scene.balcony->ask(
        "<iq type='set' id='p'><prefs xmlns='urn:xmpp:mam:2' default='roster'>"
        "<always><jid>nurse@example.com</jid></always></prefs></iq>");
    CHECK(answer.root().child(ns::mam, "prefs")->attr("default") == "roster");
    scene.say(*scene.orchard, "juliet@example.org", "from a stranger");
    scene.say(*scene.balcony, "nurse@example.com", "to the nurse");
    CHECK(find_stanza_id(scene.balcony->pop("message").root(), juliet).empty());
    CHECK(scene.query(*scene.balcony).bodies() == Texts{"to the nurse"});
    scene.world.befriend("juliet@example.org", "romeo@example.net");
    scene.say(*scene.orchard, "juliet@example.org", "from a friend");
    CHECK(scene.query(*scene.balcony).bodies() == Texts{"to the nurse", "from a friend"});
    CHECK(scene.query(*scene.orchard).bodies() == Texts{"from a stranger", "from a friend"});

    std::optional<storage::AccountSnapshot> stored;
    scene.world.run("juliet@example.org", [&](core::Context& core) -> Task<> {
        auto loaded = co_await core.storage().accounts().load("juliet@example.org");
        stored = *std::move(loaded);
    });
    REQUIRE(stored);
    const auto kept = decode_preferences(stored->resident.get("mam", "preferences").value_or(""));
    REQUIRE(kept.ok());
    CHECK(kept->otherwise == ArchiveDefault::roster);
    CHECK(kept->always == Texts{"nurse@example.com"});

    scene.world.crash_and_restart();
    test::Client& again = scene.world.connect("juliet@example.org/again");
    const auto later = again.ask("<iq type='get' id='g'><prefs xmlns='urn:xmpp:mam:2'/></iq>");
    const xml::Element* prefs = later.root().child(ns::mam, "prefs");
    REQUIRE(prefs);
    CHECK(prefs->attr("default") == "roster");
    CHECK(prefs->child(ns::mam, "always")->child_text(ns::mam, "jid") == "nurse@example.com");
}

}  // namespace
}  // namespace clarion::mam
