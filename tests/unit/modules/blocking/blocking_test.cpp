#include "modules/blocking/blocking.h"

#include <doctest/doctest.h>

#include <string>

#include "base/metrics.h"
#include "modules/carbons.h"
#include "modules/client_state/client_state.h"
#include "modules/disco.h"
#include "modules/mam/mam.h"
#include "modules/offline.h"
#include "modules/roster.h"
#include "modules/stream_management.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/hibernation_recovery.h"
#include "tests/support/world.h"

namespace clarion::blocking {
namespace {

using test::Client;
using test::World;

constexpr auto romeo_jid = "romeo@example.org";
constexpr auto juliet_jid = "juliet@example.net";
constexpr auto tybalt_jid = "tybalt@example.com";  // at another server

std::string command(std::string_view name, std::string_view items) {
    return "<iq type='set' id='b'><" + std::string(name) + " xmlns='urn:xmpp:blocking'>" +
           std::string(items) + "</" + std::string(name) + "></iq>";
}
std::string item(std::string_view jid) { return "<item jid='" + std::string(jid) + "'/>"; }
const std::string get = "<iq type='get' id='g'><blocklist xmlns='urn:xmpp:blocking'/></iq>";

struct Verona {
    World world{
        {.modules = {{.name = "roster",
                      .install = roster::install,
                      .declare_options = roster::declare_options},
                     {.name = "blocking", .install = install, .declare_options = declare_options},
                     {.name = "disco", .install = disco::install},
                     {.name = "stream_management",
                      .install = stream_management::install,
                      .declare_options = stream_management::declare_options},
                     {.name = "mam",
                      .install = mam::install,
                      .declare_options = mam::declare_options},
                     {.name = "carbons", .install = carbons::install},
                     {.name = "client_state",
                      .install = client_state::install,
                      .declare_options = client_state::declare_options},
                     {.name = "offline",
                      .install = offline::install,
                      .declare_options = offline::declare_options}},
         .config = "[blocking]\nmax_items = 4\nmax_reports = 2\n"}};
    Client* romeo = nullptr;
    Client* juliet = nullptr;

