// What waits for a push service: for answers to others (the bound of outstanding publishes), or for
// the end of [push] min_interval. The pure parts first.
#include <malloc.h>

#include <deque>

#include "modules/push/interval.h"
#include "modules/push/waiting.h"
#include "tests/unit/modules/push_crowd.h"

namespace clarion::push {
namespace {

const SteadyTime s0{1h};

// ---- What waits --------------------------------------------------------------------------------

StoredNotification item(std::uint64_t account, std::uint64_t number, bool important = false,
                        bool urgent = false) {
    StoredNotification stored;
    stored.key = {storage::AccountId{account}, 7};
    stored.number = number;
    stored.important = important;
    stored.urgent = urgent;
    stored.offline_seq = number;
    return stored;
}

TEST_CASE("who waited longest goes first, calls before that") {
    WaitingList list;
    for (std::uint64_t account : {3, 1, 2}) list.put(item(account, account));
    list.put(item(3, 4));  // newer: keeps its turn
    list.put(item(9, 9, true, true));
    std::vector<std::uint64_t> numbers;
    while (!list.empty()) numbers.push_back(list.take().number);
    CHECK(numbers == std::vector<std::uint64_t>{9, 4, 1, 2});
}

TEST_CASE("the newest state waits, and importance is not lost") {
    WaitingList list;
    list.put(item(1, 1, true));
    list.put(item(1, 2));
    REQUIRE(list.size() == 1);
    const StoredNotification* kept = list.find({storage::AccountId{1}, 7});
    REQUIRE(kept);
    CHECK(kept->important);
    CHECK(kept->offline_seq == 1);  // the message it is about
    CHECK(kept->number == 2);       // and what is over when it is
    list.put(item(1, 3, true));
    CHECK(kept->offline_seq == 3);
    list.put_back(item(1, 2, true));  // it came back: older
    CHECK(kept->offline_seq == 3);
    list.put_back(item(1, 4, true));  // several were under way at once, and come back in order
    CHECK(kept->offline_seq == 4);
    list.put_back(item(1, 3, true));
    CHECK(kept->offline_seq == 4);
    CHECK(list.remove({storage::AccountId{1}, 7})->number == 4);
    CHECK(list.empty());
    CHECK_FALSE(list.remove({storage::AccountId{1}, 7}));
}

TEST_CASE(
    "a notification that must wait is what it was composed from, and what of a queue it covers") {
    PendingNotification pending;
    pending.stored = item(1, 5, true);
    CHECK(pending.take_stored().queue == nullptr);
    pending.stored = item(1, 5, true);
    pending.share.session = 3;
    pending.share.coverage.cover_queue(12, 5);
    const StoredNotification waits = pending.take_stored();
    REQUIRE(waits.queue);
    CHECK(waits.queue->session == 3);
    CHECK(waits.queue->coverage.covers_number(12));
    CHECK(waits.number == 5);
    CHECK(waits.important);
    CHECK(pending.stored.key == waits.key);  // whose answer this was can still be said
}

TEST_CASE("what the publish log keeps is what is found there after a restart") {
    StoredNotification stored = item(9, 5, true, true);
    stored.log_id = storage::LogId{77};
    stored.caused = WallTime{1h};
    const StoredNotification found =
        StoredNotification::from({storage::AccountId{9}, stored.record()});
    CHECK(found.key == stored.key);
    CHECK(found.log_id == stored.log_id);
    CHECK(found.offline_seq == 5);
    CHECK(found.caused == stored.caused);
    CHECK(found.important);
    CHECK(found.urgent);
    CHECK(found.number == 0);  // this run's to say
}

TEST_CASE("a hundred thousand that wait cost less than 200 bytes each") {
    constexpr std::uint64_t many = 100'000;
    WaitingList list;
    const auto used = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
    const auto before = used();
    for (std::uint64_t i = 1; i <= many; ++i) list.put(item(i, i, true));
    if (used() == before) return;  // a sanitizer's allocator, which does not say
    const auto each = (used() - before) / many;
    MESSAGE("bytes for each that waits: ", each);
    CHECK(each < 200);
    while (!list.empty()) list.take();
    CHECK(used() < before + 100'000);  // and nothing once they have gone
}

TEST_CASE("an interval holds the newest state and is over at its time") {
    Intervals intervals;
    const RegistrationKey key{storage::AccountId{1}, 7};
    CHECK_FALSE(intervals.closed_until(key, s0));
    intervals.sent(key, s0, s0 + 60s);
    CHECK(intervals.closed_until(key, s0 + 59s) == s0 + 60s);
    CHECK(intervals.hold(item(1, 1, true)));
    CHECK_FALSE(intervals.hold(item(1, 2)));
    CHECK_FALSE(intervals.idle(s0 + 60s));
    const auto held = intervals.release(key);
    REQUIRE(held);
    CHECK(held->important);
    CHECK(held->number == 2);
    CHECK_FALSE(intervals.release(key));
    intervals.not_sent(key);
    CHECK_FALSE(intervals.closed_until(key, s0 + 1s));
    CHECK(intervals.idle(s0 + 1s));
}

// ---- Bounds ------------------------------------------------------------------------------------

constexpr int bound = 1000;

/// As many publishes as may be outstanding, all to the first account here.
struct Full : Crowd {
    explicit Full(int each) : Crowd(each, "[push]\nmax_outstanding_per_service = 1000\n") {
        for (int i = 0; i < bound; ++i) say("x", here[0]);
        while (auto publish = gateway->pop()) under_way.push_back(std::move(publish));
    }
    void answer_one() {
        answer(*under_way.front());
        under_way.pop_front();
    }
    std::deque<StanzaPtr> under_way;
};

TEST_CASE("at the limit of outstanding publishes the rest waits its turn") {
    Full scene(4);
    CHECK(scene.under_way.size() == bound);
    scene.here.erase(scene.here.begin());
    for (const auto& jid : scene.here) scene.say("y", jid);
    scene.say("newer", scene.here[0]);
    CHECK(scene.gateway->pending() == 0);
    CHECK(scene.view(0).waiting == 3);
    CHECK_FALSE(scene.view(0).backing_off());
    std::string order, expected;
    for (const auto& jid : scene.here) {
        scene.answer_one();
        CHECK(scene.gateway->pending() == 1);
        order += scene.pop().node + ' ';
        expected += jid + ' ';
    }
    CHECK(order == expected);
    scene.answer_one();
    CHECK(scene.gateway->pending() == 0);
    CHECK(scene.view(0).waiting == 0);
    for (const auto& jid : scene.here) CHECK(scene.errors(jid) == 0);
}

TEST_CASE("a call does not queue behind others") {
    Full scene(3);
    for (const auto& jid : scene.here) scene.say("x", jid);
    scene.arrive(
        "<propose xmlns='urn:xmpp:jingle-message:0' id='c'><description "
        "xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose>",
        scene.here[2]);
    scene.answer_one();
    CHECK(scene.pop().node == scene.here[2]);
}

TEST_CASE("a service that does not answer delays no other") {
    Full scene(2);
    Client& client = scene.world.log_in(scene.here[1] + "/laptop");
    client.ask(
        "<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='p2.example.com' "
        "node='other'/></iq>");
    client.close();
    scene.say("x", scene.here[1]);
    CHECK(scene.view(0).waiting == 1);
    const auto other = scene.world.remote().pop();
    REQUIRE(other);
    CHECK(read_publish(other).node == "other");
}

// ---- min_interval ------------------------------------------------------------------------------

TEST_CASE("at most one notification in min_interval, the newest state, importance not lost") {
    Crowd scene(1, "[push]\nmin_interval = 60\nnotification_with_body = true\n");
    const auto& jid = scene.here[0];
    scene.say("one", jid);
    const Published first = scene.pop();
    CHECK(first.body == "one");
    scene.answer(*first.stanza);
    scene.world.advance(10s);
    scene.say("two", jid);
    scene.say("three", jid);
    scene.arrive("<received xmlns='urn:xmpp:receipts' id='r'/>", jid);
    CHECK(scene.gateway->pending() == 0);
    CHECK(list(scene.world.account(jid))[0].waiting);
    scene.world.advance(49s);
    CHECK(scene.gateway->pending() == 0);
    scene.world.advance(2s);
    const Published held = scene.pop();
    CHECK(held.body == "three");
    CHECK(scene.gateway->pending() == 0);
    scene.answer(*held.stanza);
    scene.world.advance(61s);
    CHECK(scene.gateway->pending() == 0);
    scene.say("four", jid);
    CHECK(scene.pop().body == "four");
}

TEST_CASE("a call is not held back by min_interval") {
    Crowd scene(1, "[push]\nmin_interval = 60\n");
    scene.say("one", scene.here[0]);
    scene.arrive(
        "<propose xmlns='urn:xmpp:jingle-message:0' id='c'><description "
        "xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose>",
        scene.here[0]);
    CHECK(scene.gateway->pending() == 2);
}

TEST_CASE("what min_interval holds back does not keep the account in memory") {
    Crowd scene(1, "[push]\nmin_interval = 60\n");
    const auto& jid = scene.here[0];
    scene.say("one", jid);
    scene.answer(*scene.gateway->pop());
    scene.say("two", jid);
    scene.evict();
    CHECK_FALSE(scene.loaded(jid));
    scene.world.advance(61s);
    CHECK(scene.nodes() == jid);
}

TEST_CASE("disabling and deletion drop what min_interval holds back") {
    Crowd scene(2, "[push]\nmin_interval = 60\n");
    for (const auto& jid : scene.here) {
        scene.say("one", jid);
        scene.say("two", jid);
    }
    scene.gateway->drop_all();
    scene.world.at(scene.here[0], [&](core::Context& core) {
        remove(*core.accounts().find(scene.here[0]), service);
    });
    scene.world.run(scene.here[1], [&](core::Context& core) -> Task<> {
        const auto done = co_await core.account_registry().remove(Jid::trusted(scene.here[1]));
        CHECK(done.ok());
    });
    scene.world.advance(61s);
    CHECK(scene.gateway->pending() == 0);
}

TEST_CASE("a publish that did not arrive opens no interval") {
    Crowd scene(1, "[push]\nmin_interval = 600\n");
    scene.detach();
    scene.say("one", scene.here[0]);
    scene.world.advance(5s);
    scene.reattach();
    CHECK(scene.nodes() == scene.here[0]);
}

}  // namespace
}  // namespace clarion::push
