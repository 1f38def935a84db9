// An account as a document of XEP-0227: all that was put into it is there, and nothing of others.
#include "server/core/setup/account_export.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "modules/all.h"
#include "proto/ns.h"
#include "proto/ns_portable.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/account_registry.h"
#include "storage/storage.h"
#include "tests/support/world.h"

using namespace clarion;
using core::Credentials;
using test::Client;
using test::World;

namespace {

constexpr auto romeo_jid = "romeo@example.org";
constexpr auto juliet_jid = "juliet@example.net";

std::vector<core::ModuleRow> all_rows() {
    const auto rows = modules::standard();
    return {rows.begin(), rows.end()};
}

struct Verona {
    World world{{.modules = all_rows(), .config = "[auth]\nscram_iterations = 4096\n"}};
    Client* romeo = nullptr;
    std::size_t pieces = 0;

    Verona() {
        world.add_account(romeo_jid, "montague");
        world.add_account(juliet_jid);
    }
    void set(Client& client, const std::string& payload) {
        REQUIRE(client.ask("<iq type='set' id='s'>" + payload + "</iq>").root().attr("type") ==
                "result");
    }
    static std::string publish(const std::string& node, const std::string& id,
                               const std::string& payload) {
        return "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='" + node +
               "'><item id='" + id + "'>" + payload + "</item></publish></pubsub>";
    }
    static std::string nick(const std::string& text) {
        return "<nick xmlns='http://jabber.org/protocol/nick'>" + text + "</nick>";
    }
    /// Romeo's account has something of everything; Juliet's has the same kinds of things.
    void fill() {
        romeo = &world.log_in("romeo@example.org/orchard");
        Client& juliet = world.log_in("juliet@example.net/balcony");
        fill(*romeo, "of-romeo");
        fill(juliet, "of-juliet");
        world.arrive(
            "<presence type='subscribe' from='mercutio@example.com' to='romeo@example.org'/>");
        romeo->send(
            "<message to='paris@example.com' type='chat' id='m1'><body>a &lt; b</body>"
            "</message>");
        romeo->close();
        world.arrive(
            "<message from='nurse@example.com/x' to='romeo@example.org' type='chat' id='m2'>"
            "<body>Where art thou?</body></message>");
    }
    void fill(Client& client, const std::string& word) {
        set(client, "<query xmlns='jabber:iq:roster'><item jid='friend-" + word +
                        "@example.com' name='A &amp; B'><group>Friends</group></item></query>");
        set(client, "<vCard xmlns='vcard-temp'><FN>name " + word + "</FN></vCard>");
        set(client, "<query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs'><x>doc-" + word +
                        "</x></exodus></query>");
        set(client,
            "<block xmlns='urn:xmpp:blocking'><item jid='foe-" + word + "@example.com'/></block>");
        set(client, publish("http://jabber.org/protocol/nick", "current", nick("nick-" + word)));
        set(client, publish("urn:example:&apos;quoted&apos;", "i&apos;d", nick("other-" + word)));
    }
    std::string text_of(const std::string& jid, Credentials credentials = Credentials::left_out) {
        std::string text;
        world.run_on(0, [&](core::Core& core) -> Task<> {
            std::string at;
            for (pieces = 1;; ++pieces) {
                const Jid account = Jid::trusted(jid);
                auto piece = co_await core::export_piece(core, account, at, credentials);
                REQUIRE(piece.ok());
                text += piece->xml;
                at = piece->next;
                if (at.empty()) break;
            }
        });
        return text;
    }
};

/// <user/> of a document that is what XEP-0227 says.
const xml::Element& user_of(const xml::Document& document) {
    REQUIRE_FALSE(document.empty());
    REQUIRE(document.root().is(ns::portable, "server-data"));
    const xml::Element* host = document.root().child(ns::portable, "host");
    REQUIRE(host);
    CHECK(host->attr("jid") == "example.org");
    const xml::Element* user = host->child(ns::portable, "user");
    REQUIRE(user);
    CHECK(user->attr("name") == "romeo");
    CHECK_FALSE(user->next_sibling());
    return *user;
}

xml::Document parse(const std::string& text) {
    return xml::parse_element(std::string_view(text).substr(text.find("?>") + 2));
}

std::size_t count(const xml::Element& parent, std::string_view space, std::string_view name) {
    std::size_t found = 0;
    for (const xml::Element& child : parent.children()) found += child.is(space, name) ? 1 : 0;
    return found;
}

}  // namespace

