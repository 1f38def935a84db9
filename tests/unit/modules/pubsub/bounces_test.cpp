// What comes of notifications that come back: the decisions, and at a service.
#include "proto/partition.h"
#include "server/core/actors/directory.h"
#include "server/core/routing/router.h"
#include "server/runtime/shard.h"
#include "tests/unit/modules/pubsub/service_scene.h"

namespace clarion::pubsub {
namespace {

using namespace std::chrono_literals;

TEST_CASE("pubsub bounces: ids of notifications") {
    const NoticeId id{.node = 0x1f, .epoch = 0xabc, .number = 2};
    CHECK(to_text(id) == "1f-abc-2");
    CHECK(parse_notice_id("1f-abc-2") == id);
    for (const auto* text : {"", "-", "1f-abc", "1f-abc-", "1f-abc-2x", "x-1-1", "1-1-1-1",
                             "123456789-1-1", "1-12345678901234567-1", " 1-1-1"})
        CHECK_FALSE(parse_notice_id(text));
}

TEST_CASE("pubsub bounces: what is final") {
    using enum StanzaErrorCondition;
    struct Case {
        StanzaError error;
        bool by_us;
        Verdict verdict;
    };
    for (const auto& [error, by_us, verdict] :
         {Case{item_not_found, false, Verdict::end}, Case{service_unavailable, false, Verdict::end},
          Case{gone, false, Verdict::end},
          Case{{gone, StanzaErrorType::modify}, false, Verdict::end},
          Case{remote_server_not_found, false, Verdict::end},
          Case{remote_server_not_found, true, Verdict::passing},
          Case{remote_server_timeout, true, Verdict::passing},
          Case{remote_server_timeout, false, Verdict::passing},
          Case{resource_constraint, false, Verdict::passing},
          Case{not_acceptable, false, Verdict::passing},
          Case{registration_required, false, Verdict::passing}})
        CHECK(judge(error, by_us) == verdict);
}

TEST_CASE("pubsub bounces: since when everything has come back") {
    Bounces bounces(7);
    const WallTime start{};
    const auto first = bounces.next(1), second = bounces.next(1), other = bounces.next(2);
    CHECK(first == NoticeId{1, 7, 1});
    CHECK(other == NoticeId{2, 7, 1});
    CHECK(bounces.note(first, "a@b", start) == std::nullopt);
    CHECK(bounces.note(second, "a@b", start + 1h) == start);
    CHECK(bounces.note(first, "c@d", start + 1h) == std::nullopt);
    // One between did not come back.
    (void)bounces.next(1);
    CHECK(bounces.note(bounces.next(1), "a@b", start + 2h) == std::nullopt);
    CHECK(bounces.note(bounces.next(1), "a@b", start + 3h) == start + 2h);
    bounces.forget(1, "a@b");
    CHECK(bounces.note(bounces.next(1), "a@b", start + 4h) == std::nullopt);
    CHECK(bounces.note({1, 6, 99}, "a@b", start + 5h) == std::nullopt);
}

struct BounceScene : ServiceScene {
    BounceScene() {
        REQUIRE(create(*romeo, "poems", "publish_model", "open") == "ok");
        REQUIRE(ask_from("a@montague.example", "set",
                         pubsub(subscription("poems", "a@montague.example"))) == "ok");
    }
    std::string publish_and_take() {
        REQUIRE(publish(*romeo, "poems", Scene::item("1")) == "ok");
        const StanzaPtr notice = world.remote().pop();
        return notice ? std::string(notice->id()) : "";
    }
    void come_back(std::string_view from, std::string_view id, const StanzaError& error,
                   bool by_us = false) {
        auto bounced =
            Stanza::make(StanzaKind::message, StanzaType::error, Jid::trusted(std::string(from)),
                         Jid::trusted(std::string(service_jid)), id);
        add_error(bounced->root(), error);
        world.at(service_jid, [&](core::Core& core) {
            core::Envelope envelope{.stanza = bounced};
            envelope.local_bounce = by_us;
            core.router().route(std::move(envelope));
        });
    }
    using enum StanzaErrorCondition;
};

TEST_CASE_FIXTURE(BounceScene, "who is not there is notified no more") {
    const std::string id = publish_and_take();
    REQUIRE(!id.empty());
    SUBCASE("because its server says so") {
        come_back("a@montague.example", id, item_not_found);
        CHECK(publish_and_take().empty());
        restart();
        CHECK(publish_and_take().empty());
    }
    SUBCASE("but nobody else says so") {
        come_back("b@montague.example", id, item_not_found);
        come_back("a@montague.example/x", id, item_not_found);
        come_back("a@montague.example", "other", item_not_found);
        come_back("a@montague.example", "", gone);
        CHECK(!publish_and_take().empty());
    }
    SUBCASE("nor when it does not last") {
        come_back("a@montague.example", id, remote_server_not_found, true);
        world.advance(24h * 6);
        come_back("a@montague.example", publish_and_take(), remote_server_timeout, true);
        CHECK(!publish_and_take().empty());  // this one comes
        world.advance(24h * 2);
        come_back("a@montague.example", publish_and_take(), remote_server_timeout, true);
        CHECK(!publish_and_take().empty());
    }
}

TEST_CASE_FIXTURE(BounceScene, "who cannot be reached for long is notified no more") {
    for (int day = 0; day < 7; ++day) {
        const std::string id = publish_and_take();
        REQUIRE(!id.empty());
        come_back("a@montague.example", id, remote_server_not_found, true);
        world.advance(24h);
        evict();
    }
    come_back("a@montague.example", publish_and_take(), remote_server_not_found, true);
    CHECK(publish_and_take().empty());
}

TEST_CASE_FIXTURE(BounceScene, "who cannot be reached keeps nothing from moving") {
    come_back("a@montague.example", publish_and_take(), remote_server_not_found, true);
    evict();
    CHECK(is_loaded());
    PartitionSet its;
    its.add(partition_of(service_jid));
    REQUIRE(world.move(its, (world.home_of(service_jid).shard().index() + 1) % 3));
    CHECK(!publish_and_take().empty());
}

}  // namespace
}  // namespace clarion::pubsub
