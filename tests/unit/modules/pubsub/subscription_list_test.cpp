#include "modules/pubsub/subscription_list.h"

#include <doctest/doctest.h>

namespace clarion::pubsub {
namespace {

std::string text(const std::vector<const Subscription*>& all) {
    std::string text;
    for (const Subscription* each : all) text += each->jid + ' ';
    return text;
}

TEST_CASE("subscription list: all of one user, and nobody else's") {
    SubscriptionList list;
    for (const char* jid : {"a@b/r", "a@b.c", "a@b", "a@b-c/r", "a@b/q", "a@bc", "b@b", "b"})
        list.add_unsorted({.jid = jid});
    list.sort();
    CHECK(text(list.of("a@b")) == "a@b a@b/q a@b/r ");
    CHECK(text(list.of("a@b-c")) == "a@b-c/r ");
    CHECK(text(list.of("b")) == "b ");
    CHECK(text(list.of("a")).empty());
    CHECK(list.find("a@b.c"));
    CHECK_FALSE(list.find("a@b.d"));
}

TEST_CASE("subscription list: counts who waits") {
    SubscriptionList list;
    list.put({.jid = "b", .pending = true});
    list.put({.jid = "a", .pending = true});
    list.put({.jid = "c"});
    CHECK(list.pending() == 2);
    list.put({.jid = "a"});
    CHECK(list.size() == 3);
    CHECK(list.pending() == 1);
    CHECK_FALSE(list.find("a")->pending);
    list.remove("b");
    list.remove("nobody");
    CHECK(list.size() == 2);
    CHECK(list.pending() == 0);
}

}  // namespace
}  // namespace clarion::pubsub
