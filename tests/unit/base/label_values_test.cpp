#include "base/label_values.h"

#include <doctest/doctest.h>

namespace clarion {
namespace {

TEST_CASE("so many values have a label of their own, the rest is other") {
    LabelValues values(2);
    CHECK(values.admit("a.example") == "a.example");
    CHECK(values.admit("b.example") == "b.example");
    CHECK(values.admit("c.example") == "other");
    CHECK(values.admit("a.example") == "a.example");
}

TEST_CASE("a label value cannot break out of its quotes") {
    LabelValues values(1);
    CHECK(values.admit("a\"b\\c\nd") == "a\\\"b\\\\c\\nd");
}

}  // namespace
}  // namespace clarion
