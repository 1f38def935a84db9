#include "modules/pubsub/item_list.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace clarion::pubsub {
namespace {

ItemEntry entry(std::uint64_t seq, std::string id, std::uint32_t bytes = 1) {
    return {.seq = seq, .id = std::move(id), .publisher = "", .bytes = bytes};
}

std::string ids(const ItemList& items) {
    std::string text;
    for (const ItemEntry& each : items) text += each.id;
    return text;
}

TEST_CASE("item list: in the order of publishing, found by id") {
    ItemList items({entry(2, "b", 20), entry(5, "a", 50)});
    items.add(entry(6, "c", 60));
    CHECK(ids(items) == "bac");
    CHECK(items.bytes() == 130);
    CHECK(items.find("a") == 1);
    CHECK(items.find("d") == items.size());
    items.remove(0);
    CHECK(ids(items) == "ac");
    CHECK(items.front().id == "a");
    CHECK(items.find("c") == 1);
    CHECK(items.find("b") == items.size());
    CHECK(items.bytes() == 110);
    CHECK(items.remove_if([](const ItemEntry& each) { return each.id == "a"; }) == 1);
    CHECK(ids(items) == "c");
    CHECK(items.bytes() == 60);
    items.clear();
    CHECK(items.empty());
    CHECK(items.find("c") == 0);
    CHECK(items.bytes() == 0);
}

TEST_CASE("item list: of several with one id the newest is found") {
    ItemList items({entry(1, "a"), entry(2, "b"), entry(3, "a")});
    CHECK(items.find("a") == 2);
    items.remove(2);
    CHECK(items.find("a") == 0);
}

TEST_CASE("item list: a random walk finds what is there") {
    std::mt19937 random(1);
    ItemList items;
    std::vector<ItemEntry> wanted;
    for (std::uint64_t seq = 1; seq <= 5000; ++seq) {
        const std::string id = std::to_string(random() % 100);
        const auto there = std::find_if(wanted.begin(), wanted.end(),
                                        [&](const ItemEntry& each) { return each.id == id; });
        REQUIRE(items.find(id) == static_cast<std::size_t>(there - wanted.begin()));
        if (there != wanted.end()) {
            items.remove(items.find(id));
            wanted.erase(there);
        }
        if (random() % 3 > 0) {
            items.add(entry(seq, id, seq % 7));
            wanted.push_back(entry(seq, id, seq % 7));
        }
        while (wanted.size() > 60) {
            items.remove(0);
            wanted.erase(wanted.begin());
        }
        std::uint64_t bytes = 0;
        for (const ItemEntry& each : wanted) bytes += each.bytes;
        REQUIRE(items.bytes() == bytes);
        REQUIRE(items.size() == wanted.size());
        if (!wanted.empty()) REQUIRE(items.back().id == wanted.back().id);
    }
}

}  // namespace
}  // namespace clarion::pubsub
