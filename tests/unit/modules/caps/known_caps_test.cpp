#include "modules/caps/known_caps.h"

#include <doctest/doctest.h>

#include "modules/caps/sightings.h"

using namespace clarion;
using namespace clarion::caps;

TEST_CASE("a mark is there once, as long as somebody has it") {
    KnownCaps known;
    const MarkPtr mark = known.mark("sha-1 a");
    CHECK(known.mark("sha-1 a") == mark);
    CHECK(known.mark("sha-1 b") != mark);
    for (int i = 0; i < 1000; ++i) (void)known.mark("sha-1 " + std::to_string(i));
    CHECK(known.marks() <= 101);
    CHECK(known.mark("sha-1 a") == mark);
}

TEST_CASE("the least used is forgotten first") {
    KnownCaps known;
    const std::string text(1000, 'x');
    const MarkPtr a = known.mark("sha-1 a"), b = known.mark("sha-1 b"), c = known.mark("sha-1 c");
    constexpr std::size_t bound = 2 * (1000 + 256 + 7);
    known.learn(a, text, bound);
    known.learn(b, text, bound);
    CHECK(known.bytes() == bound);
    CHECK(known.use(a));
    known.learn(c, text, bound);
    CHECK(known.use(a));
    CHECK_FALSE(known.use(b));
    CHECK(known.use(c));
    CHECK(known.known() == 2);
    known.learn(c, text, bound);  // again: nothing changes
    CHECK(known.bytes() == bound);
    known.learn(b, std::string(10000, 'x'), bound);  // the newest stays, whatever it takes
    CHECK(known.known() == 1);
    CHECK(known.use(b));
}

TEST_CASE("what is said of one resource alone is not counted") {
    KnownCaps known;
    const MarkPtr mark = KnownCaps::make_private("sha-1 a", "a<");
    CHECK(mark->is_private);
    CHECK(known.use(mark)->has("a"));
    CHECK(known.mark("sha-1 a") != mark);
    CHECK(known.bytes() == 0);
}

TEST_CASE("contacts' resources are found and removed, one or all of one") {
    SeenContacts seen;
    for (const char* jid : {"b@x/2", "a@x/1", "b@x/1", "b@x.y/1", "b@x-y/1"})
        CHECK(seen.add(jid, 2, 10));
    CHECK_FALSE(seen.add("b@x/3", 2, 10));
    CHECK_FALSE(seen.add("c@x/1", 2, 5));
    CHECK(seen.find("b@x/2"));
    CHECK_FALSE(seen.find("b@x"));
    seen.remove("b@x/2");
    CHECK_FALSE(seen.find("b@x/2"));
    CHECK(seen.find("b@x/1"));
    seen.remove("b@x");
    CHECK(seen.size() == 3);
    CHECK(seen.find("b@x.y/1"));
    CHECK(seen.find("b@x-y/1"));
    seen.remove("nobody@x/1");
    CHECK(seen.size() == 3);
}
