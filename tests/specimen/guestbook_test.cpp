// A service that no folder of the server knows, in the World: what core, disco, ping and archives
// do for it.
#include "tests/specimen/guestbook.h"

#include <doctest/doctest.h>

#include "modules/disco.h"
#include "modules/mam/archive_expiry.h"
#include "modules/mam/mam.h"
#include "modules/ping.h"
#include "server/core/events/server_events.h"
#include "server/runtime/event_bus.h"
#include "tests/support/world.h"

namespace clarion::guestbook {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view romeo_jid = "romeo@example.org";
constexpr std::string_view book = "juliet@guestbook.example.org";

struct Scene {
    test::World world;
    test::Client* romeo = nullptr;
    test::Client* juliet = nullptr;

    explicit Scene(std::string config = {})
        : world({.modules = {{"disco", disco::install},
                             {"mam", mam::install, mam::declare_options},
                             {"ping", ping::install},
                             row()},
                 .config = std::move(config),
                 .shards = 3}) {
        world.add_account(romeo_jid);
        world.add_account("juliet@example.org");
        romeo = &world.log_in("romeo@example.org/orchard");
        juliet = &world.log_in("juliet@example.org/balcony");
    }
    /// Asks the guestbook something; the answer's payload, or the condition of its error.
    xml::Document ask(test::Client& who, std::string_view type, std::string_view payload,
                      std::string_view to = book) {
        return who.ask("<iq type='" + std::string(type) + "' id='q' to='" + std::string(to) + "'>" +
                       std::string(payload) + "</iq>");
    }
    void sign(test::Client& who, std::string_view text) {
        who.send("<message to='" + std::string(book) + "' type='chat'><body>" + std::string(text) +
                 "</body></message>");
        answer_version(who);
    }
    /// What the guestbook asked its guest.
    void answer_version(test::Client& who) {
        const auto asked = who.pop("iq");
        REQUIRE(asked.root().attr("from") == book);
        who.send("<iq type='result' id='" + std::string(asked.root().attr("id")) + "' to='" +
                 std::string(book) +
                 "'><query xmlns='jabber:iq:version'><name>Quill</name></query></iq>");
    }
    std::string entries(test::Client& who) {
        std::string all;
        const auto answer = ask(who, "get", "<entries xmlns='urn:example:guestbook'/>");
        const auto* list = answer.root().child(ns, "entries");
        REQUIRE(list);
        for (const auto& entry : list->children())
            all += std::string(entry.attr("guest")) + " (" + std::string(entry.attr("client")) +
                   "): " + std::string(entry.text()) + '\n';
        return all;
    }
    std::string refused(const xml::Document& answer) {
        const auto* error = answer.root().child(ns::client, "error");
        if (!error) return {};
        for (const auto& child : error->children()) return std::string(child.name());
        return {};
    }
    std::string listed(const xml::Document& items) {
        std::string all;
        for (const auto& item : items.root().child(ns::disco_items, "query")->children())
            all += std::string(item.attr("jid")) + ' ';
        return all;
    }
    std::size_t archived(test::Client& who) {
        const auto fin = ask(who, "set", "<query xmlns='urn:xmpp:mam:2'/>");
        std::size_t count = 0;
        for (auto page = who.pop("message"); page.root().name() == "message";
             page = who.pop("message"))
            count += page.root().child(ns::mam, "result") != nullptr;
        return fin.root().attr("type") == "result" ? count : 99;
    }
    bool is_loaded() {
        std::size_t loaded = 0;
        for (const auto* directory : world.home_of(book).directories())
            loaded += directory->loaded();
        return loaded > world.home_of(book).accounts().loaded();
    }
    void evict() {
        world.at(book, [](core::Core& core) {
            for (auto* directory : core.directories()) directory->evict_idle(-1s);
        });
    }
};

TEST_CASE_FIXTURE(Scene, "a guestbook keeps what guests say, and asks them with what they say it") {
    sign(*romeo, "But soft!");
    sign(*juliet, "Ay me!");
    CHECK(entries(*romeo) ==
          "romeo@example.org (Quill): But soft!\n"
          "juliet@example.org (Quill): Ay me!\n");
}

TEST_CASE_FIXTURE(Scene, "an answer of somebody who was not asked counts for nothing") {
    romeo->send("<message to='juliet@guestbook.example.org'><body>But soft!</body></message>");
    const auto asked = romeo->pop("iq");
    juliet->send("<iq type='result' id='" + std::string(asked.root().attr("id")) + "' to='" +
                 std::string(book) +
                 "'><query xmlns='jabber:iq:version'><name>Forged</name></query></iq>");
    CHECK(entries(*romeo) == "romeo@example.org (): But soft!\n");
}

TEST_CASE_FIXTURE(Scene, "a guestbook survives eviction, a restart and a move") {
    sign(*romeo, "But soft!");
    SUBCASE("evicted") {
        CHECK(is_loaded());
        evict();
        CHECK(!is_loaded());
    }
    SUBCASE("restarted") {
        world.crash_and_restart();
        for (unsigned i = 0; i < 3; ++i)
            world.core(i).accounts().set_hibernating_known(PartitionSet::all());
        romeo = &world.log_in("romeo@example.org/orchard");
    }
    SUBCASE("moved") {
        PartitionSet its;
        its.add(partition_of(book));
        REQUIRE(world.move(its, (world.home_of(book).shard().index() + 1) % 3));
        CHECK(!is_loaded());
    }
    sign(*romeo, "It is the east");
    CHECK(entries(*romeo) ==
          "romeo@example.org (Quill): But soft!\n"
          "romeo@example.org (Quill): It is the east\n");
    CHECK(archived(*romeo) == 2);
}

TEST_CASE_FIXTURE(Scene, "who is there sees entries as they come, with their id in the archive") {
    juliet->send("<presence to='juliet@guestbook.example.org'/>");
    CHECK(juliet->pop("presence").root().attr("from") == book);
    sign(*romeo, "But soft!");
    const auto shown = juliet->pop("message");
    CHECK(shown.root().child_text(ns::client, "body") == "But soft!");
    REQUIRE(shown.root().child(ns::stanza_id, "stanza-id"));
    CHECK(shown.root().child(ns::stanza_id, "stanza-id")->attr("by") == book);
    CHECK(juliet->pop("message").root().child(ns, "guest")->attr("client") == "Quill");
    evict();
    CHECK(is_loaded());

    juliet->send("<presence to='juliet@guestbook.example.org' type='unavailable'/>");
    sign(*romeo, "It is the east");
    CHECK(juliet->pop("message").root().name() == "nothing");
    evict();
    CHECK(!is_loaded());
}

TEST_CASE_FIXTURE(Scene,
                  "the archive is for guests, clearing for the owner, the rest for anybody") {
    CHECK(refused(ask(*romeo, "set", "<query xmlns='urn:xmpp:mam:2'/>")) == "forbidden");
    sign(*romeo, "But soft!");
    CHECK(archived(*romeo) == 1);
    CHECK(refused(ask(*romeo, "set", "<clear xmlns='urn:example:guestbook'/>")) == "forbidden");
    CHECK(refused(ask(*romeo, "get", "<unknown xmlns='urn:x'/>")) == "service-unavailable");
    CHECK(ask(*romeo, "get", "<ping xmlns='urn:xmpp:ping'/>").root().attr("type") == "result");

    CHECK(ask(*juliet, "set", "<clear xmlns='urn:example:guestbook'/>").root().attr("type") ==
          "result");
    CHECK(entries(*juliet).empty());
    sign(*juliet, "Ay me!");
    CHECK(archived(*juliet) == 1);
}

struct Expiring : Scene {
    Expiring() : Scene("[mam]\nexpire_after = 30\n") {
        for (unsigned i = 0; i < 3; ++i)
            world.core(i).shards().post(
                i, [&core = world.core(i)] { core.bus().fire(events::ServerStarted{core}); });
        world.settle();
    }
    void days_pass(int days) {
        world.advance(days * 24h);
        world.advance(mam::expiry_interval);
        for (int i = 0; i < 50; ++i) world.advance(mam::slice_pause);
    }
};

TEST_CASE_FIXTURE(Expiring,
                  "archives of guestbooks lose what is too old, as those of accounts do") {
    sign(*romeo, "But soft!");
    days_pass(20);
    sign(*romeo, "It is the east");
    CHECK(archived(*romeo) == 2);
    days_pass(15);
    CHECK(archived(*romeo) == 1);
    CHECK(entries(*romeo) ==
          "romeo@example.org (Quill): But soft!\n"
          "romeo@example.org (Quill): It is the east\n");
    days_pass(20);
    CHECK(archived(*romeo) == 0);
}

TEST_CASE_FIXTURE(Scene, "a guestbook is found") {
    const auto items = ask(*romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>",
                           "example.org");
    CHECK(listed(items) == "guestbook.example.org ");

    sign(*romeo, "But soft!");
    const auto books = ask(*romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>",
                           "guestbook.example.org");
    CHECK(listed(books) == std::string(book) + " ");

    for (const auto& [to, archives] :
         {std::pair{std::string_view("guestbook.example.org"), false}, std::pair{book, true}}) {
        const auto info =
            ask(*romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to);
        const auto* query = info.root().child(ns::disco_info, "query");
        REQUIRE(query);
        CHECK(query->child(ns::disco_info, "identity")->attr("category") == "conference");
        bool has_archive = false;
        for (const auto& child : query->children()) has_archive |= child.attr("var") == ns::mam;
        CHECK(has_archive == archives);
    }
}

TEST_CASE_FIXTURE(Scene, "what other servers say to a guestbook, and what they are answered") {
    world.arrive(
        "<message from='nurse@other.example/a' to='juliet@guestbook.example.org'>"
        "<body>Madam!</body></message>");
    const StanzaPtr asked = world.remote().pop();
    REQUIRE(asked);
    CHECK(asked->to().full() == "nurse@other.example/a");
    CHECK(asked->from().full() == book);
    world.arrive(
        "<iq type='result' from='nurse@other.example/a' to='juliet@guestbook.example.org' "
        "id='" +
        std::string(asked->id()) +
        "'><query xmlns='jabber:iq:version'><name>Far</name></query></iq>");
    CHECK(entries(*romeo) == "nurse@other.example (Far): Madam!\n");
    world.arrive(
        "<iq type='set' from='nurse@other.example/a' to='juliet@guestbook.example.org' "
        "id='m'><query xmlns='urn:xmpp:mam:2' queryid='p'/></iq>");
    const StanzaPtr page = world.remote().pop();
    REQUIRE(page);
    CHECK(page->root().child(ns::mam, "result"));
    const StanzaPtr fin = world.remote().pop();
    REQUIRE(fin);
    CHECK(fin->type() == StanzaType::result);
    CHECK(fin->root().child(ns::mam, "fin"));
}

TEST_CASE_FIXTURE(Scene, "what cannot be stored is not acknowledged, and its sender is told") {
    const std::string large(40'000, 'x');
    for (int i = 0; i < 30; ++i)
        romeo->send("<message to='juliet@guestbook.example.org'><body>" + large +
                    "</body></message>");
    std::size_t errors = 0;
    for (auto got = romeo->pop("message"); got.root().name() == "message";
         got = romeo->pop("message")) {
        CHECK(refused(got) == "resource-constraint");
        ++errors;
    }
    CHECK(errors > 0);
    CHECK(errors < 30);
}

}  // namespace
}  // namespace clarion::guestbook
