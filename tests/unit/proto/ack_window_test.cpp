#include "proto/ack_window.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <vector>

using namespace clarion::sm;

TEST_CASE("h follows the contiguous closed prefix") {
    AckWindow window;
    CHECK(window.handled() == 0);
    CHECK(window.open(10) == 1);
    CHECK(window.open(20) == 2);
    CHECK(window.open(30) == 3);
    CHECK(window.received() == 3);
    CHECK(window.open_count() == 3);
    CHECK(window.open_bytes() == 60);

    CHECK_FALSE(window.close(2));
    CHECK(window.handled() == 0);
    CHECK(window.open_count() == 2);
    CHECK(window.open_bytes() == 40);
    CHECK(window.width() == 3);
    CHECK_FALSE(window.is_handled(2));

    CHECK(window.close(1));
    CHECK(window.handled() == 2);
    CHECK(window.width() == 1);
    CHECK(window.is_handled(2));
    CHECK_FALSE(window.is_handled(3));

    CHECK(window.close(3));
    CHECK(window.handled() == 3);
    CHECK(window.open_bytes() == 0);
    CHECK(window.width() == 0);
}

TEST_CASE("closing twice, too early or too late is ignored") {
    AckWindow window;
    window.open(1);
    window.open(1);
    CHECK_FALSE(window.close(3));
    CHECK_FALSE(window.close(0));
    CHECK_FALSE(window.close(2));
    CHECK_FALSE(window.close(2));
    CHECK(window.close(1));
    CHECK_FALSE(window.close(1));
    CHECK_FALSE(window.close(2));
    CHECK(window.handled() == 2);
    CHECK(window.open_count() == 0);
    CHECK(window.open_bytes() == 0);
}

TEST_CASE("what a stanza is charged counts until it closes") {
    AckWindow window;
    window.restore(0xffffffff);
    CHECK(window.open(10) == 0);
    CHECK(window.open(20) == 1);
    window.charge(0, 100);
    window.charge(1, 1000);
    CHECK(window.open_bytes() == 1130);
    window.charge(2, 5);           // not received yet
    window.charge(0xffffffff, 5);  // long closed
    CHECK(window.open_bytes() == 1130);
    window.close(1);
    window.charge(1, 5);
    CHECK(window.open_bytes() == 110);
    window.charge(0, std::size_t{1} << 40);  // as much as an entry can say
    CHECK(window.open_bytes() == 0xfffffffe);
    window.charge(0, 1);
    CHECK(window.open_bytes() == 0xfffffffe);
    CHECK(window.close(0));
    CHECK(window.open_bytes() == 0);
    CHECK(window.width() == 0);
}

TEST_CASE("the window wraps at 2^32") {
    AckWindow window;
    window.restore(0xfffffffe);
    CHECK(window.open(1) == 0xffffffff);
    CHECK(window.open(1) == 0);
    CHECK(window.open(1) == 1);
    CHECK_FALSE(window.close(0));
    CHECK(window.close(0xffffffff));
    CHECK(window.handled() == 0);
    CHECK(window.is_handled(0xffffffff));
    CHECK_FALSE(window.is_handled(1));
    CHECK(window.close(1));
    CHECK(window.handled() == 1);
    CHECK(window.received() == 1);
}

TEST_CASE("restoring forgets what was open") {
    AckWindow window;
    window.open(100);
    window.restore(17);
    CHECK(window.handled() == 17);
    CHECK(window.received() == 17);
    CHECK(window.open_bytes() == 0);
    CHECK_FALSE(window.close(1));
    CHECK(window.open(5) == 18);
}

TEST_CASE("sizes: tiny while empty, and huge stanzas do not overflow") {
    CHECK(sizeof(AckWindow) == 40);
    AckWindow window;
    window.open(std::size_t{1} << 40);
    CHECK(window.open_bytes() == 0xfffffffe);
    CHECK(window.close(1));
    CHECK(window.open_bytes() == 0);
}

TEST_CASE("the window behaves like a set of open numbers, over 1,000,000 random steps") {
    std::mt19937 random(4711);
    const std::uint32_t start = 0xffffffff - 50000;
    AckWindow window;
    window.restore(start);
    // The model counts in 64 bits and never wraps.
    std::uint64_t received = start;
    std::map<std::uint64_t, std::size_t> open;
    std::size_t bytes = 0;
    const auto handled = [&] { return open.empty() ? received : open.begin()->first - 1; };
    for (int step = 0; step < 1000000; ++step) {
        const std::uint64_t before = handled();
        if (random() % 2 == 0 && open.size() < 300) {
            const std::size_t size = random() % 5000;
            open[++received] = size;
            bytes += size;
            if (window.open(size) != static_cast<std::uint32_t>(received)) {
                FAIL("a wrong number at step " << step);
            }
        } else {
            // Any number near the window: open, closed already, past or not there yet.
            const std::uint64_t number = before - 3 + random() % (received - before + 8);
            const auto it = open.find(number);
            if (it != open.end()) {
                bytes -= it->second;
                open.erase(it);
            }
            const bool moved = window.close(static_cast<std::uint32_t>(number));
            if (moved != (handled() != before)) FAIL("a wrong answer at step " << step);
        }
        if (window.handled() != static_cast<std::uint32_t>(handled()) ||
            window.received() != static_cast<std::uint32_t>(received) ||
            window.open_count() != open.size() || window.open_bytes() != bytes ||
            window.width() != received - handled() ||
            window.is_handled(static_cast<std::uint32_t>(received)) != open.empty()) {
            FAIL("differs from the model at step " << step);
        }
    }
    CHECK(received > 0xffffffff);  // it did wrap
}