    Verona() {
        world.add_account(romeo_jid);
        world.add_account(juliet_jid);
    }
    /// Both are there, and see each other.
    void meet() {
        world.befriend(romeo_jid, juliet_jid);
        world.befriend(juliet_jid, romeo_jid);
        romeo = &world.log_in("romeo@example.org/orchard");
        juliet = &world.log_in("juliet@example.net/balcony");
        forget();
    }
    void forget() {
        romeo->drop_all();
        juliet->drop_all();
        world.remote().drop_all();
    }
    void block(std::string_view jid) {
        REQUIRE(romeo->ask(command("block", item(jid))).root().attr("type") == "result");
    }
    void unblock(std::string_view jid) {
        REQUIRE(romeo->ask(command("unblock", item(jid))).root().attr("type") == "result");
    }
    /// Blocks and forgets what that caused.
    void silence(std::string_view jid) {
        block(jid);
        forget();
    }
    std::string list(Client& client) {
        const auto answer = client.ask(get);
        const xml::Element* list = answer.root().child(ns::blocking, "blocklist");
        REQUIRE(list);
        std::string jids;
        for (const auto& entry : list->children()) jids += std::string(entry.attr("jid")) + ' ';
        return jids;
    }
    StanzaErrorCondition refusal(Client& client, std::string_view iq) {
        const auto answer = client.ask(iq);
        CHECK(answer.root().attr("type") == "error");
        return read_error(answer.root()).condition;
    }
    /// What the client has received: names and types, and which command of ours.
    static std::string taken(Client& client) {
        std::string all;
        while (client.pending() > 0) {
            const auto element = client.pop();
            const xml::Element& root = element.root();
            all += std::string(root.name()) + ':' + std::string(root.attr("type"));
            if (!root.attr("from").empty()) all += " from " + std::string(root.attr("from"));
            all += '\n';
        }
        return all;
    }
    std::uint64_t entries(storage::Table table) {
        return world.storage().engine().snapshot()->entries(table);
    }
};

void check_blocked_error(const xml::Document& answer, std::string_view from) {
    CHECK(answer.root().attr("type") == "error");
    CHECK(answer.root().attr("from") == from);
    const StanzaError error = read_error(answer.root());
    CHECK(error.condition == StanzaErrorCondition::not_acceptable);
    CHECK(error.type == StanzaErrorType::cancel);
    CHECK(error.app_ns == ns::blocking_errors);
    CHECK(error.app_name == "blocked");
}

// ---- Commands ----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "addresses are blocked and unblocked, several at once, prepared") {
    meet();
    CHECK(list(*romeo).empty());
    CHECK(romeo->ask(command("block", item("Tybalt@Example.COM") + item("example.edu/news")))
              .root()
              .attr("type") == "result");
    block("tybalt@example.com");  // again
    CHECK(list(*romeo) == "example.edu/news tybalt@example.com ");
    unblock("nobody@example.com");
    unblock("TYBALT@example.com");
    CHECK(list(*romeo) == "example.edu/news ");
    block("a@b");
    CHECK(romeo->ask(command("unblock", "")).root().attr("type") == "result");
    CHECK(list(*romeo).empty());
}

TEST_CASE_FIXTURE(Verona, "commands that cannot be obeyed change nothing") {
    using enum StanzaErrorCondition;
    meet();
    CHECK(refusal(*romeo, command("block", "")) == bad_request);
    CHECK(refusal(*romeo, command("block", "<item/>")) == bad_request);
    CHECK(refusal(*romeo, command("block", item("a@b") + item("a@@b/"))) == jid_malformed);
    CHECK(refusal(*romeo, command("unblock", "<other/>")) == bad_request);
    CHECK(list(*romeo).empty());
    const std::string to_juliet = " to='" + std::string(juliet_jid) + "'";
    for (std::string iq : {get, command("block", item("a@b")), command("unblock", "")})
        CHECK(refusal(*romeo, iq.insert(3, to_juliet)) == service_unavailable);
    CHECK(list(*juliet).empty());
}

TEST_CASE_FIXTURE(Verona, "what waited since before the block is not handed over") {
    world.add_account("nurse@example.net");
    meet();
    Client& nurse = world.log_in("nurse@example.net/x");
    const auto both_say = [&](const std::string& to, const char* text) {
        for (Client* client : {juliet, &nurse})
            client->send("<message to='" + to + "' type='chat'><body>" + std::string(text) +
                         "</body></message>");
    };
    const auto authors = [](Client& client) {
        std::string all;
        for (auto message = client.pop("message"); message.root().name() == "message";
             message = client.pop("message"))
            all += std::string(message.root().attr("from")) + ' ';
        return all;
    };
    const auto author_in_carbon = [](const xml::Document& carbon) {
        const auto* copy = carbon.root().child(ns::carbons, "received");
        REQUIRE(copy);
        const auto* forwarded = copy->child(ns::forward, "forwarded");
        return std::string(forwarded->child(ns::client, "message")->attr("from"));
    };
    /// Its new connection, which has read <resumed/>.
    const auto resume = [&](Client& client) {
        auto port = std::make_unique<test::FakePort>();
        bool resumed = false;
        world.run(romeo_jid, [&](core::Context&) -> Task<> {
            resumed = (co_await test::resume_session(client.session(), *port, 0)).ok();
        });
        REQUIRE(resumed);
        CHECK(port->pop().root().name() == "resumed");
        return port;
    };
    SUBCASE("among the offline messages") {
        romeo->send("<presence type='unavailable'/>");
        both_say(romeo_jid, "offline");
        block(juliet_jid);
        romeo->drop_all();
        romeo->send("<presence/>");
        CHECK(authors(*romeo) == "nurse@example.net/x ");
        CHECK(world.account(romeo_jid).offline_count() == 0);
    }
    SUBCASE("in the queue of a session that hibernates: it has a number, so something must come") {
        Client& phone = world.log_in("romeo@example.org/phone");
        phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        phone.drop_all();
        phone.cut();
        both_say("romeo@example.org/phone", "asleep");
        block(juliet_jid);
        const auto again = resume(phone);
        const auto filler = again->pop();
        CHECK(filler.root().attr("from") == "example.org");
        CHECK_FALSE(filler.root().has_children());
        CHECK(again->pop().root().attr("from") == "nurse@example.net/x");
        CHECK(phone.session().sm()->unacked_count() >= 2);
        phone.cut();
    }
    SUBCASE("a carbon in the queue of a session that hibernates") {
        Client& phone = world.log_in("romeo@example.org/phone");
        phone.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        phone.drop_all();
        phone.cut();
        both_say("romeo@example.org/orchard", "copied");
        block(juliet_jid);
        const auto again = resume(phone);
        CHECK_FALSE(again->pop().root().has_children());
        CHECK(author_in_carbon(again->pop()) == "nurse@example.net/x");
        phone.cut();
    }
    SUBCASE("behind offline messages, which go first; carbons too") {
        romeo->ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        Client& phone = world.log_in("romeo@example.org/phone");
        world.at(romeo_jid, [&](core::Context&) { romeo->session().hold_sending(); });
        both_say(romeo_jid, "behind");
        both_say("romeo@example.org/phone", "copied");
        phone.ask(command("block", item(juliet_jid)));
        romeo->drop_all();
        world.at(romeo_jid, [&](core::Context&) { romeo->session().release_sending(); });
        std::string all;
        for (auto next = romeo->pop(); next.root().name() != "nothing"; next = romeo->pop())
            if (next.root().name() == "message")
                all += next.root().attr("from") == romeo_jid
                           ? "copy:" + author_in_carbon(next) + ' '
                           : std::string(next.root().attr("from")) + ' ';
        CHECK(all == "nurse@example.net/x copy:nurse@example.net/x ");
    }
    SUBCASE("while a session wakes and is not awake yet") {
        Client& phone = world.log_in("romeo@example.org/phone");
        phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        phone.drop_all();
        phone.cut();
        test::FakePort again;
        world.storage().hold_commits();
        world.post(romeo_jid, [&](core::Context& core) {
            core.scope().spawn("wakes", [](core::Session& session, test::FakePort& port) -> Task<> {
                CHECK((co_await test::resume_session(session, port, 0)).ok());
            }(phone.session(), again));
        });
        world.run_shards();
        for (Client* client : {juliet, &nurse})
            client->send_soon(
                "<message to='romeo@example.org/phone' type='chat'><body>wake"
                "</body></message>");
        romeo->send_soon(command("block", item(juliet_jid)));
        world.run_shards();
        world.storage().release_commits();
        world.settle();
        std::string all;
        for (auto next = again.pop(); next.root().name() != "nothing"; next = again.pop())
            if (next.root().name() == "message" && next.root().has_children())
                all += std::string(next.root().attr("from")) + ' ';
        CHECK(all == "nurse@example.net/x ");
        phone.cut();
    }
    SUBCASE("held back while a client was inactive; carbons too") {
        romeo->ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        Client& phone = world.log_in("romeo@example.org/phone");
        romeo->send("<inactive xmlns='urn:xmpp:csi:0'/>");
        romeo->drop_all();
        for (const char* to : {"romeo@example.org/orchard", "romeo@example.org/phone"})
            for (Client* client : {juliet, &nurse})
                client->send("<message to='" + std::string(to) +
                             "' type='chat'>"
                             "<received xmlns='urn:xmpp:receipts' id='r'/></message>");
        CHECK(romeo->port().pending() == 0);
        phone.ask(command("block", item(juliet_jid)));
        romeo->drop_all();
        romeo->send("<active xmlns='urn:xmpp:csi:0'/>");
        std::string all;
        for (auto next = romeo->pop("message"); next.root().name() == "message";
             next = romeo->pop("message"))
            all += next.root().attr("from") == romeo_jid
                       ? "copy:" + author_in_carbon(next) + ' '
                       : std::string(next.root().attr("from")) + ' ';
        CHECK(all == "nurse@example.net/x copy:nurse@example.net/x ");
    }
    SUBCASE("what a session that ends had not acknowledged") {
        Client& phone = world.log_in("romeo@example.org/phone");
        phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        both_say("romeo@example.org/phone", "unacknowledged");
        romeo->send("<presence type='unavailable'/>");
        block(juliet_jid);
        phone.close();
        romeo->drop_all();
        romeo->send("<presence/>");
        CHECK(authors(*romeo) == "nurse@example.net/x ");
    }
}

TEST_CASE_FIXTURE(Verona, "a list has a limit") {
    using enum StanzaErrorCondition;
    meet();
    CHECK(refusal(*romeo, command("block", item("a@b") + item("b@b") + item("c@b") + item("d@b") +
                                               item("e@b"))) == policy_violation);
    CHECK(list(*romeo).empty());
    for (const char* jid : {"a@b", "b@b", "c@b", "d@b"}) block(jid);
    CHECK(refusal(*romeo, command("block", item("e@b"))) == policy_violation);
    block("a@b");  // is there already
    unblock("a@b");
    block("e@b");
    CHECK(list(*romeo) == "b@b c@b d@b e@b ");
}

TEST_CASE_FIXTURE(Verona, "who asked for the list is told of changes, after the result") {
    meet();
    Client& garden = world.log_in("romeo@example.org/garden");
    Client& silent = world.log_in("romeo@example.org/silent");
    romeo->ask(get);
    garden.ask(get);
    for (Client* client : {romeo, &garden, &silent}) client->drop_all();

    romeo->send(command("block", item("a@b") + item("C@b")));
    CHECK(romeo->pop().root().attr("type") == "result");
    for (Client* client : {romeo, &garden}) {
        const auto push = client->pop();
        CHECK(push.root().attr("type") == "set");
        CHECK(push.root().attr("to") == client->jid().full());
        CHECK_FALSE(push.root().attr("id").empty());
        const xml::Element* block = push.root().child(ns::blocking, "block");
        REQUIRE(block);
        CHECK(block->first_child()->attr("jid") == "a@b");
        CHECK(block->first_child()->next_sibling()->attr("jid") == "c@b");
        client->send("<iq type='result' id='" + std::string(push.root().attr("id")) + "'/>");
        CHECK(client->pending() == 0);
    }
    garden.send(command("unblock", item("a@b")));
    CHECK(garden.pop().root().attr("type") == "result");
    CHECK(romeo->pop().root().child(ns::blocking, "unblock")->first_child()->attr("jid") == "a@b");
    garden.drop_all();
    garden.send(command("unblock", ""));
    CHECK_FALSE(romeo->pop().root().child(ns::blocking, "unblock")->has_children());
    CHECK(silent.pending() == 0);
}

TEST_CASE_FIXTURE(Verona,
                  "the list outlives the server; a command is acknowledged when it is kept") {
    meet();
    romeo->send("<enable xmlns='urn:xmpp:sm:3'/>");
    romeo->drop_all();
    world.storage().hold_commits();
    romeo->send_soon(command("block", item(juliet_jid)));
    romeo->send_soon("<r xmlns='urn:xmpp:sm:3'/>");
    world.run_shards();
    CHECK(romeo->pop("a").root().name() == "nothing");
    world.storage().release_commits();
    world.settle();
    CHECK(romeo->pop("a").root().attr("h") == "1");

    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    CHECK(list(*romeo) == "juliet@example.net ");
    world.arrive(
        "<message from='juliet@example.net/b' to='romeo@example.org' type='chat'>"
        "<body>hi</body></message>");
    CHECK(romeo->pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "the server says that it can") {
    meet();
    const auto info = romeo->ask(
        "<iq type='get' id='d' to='example.org'>"
        "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    const std::string text = xml::to_string(info.root());
    CHECK(text.find("'urn:xmpp:blocking'") != std::string::npos);
    CHECK(text.find("'urn:xmpp:reporting:1'") != std::string::npos);
}

TEST_CASE_FIXTURE(Verona, "reports are counted, up to a limit, and block in any case") {
    meet();
    Counter& spam =
        metrics().counter("clarion_abuse_reports_total",
                          "Reports that came with a block (XEP-0377)", "reason=\"spam\"");
    const auto before = spam.value();
    const auto report = [](const std::string& jid) {
        return "<item jid='" + jid +
               "'><report xmlns='urn:xmpp:reporting:1' "
               "reason='urn:xmpp:reporting:spam'><stanza-id xmlns='urn:xmpp:sid:0' by='x' id='1'/>"
               "<text>Never came trouble to my house like this.</text></report></item>";
    };
    romeo->ask(command("block", report("a@b")));
    CHECK(spam.value() == before + 1);
    romeo->ask(command("block", report("b@b") + report("c@b")));
    CHECK(spam.value() == before + 2);
    CHECK(list(*romeo) == "a@b b@b c@b ");
    world.advance(std::chrono::hours(1));
    romeo->ask(command("block", report("d@b")));
    CHECK(spam.value() == before + 3);
}

// ---- Messages ----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "messages of a blocked address return as if nobody were there") {
    meet();
    silence(juliet_jid);
    Client& garden = world.log_in("romeo@example.org/garden");
    garden.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    forget();
    const auto before = entries(storage::Table::archive);
    for (const char* to : {"romeo@example.org", "romeo@example.org/orchard"}) {
        juliet->send("<message to='" + std::string(to) +
                     "' type='chat' id='m'><body>hi</body></message>");
        const auto answer = juliet->pop();
        CHECK(answer.root().attr("from") == to);
        const StanzaError error = read_error(answer.root());
        CHECK(error.condition == StanzaErrorCondition::service_unavailable);
        CHECK(error.text.empty());
    }
    for (const char* type : {"headline", "groupchat", "error"})
        world.arrive("<message from='juliet@example.net/b' to='romeo@example.org/orchard' type='" +
                     std::string(type) + "'><body>hi</body></message>");
    CHECK(juliet->pending() == 0);
    CHECK(romeo->pending() == 0);
    CHECK(garden.pending() == 0);
    // Only her own archive has them.
    CHECK(entries(storage::Table::archive) == before + 2);

    romeo->close();
    garden.close();
    juliet->drop_all();
    juliet->send("<message to='romeo@example.org' type='chat'><body>later</body></message>");
    CHECK(read_error(juliet->pop().root()).condition == StanzaErrorCondition::service_unavailable);
    CHECK(entries(storage::Table::offline) == 0);
}

TEST_CASE_FIXTURE(Verona, "what a client sends to a blocked address comes back") {
    meet();
    Client& garden = world.log_in("romeo@example.org/garden");
    garden.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    silence(juliet_jid);
    garden.drop_all();
    const auto before = entries(storage::Table::archive);
    romeo->send(
        "<message to='juliet@example.net/balcony' type='chat' id='m'><body>hi</body></message>");
    check_blocked_error(romeo->pop("message"), "juliet@example.net/balcony");
    for (const char* stanza :
         {"<iq type='get' id='i' to='juliet@example.net'><ping xmlns='urn:xmpp:ping'/></iq>",
          "<iq type='set' id='i' to='juliet@example.net/balcony'><x xmlns='x'/></iq>",
          "<presence to='juliet@example.net/balcony'/>",
          "<presence to='juliet@example.net' type='subscribe'/>",
          "<presence to='juliet@example.net' type='unsubscribed'/>",
          "<presence to='juliet@example.net' type='probe'/>"}) {
        INFO(stanza);
        romeo->send(stanza);
        const auto answer = romeo->pop();
        CHECK(read_error(answer.root()).app_name == "blocked");
    }
    romeo->send("<iq type='result' id='i' to='juliet@example.net/balcony'/>");
    romeo->send("<message type='error' id='i' to='juliet@example.net/balcony'/>");
    CHECK(romeo->pending() == 0);
    CHECK(juliet->pending() == 0);
    CHECK(garden.pending() == 0);
    CHECK(entries(storage::Table::archive) == before);
    CHECK(world.account(romeo_jid).roster().shares_presence_with(juliet_jid));
}

TEST_CASE_FIXTURE(Verona, "one's own devices and server are never blocked") {
    meet();
    silence("example.org");
    block(romeo_jid);
    block("romeo@example.org/garden");
    Client& garden = world.log_in("romeo@example.org/garden");
    CHECK(romeo->pop("presence").root().attr("from") == "romeo@example.org/garden");
    romeo->send("<message to='romeo@example.org/garden' type='chat'><body>hi</body></message>");
    CHECK(garden.pop("message").root().attr("from") == "romeo@example.org/orchard");
    CHECK(romeo
              ->ask("<iq type='get' id='d' to='example.org'>"
                    "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
              .root()
              .attr("type") == "result");
    world.arrive(
        "<message from='nurse@example.org/x' to='romeo@example.org'><body>x</body></message>");
    CHECK(garden.pop("message").root().name() == "nothing");
}

// ---- IQs ---------------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "requests of a blocked address are refused, its answers dropped") {
    meet();
    silence(juliet_jid);
    for (const char* to : {"romeo@example.org", "romeo@example.org/orchard"})
        CHECK(
            refusal(*juliet, "<iq type='get' id='i' to='" + std::string(to) +
                                 "'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>") ==
            StanzaErrorCondition::service_unavailable);
    juliet->send("<iq type='result' id='i' to='romeo@example.org/orchard'/>");
    juliet->send("<iq type='error' id='i' to='romeo@example.org/orchard'/>");
    CHECK(romeo->pending() == 0);
    CHECK(juliet->pending() == 0);
}

// ---- Presence ----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "a contact that is blocked sees the user go, and the user the contact") {
    meet();
    block(juliet_jid);
    CHECK(taken(*juliet) == "presence:unavailable from romeo@example.org/orchard\n");
    CHECK(taken(*romeo) == "presence:unavailable from juliet@example.net\n");
    block("example.net");  // was blocked before
    CHECK(juliet->pending() == 0);
    CHECK(romeo->pending() == 0);

    // Neither hears of the other.
    romeo->send("<presence><show>away</show></presence>");
    juliet->send("<presence><show>dnd</show></presence>");
    forget();
    juliet->send("<presence type='probe' to='romeo@example.org'/>");
    juliet->send("<presence to='romeo@example.org/orchard'/>");
    romeo->close();
    CHECK(juliet->pending() == 0);
    romeo = &world.connect("romeo@example.org/orchard");
    romeo->send("<presence/>");
    CHECK(taken(*romeo) == "presence: from romeo@example.org/orchard\n");
    CHECK(juliet->pending() == 0);
    juliet->close();
    CHECK(romeo->pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "a contact that is unblocked is back") {
    meet();
    silence(juliet_jid);
    block("example.net");
    unblock(juliet_jid);
    CHECK(juliet->pending() == 0);  // the domain is still blocked
    romeo->ask(command("unblock", ""));
    CHECK(taken(*juliet) == "presence: from romeo@example.org/orchard\n");
    CHECK(taken(*romeo) == "presence: from juliet@example.net/balcony\n");
}

TEST_CASE_FIXTURE(Verona, "who does not see the user learns nothing") {
    romeo = &world.log_in("romeo@example.org/orchard");
    juliet = &world.log_in("juliet@example.net/balcony");
    block(juliet_jid);
    unblock(juliet_jid);
    CHECK(juliet->pending() == 0);
    CHECK(romeo->pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "contacts at other servers: unavailable, then presence and one probe") {
    meet();
    world.befriend(romeo_jid, tybalt_jid);
    Client& garden = world.log_in("romeo@example.org/garden");
    forget();
    garden.drop_all();
    block(tybalt_jid);
    CHECK(world.remote().pending() == 2);
    CHECK(world.remote().pop()->type() == StanzaType::unavailable);
    CHECK(garden.pop("presence").root().attr("from") == tybalt_jid);
    forget();

    Client& late = world.log_in("romeo@example.org/late");  // no broadcast, no probe
    late.close();
    CHECK(world.remote().pending() == 0);

    unblock(tybalt_jid);
    CHECK(world.remote().pop()->type() == StanzaType::available);
    CHECK(world.remote().pop()->type() == StanzaType::available);
    const StanzaPtr probe = world.remote().pop();
    REQUIRE(probe);
    CHECK(probe->type() == StanzaType::probe);
    CHECK(probe->from().full() == romeo_jid);
    CHECK(world.remote().pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "a blocked resource alone") {
    meet();
    Client& chamber = world.log_in("juliet@example.net/chamber");
    forget();
    chamber.drop_all();
    block("juliet@example.net/balcony");
    CHECK(taken(*juliet) == "presence:unavailable from romeo@example.org/orchard\n");
    CHECK(chamber.pending() == 0);
    CHECK(taken(*romeo) == "presence:unavailable from juliet@example.net/balcony\n");
    juliet->send("<message to='romeo@example.org' type='chat'><body>a</body></message>");
    chamber.send("<message to='romeo@example.org' type='chat'><body>b</body></message>");
    CHECK(taken(*romeo) == "message:chat from juliet@example.net/chamber\n");
    forget();
    unblock("juliet@example.net/balcony");
    CHECK(taken(*juliet) == "presence: from romeo@example.org/orchard\n");
}

TEST_CASE_FIXTURE(Verona, "a room that is blocked is left") {
    meet();
    romeo->send("<presence to='hall@muc.example.com/romeo'/>");
    world.remote().drop_all();
    block("hall@muc.example.com");
    const StanzaPtr gone = world.remote().pop();
    REQUIRE(gone);
    CHECK(gone->type() == StanzaType::unavailable);
    CHECK(gone->to().full() == "hall@muc.example.com/romeo");
    CHECK(taken(*romeo) == "presence:unavailable from hall@muc.example.com/romeo\n");
    world.arrive(
        "<message from='hall@muc.example.com/x' to='romeo@example.org/orchard' "
        "type='groupchat'><body>hi</body></message>");
    CHECK(romeo->pending() == 0);
    CHECK(world.remote().pending() == 0);
    romeo->close();
    CHECK(world.remote().pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "requests of a blocked address wait and are not shown") {
    romeo = &world.log_in("romeo@example.org/orchard");
    juliet = &world.log_in("juliet@example.net/balcony");
    juliet->send("<presence to='romeo@example.org' type='subscribe'/>");
    silence(juliet_jid);
    world.arrive("<presence from='tybalt@example.com' to='romeo@example.org' type='subscribe'/>");
    block(tybalt_jid);
    romeo->close();
    romeo = &world.connect("romeo@example.org/orchard");
    romeo->send("<presence/>");
    CHECK(taken(*romeo) == "presence: from romeo@example.org/orchard\n");
    unblock(juliet_jid);
    romeo->close();
    romeo = &world.connect("romeo@example.org/orchard");
    romeo->send("<presence/>");
    CHECK(taken(*romeo) ==
          "presence: from romeo@example.org/orchard\n"
          "presence:subscribe from juliet@example.net\n");
}

TEST_CASE_FIXTURE(Verona, "removing a blocked contact shows nothing of the user's devices") {
    meet();
    silence(juliet_jid);
    romeo->ask(
        "<iq type='set' id='r'><query xmlns='jabber:iq:roster'>"
        "<item jid='juliet@example.net' subscription='remove'/></query></iq>");
    std::string presence;
    for (auto next = juliet->pop(); next.root().name() != "nothing"; next = juliet->pop())
        if (next.root().name() == "presence")
            presence += std::string(next.root().attr("from")) + ' ';
    CHECK(presence.find('/') == std::string::npos);
}

// ---- Hibernation
// -------------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona,
                  "a sleeping phone hears of changes of the list, and nothing of the blocked") {
    meet();
    Client& phone = world.log_in("romeo@example.org/phone");
    phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    phone.ask(get);
    phone.send("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    phone.cut();
    world.settle();
    core::Session* asleep = world.account(romeo_jid).find_session("phone");
    REQUIRE(asleep);
    REQUIRE(asleep->is_hibernating());
    const auto before = asleep->hibernation().queued();
    block(juliet_jid);  // the push, and that she is unavailable
    CHECK(asleep->hibernation().queued() == before + 2);
    juliet->send("<message to='romeo@example.org' type='chat'><body>hi</body></message>");
    CHECK(asleep->hibernation().queued() == before + 2);

    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    asleep = world.account(romeo_jid).find_session("phone");
    REQUIRE(asleep);
    const auto queued = asleep->hibernation().queued();
    romeo->ask(command("block", item("a@b")));  // it still wants pushes
    CHECK(asleep->hibernation().queued() == queued + 1);
}

}  // namespace
}  // namespace clarion::blocking
