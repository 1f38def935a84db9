#include "modules/pubsub/access.h"

#include <doctest/doctest.h>

namespace clarion::pubsub {
namespace {

using enum Affiliation;

TEST_CASE("pubsub access: who reads") {
    struct Case {
        Affiliation affiliation;
        bool admitted, reads;
    };
    for (const auto& [affiliation, admitted, reads] :
         {Case{owner, false, true}, Case{publisher, false, true}, Case{member, false, true},
          Case{none, true, true}, Case{none, false, false}, Case{outcast, true, false},
          Case{publish_only, true, false}}) {
        CAPTURE(name(affiliation));
        CHECK(may_read({.affiliation = affiliation, .admitted = admitted}) == reads);
    }
}

TEST_CASE("pubsub access: who publishes") {
    struct Case {
        PublishModel model;
        Affiliation affiliation;
        bool subscribed, publishes;
    };
    using enum PublishModel;
    for (const auto& [model, affiliation, subscribed, publishes] :
         {Case{publishers, owner, false, true}, Case{publishers, publisher, false, true},
          Case{publishers, publish_only, false, true}, Case{publishers, member, true, false},
          Case{publishers, none, true, false}, Case{subscribers, none, true, true},
          Case{subscribers, none, false, false}, Case{subscribers, member, true, true},
          Case{subscribers, outcast, true, false}, Case{PublishModel::open, none, false, true},
          Case{PublishModel::open, outcast, true, false}}) {
        CAPTURE(name(affiliation));
        const Standing standing{
            .affiliation = affiliation, .admitted = true, .subscribed = subscribed};
        CHECK(may_publish(model, standing, nullptr, "a@b") == publishes);
    }
}

TEST_CASE("pubsub access: items are their publishers'") {
    const std::string mine = "a@b";
    const std::string other = "c@d";
    const Standing of_publisher{.affiliation = publisher};
    CHECK(may_publish(PublishModel::publishers, of_publisher, &mine, "a@b"));
    CHECK_FALSE(may_publish(PublishModel::publishers, of_publisher, &other, "a@b"));
    CHECK(may_publish(PublishModel::publishers, {.affiliation = owner}, &other, ""));
    CHECK(may_retract(of_publisher, mine, "a@b"));
    CHECK_FALSE(may_retract(of_publisher, other, "a@b"));
    CHECK(may_retract({.affiliation = owner}, other, ""));
    CHECK(may_retract({.affiliation = none}, mine, "a@b"));
    CHECK_FALSE(may_retract({.affiliation = outcast}, mine, "a@b"));
}

}  // namespace
}  // namespace clarion::pubsub
