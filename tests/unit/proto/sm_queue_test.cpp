#include "proto/sm_queue.h"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <random>
#include <string>

using namespace clarion;
using namespace clarion::sm;

namespace {

using Queue = OutQueue<std::shared_ptr<int>>;

Queue queue_at(std::uint32_t acked) {
    Queue queue;
    queue.restore(acked, {});
    return queue;
}

}  // namespace

TEST_CASE("numbers start at one, acknowledging removes in order") {
    OutQueue<std::string> queue;
    CHECK(queue.sent() == 0);
    CHECK(queue.push("a") == 1);
    CHECK(queue.push("b") == 2);
    CHECK(queue.push("c") == 3);
    CHECK(queue.size() == 3);
    CHECK(queue.number(0) == 1);

    std::string gone;
    const auto acked = queue.ack(2, [&](std::string&& entry) { gone += entry; });
    REQUIRE(acked.ok());
    CHECK(acked.value() == 2);
    CHECK(gone == "ab");
    CHECK(queue.acked() == 2);
    CHECK(queue.sent() == 3);
    CHECK(queue[0] == "c");
    CHECK(queue.number(0) == 3);

    CHECK(queue.ack(2).value() == 0);
}

TEST_CASE("an h that is too high, or lower than before, changes nothing") {
    OutQueue<int> queue;
    for (int i = 0; i < 5; ++i) queue.push(i);
    REQUIRE(queue.ack(3).ok());
    for (const std::uint32_t wrong : {6U, 2U, 0U, 0xffffffffU}) {
        const auto result = queue.ack(wrong);
        REQUIRE_FALSE(result.ok());
        CHECK(result.error().code == "handled-count-too-high");
    }
    CHECK(queue.acked() == 3);
    CHECK(queue.size() == 2);
    CHECK(queue[0] == 3);
}

TEST_CASE("counting goes on over 2^32") {
    Queue queue = queue_at(0xfffffffe);
    CHECK(queue.push(nullptr) == 0xffffffff);
    CHECK(queue.push(nullptr) == 0);
    CHECK(queue.push(nullptr) == 1);
    CHECK(queue.number(1) == 0);
    CHECK(queue.ack(0).value() == 2);
    CHECK(queue.acked() == 0);
    CHECK_FALSE(queue.ack(2).ok());
    CHECK(queue.ack(1).value() == 1);
    CHECK(queue.empty());
}

TEST_CASE("one request at a time, and only while something is unacknowledged") {
    OutQueue<int> queue;
    CHECK_FALSE(queue.want_request());
    queue.push(1);
    CHECK(queue.want_request());
    queue.note_request();
    CHECK(queue.request_outstanding());
    queue.push(2);
    CHECK_FALSE(queue.want_request());
    REQUIRE(queue.ack(1).ok());  // the answer, sent before the second stanza arrived
    CHECK_FALSE(queue.request_outstanding());
    CHECK(queue.want_request());
    queue.note_request();
    queue.forget_request();  // the connection is gone
    CHECK(queue.want_request());
    REQUIRE(queue.ack(2).ok());
    CHECK_FALSE(queue.want_request());
}

TEST_CASE("a request that is answered with too little is not repeated at once") {
    OutQueue<int> queue;
    queue.push(1);
    queue.push(2);
    queue.note_request();
    CHECK_FALSE(queue.lags());
    REQUIRE(queue.ack(1).ok());
    CHECK_FALSE(queue.want_request());  // nothing new was sent
    CHECK(queue.lags());
    queue.push(3);
    CHECK(queue.want_request());
    CHECK_FALSE(queue.lags());
    queue.note_request();
    REQUIRE(queue.ack(3).ok());
    CHECK_FALSE(queue.lags());
    CHECK_FALSE(queue.want_request());
}

TEST_CASE("what a new connection is sent again is asked for again") {
    OutQueue<int> queue;
    queue.push(1);
    queue.note_request();
    REQUIRE(queue.ack(0).ok());
    queue.forget_request();
    CHECK(queue.want_request());
    queue.restore(5, {7});
    CHECK(queue.want_request());
    (void)queue.take();
    CHECK_FALSE(queue.want_request());
    CHECK_FALSE(queue.lags());
}

TEST_CASE("a wrong h does not answer the request") {
    OutQueue<int> queue;
    queue.push(1);
    queue.note_request();
    REQUIRE_FALSE(queue.ack(9).ok());
    CHECK(queue.request_outstanding());
}

