#include "server/net/s2s/s2s_pairs.h"

#include <doctest/doctest.h>

#include <optional>

using namespace clarion;
using net::S2sPairs;

TEST_CASE("a pair of domains has so many streams, and newer ones take the place of the oldest") {
    const auto pairs = std::make_shared<S2sPairs>();
    std::optional<S2sPairs::Place> a(pairs->take("x y", 2)), b(pairs->take("x y", 2));
    const S2sPairs::Place other = pairs->take("x z", 2);
    CHECK_FALSE(a->is_lost());
    std::optional<S2sPairs::Place> c(pairs->take("x y", 2));
    CHECK(a->is_lost());
    CHECK_FALSE(b->is_lost());
    a.reset();
    b.reset();
    const S2sPairs::Place moved = std::move(*c);
    c.reset();
    const S2sPairs::Place d = pairs->take("x y", 2);
    CHECK_FALSE(moved.is_lost());
    const S2sPairs::Place e = pairs->take("x y", 1);  // the limit was changed
    CHECK(moved.is_lost());
    CHECK(d.is_lost());
    CHECK_FALSE(e.is_lost());
    CHECK_FALSE(other.is_lost());
}
