#include "proto/rsm.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"

using namespace clarion;

namespace {

Result<RsmRequest> read(std::string_view inside) {
    const std::string text = "<q xmlns='urn:q'><set xmlns='http://jabber.org/protocol/rsm'>" +
                             std::string(inside) + "</set></q>";
    const auto document = xml::parse_element(text);
    REQUIRE_FALSE(document.empty());
    return read_rsm(document.root());
}

std::string written(const RsmAnswer& answer) {
    xml::Document document("q", "urn:q");
    return xml::to_string(add_rsm(document.root(), answer));
}

}  // namespace

TEST_CASE("rsm: without a set everything is absent") {
    const xml::Document document("q", "urn:q");
    const auto request = read_rsm(document.root());
    REQUIRE(request.ok());
    CHECK_FALSE(request->present);
    CHECK_FALSE(request->max.has_value());
    CHECK_FALSE(request->before.has_value());
    CHECK(request->limit(250, 50) == 50);
}

TEST_CASE("rsm: pages") {
    CHECK(read("")->present);
    CHECK(read("<max>10</max>")->max == 10u);
    CHECK(read("<max> 10 </max>")->max == 10u);
    CHECK(read("<max>0</max>")->wants_count_only());
    CHECK_FALSE(read("")->wants_count_only());
    CHECK(read("<max>10</max><after>a&amp;b</after>")->after == "a&b");
    CHECK(read("<before>x</before>")->before == "x");
    CHECK_FALSE(read("<before>x</before>")->wants_last_page());
    CHECK(read("<before/>")->wants_last_page());
    CHECK(read("<index>371</index>")->index == 371u);
    CHECK(read("<before>x</before><after>y</after>").ok());
}

TEST_CASE("rsm: sizes are limited") {
    CHECK(read("<max>10</max>")->limit(250, 50) == 10);
    CHECK(read("<max>1000</max>")->limit(250, 50) == 250);
    CHECK(read("<max>99999999999</max>")->limit(250, 50) == 250);
    CHECK(read("")->limit(20, 50) == 20);
}

TEST_CASE("rsm: what makes no sense") {
    for (const char* bad : {"<max/>", "<max>ten</max>", "<max>-1</max>", "<max>1.5</max>",
                            "<max>99999999999999999999999</max>", "<index>x</index>", "<after/>",
                            "<index>1</index><after>x</after>", "<index>1</index><before/>"}) {
        CAPTURE(bad);
        const auto request = read(bad);
        REQUIRE_FALSE(request.ok());
        CHECK(request.error().code == "bad-request");
    }
}

TEST_CASE("rsm: answers") {
    CHECK(written({"a", "b", 0, 800}) ==
          "<set xmlns='http://jabber.org/protocol/rsm'><first index='0'>a</first><last>b</last>"
          "<count>800</count></set>");
    CHECK(written({"a", "b", {}, {}}) ==
          "<set xmlns='http://jabber.org/protocol/rsm'><first>a</first><last>b</last></set>");
    CHECK(written({{}, {}, {}, 0}) ==
          "<set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set>");
    CHECK(written({}) == "<set xmlns='http://jabber.org/protocol/rsm'/>");
}
