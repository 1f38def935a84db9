#include "modules/bookmarks/records.h"

#include <doctest/doctest.h>

namespace clarion::bookmarks {
namespace {

using namespace std::string_literals;

TEST_CASE("bookmarks records: what lists have beside rooms") {
    CHECK(encode_others({"<u/>", "ab"}) == "\x01\x02\x04<u/>\x02"s + "ab");
    CHECK(*decode_others("\x01\x02\x04<u/>\x02"s + "ab") == std::vector<std::string>{"<u/>", "ab"});
    CHECK(!decode_others(""));
    CHECK(!decode_others("\x02\x00"s));
    CHECK(!decode_others("\x01\x00x"s));
}

TEST_CASE("bookmarks records: what a list removed") {
    const Removed removed{.time = LastingTime(std::chrono::microseconds(2)),
                          .items = {{"a@b", "<c/>"}},
                          .others = {"<u/>"}};
    const std::string bytes =
        "\x01\x00\x00\x00\x00\x00\x00\x00\x02\x01\x03"s + "a@b" + "\x04<c/>\x01\x04<u/>";
    CHECK(encode(removed) == bytes);
    const auto read = decode_removed(bytes);
    REQUIRE(read);
    CHECK(read->time == removed.time);
    REQUIRE(read->items.size() == 1);
    CHECK(read->items[0].id == "a@b");
    CHECK(read->items[0].payload == "<c/>");
    CHECK(read->others == removed.others);
    CHECK(!decode_removed(bytes.substr(0, bytes.size() - 1)));
}

TEST_CASE("bookmarks records: a list that is being written") {
    const Unfinished unfinished{
        .publish = {{"a@b", "<c/>"}}, .retract = {"d@e"}, .others = {"<u/>"}, .removes_most = true};
    const std::string bytes =
        "\x01\x01\x03"s + "a@b" + "\x04<c/>\x01\x03" + "d@e" + "\x01\x04<u/>\x01";
    CHECK(encode(unfinished) == bytes);
    const auto read = decode_unfinished(bytes);
    REQUIRE(read);
    REQUIRE(read->publish.size() == 1);
    CHECK(read->publish[0].id == "a@b");
    CHECK(read->publish[0].payload == "<c/>");
    CHECK(read->retract == unfinished.retract);
    CHECK(read->others == unfinished.others);
    CHECK(read->removes_most);
    CHECK(!decode_unfinished(bytes.substr(0, bytes.size() - 1)));
}

TEST_CASE("bookmarks records: entries are checked by their keys") {
    using enum storage::DataKind;
    CHECK(check_entry(stored, others_key, encode_others({})));
    CHECK(check_entry(stored, removed_key, encode(Removed{})));
    CHECK(!check_entry(stored, removed_key, "x"));
    CHECK(check_entry(stored, unfinished_key, encode(Unfinished{})));
    CHECK(!check_entry(stored, unfinished_key, "x"));
    CHECK(!check_entry(stored, "other", encode_others({})));
}

}  // namespace
}  // namespace clarion::bookmarks
