#include "modules/blocking/blocklist.h"

#include <doctest/doctest.h>

#include <chrono>

#include "proto/ns.h"
#include "storage/module_data.h"

namespace clarion::blocking {
namespace {

Jid jid(std::string_view text) { return *Jid::parse(text); }

TEST_CASE("JID matching") {
    struct Case {
        const char* entry;
        const char* address;
        bool matches;
    };
    const Case cases[] = {
        // 1. user@domain/resource: only that resource
        {"romeo@montague.net/orchard", "romeo@montague.net/orchard", true},
        {"romeo@montague.net/orchard", "romeo@montague.net/garden", false},
        {"romeo@montague.net/orchard", "romeo@montague.net", false},
        {"romeo@montague.net/orchard", "mercutio@montague.net/orchard", false},
        // 2. user@domain: any resource
        {"romeo@montague.net", "romeo@montague.net/orchard", true},
        {"romeo@montague.net", "romeo@montague.net", true},
        {"romeo@montague.net", "romeo@example.net", false},
        {"romeo@montague.net", "rome@montague.net", false},
        {"romeo@montague.net", "montague.net", false},
        // 3. domain/resource: only that resource
        {"montague.net/news", "montague.net/news", true},
        {"montague.net/news", "montague.net/weather", false},
        {"montague.net/news", "montague.net", false},
        {"montague.net/news", "romeo@montague.net/news", false},
        // 4. domain: itself, and any user and resource at it
        {"montague.net", "montague.net", true},
        {"montague.net", "montague.net/news", true},
        {"montague.net", "romeo@montague.net", true},
        {"montague.net", "romeo@montague.net/orchard", true},
        {"montague.net", "romeo@lists.montague.net", false},
        {"lists.montague.net", "romeo@montague.net", false},
    };
    for (const Case& c : cases) {
        INFO(c.entry, " and ", c.address);
        CHECK(matches(Blocklist({c.entry}), jid(c.address)) == c.matches);
        CHECK(matches(Blocklist({"aaa.example", c.entry, "zzz@zzz.example"}), jid(c.address)) ==
              c.matches);
    }
    CHECK_FALSE(matches(Blocklist(), jid("montague.net")));
    CHECK_FALSE(matches(Blocklist({"montague.net"}), Jid()));
}

TEST_CASE("a list stays in order") {
    Blocklist list({"c@x", "a@x"});
    CHECK(list.jids() == std::vector<std::string>{"a@x", "c@x"});
    const std::vector<Item> items{{jid("c@x")}, {jid("b@x")}, {jid("d@x")}};
    CHECK(list.missing(items) == std::vector<std::string>{"b@x", "d@x"});
    CHECK(list.present(items) == std::vector<std::string>{"c@x"});
    list.add({"d@x", "b@x"});
    CHECK(list.jids() == std::vector<std::string>{"a@x", "b@x", "c@x", "d@x"});
    list.add({"bb@x"});
    list.remove({"d@x", "a@x"});
    CHECK(list.jids() == std::vector<std::string>{"b@x", "bb@x", "c@x"});
    list.remove({"bb@x"});
    list.add({});
    CHECK(list.jids() == std::vector<std::string>{"b@x", "c@x"});
    list.remove({"c@x", "b@x"});
    CHECK(list.empty());
}

TEST_CASE("one change of a large list costs little") {
    std::vector<std::string> many;
    for (int i = 0; i < 5000; ++i)
        many.push_back("somebody.with.a.long.name." + std::to_string(i) + "@example.org");
    Blocklist list(many);
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) {
        list.add({"nobody@example.org"});
        list.remove({"nobody@example.org"});
    }
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(2));  // each sorted: 10 s
    CHECK(list.size() == 5000);
}

auto read(std::string_view command) { return read_items(xml::parse_element(command).root()); }

StanzaErrorCondition refusal(std::string_view command) {
    const auto result = read(command);
    REQUIRE(std::holds_alternative<StanzaError>(result));
    return std::get<StanzaError>(result).condition;
}

TEST_CASE("what a command names") {
    const auto document = xml::parse_element(
        "<block xmlns='urn:xmpp:blocking'><item jid='Romeo@Montague.NET'/><other xmlns='x'/>"
        "<item jid='iago@shakespeare.lit'><report xmlns='urn:xmpp:reporting:1' "
        "reason='urn:xmpp:reporting:spam'/></item><item jid='romeo@montague.net'/></block>");
    const auto result = read_items(document.root());
    REQUIRE(std::holds_alternative<std::vector<Item>>(result));
    const auto& items = std::get<std::vector<Item>>(result);
    REQUIRE(items.size() == 2);
    CHECK(items[0].jid.full() == "romeo@montague.net");
    CHECK(items[0].report == nullptr);
    CHECK(items[1].jid.full() == "iago@shakespeare.lit");
    REQUIRE(items[1].report);
    CHECK(items[1].report->attr("reason") == "urn:xmpp:reporting:spam");

    const auto all = read("<unblock xmlns='urn:xmpp:blocking'/>");
    REQUIRE(std::holds_alternative<std::vector<Item>>(all));
    CHECK(std::get<std::vector<Item>>(all).empty());
}

TEST_CASE("an address is kept under a key, and repeated only if it is longer") {
    const std::string longest = std::string(1000, 'l') + "@example.org";
    for (const std::string& address : {std::string("tybalt@example.org"), longest}) {
        const std::string key = blocked_key(address), value = encode_blocked(address);
        CHECK(key.size() <= storage::max_data_key);
        CHECK(decode_blocked(key, value).value_or("") == address);
        CHECK_FALSE(decode_blocked(key, value.substr(0, value.size() - 1)).ok());
        CHECK_FALSE(decode_blocked(key, value + "x").ok());
        CHECK_FALSE(decode_blocked(key, "\x02" + value.substr(1)).ok());
    }
    CHECK(encode_blocked("tybalt@example.org") == std::string("\x01\0", 2));
}

TEST_CASE("what a command cannot name") {
    using enum StanzaErrorCondition;
    CHECK(refusal("<unblock xmlns='urn:xmpp:blocking'><other/></unblock>") == bad_request);
    CHECK(refusal("<block xmlns='urn:xmpp:blocking'><item xmlns='x' jid='a@b'/></block>") ==
          bad_request);
    CHECK(refusal("<block xmlns='urn:xmpp:blocking'><item/></block>") == bad_request);
    CHECK(refusal("<block xmlns='urn:xmpp:blocking'><item jid='a@b'/><item jid='@b'/></block>") ==
          jid_malformed);
}

}  // namespace
}  // namespace clarion::blocking