TEST_CASE("an acknowledged entry may cause another push") {
    OutQueue<int> queue;
    queue.push(1);
    queue.push(2);
    const auto acked = queue.ack(2, [&](int&& entry) { queue.push(entry * 10); });
    CHECK(acked.value() == 2);
    REQUIRE(queue.size() == 2);
    CHECK(queue[0] == 10);
    CHECK(queue[1] == 20);
    CHECK(queue.sent() == 4);
}

TEST_CASE("taking and restoring") {
    OutQueue<std::string> queue;
    queue.restore(7, {"x", "y"});
    CHECK(queue.acked() == 7);
    CHECK(queue.sent() == 9);
    CHECK(queue.want_request());
    std::string seen;
    queue.for_each([&](const std::string& entry) { seen += entry; });
    CHECK(seen == "xy");
    queue[0] = "reference";
    queue.note_request();
    CHECK(queue.take() == std::vector<std::string>{"reference", "y"});
    CHECK(queue.empty());
    CHECK(queue.acked() == 9);
    CHECK(queue.sent() == 9);
    CHECK_FALSE(queue.request_outstanding());
}

TEST_CASE("acknowledged entries are let go at once") {
    Queue queue;
    const auto stanza = std::make_shared<int>(1);
    for (int i = 0; i < 100; ++i) queue.push(stanza);
    CHECK(stanza.use_count() == 101);
    REQUIRE(queue.ack(60).ok());
    CHECK(stanza.use_count() == 41);
}

TEST_CASE("a ring costs nothing when empty and gives back what a burst took") {
    CHECK(sizeof(Ring<int>) == 24);
    CHECK(sizeof(Queue) == 40);
    Ring<int> ring;
    CHECK(ring.capacity() == 0);
    ring.push_back(1);
    CHECK(ring.capacity() == 8);
    CHECK(ring.pop_front() == 1);
    CHECK(ring.capacity() == 8);  // small: kept
    for (int i = 0; i < 1000; ++i) ring.push_back(i);
    CHECK(ring.capacity() == 1024);
    for (int i = 0; i < 1000; ++i) CHECK(ring.pop_front() == i);
    CHECK(ring.capacity() == 0);

    ring.push_back(5);
    Ring<int> other(std::move(ring));
    CHECK(other[0] == 5);
    ring = std::move(other);
    CHECK(ring.size() == 1);
    CHECK(ring[0] == 5);
}

TEST_CASE("counts as they come in attributes") {
    CHECK(parse_count("0").value() == 0);
    CHECK(parse_count("4294967295").value() == 4294967295U);
    for (const char* wrong : {"", "4294967296", "-1", "+1", " 1", "1 ", "1x", "0x1"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_count(wrong).ok());
    }
}

TEST_CASE("the queue behaves like a list and two counters, over 1,000,000 random steps") {
    std::mt19937 random(20240601);
    const std::uint32_t start = 0xffffffff - 250000;  // so that the numbers wrap on the way
    OutQueue<std::uint32_t> queue;
    queue.restore(start, {});
    std::deque<std::uint32_t> model;
    std::uint32_t sent = start;
    std::uint32_t acked = start;
    for (int step = 0; step < 1000000; ++step) {
        const unsigned what = random() % 8;
        if (what < 5 && model.size() < 500) {
            model.push_back(++sent);
            if (queue.push(sent) != sent) FAIL("a wrong number at step " << step);
        } else if (what < 7) {
            const std::uint32_t count = random() % (model.size() + 1);
            acked += count;
            model.erase(model.begin(), model.begin() + count);
            const auto result = queue.ack(acked);
            if (!result.ok() || result.value() != count) FAIL("a wrong count at step " << step);
        } else {
            const std::uint32_t wrong = sent + 1 + random() % 1000;
            if (queue.ack(wrong).ok()) FAIL("accepted too high an h at step " << step);
        }
        if (queue.size() != model.size() || queue.sent() != sent || queue.acked() != acked ||
            (!model.empty() && (queue[0] != model.front() || queue.number(0) != model.front() ||
                                queue[queue.size() - 1] != model.back()))) {
            FAIL("differs from the model at step " << step);
        }
    }
    CHECK(sent < start);  // it did wrap
}
