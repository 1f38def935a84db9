// The table of XEPs, and what is made of it.
#include "modules/specifications/specifications.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

#include "base/text.h"
#include "modules/all.h"
#include "proto/ns.h"
#include "proto/xml.h"

namespace clarion {
namespace {

using specifications::Specification;
using specifications::Support;

TEST_CASE("each XEP is there once, in order, with all that belongs to it") {
    const auto all = specifications::table();
    CHECK(std::is_sorted(all.begin(), all.end(),
                         [](const auto& a, const auto& b) { return a.number < b.number; }));
    std::set<std::string_view> numbers;
    for (const Specification& each : all) {
        CAPTURE(each.number);
        CHECK(numbers.insert(each.number).second);
        CHECK(each.number.size() == 4);
        CHECK_FALSE(each.title.empty());
        const bool is_there = each.support != Support::not_planned;
        CHECK(each.version.empty() != is_there);
        CHECK(each.where.empty() != is_there);
        if (each.support != Support::complete) CHECK_FALSE(each.missing.empty());
    }
    for (const char* not_planned : {"0016", "0248", "0283", "0369", "0397", "0463", "0488", "0489"})
        CHECK(numbers.contains(not_planned));
}

TEST_CASE("modules name the XEPs of the table, in the same versions, and it names modules") {
    std::map<std::string_view, const Specification*> known;
    for (const Specification& each : specifications::table()) known[each.number] = &each;
    std::set<std::string_view> places{"core", "net", "all", "docs/clarion.doap"};
    for (const auto& row : modules::standard()) {
        CAPTURE(row.name);
        places.insert(row.name);
        for (const std::string_view part : split(row.specifications, ',')) {
            const auto words = split(trim(part), ' ');
            if (!words[0].starts_with("XEP-")) continue;
            CAPTURE(part);
            const auto found = known.find(words[0].substr(4));
            REQUIRE(found != known.end());
            CHECK(found->second->support != Support::not_planned);
            if (words.size() > 1) CHECK(words[1] == found->second->version);
        }
    }
    for (const auto& [number, each] : known)
        if (!each->where.empty()) CHECK_MESSAGE(places.contains(each->where), number);
}

constexpr std::array samples{
    Specification{"0001", "One", "1.0", Support::complete, "core"},
    Specification{"0002", "Two", "2.0", Support::partial, "ping", "a & b"},
    Specification{"0003", "Three", "", Support::not_planned, "", "why not"},
};

TEST_CASE("people read a table for each kind") {
    const std::string text = specifications::to_markdown(samples);
    for (const char* line :
         {"\n## Complete\n", "\n| XEP | | version | where | |\n|---|---|---|---|---|\n",
          "| [0001](https://xmpp.org/extensions/xep-0001.html) | One | 1.0 | core |  |\n",
          "\n## In part\n", " | Two | 2.0 | ping | a & b |\n",
          "\n## Not planned\n\n| XEP | | why |\n|---|---|---|\n", " | Three | why not |\n"})
        CHECK_MESSAGE(text.find(line) != std::string::npos, line);
}

TEST_CASE("programs read a description of the project") {
    const std::string text = specifications::to_doap(samples);
    const auto document = xml::parse_element(text.substr(text.find("<rdf")), ns::client);
    REQUIRE_FALSE(document.empty());
    constexpr std::string_view doap = "http://usefulinc.com/ns/doap#";
    constexpr std::string_view xmpp = "https://linkmauve.fr/ns/xmpp-doap#";
    const xml::Element* project = document.root().child(doap, "Project");
    REQUIRE(project);
    std::string found;
    for (const xml::Element& each : project->children()) {
        const xml::Element* supported = each.child(xmpp, "SupportedXep");
        if (!supported) continue;
        found += std::string(supported->child_text(xmpp, "status")) + ' ' +
                 std::string(supported->child_text(xmpp, "version")) + ' ' +
                 std::string(supported->child_text(xmpp, "note")) + '\n';
    }
    CHECK(found == "complete 1.0 \npartial 2.0 a & b\nwontfix  why not\n");
}

}  // namespace
}  // namespace clarion
