#include "proto/stream_error.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml.h"

using namespace clarion;

TEST_CASE("stream errors: names of RFC 6120, 4.9.3") {
    CHECK(name(StreamErrorCondition::bad_format) == "bad-format");
    CHECK(name(StreamErrorCondition::not_well_formed) == "not-well-formed");
    CHECK(name(StreamErrorCondition::see_other_host) == "see-other-host");
    CHECK(name(StreamErrorCondition::unsupported_version) == "unsupported-version");
}

TEST_CASE("stream errors: written") {
    CHECK(stream_error_xml(StreamErrorCondition::conflict) ==
          "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
    const std::string with_text = stream_error_xml(StreamErrorCondition::reset, "a <b> & 'c'");
    CHECK(with_text ==
          "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
          "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>"
          "a &lt;b&gt; &amp; &apos;c&apos;</text></stream:error>");
    const std::string in_stream = "<stream:stream xmlns:stream='" + std::string(ns::streams) +
                                  "'>" + with_text + "</stream:stream>";
    const auto document = xml::parse_element(in_stream);
    REQUIRE_FALSE(document.empty());
    const auto* error = document.root().child(ns::streams, "error");
    REQUIRE(error != nullptr);
    CHECK(error->child(ns::stream_errors, "reset") != nullptr);
    CHECK(error->child_text(ns::stream_errors, "text") == "a <b> & 'c'");
}
