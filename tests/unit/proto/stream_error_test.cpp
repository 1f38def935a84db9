#include "proto/stream_error.h"

#include <doctest/doctest.h>

using namespace clarion;

TEST_CASE("stream errors: names of RFC 6120, 4.9.3") {
    CHECK(name(StreamErrorCondition::bad_format) == "bad-format");
    CHECK(name(StreamErrorCondition::not_well_formed) == "not-well-formed");
    CHECK(name(StreamErrorCondition::see_other_host) == "see-other-host");
    CHECK(name(StreamErrorCondition::unsupported_version) == "unsupported-version");
}
