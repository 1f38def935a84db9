// Services that cannot be reached: docs/push-rules.md, "Answers and errors". One service on one
// shard first, then a server of two shards.
#include "modules/push/counters.h"
#include "modules/push/service.h"
#include "tests/unit/modules/push_crowd.h"

namespace clarion::push {
namespace {

const SteadyTime s0{1h};
const WallTime t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

// ---- One service on one shard ------------------------------------------------------------------

TEST_CASE("back-off doubles from 30 s to 1 h and jitter only lengthens") {
    CHECK(back_off(1, 0) == 30s);
    CHECK(back_off(2, 0) == 60s);
    CHECK(back_off(7, 0) == 1920s);
    CHECK(back_off(8, 0) == 1h);
    CHECK(back_off(100, 0) == 1h);
    for (std::uint64_t random : {1ull, 77777ull, ~0ull}) {
        CHECK(back_off(1, random) >= 30s);
        CHECK(back_off(1, random) <= 37500ms);
    }
}

TEST_CASE("one attempt is one step, whatever fails with it") {
    ServiceLink link;
    CHECK(link.may_send(s0, 10));
    const auto a = link.depart(s0);
    const auto b = link.depart(s0);
    link.settle();
    CHECK(link.failed(a, 0, s0, 0));
    link.settle();
    CHECK_FALSE(link.failed(b, 0, s0, 0));
    CHECK(link.step() == 1);
    CHECK_FALSE(link.may_send(s0 + 29s, 10));
    CHECK(link.may_send(s0 + 30s, 10));
    const auto probe = link.depart(s0 + 30s);
    CHECK_FALSE(link.may_send(s0 + 31s, 10));  // one publish asks for all
    link.settle();
    CHECK(link.failed(probe, 0, s0 + 40s, 0));
    CHECK(link.step() == 2);
    CHECK(link.failures() == 2);
    CHECK(link.retry_at() == s0 + 100s);
}

TEST_CASE("any answer, or the domain's return, ends the back-off") {
    ServiceLink link;
    const auto a = link.depart(s0);
    const auto late = link.depart(s0);
    link.settle();
    link.failed(a, 0, s0, 0);
    CHECK(link.heard(s0));
    CHECK(link.up());
    CHECK_FALSE(link.heard(s0));
    CHECK_FALSE(link.failed(late, 0, s0, 0));  // it left before
    const auto c = link.depart(s0 + 1s);
    CHECK(link.silent_since(c));
    link.heard(s0 + 1s);
    CHECK_FALSE(link.silent_since(c));
    CHECK(link.failed(c, 0, s0 + 2s, 0));
    CHECK(link.reachable());
    CHECK(link.may_send(s0 + 2s, 10));
}

TEST_CASE("publishes under way are bounded") {
    ServiceLink link;
    link.depart(s0);
    link.depart(s0);
    CHECK_FALSE(link.may_send(s0, 2));
    link.settle();
    CHECK(link.may_send(s0, 2));
}

TEST_CASE("another shard's failed attempt is this one's, too") {
    ServiceLink link;
    const auto under_way = link.depart(s0);
    CHECK(link.adopt({1, 1, s0, s0 + 30s}, 5s));
    CHECK(link.step() == 1);
    CHECK(link.failures() == 1);
    CHECK(link.retry_at() == s0 + 35s);  // that shard tries first
    CHECK_FALSE(link.failed(under_way, 0, s0 + 1s, 0));
    CHECK_FALSE(link.adopt({2, 1, s0, s0 + 31s}, 5s));  // the same attempt, met by a third
    CHECK(link.retry_at() == s0 + 35s);
    link.hold_off(s0 + 90s);  // it tries
    CHECK_FALSE(link.may_send(s0 + 89s, 10));
    CHECK(link.adopt({1, 2, s0 + 80s, s0 + 140s}, 5s));
    CHECK(link.step() == 2);
    CHECK(link.retry_at() == s0 + 145s);
    CHECK_FALSE(link.adopt({1, 1, s0, s0 + 30s}, 5s));
}

TEST_CASE("of two shards that meet the same outage the first leads") {
    ServiceLink zero, one;
    const auto a = zero.depart(s0);
    const auto b = one.depart(s0);
    zero.failed(a, 0, s0, 0);
    one.failed(b, 1, s0, 0);
    CHECK_FALSE(zero.adopt(one.last_failure(), 5s));
    CHECK_FALSE(one.adopt(zero.last_failure(), 5s));
    CHECK(zero.retry_at() == s0 + 30s);
    CHECK(one.retry_at() == s0 + 35s);
    CHECK(one.failures() == 1);
}

TEST_CASE("a failure that was before an answer is none") {
    ServiceLink link;
    link.heard(s0 + 2s);
    CHECK_FALSE(link.adopt({1, 1, s0 + 1s, s0 + 31s}, 5s));
    CHECK(link.up());
}

TEST_CASE("the last day is counted by the hour") {
    DayCount count;
    count.add(t0);
    count.add(t0 + 23h);
    CHECK(count.value(t0 + 23h) == 2);
    CHECK(count.value(t0 + 24h) == 1);
    count.add(t0 + 24h);
    CHECK(count.value(t0 + 24h) == 2);
    CHECK(count.value(t0 + 60h) == 0);
}

// ---- The server --------------------------------------------------------------------------------

TEST_CASE("one step of back-off is one attempt for all shards") {
    Crowd scene(2);
    scene.detach();
    scene.say("x", scene.here[0]);
    CHECK(scene.view(0).step == 1);
    CHECK(scene.view(1).step == 1);
    scene.say("x", scene.there[0]);  // learns of it without an attempt of its own
    CHECK(scene.view(1).step == 1);
    CHECK(scene.view(1).sent == 0);
    CHECK(scene.view(1).waiting == 1);
    CHECK(scene.view(1).retry_in >= scene.view(0).retry_in + 5s);
    CHECK(scene.errors(scene.here[0]) == 1);
    CHECK(scene.errors(scene.there[0]) == 0);
    for (unsigned step = 2; step <= 5; ++step) {
        scene.world.advance(scene.view(0).retry_in + 1s);
        CHECK(scene.view(0).step == step);
        CHECK(scene.view(1).step == step);
        CHECK(scene.view(1).sent == 0);
        CHECK(scene.errors(scene.here[0]) == step);
        CHECK(scene.errors(scene.there[0]) == step - 1);  // it has waited through these
    }
}

TEST_CASE("another shard tries if nothing waits any more where it began") {
    Crowd scene(1);
    scene.detach();
    scene.say("x", scene.here[0]);
    scene.say("x", scene.there[0]);
    scene.world.at(scene.here[0], [&](core::Context& core) {
        remove(*core.accounts().find(scene.here[0]), service);
    });
    CHECK(scene.view(0).waiting == 0);
    scene.world.advance(scene.view(0).retry_in + 1s);
    CHECK(scene.view(1).sent == 0);
    scene.world.advance(6s);
    CHECK(scene.view(1).sent == 1);
    CHECK(scene.view(0).step == 2);
    CHECK(scene.view(0).retry_in > scene.view(1).retry_in);
}

TEST_CASE("while one shard tries, the others wait for what comes of it") {
    Crowd scene(2);
    scene.say("x", scene.here[0]);
    scene.gateway->drop_all();
    scene.world.advance(61s);  // silence
    scene.say("y", scene.there[0]);
    CHECK(scene.view(1).step == 1);
    scene.world.advance(scene.view(0).retry_in + 1s);
    CHECK(scene.nodes() == scene.here[0]);
    scene.world.advance(50s);
    CHECK(scene.nodes() == "");
    scene.world.advance(11s);
    CHECK(scene.view(1).step == 2);
}

TEST_CASE("an answer on one shard ends the back-off on all") {
    Crowd scene(2);
    scene.say("x", scene.here[0]);
    scene.gateway->drop_all();
    scene.world.advance(61s);
    scene.say("y", scene.there[0]);
    scene.say("y", scene.there[1]);
    scene.say("y", scene.here[1]);
    CHECK(scene.nodes() == "");
    scene.world.advance(40s);
    const auto probe = scene.gateway->pop();
    REQUIRE(probe);
    CHECK(scene.gateway->pending() == 0);
    scene.refuse(*probe, "remote-server-timeout", "wait");  // relayed: it proves that all is well
    CHECK(scene.gateway->pending() == 3);
    for (unsigned i = 0; i < 2; ++i) CHECK_FALSE(scene.view(i).backing_off());
}

TEST_CASE("silence on one shard is no outage while another hears answers") {
    Crowd scene(1);
    scene.say("x", scene.here[0]);
    scene.gateway->drop_all();
    scene.world.advance(30s);
    scene.say("x", scene.there[0]);
    scene.answer(*scene.gateway->pop());
    scene.world.advance(31s);
    CHECK(scene.view(0).unanswered == 1);
    CHECK_FALSE(scene.view(0).backing_off());
    CHECK(scene.errors(scene.here[0]) == 0);
    CHECK_FALSE(list(scene.world.account(scene.here[0]))[0].waiting);
}

TEST_CASE("a component that attaches ends the back-off on all shards at once") {
    Crowd scene(2);
    scene.detach();
    for (const auto& jid : {scene.here[0], scene.here[1], scene.there[0], scene.there[1]})
        scene.say("x", jid);
    scene.reattach();
    CHECK(scene.gateway->pending() == 4);
    for (unsigned i = 0; i < 2; ++i) {
        CHECK_FALSE(scene.view(i).backing_off());
        CHECK(scene.view(i).waiting == 0);
    }
}

TEST_CASE("a new outage begins with a short back-off, however long the last one was") {
    Crowd scene(1);
    scene.detach();
    scene.say("x", scene.here[0]);
    for (int hours = 0; hours < 5; ++hours) scene.world.advance(1h);
    CHECK(scene.view(0).retry_in > 5min);
    scene.reattach();
    scene.answer(*scene.gateway->pop());
    scene.detach();
    scene.say("y", scene.here[0]);
    CHECK(scene.view(0).step == 1);
    scene.world.advance(38s);
    CHECK(scene.view(0).step == 2);
}

TEST_CASE("a failed attempt loads nobody, and each counts once it is looked at") {
    Crowd scene(5);
    scene.detach();
    for (const auto& jid : scene.here) scene.say("x", jid);
    scene.evict();
    for (const auto& jid : scene.here) CHECK_FALSE(scene.loaded(jid));
    for (int step = 2; step <= 4; ++step) scene.world.advance(scene.view(0).retry_in + 1s);
    CHECK(scene.view(0).step == 4);
    int loaded = 0;
    for (const auto& jid : scene.here) loaded += scene.loaded(jid);
    CHECK(loaded <= 3);  // those who tried
    for (const auto& jid : scene.here) CHECK(scene.errors(jid) >= 3);
    scene.reattach();
    CHECK(scene.gateway->pending() == 5);
    while (const auto publish = scene.gateway->pop()) scene.answer(*publish);
    for (const auto& jid : scene.here) CHECK(scene.errors(jid) == 0);
}

TEST_CASE("a refusal after an outage counts beside what was waited through") {
    Crowd scene(1);
    scene.detach();
    scene.say("x", scene.here[0]);
    for (int step = 2; step <= 4; ++step) scene.world.advance(scene.view(0).retry_in + 1s);
    CHECK(scene.errors(scene.here[0]) == 4);
    scene.reattach();
    scene.refuse(*scene.gateway->pop(), "forbidden");
    CHECK(scene.errors(scene.here[0]) == 5);
    scene.evict();
    scene.world.crash_and_restart();
    CHECK(scene.errors(scene.here[0]) == 5);
}

TEST_CASE("only those whose time is up are loaded and disabled") {
    Crowd scene(3);
    scene.detach();
    scene.say("x", scene.here[0]);
    scene.world.advance(40h);
    scene.say("x", scene.here[1]);
    scene.say("x", scene.there[0]);
    scene.evict();
    for (int hours = 0; hours < 34; ++hours) scene.world.advance(1h);
    CHECK(list(scene.world.account(scene.here[0])).empty());
    CHECK(list(scene.world.account(scene.here[1])).size() == 1);
    CHECK(scene.view(0).disabled_today == 1);
    for (int hours = 0; hours < 42; ++hours) scene.world.advance(1h);
    CHECK(list(scene.world.account(scene.here[1])).empty());
    CHECK(list(scene.world.account(scene.there[0])).empty());
    CHECK(list(scene.world.account(scene.there[1])).size() == 1);  // never failed
}

TEST_CASE("how long is too long is up to each host") {
    Crowd scene(1, "[host.\"example.net\".push]\nunreachable_disables_after = 3600\n");
    scene.detach();
    scene.say("x", scene.here[0]);
    for (int hours = 0; hours < 10; ++hours) scene.world.advance(1h);
    CHECK(list(scene.world.account(scene.here[0])).size() == 1);
}

TEST_CASE("a deleted account waits for nothing") {
    Crowd scene(1);
    scene.detach();
    scene.say("x", scene.here[0]);
    CHECK(scene.view(0).waiting == 1);
    scene.world.run(scene.here[0], [&](core::Context& core) -> Task<> {
        const auto done = co_await core.account_registry().remove(Jid::trusted(scene.here[0]));
        CHECK(done.ok());
    });
    CHECK(scene.view(0).waiting == 0);
}

TEST_CASE("how long a service has failed a registration survives a restart") {
    Crowd scene(1);
    scene.detach();
    scene.say("x", scene.here[0]);
    scene.world.advance(70h);
    scene.evict();
    scene.world.crash_and_restart();
    CHECK(list(scene.world.account(scene.here[0]))[0].failing_since != WallTime{});
    scene.say("y", scene.here[0]);
    for (int hours = 0; hours < 4; ++hours) scene.world.advance(1h);
    CHECK(list(scene.world.account(scene.here[0])).empty());
}

TEST_CASE("how long a service has failed a registration does not depend on the clock") {
    for (const auto jump : {100h, -100h}) {
        CAPTURE(jump.count());
        Crowd scene(1);
        scene.detach();
        scene.say("x", scene.here[0]);
        scene.world.clock().set_wall(scene.world.clock().wall() + jump);
        for (int hours = 0; hours < 60; ++hours) scene.world.advance(1h);
        CHECK(list(scene.world.account(scene.here[0])).size() == 1);
        for (int hours = 0; hours < 14; ++hours) scene.world.advance(1h);
        CHECK(list(scene.world.account(scene.here[0])).empty());
    }
}

// ---- What is told of it ------------------------------------------------------------------------

TEST_CASE("the views of several shards become one") {
    Crowd scene(1);
    for (const auto& jid : {scene.here[0], scene.there[0]}) {
        scene.say("x", jid);
        scene.world.advance(20ms);
        if (jid == scene.here[0]) scene.answer(*scene.gateway->pop());
    }
    scene.world.advance(1500ms);
    scene.refuse(*scene.gateway->pop(), "forbidden");
    ServiceView all = scene.view(0);
    all.merge(scene.view(1));
    CHECK(all.sent == 2);
    CHECK(all.answered == 1);
    CHECK(all.errors.at("forbidden") == 1);
    CHECK(all.refused_since_success == 1);
    CHECK(all.last_error == "forbidden");
    CHECK(Histogram::quantile(all.latency, 0.5) < 0.1);  // of both together
    CHECK(Histogram::quantile(all.latency, 0.99) > 1.0);
    CHECK_FALSE(all.backing_off());
    scene.detach();
    scene.say("y", scene.there[0]);
    const ServiceView behind = scene.view(0), leads = scene.view(1);
    all = behind;
    all.merge(leads);
    CHECK(all.backing_off());
    CHECK(all.failed_attempts == 1);        // both know of the same one
    CHECK(all.retry_in == leads.retry_in);  // the next one
    CHECK(all.unreachable_since != WallTime{});
}

TEST_CASE("what clients make up is no label of metrics") {
    const Counters counters;
    counters.of_service("made-up.example", false).published();
    counters.of_service("accepts.example", true).published();
    const std::string text = metrics().to_prometheus();
    CHECK(text.find("made-up.example") == std::string::npos);
    CHECK(text.find("clarion_push_published_total{service=\"other\"}") != std::string::npos);
    CHECK(text.find("clarion_push_published_total{service=\"accepts.example\"} 1") !=
          std::string::npos);
}

}  // namespace
}  // namespace clarion::push
