#include "modules/mam/preferences.h"

#include <doctest/doctest.h>

#include "proto/ns.h"

namespace clarion::mam {
namespace {

std::variant<ArchivePreferences, StanzaError> read(const char* xml, std::size_t limit = 10) {
    return read_preferences(xml::parse_element(xml).root(), limit);
}

TEST_CASE("preferences have the bytes that the format page shows, and come back") {
    const ArchivePreferences preferences{true, ArchiveDefault::roster, {"a"}, {}};
    const std::string bytes(
        "\x01\x01\x02\x01\x01"
        "a\0",
        7);
    CHECK(encode(preferences) == bytes);
    const auto back = decode_preferences(bytes);
    REQUIRE(back.ok());
    CHECK(back->set);
    CHECK(back->otherwise == ArchiveDefault::roster);
    CHECK(back->always == std::vector<std::string>{"a"});
    CHECK(back->never.empty());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(decode_preferences(std::string_view(bytes).substr(0, size)).ok());
    CHECK_FALSE(decode_preferences(bytes + "x").ok());
    CHECK_FALSE(decode_preferences("\x02" + bytes.substr(1)).ok());              // a newer version
    CHECK_FALSE(decode_preferences(std::string("\x01\x01\x03\0\0", 5)).ok());    // no such rule
    CHECK_FALSE(decode_preferences(std::string("\x01\x01\x01\x64\0", 5)).ok());  // too many
}

TEST_CASE("lists before defaults, never before always, a resource means that one") {
    const ArchivePreferences preferences{
        .set = true,
        .otherwise = ArchiveDefault::roster,
        .always = {"nurse@example.net", "both@example.net", "one@example.net/x"},
        .never = {"tybalt@example.net", "both@example.net"}};
    struct Case {
        const char* with;
        bool in_roster, archived;
    };
    for (const Case& c :
         {Case{"nurse@example.net/kitchen", false, true},
          Case{"tybalt@example.net/square", true, false}, Case{"both@example.net", true, false},
          Case{"one@example.net/x", false, true}, Case{"one@example.net/y", false, false},
          Case{"romeo@example.net/o", true, true}, Case{"paris@example.net", false, false}}) {
        INFO(c.with);
        CHECK(wants_archived(preferences, ArchiveDefault::always, Jid::trusted(c.with),
                             c.in_roster) == c.archived);
    }
}

TEST_CASE("who has not chosen follows the server") {
    const Jid with = Jid::trusted("romeo@example.net");
    CHECK(wants_archived({}, ArchiveDefault::always, with, false));
    CHECK_FALSE(wants_archived({}, ArchiveDefault::never, with, true));
    CHECK(wants_archived({}, ArchiveDefault::roster, with, true));
}

TEST_CASE("reading and writing <prefs/>") {
    const auto result = read(
        "<prefs xmlns='urn:xmpp:mam:2' "
        "default='roster'><always><jid>Romeo@Montague.lit</jid></always>"
        "<never><jid>montague@montague.lit</jid></never></prefs>");
    REQUIRE(std::holds_alternative<ArchivePreferences>(result));
    const auto& preferences = std::get<ArchivePreferences>(result);
    CHECK(preferences.set);
    CHECK(preferences.otherwise == ArchiveDefault::roster);
    CHECK(preferences.always == std::vector<std::string>{"romeo@montague.lit"});
    CHECK(preferences.never == std::vector<std::string>{"montague@montague.lit"});

    xml::Document iq("iq", ns::client);
    add_preferences(iq.root(), preferences, ArchiveDefault::always);
    const xml::Element* prefs = iq.root().child(ns::mam, "prefs");
    CHECK(prefs->attr("default") == "roster");
    CHECK(prefs->child(ns::mam, "always")->child_text(ns::mam, "jid") == "romeo@montague.lit");
    CHECK(prefs->child(ns::mam, "never")->child_text(ns::mam, "jid") == "montague@montague.lit");
}

TEST_CASE("preferences that are refused") {
    using Condition = StanzaErrorCondition;
    CHECK(std::get<StanzaError>(read("<prefs xmlns='urn:xmpp:mam:2'/>")).condition ==
          Condition::bad_request);
    CHECK(std::get<StanzaError>(read("<prefs xmlns='urn:xmpp:mam:2' default='some'/>")).condition ==
          Condition::bad_request);
    const char* one =
        "<prefs xmlns='urn:xmpp:mam:2' default='never'><never><jid>a@b</jid></never></prefs>";
    CHECK(std::get<StanzaError>(read(one, 0)).condition == Condition::policy_violation);
    const char* bad =
        "<prefs xmlns='urn:xmpp:mam:2' default='never'><never><jid>@</jid></never></prefs>";
    CHECK(std::get<StanzaError>(read(bad)).condition == Condition::jid_malformed);
}

}  // namespace
}  // namespace clarion::mam
