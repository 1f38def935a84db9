#include "modules/client_state/held.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"

namespace clarion::client_state {
namespace {

core::Transit presence(const std::string& from, const std::string& status = {}) {
    auto parsed = Stanza::from_document(xml::parse_element("<presence from='" + from +
                                                               "' to='j@example.org/p'><status>" +
                                                               status + "</status></presence>",
                                                           ns::client));
    REQUIRE(parsed.ok());
    core::Transit transit;
    transit.stanza = *std::move(parsed);
    return transit;
}

std::string rest(HeldStanzas& held) {
    std::string all;
    while (const auto transit = held.pop()) {
        const auto& stanza = *transit->stanza;
        all += std::string(stanza.from().full()) +
               std::string(stanza.root().child_text(ns::client, "status")) + " ";
    }
    return all;
}

TEST_CASE("the newest stands at the end, and the others keep their order") {
    HeldStanzas held;
    CHECK(held.add(presence("a@x/1", "old")) == nullptr);
    held.add(presence("b@x/1"));
    held.add(presence("a@x/2"));
    const StanzaPtr obsolete = held.add(presence("a@x/1", "new"));
    REQUIRE(obsolete);
    CHECK(obsolete->root().child_text(ns::client, "status") == "old");
    CHECK(held.size() == 3);
    CHECK(rest(held) == "b@x/1 a@x/2 a@x/1new ");
    CHECK(held.empty());
    CHECK(held.bytes() == 0);
}

TEST_CASE("what one sender repeats costs no more") {
    HeldStanzas held;
    held.add(presence("b@x/1"));
    held.add(presence("a@x/1", "0"));
    const std::size_t bytes = held.bytes();
    for (int i = 1; i < 1000; ++i) held.add(presence("a@x/1", std::to_string(i % 10)));
    CHECK(held.size() == 2);
    CHECK(held.bytes() == bytes);
    CHECK(rest(held) == "b@x/1 a@x/19 ");
}

TEST_CASE("a topic is dropped once") {
    HeldStanzas held;
    held.add(presence("a@x/1"));
    const core::Transit same = presence("a@x/1");
    const Topic topic = verdict(*same.stanza).topic;
    CHECK(held.drop(topic) != nullptr);
    CHECK(held.drop(topic) == nullptr);
    CHECK(held.drop({}) == nullptr);
    CHECK(held.empty());
    CHECK_FALSE(held.pop().has_value());
}

}  // namespace
}  // namespace clarion::client_state
