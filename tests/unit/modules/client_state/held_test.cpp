#include "modules/client_state/held.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "proto/ns.h"

namespace clarion::client_state {
namespace {

core::Envelope presence(const std::string& from, const std::string& status = {}) {
    auto parsed = Stanza::from_document(xml::parse_element("<presence from='" + from +
                                                               "' to='j@example.org/p'><status>" +
                                                               status + "</status></presence>",
                                                           ns::client));
    REQUIRE(parsed.ok());
    core::Envelope envelope;
    envelope.stanza = *std::move(parsed);
    return envelope;
}

std::string rest(HeldStanzas& held) {
    std::string all;
    while (const auto envelope = held.pop()) {
        const auto& stanza = *envelope->stanza;
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

TEST_CASE("random adding, dropping and popping, against a list") {
    std::mt19937 random(352);
    const auto number = [&](unsigned below) { return static_cast<int>(random() % below); };
    HeldStanzas held;
    std::vector<std::pair<std::string, std::string>> model;  // who, status; oldest first
    const auto forget = [&](const std::string& who) {
        return std::erase_if(model, [&](const auto& each) { return each.first == who; });
    };
    for (int step = 0; step < 20'000; ++step) {
        const std::string who = "a@x/" + std::to_string(number(30));
        const int what = number(10);
        if (what < 7) {
            const std::string status = std::to_string(step);
            const bool obsolete = held.add(presence(who, status)) != nullptr;
            CHECK(obsolete == (forget(who) == 1));
            model.emplace_back(who, status);
        } else if (what < 9) {
            const Topic topic{Topic::Kind::presence, who, {}, {}};
            CHECK((held.drop(topic) != nullptr) == (forget(who) == 1));
        } else if (const auto envelope = held.pop()) {
            REQUIRE_FALSE(model.empty());
            CHECK(envelope->stanza->from().full() == model.front().first);
            CHECK(envelope->stanza->root().child_text(ns::client, "status") ==
                  model.front().second);
            model.erase(model.begin());
        } else {
            CHECK(model.empty());
        }
        REQUIRE(held.size() == model.size());
    }
    std::string expected;
    for (const auto& [who, status] : model) expected += who + status + " ";
    CHECK(rest(held) == expected);
    CHECK(held.bytes() == 0);
}

TEST_CASE("a topic is dropped once") {
    HeldStanzas held;
    held.add(presence("a@x/1"));
    const core::Envelope same = presence("a@x/1");
    const Topic topic = verdict(*same.stanza).topic;
    CHECK(held.drop(topic) != nullptr);
    CHECK(held.drop(topic) == nullptr);
    CHECK(held.drop({}) == nullptr);
    CHECK(held.empty());
    CHECK_FALSE(held.pop().has_value());
}

}  // namespace
}  // namespace clarion::client_state