TEST_CASE_FIXTURE(Verona, "an export has all of an account, once, and nothing of others") {
    fill();
    const std::string text = text_of(romeo_jid);
    CAPTURE(text);
    CHECK(text.starts_with("<?xml version='1.0' encoding='UTF-8'?>\n"));
    CHECK(text.find("of-juliet") == std::string::npos);
    const xml::Document document = parse(text);
    const xml::Element& user = user_of(document);

    const xml::Element* roster = user.child(ns::roster, "query");
    REQUIRE(roster);
    CHECK(count(*roster, ns::roster, "item") == 1);
    CHECK(roster->first_child()->attr("jid") == "friend-of-romeo@example.com");
    CHECK(roster->first_child()->attr("name") == "A & B");
    CHECK(roster->first_child()->child_text(ns::roster, "group") == "Friends");
    const xml::Element* request = user.child(ns::client, "presence");
    REQUIRE(request);
    CHECK(request->attr("type") == "subscribe");
    CHECK(request->attr("from") == "mercutio@example.com");

    REQUIRE(user.child(ns::vcard, "vCard"));
    CHECK(user.child(ns::vcard, "vCard")->child_text(ns::vcard, "FN") == "name of-romeo");
    const xml::Element* documents = user.child(ns::private_, "query");
    REQUIRE(documents);
    CHECK(documents->child("exodus:prefs", "exodus")->child_text("exodus:prefs", "x") ==
          "doc-of-romeo");
    const xml::Element* blocked = user.child(ns::blocking, "blocklist");
    REQUIRE(blocked);
    CHECK(blocked->first_child()->attr("jid") == "foe-of-romeo@example.com");

    const xml::Element* offline = user.child(ns::portable, "offline-messages");
    REQUIRE(offline);
    CHECK(count(*offline, ns::client, "message") == 1);
    CHECK(offline->first_child()->child_text(ns::client, "body") == "Where art thou?");
    CHECK(offline->first_child()->child(ns::delay, "delay"));
    const xml::Element* archive = user.child(ns::portable_archive, "archive");
    REQUIRE(archive);
    CHECK(count(*archive, ns::mam, "result") == 2);
    const xml::Element* forwarded = archive->first_child()->child(ns::forward, "forwarded");
    REQUIRE(forwarded);
    CHECK_FALSE(archive->first_child()->attr("id").empty());
    CHECK(forwarded->child(ns::delay, "delay"));
    CHECK(forwarded->child(ns::client, "message")->child_text(ns::client, "body") == "a < b");
    CHECK(count(user, ns::portable_scram, "scram-credentials") == 0);
}

TEST_CASE_FIXTURE(Verona, "an export has each node with how it is configured and its items") {
    fill();
    const std::string text = text_of(romeo_jid);
    const xml::Document document = parse(text);
    const xml::Element& user = user_of(document);
    CHECK(count(user, ns::pubsub, "pubsub") == 1);
    CHECK(count(user, ns::pubsub_owner, "pubsub") == 1);
    const xml::Element* nodes = user.child(ns::pubsub, "pubsub");
    const xml::Element* owned = user.child(ns::pubsub_owner, "pubsub");
    std::string said;
    for (const xml::Element& items : nodes->children()) {
        REQUIRE(items.is(ns::pubsub, "items"));
        said += std::string(items.attr("node")) + ": ";
        for (const xml::Element& item : items.children())
            said +=
                std::string(item.attr("id")) + "=" + std::string(item.first_child()->text()) + " ";
        bool configured = false;
        for (const xml::Element& each : owned->children())
            configured |= each.is(ns::pubsub_owner, "configure") &&
                          each.attr("node") == items.attr("node") &&
                          each.child(ns::data_forms, "x");
        CHECK(configured);
    }
    CHECK(said.find("http://jabber.org/protocol/nick: current=nick-of-romeo ") !=
          std::string::npos);
    CHECK(said.find("urn:example:'quoted': i'd=other-of-romeo ") != std::string::npos);
}

