#include "proto/delay.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"

using namespace clarion;

TEST_CASE("delay: stated and found") {
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
}

TEST_CASE("delay: ours stands beside those of others, and the first of ours counts") {
    xml::Document message("message", ns::client);
    add_delay(message.root(), "rooms.example", "2002-09-10T23:08:24Z");
    state_delay(message.root(), "capulet.com", "2002-09-10T23:08:25Z");
    state_delay(message.root(), "capulet.com", "2002-09-10T23:59:59Z");
    CHECK(xml::to_string(message.root()) ==
          "<message xmlns='jabber:client'>"
          "<delay xmlns='urn:xmpp:delay' from='rooms.example' stamp='2002-09-10T23:08:24Z'/>"
          "<delay xmlns='urn:xmpp:delay' from='capulet.com' stamp='2002-09-10T23:08:25Z'/>"
          "</message>");
}

namespace {

/// Whether a delay by `from` survives in what `sender` sent; ours are capulet.com and
/// rooms.capulet.com.
bool survives(const std::string& sender, const std::string& from, const char* name = "delay",
              std::string_view space = ns::delay) {
    xml::Document message("message", ns::client);
    message.root().add(name, space).set_attr("from", from).set_attr("stamp", "x");
    strip_forged_delays(message.root(), Jid::trusted(sender), [](std::string_view domain) {
        return domain == "capulet.com" || domain == "rooms.capulet.com";
    });
    return has_delay(message.root());
}

}  // namespace

TEST_CASE("delay: nobody speaks for us") {
    for (const char* sender :
         {"romeo@capulet.com/orchard", "romeo@montague.net/orchard", "montague.net"}) {
        for (const char* forged : {"capulet.com", "CAPULET.com", "capulet.com/Offline",
                                   "rooms.capulet.com", "balcony@rooms.capulet.com/nurse",
                                   "juliet@capulet.com", "juliet@capulet.com/chamber"})
            CHECK_FALSE(survives(sender, forged));
        CHECK_FALSE(survives(sender, "capulet.com", "x", ns::delay_legacy));
    }
}

TEST_CASE("delay: who speaks for itself, or for others than us, stays") {
    CHECK(survives("romeo@capulet.com/orchard", "romeo@capulet.com/orchard"));
    CHECK(survives("romeo@capulet.com/orchard", "romeo@capulet.com"));
    CHECK(survives("balcony@rooms.montague.net/x", "balcony@rooms.montague.net"));
    CHECK(survives("balcony@rooms.montague.net/x", "rooms.montague.net"));
    CHECK(survives("romeo@montague.net", ""));
    CHECK(survives("romeo@montague.net", "no@address@at all"));
}

TEST_CASE("delay: only the forged ones go") {
    xml::Document message("message", ns::client);
    add_delay(message.root(), "capulet.com", "1");
    add_delay(message.root(), "montague.net", "2");
    add_delay(message.root(), "capulet.com", "3");
    message.root().add_text_child("body", "x");
    strip_forged_delays(message.root(), Jid::trusted("romeo@montague.net"),
                        [](std::string_view domain) { return domain == "capulet.com"; });
    CHECK(xml::to_string(message.root()) ==
          "<message xmlns='jabber:client'><delay xmlns='urn:xmpp:delay' from='montague.net' "
          "stamp='2'/><body>x</body></message>");
}
