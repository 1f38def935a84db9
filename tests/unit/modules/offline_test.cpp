#include "modules/offline.h"

#include <doctest/doctest.h>

#include <algorithm>

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
                             {"stream_management", stream_management::install,
                              stream_management::declare_options, "", ""}},
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

/// The same, to be read in a failure.
std::string words(test::Client& client) {
    std::string all;
    for (const std::string& body : Scene::bodies(client)) all += body + ' ';
    return all;
}

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

/// The first session goes in the middle: what it was not sent is kept behind the end of what is
/// being sent, and the second says that it is there before that is over.
TEST_CASE("large messages are read a few at a time, and all delivered in order") {
    Scene scene("[mam]\ndefault = \"never\"\n");
    const std::string large(100'000, 'x');
    std::string expected;
    for (int n = 0; n < 9; ++n) {
        scene.romeo_says("m" + std::to_string(n), "<x xmlns='x:y'>" + large + "</x>");
        expected += "m" + std::to_string(n) + ' ';
    }
    CHECK(scene.kept() == 9);
    test::Client& client = scene.comes_online("balcony");
    CHECK(words(client) == expected);
    CHECK(scene.kept() == 0);
}

TEST_CASE("what a session leaves while offline messages are sent reaches the one that comes next") {
    for (const char* config : {"", without_archive}) {
        Scene scene(config);
        scene.romeo_says("one");
        test::Client& first = scene.world.connect("juliet@example.org/balcony");
        test::Client& second = scene.world.connect("juliet@example.org/chamber");
        second.drop_all();
        scene.world.at("juliet@example.org", [&](core::Context& core) {
            const auto presence = [] { return xml::parse_element("<presence/>", ns::client); };
            first.session().on_element(presence());
            core.router().route(Stanza::from_document(
                                    xml::parse_element("<message from='romeo@example.com/orchard' "
                                                       "to='juliet@example.org' type='chat'>"
                                                       "<body>two</body></message>",
                                                       ns::client))
                                    .value());
            core.deliveries().run();
            first.session().on_detached();
            second.session().on_element(presence());
        });
        CHECK(scene.bodies(second) == std::vector<std::string>{"one", "two"});
        CHECK(scene.kept() == 0);
    }
}

/// One to four wait; a phone with stream management is sent two of them and then reads nothing,
/// while "live" comes.
struct Stuck : Scene {
    test::Client& phone = world.connect("juliet@example.org/phone");

    Stuck() : Scene(without_archive) {
        phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        for (const char* text : {"one", "two", "three", "four"}) romeo_says(text);
        phone.drop_all();
        phone.port().set_send_room_for(3);  // its own presence is the first
        phone.send("<presence/>");
        romeo_says("live");
        CHECK(words(phone) == "one two ");
    }
    StanzaPtr says(const std::string& text) {
        return *Stanza::from_document(xml::parse_element(
            "<message from='romeo@example.com/orchard' to='juliet@example.org' type='chat'><body>" +
                text + "</body></message>",
            ns::client));
    }
};

TEST_CASE("who takes over what another session is being sent gets all of it, in order") {
    Stuck scene;
    test::Client* next = nullptr;
    SUBCASE("it logs in again, and is there before the server has noticed") {
        next = &scene.world.connect("juliet@example.org/phone", {},
                                    {"<presence/>",
                                     "<message to='juliet@example.org' type='chat'><body>later"
                                     "</body></message>"});
    }
    SUBCASE("its session ends, and another one says that it is there") {
        next = &scene.world.connect("juliet@example.org/window");
        scene.world.at("juliet@example.org", [&](core::Context& core) {
            scene.phone.session().on_stream_closed();
            next->session().on_element(xml::parse_element("<presence/>", ns::client));
            core.router().route(scene.says("later"));
        });
    }
    CHECK(words(*next) == "one two three four live later ");
    CHECK(scene.kept() == 0);
}

/// It was told at once what came while the other was being sent what is older.
TEST_CASE("who takes over and was there before gets what is older once, and then what is new") {
    Stuck scene;
    test::Client& window = scene.comes_online("window");
    scene.romeo_says("to both");
    CHECK(words(window) == "to both ");
    scene.world.at("juliet@example.org", [&](core::Context& core) {
        scene.phone.session().on_stream_closed();
        core.router().route(scene.says("later"));
    });
    CHECK(words(window) == "one two three four live later ");
    CHECK(scene.kept() == 0);
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
        const std::uint32_t sent = balcony.session().sm()->sent();
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

TEST_CASE("an account keeps no more bytes than its limit") {
    const std::string large(3000, 'x');
    const std::string limit = "[offline]\nmax_bytes = 5000\n";
    SUBCASE("what is over is returned, until there is room again") {
        Scene scene("[mam]\ndefault = \"never\"\n" + limit);
        for (const char* text : {"one", "two"}) scene.romeo_says(text, "<x>" + large + "</x>");
        CHECK(scene.kept() == 2);  // the second is the one that reaches it
        CHECK(scene.world.remote().pending() == 0);
        scene.romeo_says("three");
        CHECK(scene.kept() == 2);
        const auto answer = scene.world.remote().pop();
        REQUIRE(answer);
        CHECK(read_error(answer->root()).condition == StanzaErrorCondition::service_unavailable);
        test::Client& client = scene.comes_online("balcony");
        CHECK(words(client) == "one two ");
        client.close();
        CHECK(scene.world.account(juliet.full()).offline_bytes() == 0);
        scene.romeo_says("four");
        CHECK(scene.kept() == 1);
    }
    SUBCASE("archived messages take little") {
        Scene scene(limit);
        for (int n = 0; n < 20; ++n) scene.romeo_says("m", "<x>" + large + "</x>");
        CHECK(scene.kept() == 20);
    }
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

// ---- What a client was sent of its archive before it came online --------------------------------

/// A query of the archive; `form`: fields, `paging`: the inside of <set/>.
std::string query(const std::string& form, const std::string& paging,
                  const std::string& more = {}) {
    std::string fields;
    if (!form.empty())
        fields =
            "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
            "<value>urn:xmpp:mam:2</value></field>" +
            form + "</x>";
    return "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'>" + fields +
           "<set xmlns='http://jabber.org/protocol/rsm'>" + paging + "</set>" + more +
           "</query></iq>";
}

std::string field(const std::string& var, const std::string& value) {
    return "<field var='" + var + "'><value>" + value + "</value></field>";
}

using Bodies = std::vector<std::string>;

/// Romeo wrote one to five, a minute apart; Juliet's balcony has no presence yet.
struct Reader : Scene {
    std::vector<std::string> ids;
    test::Client* balcony = nullptr;

    explicit Reader(std::string config = {}, bool with_sm = false) : Scene(std::move(config)) {
        for (const char* text : {"one", "two", "three", "four", "five"}) {
            romeo_says(text);
            world.advance(std::chrono::minutes(1));
        }
        balcony = &world.connect("juliet@example.org/balcony");
        if (with_sm) balcony->send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        balcony->drop_all();
        learn_ids();
    }

    /// Bodies of the page it was sent.
    Bodies asks(const std::string& iq) { return asks(*balcony, iq); }
    static Bodies asks(test::Client& client, const std::string& iq) {
        client.ask(iq);
        Bodies found;
        while (true) {
            const auto message = client.pop("message");
            if (message.root().name() == "nothing") return found;
            const auto* result = message.root().child(ns::mam, "result");
            REQUIRE(result);
            const auto* forwarded = result->child(ns::forward, "forwarded");
            found.emplace_back(
                forwarded->child(ns::client, "message")->child_text(ns::client, "body"));
        }
    }
    Bodies comes() {
        balcony->send("<presence/>");
        return bodies(*balcony);
    }
    void acknowledges_all() {
        const std::uint32_t sent = balcony->session().sm()->sent();
        balcony->send("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(sent) + "'/>");
    }

private:
    /// As another device of hers knows them, which is gone again.
    void learn_ids() {
        test::Client& window = world.connect("juliet@example.org/window");
        window.ask(query("", ""));
        while (true) {
            const auto message = window.pop("message");
            if (message.root().name() == "nothing") break;
            ids.emplace_back(message.root().child(ns::mam, "result")->attr("id"));
        }
        window.close();
        REQUIRE(ids.size() == 5);
    }
};

const Bodies all{"one", "two", "three", "four", "five"};

TEST_CASE("what a page brought is not sent again, everything else is") {
    struct Row {
        std::string what, form, paging;
        Bodies page, offline;
    };
    Reader ids_from;
    const auto& ids = ids_from.ids;
    const std::vector<Row> rows{
        {"a count", "", "<max>0</max>", {}, all},
        {"everything", "", "", all, {}},
        {"another contact", field("with", "mercutio@example.com"), "", {}, all},
        {"this contact", field("with", "romeo@example.com"), "", all, {}},
        {"until before they came", field("end", "2025-12-31T23:00:00Z"), "", {}, all},
        {"from the future", field("start", "2026-02-01T00:00:00Z"), "", {}, all},
        {"a stretch",
         field("start", "2026-01-01T00:01:00Z") + field("end", "2026-01-01T00:02:00Z"),
         "",
         {"two", "three"},
         {"one", "four", "five"}},
        {"one id", field("ids", ids[2]), "", {"three"}, {"one", "two", "four", "five"}},
        {"after one", field("after-id", ids[3]), "", {"five"}, {"one", "two", "three", "four"}},
        {"before one", field("before-id", ids[1]), "", {"one"}, {"two", "three", "four", "five"}},
        {"the first page", "", "<max>2</max>", {"one", "two"}, {"three", "four", "five"}},
        {"the last page", "", "<max>2</max><before/>", {"four", "five"}, {"one", "two", "three"}},
        {"a page before",
         "",
         "<max>1</max><before>" + ids[3] + "</before>",
         {"three"},
         {"one", "two", "four", "five"}},
        {"a page after",
         "",
         "<max>1</max><after>" + ids[0] + "</after>",
         {"two"},
         {"one", "three", "four", "five"}},
        {"behind the last", "", "<after>" + ids[4] + "</after>", {}, all},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Reader scene;
        CHECK(scene.asks(query(row.form, row.paging)) == row.page);
        CHECK(scene.comes() == row.offline);
        CHECK(scene.kept() == 0);
        CHECK(scene.bodies(scene.comes_online("chamber")).empty());
    }
}

/// Two hibernating sessions that hold the same two messages; what comes next comes later.
struct Hibernating : Scene {
    explicit Hibernating(bool archived) : Scene(archived ? "" : without_archive) {
        one.cut();
        two.cut();
        world.advance(std::chrono::seconds(1));
        for (const char* text : {"first", "second"}) romeo_says(text);
        world.advance(std::chrono::seconds(1));
    }
    void expire(test::Client& client) {
        world.at("juliet@example.org",
                 [&](core::Context&) { client.session().end(core::SessionEnd::expired); });
    }
    test::Client& one = comes_online("one", true);
    test::Client& two = comes_online("two", true);
};

TEST_CASE("what several hibernating sessions held reaches one that came later once") {
    for (const bool archived : {true, false}) {
        CAPTURE(archived);
        Hibernating scene(archived);
        test::Client& late = scene.comes_online("late");
        scene.expire(scene.one);
        CHECK(Scene::bodies(late) == Bodies{"first", "second"});
        scene.expire(scene.two);
        CHECK(Scene::bodies(late).empty());
    }
}

TEST_CASE("what a session took from offline storage another does not bring it again") {
    for (const bool archived : {true, false}) {
        CAPTURE(archived);
        Hibernating scene(archived);
        const auto replaced = scene.one.session().shared_from_this();
        scene.world.run("juliet@example.org", [&](core::Context&) { return replaced->replace(); });
        CHECK(scene.kept() == 2);
        test::Client& again = scene.comes_online("one");
        CHECK(Scene::bodies(again) == Bodies{"first", "second"});
        scene.expire(scene.two);
        CHECK(Scene::bodies(again).empty());
    }
}

TEST_CASE("what a hibernating session held reaches one that was bound before, and was not there") {
    for (const bool archived : {true, false}) {
        CAPTURE(archived);
        Scene scene(archived ? "" : without_archive);
        test::Client& phone = scene.comes_online("phone", true);
        phone.cut();
        test::Client& window = scene.world.connect("juliet@example.org/window");
        scene.world.advance(std::chrono::seconds(1));
        scene.romeo_says("held");
        window.drop_all();
        window.send("<presence/>");
        CHECK(Scene::bodies(window).empty());
        phone.session().end(core::SessionEnd::expired);
        scene.world.settle();
        CHECK(Scene::bodies(window) == Bodies{"held"});
    }
}

/// A phone that hibernated resumes, and a laptop is there all the time; nobody acknowledges.
struct Resumed : Scene {
    test::Client& phone = comes_online("phone", true);
    test::Client& laptop = comes_online("laptop", true);
    test::FakePort port;

    Resumed() : Scene(without_archive) {
        phone.cut();
        world.advance(std::chrono::seconds(1));
        romeo_says("held");
        CHECK(bodies(laptop) == Bodies{"held"});
        world.run("juliet@example.org", [&](core::Context&) -> Task<> {
            CHECK((co_await test::resume_session(phone.session(), port, 0)).ok());
        });
    }
};

TEST_CASE("what a hibernating session kept for others too is kept until they acknowledge it") {
    Resumed scene;
    CHECK(scene.kept() == 0);  // the phone's queue has it
    scene.phone.close();
    CHECK(Scene::bodies(scene.laptop).empty());
    CHECK(scene.kept() == 1);
    SUBCASE("they do") {
        const std::uint32_t sent = scene.laptop.session().sm()->sent();
        scene.laptop.send("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(sent) + "'/>");
        CHECK(scene.kept() == 0);
    }
    SUBCASE("the server dies") {
        scene.world.crash_and_restart();
        CHECK(Scene::bodies(scene.comes_online("chamber")) == Bodies{"held"});
    }
}

/// A phone that hibernates with as much as its queue may hold, and what was said beyond that.
struct Full : Scene {
    explicit Full(bool archived)
        : Scene("[smacks]\nmax_queue_size = 10\n" + std::string(archived ? "" : without_archive)) {}

    /// "first", and so many altogether.
    void fill(int count) {
        acknowledge(phone);  // presence
        phone.cut();
        world.advance(std::chrono::seconds(1));
        for (int i = 1; i <= count; ++i) romeo_says(std::to_string(i));
    }
    core::Session& stored_phone() {
        core::Session* const found = world.account("juliet@example.org").find_session("phone");
        REQUIRE(found);
        return *found;
    }
    static void acknowledge(test::Client& client) {
        client.send("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(client.session().sm()->sent()) +
                    "'/>");
    }
    /// Bodies of what the phone is sent when it resumes, and acknowledges, until there is no more.
    Bodies resume() {
        world.run("juliet@example.org", [&](core::Context&) -> Task<> {
            const std::uint32_t had = stored_phone().sm()->acked();
            CHECK((co_await test::resume_session(stored_phone(), port, had)).ok());
        });
        return read_on();
    }
    Bodies read_on() {
        Bodies found;
        while (port.pending() > 0) {
            while (port.pending() > 0) {
                const auto element = port.pop();
                if (element.root().name() == "message")
                    found.emplace_back(element.root().child_text(ns::client, "body"));
            }
            world.at("juliet@example.org", [&](core::Context&) {
                CHECK(stored_phone().sm()->on_ack(stored_phone().sm()->sent()).ok());
            });
        }
        return found;
    }

    test::Client& phone = comes_online("phone", true);
    test::FakePort port;
};

Bodies numbers(int first, int last) {
    Bodies found;
    for (int i = first; i <= last; ++i) found.push_back(std::to_string(i));
    return found;
}

TEST_CASE("what a full queue could not hold comes when the session resumes, in order and once") {
    for (const bool archived : {true, false}) {
        for (const bool restarted : {true, false}) {
            CAPTURE(archived);
            CAPTURE(restarted);
            Full scene(archived);
            scene.fill(30);
            CHECK(scene.kept() == 20);
            if (restarted) scene.world.crash_and_restart();
            CHECK(scene.resume() == numbers(1, 30));
            CHECK(scene.kept() == 0);
            scene.romeo_says("31");
            CHECK(scene.read_on() == numbers(31, 31));
            CHECK(scene.kept() == 0);
        }
    }
}

TEST_CASE("what a full queue could not hold comes, however much is not worth keeping in between") {
    Full scene(true);
    scene.fill(10);
    for (int i = 11; i <= 200; ++i) {
        scene.romeo_says(std::to_string(i));
        scene.world.arrive(
            "<message from='romeo@example.com/orchard' to='juliet@example.org' type='chat'>"
            "<composing xmlns='http://jabber.org/protocol/chatstates'/></message>");
    }
    CHECK(scene.resume() == numbers(1, 200));
    CHECK(scene.kept() == 0);
}

TEST_CASE("what another device takes meanwhile waits for the one whose queue is full") {
    for (const bool archived : {true, false}) {
        for (const bool acknowledges : {true, false}) {
            CAPTURE(archived);
            CAPTURE(acknowledges);
            Full scene(archived);
            test::Client& laptop = scene.comes_online("laptop", acknowledges);
            scene.fill(0);
            for (int i = 1; i <= 15; ++i) {
                scene.romeo_says(std::to_string(i));
                CHECK(Scene::bodies(laptop) == numbers(i, i));
                if (acknowledges) Full::acknowledge(laptop);
            }
            CHECK(scene.kept() == 5);
            test::FakePort other;
            if (acknowledges) {  // what waits is offered to it, and it has it
                laptop.cut();
                scene.world.run("juliet@example.org", [&](core::Context&) -> Task<> {
                    const std::uint32_t had = laptop.session().sm()->acked();
                    CHECK((co_await test::resume_session(laptop.session(), other, had)).ok());
                });
                CHECK(other.pop().root().name() == "resumed");
                CHECK(other.pending() == 0);
                CHECK(scene.kept() == 5);
            }
            CHECK(scene.resume() == numbers(1, 15));
            CHECK(Scene::bodies(laptop).empty());
            CHECK(scene.kept() == 0);
        }
    }
}

TEST_CASE("what waits for a session whose queue was full goes to the next one if it ends") {
    for (const bool archived : {true, false}) {
        CAPTURE(archived);
        Full scene(archived);
        scene.fill(15);
        scene.world.at("juliet@example.org", [&](core::Context&) {
            scene.stored_phone().end(core::SessionEnd::expired);
        });
        const Bodies found = Scene::bodies(scene.comes_online("laptop"));
        CHECK(found == numbers(1, 15));
        CHECK(scene.kept() == 0);
    }
}

TEST_CASE("what waits for the successor of a session is not sent to one that was sent it before") {
    Resumed scene;
    const std::uint32_t sent = scene.laptop.session().sm()->sent();
    scene.laptop.send("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(sent) + "'/>");
    test::Client& again = scene.world.connect("juliet@example.org/phone");
    CHECK(scene.kept() == 1);
    scene.laptop.cut();
    test::FakePort other;
    scene.world.run("juliet@example.org", [&](core::Context&) -> Task<> {
        CHECK((co_await test::resume_session(scene.laptop.session(), other, sent)).ok());
    });
    CHECK(scene.kept() == 1);
    CHECK(other.pop().root().name() == "resumed");
    while (other.pending() > 0) CHECK(other.pop().root().name() != "message");
    again.send("<presence/>");
    CHECK(Scene::bodies(again) == Bodies{"held"});
    CHECK(scene.kept() == 0);
}

TEST_CASE("a page that is turned over brings what it brings") {
    Reader scene;
    CHECK(scene.asks(query("", "<max>2</max>", "<flip-page/>")) == Bodies{"two", "one"});
    CHECK(scene.comes() == Bodies{"three", "four", "five"});
}

TEST_CASE("a page cut short by its size brings only what is left of it") {
    Reader scene("[mam]\nmax_page_bytes = 1024\n");
    for (const char* text : {"six", "seven"})
        scene.romeo_says(text, "<x xmlns='some'>" + std::string(900, 'x') + "</x>");
    CHECK(scene.asks(query("", "<before/>")) == Bodies{"seven"});
    CHECK(scene.comes() == Bodies{"one", "two", "three", "four", "five", "six"});
}

TEST_CASE("pages that bring everything together leave nothing") {
    Reader scene;
    CHECK(scene.asks(query("", "<max>2</max>")).size() == 2);
    CHECK(scene.asks(query("", "<max>2</max><after>" + scene.ids[1] + "</after>")).size() == 2);
    CHECK(scene.asks(query("", "<max>2</max><after>" + scene.ids[3] + "</after>")).size() == 1);
    CHECK(scene.comes().empty());
    CHECK(scene.kept() == 0);
}

TEST_CASE("what a page did not bring, because it came later, is sent") {
    Reader scene;
    CHECK(scene.asks(query("", "")) == all);
    scene.romeo_says("six");
    CHECK(scene.comes() == Bodies{"six"});
    CHECK(scene.kept() == 0);
}

TEST_CASE("what another session was sent says nothing of this one") {
    Reader scene;
    test::Client& chamber = scene.world.connect("juliet@example.org/chamber");
    CHECK(scene.asks(chamber, query("", "")) == all);
    CHECK(scene.comes() == all);
    chamber.send("<presence/>");
    CHECK(Scene::bodies(chamber).empty());
}

TEST_CASE("a client that is there and asks is sent no offline messages twice") {
    Reader scene;
    scene.balcony->send("<presence><priority>-1</priority></presence>");
    CHECK(scene.asks(query("", "<max>3</max>")) == Bodies{"one", "two", "three"});
    CHECK(scene.comes() == Bodies{"four", "five"});
}

TEST_CASE("what a page brought stays until the client has acknowledged the page") {
    Reader scene("", true);
    CHECK(scene.asks(query("", "<max>2</max>")) == Bodies{"one", "two"});
    SUBCASE("acknowledged before it comes online") {
        scene.acknowledges_all();
        CHECK(scene.comes() == Bodies{"three", "four", "five"});
        CHECK(scene.kept() == 3);
    }
    SUBCASE("acknowledged with the others") {
        CHECK(scene.comes() == Bodies{"three", "four", "five"});
        CHECK(scene.kept() == 5);
        scene.acknowledges_all();
        CHECK(scene.kept() == 0);
    }
    SUBCASE("the stream ends without that: the next session is sent all") {
        CHECK(scene.comes() == Bodies{"three", "four", "five"});
        scene.balcony->close();
        CHECK(Scene::bodies(scene.comes_online("chamber")) == all);
        CHECK(scene.kept() == 0);
    }
    SUBCASE("it hibernates, and never comes back") {
        CHECK(scene.comes() == Bodies{"three", "four", "five"});
        scene.balcony->cut();
        scene.world.at("juliet@example.org", [&](core::Context&) {
            scene.balcony->session().end(core::SessionEnd::expired);
        });
        const Bodies again = Scene::bodies(scene.comes_online("chamber"));
        CHECK(again.size() == 5);
        CHECK(std::is_permutation(again.begin(), again.end(), all.begin(), all.end()));
        CHECK(scene.kept() == 0);
    }
    SUBCASE("it hibernates and resumes: the page comes again, and nothing else of it") {
        scene.balcony->cut();
        test::FakePort port;
        scene.world.run("juliet@example.org", [&](core::Context&) -> Task<> {
            const auto resumed = co_await test::resume_session(scene.balcony->session(), port, 1);
            CHECK(resumed.ok());
        });
        const auto of_page = [&] {
            std::size_t count = 0;
            for (const auto& each : port.elements())
                count += each.root().child(ns::mam, "result") ? 1 : 0;
            return count;
        };
        CHECK(of_page() == 1);  // its h told of the first one
        port.drop_all();
        scene.balcony->send("<presence/>");
        Bodies got;
        for (const auto& each : port.elements())
            if (each.root().name() == "message")
                got.emplace_back(each.root().child_text(ns::client, "body"));
        CHECK(got == Bodies{"three", "four", "five"});
        scene.acknowledges_all();
        CHECK(scene.kept() == 0);
        scene.balcony->close();
    }
}

TEST_CASE("a page that could not be sent brought nothing") {
    Reader scene("", true);
    scene.world.storage().hold_commits();
    scene.world.post("juliet@example.org", [](core::Context& core) {  // what the query waits for
        core.router().route(*Stanza::from_document(xml::parse_element(
            "<message xmlns='jabber:client' from='romeo@example.com/orchard' "
            "to='juliet@example.org' type='chat' id='six'><body>six</body></message>")));
    });
    scene.world.run_shards();
    scene.balcony->send_soon(query("", ""));
    scene.world.run_shards();
    scene.world.post("juliet@example.org",
                     [&](core::Context&) { scene.balcony->session().on_detached(); });
    scene.world.run_shards();
    scene.world.storage().release_commits();
    scene.world.settle();
    test::FakePort port;
    scene.world.run("juliet@example.org", [&](core::Context&) -> Task<> {
        CHECK((co_await test::resume_session(scene.balcony->session(), port, 0)).ok());
    });
    port.drop_all();
    scene.balcony->send("<presence/>");
    Bodies got;
    for (const auto& each : port.elements())
        if (each.root().name() == "message")
            got.emplace_back(each.root().child_text(ns::client, "body"));
    CHECK(got == Bodies{"one", "two", "three", "four", "five", "six"});
    scene.balcony->close();
}

}  // namespace
}  // namespace clarion::offline