TEST_CASE_FIXTURE(Verona, "an export has credentials for whoever asks for them only") {
    const std::string text = text_of(romeo_jid, Credentials::included);
    const xml::Document document = parse(text);
    const xml::Element& user = user_of(document);
    std::string mechanisms;
    for (const xml::Element& child : user.children()) {
        if (!child.is(ns::portable_scram, "scram-credentials")) continue;
        mechanisms += std::string(child.attr("mechanism")) + " ";
        CHECK(child.child_text(ns::portable_scram, "iter-count") == "4096");
        for (const char* name : {"salt", "server-key", "stored-key"})
            CHECK_FALSE(child.child_text(ns::portable_scram, name).empty());
    }
    CHECK(mechanisms == "SCRAM-SHA-256 SCRAM-SHA-1 ");
}

TEST_CASE_FIXTURE(Verona, "what is large comes in pieces, each thing once and in order") {
    romeo = &world.log_in("romeo@example.org/orchard");
    const std::string body(2000, 'x');
    for (int i = 0; i < 500; ++i)
        romeo->send_soon("<message to='paris@example.com' type='chat' id='m" + std::to_string(i) +
                         "'><body>" + body + "</body></message>");
    world.settle();
    for (int i = 0; i < 20; ++i)
        set(*romeo, "<query xmlns='jabber:iq:private'><d xmlns='urn:example:" + std::to_string(i) +
                        "'>" + std::string(20000, 'y') + "</d></query>");
    for (const char* node : {"a", "b"})
        for (int i = 0; i < 10; ++i)
            set(*romeo, publish(node, std::to_string(i), nick(std::string(15000, 'z'))));
    const std::string text = text_of(romeo_jid);
    CHECK(pieces > 3);
    const xml::Document document = parse(text);
    const xml::Element& user = user_of(document);
    const xml::Element* archive = user.child(ns::portable_archive, "archive");
    int next = 0;
    for (const xml::Element& result : archive->children()) {
        const auto* message = result.child(ns::forward, "forwarded")->child(ns::client, "message");
        CHECK(message->attr("id") == "m" + std::to_string(next++));
    }
    CHECK(next == 500);
    CHECK(count(user, ns::private_, "query") == 1);
    std::size_t documents = 0;
    for ([[maybe_unused]] const auto& each : user.child(ns::private_, "query")->children())
        ++documents;
    CHECK(documents == 20);
    const xml::Element* nodes = user.child(ns::pubsub, "pubsub");
    CHECK(count(*nodes, ns::pubsub, "items") == 2);
}

TEST_CASE_FIXTURE(Verona, "an account with nothing is a document too, and none is an error") {
    const std::string text = text_of(romeo_jid);
    const xml::Document document = parse(text);
    const xml::Element& user = user_of(document);
    CHECK(user.child(ns::roster, "query"));
    CHECK_FALSE(user.child(ns::pubsub, "pubsub"));
    CHECK_FALSE(user.child(ns::portable, "offline-messages"));
    const auto error_of = [&](const char* jid, const std::string& at) {
        std::string code;
        world.run_on(0, [&](core::Core& core) -> Task<> {
            const Jid account = Jid::trusted(jid);
            const auto piece =
                co_await core::export_piece(core, account, at, Credentials::left_out);
            code = piece ? "" : piece.error().code;
        });
        return code;
    };
    CHECK(error_of("nobody@example.org", "") == "item-not-found");
    for (const char* at : {"nonsense", "nonsense x", "mam !", "pubsub x 1 a", "private_xml ?"})
        CHECK(error_of(romeo_jid, at) == "usage");
}

TEST_CASE_FIXTURE(Verona, "an export as the body of an answer ends, or breaks") {
    fill();
    std::string text;
    core::HttpFeed::End end = core::HttpFeed::End::none, broken = end;
    world.run_on(1, [&](core::Core& core) -> Task<> {
        auto feed = core::export_account(core, Jid::trusted(romeo_jid), Credentials::left_out);
        CHECK(feed->end() == core::HttpFeed::End::ahead);
        while (feed->end() == core::HttpFeed::End::ahead) text += co_await feed->next();
        end = feed->end();
        auto nobody =
            core::export_account(core, Jid::trusted("nobody@example.org"), Credentials::left_out);
        const std::string nothing = co_await nobody->next();
        CHECK(nothing.empty());
        broken = nobody->end();
    });
    CHECK(end == core::HttpFeed::End::reached);
    CHECK(broken == core::HttpFeed::End::broken);
    const xml::Document document = parse(text);
    CHECK(user_of(document).child(ns::portable_archive, "archive"));
}
