#include "proto/pubsub_client.h"

#include <doctest/doctest.h>

#include <variant>

#include "proto/pubsub.h"
#include "proto/pubsub_config.h"
#include "proto/xml_writer.h"

namespace clarion::pubsub {
namespace {

const Jid romeo = Jid::trusted("romeo@example.org");
const Asking asking{romeo, romeo};

template <class T>
T read_back(const Stanza& request) {
    auto read = read_request(request);
    REQUIRE(std::holds_alternative<Request>(read));
    REQUIRE(std::holds_alternative<T>(std::get<Request>(read)));
    return std::get<T>(std::get<Request>(std::move(read)));
}

TEST_CASE("pubsub client: what it publishes is what the service reads") {
    const auto request = make_publish(asking, "n", {{"a", "<x xmlns='y'>1 &amp; 2</x>"}, {"b", ""}},
                                      {{"pubsub#access_model", "whitelist"}});
    const auto publish = read_back<Publish>(*request);
    CHECK(request->from() == romeo);
    CHECK(request->to() == romeo);
    CHECK(publish.node == "n");
    REQUIRE(publish.items.size() == 2);
    CHECK(publish.items[0].id == "a");
    REQUIRE(publish.items[0].payload);
    CHECK(xml::to_string(*publish.items[0].payload) == "<x xmlns='y'>1 &amp; 2</x>");
    CHECK(publish.items[1].id == "b");
    CHECK(!publish.items[1].payload);
    REQUIRE(publish.options);
    CHECK(publish.options->value("pubsub#access_model") == "whitelist");
}

TEST_CASE("pubsub client: without options there is no form") {
    CHECK(!read_back<Publish>(*make_publish(asking, "n", {{"a", "<x xmlns='y'/>"}})).options);
}

TEST_CASE("pubsub client: retracting and asking") {
    const auto retract = read_back<Retract>(*make_retract(asking, "n", {"a", "b"}, true));
    CHECK(retract.ids == std::vector<std::string>{"a", "b"});
    CHECK(retract.notify);
    CHECK(!read_back<Retract>(*make_retract(asking, "n", {"a"}, false)).notify);
    CHECK(read_back<GetItems>(*make_get_items(asking, "n", {"a"})).ids ==
          std::vector<std::string>{"a"});
    CHECK(read_back<GetItems>(*make_get_items(asking, "n")).ids.empty());
}

TEST_CASE("pubsub client: the last item, and how a node is configured") {
    CHECK(read_back<GetItems>(*make_get_last_item(asking, "n")).max_items == 1u);
    const auto request = make_get_config(asking, "n");
    CHECK(read_back<GetConfig>(*request).node == "n");
    auto result = make_result(*request);
    CHECK(read_config_field(*result, "pubsub#access_model") == "");
    xml::Element& node =
        result->root().add("pubsub", "http://jabber.org/protocol/pubsub#owner").add("configure");
    CHECK(read_config_field(*result, "pubsub#access_model") == "");
    config_form({.access = AccessModel::whitelist}, "form").append_to(node);
    CHECK(read_config_field(*result, "pubsub#access_model") == "whitelist");
    CHECK(read_config_field(*result, "pubsub#nothing") == "");
}

TEST_CASE("pubsub client: items of an answer, parsed or as they are kept") {
    auto result = make_result(*make_get_items(asking, "n"));
    CHECK(read_items(*result).empty());
    xml::Element& list =
        result->root().add("pubsub", "http://jabber.org/protocol/pubsub").add("items");
    list.add("item").set_attr("id", "a").add("x", "y").add_text("1");
    list.add("item").set_attr("id", "b").add_raw("<x xmlns='y'>2</x>");
    list.add("item").set_attr("id", "c");
    const auto items = read_items(*result);
    REQUIRE(items.size() == 3);
    CHECK(items[0].payload == "<x xmlns='y'>1</x>");
    CHECK(items[1].payload == "<x xmlns='y'>2</x>");
    CHECK(items[2].id == "c");
    CHECK(items[2].payload.empty());
}

}  // namespace
}  // namespace clarion::pubsub
