#include "server/net/proxy65/bytestream_quota.h"

#include <doctest/doctest.h>

using namespace clarion;
using namespace std::chrono_literals;
using net::ByteMeter;
using net::BytestreamQuota;

TEST_SUITE("net/bytestream_quota") {
    TEST_CASE("a meter gives four seconds' worth at once, then so much a second") {
        ByteMeter meter;
        SteadyTime now{1000s};
        CHECK(meter.may_go_on(now, 100));
        meter.spend(399);
        CHECK(meter.may_go_on(now, 100));
        meter.spend(50);  // what a read brought
        CHECK_FALSE(meter.may_go_on(now, 100));
        now += 400ms;
        CHECK_FALSE(meter.may_go_on(now, 100));
        now += 200ms;
        CHECK(meter.may_go_on(now, 100));
        now += 1h;
        CHECK(meter.may_go_on(now, 100));
        meter.spend(400);
        CHECK_FALSE(meter.may_go_on(now, 100));
        CHECK(meter.may_go_on(now, 0));
    }

    TEST_CASE("an account has so many streams, and all together") {
        const auto quota = std::make_shared<BytestreamQuota>();
        const BytestreamQuota::Limits limits{.streams = 3, .per_account = 2};
        const SteadyTime now{1000s};
        auto first = quota->admit("romeo", limits, now);
        {
            const auto second = quota->admit("romeo", limits, now);
            CHECK(second);
            CHECK_FALSE(quota->admit("romeo", limits, now));
            const auto third = quota->admit("juliet", limits, now);
            CHECK(third);
            CHECK_FALSE(quota->admit("nurse", limits, now));
        }
        CHECK(quota->admit("romeo", limits, now));
        CHECK(quota->admit("nurse", limits, now));
    }

    TEST_CASE("who begins anew gets no more than who goes on") {
        const auto quota = std::make_shared<BytestreamQuota>();
        const BytestreamQuota::Limits limits{.streams = 3, .per_account = 2};
        SteadyTime now{1000s};
        const auto goes_on = [&] {
            auto stream = quota->admit("romeo", limits, now);
            REQUIRE(stream);
            const bool may = stream->may_go_on(now, 100);
            if (may) stream->spend(500);
            return may;
        };
        CHECK(goes_on());
        CHECK_FALSE(goes_on());
        now += 500ms;
        CHECK_FALSE(goes_on());
        now += 600ms;
        CHECK(goes_on());
        now += 3s;
        CHECK_FALSE(goes_on());
        now += 4s;  // its meter would be full: nothing is known of it any more
        CHECK(quota->admit("juliet", limits, now));
        CHECK(goes_on());
    }
}
