#include "modules/pubsub/item_page.h"

#include <doctest/doctest.h>

namespace clarion::pubsub {
namespace {

/// Items a to e, of ten bytes each.
ItemList five() {
    ItemList items;
    for (const char* id : {"a", "b", "c", "d", "e"})
        items.add({.seq = items.size() + 1, .id = id, .publisher = "", .bytes = 10});
    return items;
}

/// The ids of the page, and "+" if the asker is told which it is; "-": refused.
std::string page(const GetItems& wanted, std::uint64_t most_bytes = 1000) {
    const auto items = five();
    const auto chosen = choose_page(items, wanted, most_bytes);
    if (std::holds_alternative<Refusal>(chosen)) return "-";
    const ItemPage& found = std::get<ItemPage>(chosen);
    std::string text;
    for (std::size_t i = 0; i < found.count; ++i) text += items[found.first + i].id;
    return found.tell ? text + '+' : text;
}

RsmRequest rsm() { return {.present = true, .max = 2}; }

TEST_CASE("pubsub items: without pages it is the newest that are given") {
    CHECK(page({}) == "abcde");
    CHECK(page({.max_items = 2}) == "de");
    CHECK(page({.max_items = 9}) == "abcde");
    CHECK(page({}, 30) == "cde+");
    CHECK(page({.max_items = 2}, 15) == "e+");
    CHECK(page({}, 1) == "e+");
    CHECK(page({.max_items = 0}) == "");
}

TEST_CASE("pubsub items: pages in the order of publishing") {
    CHECK(page({.rsm = rsm()}) == "ab+");
    RsmRequest next = rsm();
    next.after = "b";
    CHECK(page({.rsm = next}) == "cd+");
    next.after = "e";
    CHECK(page({.rsm = next}) == "+");
    next.after = "z";
    CHECK(page({.rsm = next}) == "-");
    RsmRequest back = rsm();
    back.before = "";
    CHECK(page({.rsm = back}) == "de+");
    back.before = "d";
    CHECK(page({.rsm = back}) == "bc+");
    back.before = "z";
    CHECK(page({.rsm = back}) == "-");
    back.before = "e";
    back.after = "a";
    CHECK(page({.rsm = back}) == "bc+");
    back.after = "e";
    CHECK(page({.rsm = back}) == "+");
    RsmRequest at = rsm();
    at.index = 3;
    CHECK(page({.rsm = at}) == "de+");
    at.index = 30;
    CHECK(page({.rsm = at}) == "+");
    RsmRequest count = rsm();
    count.max = 0;
    CHECK(page({.rsm = count}) == "+");
}

TEST_CASE("pubsub items: of a node without any") {
    const auto chosen = choose_page({}, {.rsm = rsm()}, 10);
    CHECK(std::get<ItemPage>(chosen).count == 0);
}

}  // namespace
}  // namespace clarion::pubsub
