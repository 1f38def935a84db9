#include "modules/pubsub/records.h"

#include <doctest/doctest.h>

#include "base/text.h"

namespace clarion::pubsub {
namespace {

Node sample() {
    Node node;
    node.number = 0x01020304;
    node.name = "n";
    node.created = WallTime(std::chrono::microseconds(5));
    node.config.title = "T";
    node.config.access = AccessModel::roster;
    node.config.roster_groups = {"g"};
    node.config.max_items = 7;
    node.config.notify_delete = false;
    node.config.language = "en";
    node.config.contacts = {"c@d"};
    node.config.item_reply = ItemReply::publisher;
    node.config.full = NodeFull::reject;
    node.config.notification_type = NotificationType::normal;
    node.config.max_payload = 9;
    node.config.item_expire = 10;
    node.config.subscribe = false;
    node.affiliates = {{"a@b", Affiliation::member}};
    node.creator = "c@d";
    return node;
}

TEST_CASE("pubsub records: keys are in the order of nodes and of publishing") {
    CHECK(hex_encode(node_key(0x01020304)) == "6e01020304");
    CHECK(hex_encode(index_key(1, 2)) ==
          "7800000001"
          "0000000000000002");
    CHECK(hex_encode(item_key(1, 256)) ==
          "6900000001"
          "0000000000000100");
    CHECK(item_key(1, 255) < item_key(1, 256));
    CHECK(item_key(1, 2).starts_with(item_prefix(1)));
    CHECK(index_key(1, 2).starts_with(index_prefix(1)));
}

TEST_CASE("pubsub records: a node") {
    const std::string bytes = encode(sample());
    CHECK(hex_encode(bytes) ==
          "03"
          "016e"
          "0000000000000005"
          "0154"
          "00"
          "00"
          "02"
          "010167"
          "00"
          "02"
          "00000007"
          "27"
          "02656e"
          "0103634064"
          "02"
          "02"
          "01"
          "00000009"
          "0000000a"
          "01"
          "03614062"
          "02"
          "03634064");
    const auto node = decode_node(node_key(0x01020304), bytes);
    REQUIRE(node);
    CHECK(node->number == 0x01020304);
    CHECK(node->name == "n");
    CHECK(node->config == sample().config);
    REQUIRE(node->affiliates.size() == 1);
    CHECK(node->affiliates[0].affiliation == Affiliation::member);
    CHECK(node->creator == "c@d");
    std::string before = bytes.substr(0, bytes.size() - 4);  // version 2 had no creator
    before[0] = 2;
    const auto old = decode_node(node_key(0x01020304), before);
    REQUIRE(old);
    CHECK(old->creator.empty());
    CHECK_FALSE(decode_node("n", bytes));
    CHECK_FALSE(decode_node(node_key(1), bytes + "x"));
    CHECK_FALSE(decode_node(node_key(1), ""));
}

TEST_CASE("pubsub records: a node of version 1 is as nodes are that are not configured otherwise") {
    const auto hex = [](std::string_view text) { return *hex_decode(text); };
    const auto node = decode_node(node_key(1), hex("01"
                                                   "016e"
                                                   "0000000000000005"
                                                   "0154"
                                                   "00"
                                                   "00"
                                                   "02"
                                                   "010167"
                                                   "00"
                                                   "02"
                                                   "00000007"
                                                   "27"
                                                   "01"
                                                   "03614062"
                                                   "02"));
    REQUIRE(node);
    CHECK(node->config.subscribe);
    CHECK_FALSE(node->config.notify_sub);
    CHECK_FALSE(node->config.notify_delete);
    CHECK_FALSE(node->config.expires());
    CHECK(node->config.max_items == 7);
    CHECK(node->affiliates.size() == 1);
    const auto entry = decode_entry(index_key(1, 9), hex("01"
                                                         "0169"
                                                         "00"
                                                         "0000012c"));
    REQUIRE(entry);
    CHECK(entry->published == WallTime());
}

TEST_CASE("pubsub records: an item, and its place in the index") {
    const Item item{.id = "i",
                    .publisher = "a@b",
                    .published = WallTime(std::chrono::microseconds(6)),
                    .payload = "<p/>"};
    CHECK(hex_encode(encode(item)) ==
          "01"
          "0169"
          "03614062"
          "0000000000000006"
          "043c702f3e");
    const auto again = decode_item(encode(item));
    REQUIRE(again);
    CHECK(again->payload == "<p/>");
    const ItemEntry entry{.seq = 9,
                          .id = "i",
                          .publisher = "",
                          .bytes = 300,
                          .published = WallTime(std::chrono::microseconds(7))};
    CHECK(hex_encode(encode(entry)) ==
          "02"
          "0169"
          "00"
          "0000012c"
          "0000000000000007");
    const auto place = decode_entry(index_key(1, 9), encode(entry));
    REQUIRE(place);
    CHECK(place->seq == 9);
    CHECK(place->bytes == 300);
    CHECK(place->published == entry.published);
    CHECK_FALSE(decode_entry(item_key(1, 9), encode(entry)));
}

TEST_CASE("pubsub records: a subscription") {
    const std::string key = subscription_key(1, "a@b");
    CHECK(key.size() == 37);
    CHECK(key.starts_with('s'));
    const Subscription waiting{.jid = "a@b", .pending = true, .options = {.deliver = false}};
    CHECK(hex_encode(encode(waiting)) ==
          "02"
          "03614062"
          "01"
          "00");
    const auto stored = decode_subscription(key, encode(waiting));
    REQUIRE(stored);
    CHECK(stored->node == 1);
    CHECK(stored->subscription.jid == "a@b");
    CHECK(stored->subscription.pending);
    CHECK_FALSE(stored->subscription.options.deliver);
    CHECK(check_entry(storage::DataKind::resident, key, encode(waiting)).ok());
    CHECK_FALSE(
        check_entry(storage::DataKind::resident, key, encode(Subscription{.jid = "c@b"})).ok());
    // Version 1 had neither states nor options.
    const auto old = decode_subscription(key, std::string("\x01\x03") + "a@b");
    REQUIRE(old);
    CHECK_FALSE(old->subscription.pending);
    CHECK(old->subscription.options.deliver);
}

TEST_CASE("pubsub records: which entries are the module's") {
    using enum storage::DataKind;
    CHECK(check_entry(resident, node_key(1), encode(sample())).ok());
    CHECK_FALSE(check_entry(stored, node_key(1), encode(sample())).ok());
    CHECK(check_entry(stored, item_key(1, 1), encode(Item{})).ok());
    CHECK(check_entry(stored, index_key(1, 1), encode(ItemEntry{})).ok());
    CHECK_FALSE(check_entry(stored, item_prefix(1), encode(Item{})).ok());
    CHECK_FALSE(check_entry(stored, "another", encode(Item{})).ok());
}

}  // namespace
}  // namespace clarion::pubsub
