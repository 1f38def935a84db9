#include "proto/delay.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "proto/xml_writer.h"

using namespace clarion;

TEST_CASE("delay: stated, found and stripped") {
    xml::Document message("message", ns::client);
    add_delay(message.root(), "capulet.com", "2002-09-10T23:08:25Z", "Offline Storage");
    add_delay(message.root(), {}, "2002-09-10T23:08:26Z");
    CHECK(xml::to_string(message.root()) ==
          "<message xmlns='jabber:client'><delay xmlns='urn:xmpp:delay' from='capulet.com' "
          "stamp='2002-09-10T23:08:25Z'>Offline Storage</delay>"
          "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:26Z'/></message>");
    REQUIRE(find_delay(message.root(), "capulet.com") != nullptr);
    CHECK(find_delay(message.root(), "capulet.com")->attr("stamp") == "2002-09-10T23:08:25Z");
    CHECK(find_delay(message.root(), "montague.net") == nullptr);
    add_delay(message.root(), "capulet.com", "2003-09-10T23:08:25Z");
    strip_delay(message.root(), "capulet.com");
    CHECK(xml::to_string(message.root()) ==
          "<message xmlns='jabber:client'>"
          "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:26Z'/></message>");
}
