#include "proto/hints.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"

using namespace clarion;

namespace {

Hints hints(std::string_view inside) {
    const std::string text = "<message>" + std::string(inside) + "</message>";
    return read_hints(xml::parse_element(text, ns::client).root());
}

}  // namespace

TEST_CASE("hints: each is seen, in its namespace only") {
    CHECK(hints("<no-store xmlns='urn:xmpp:hints'/>").no_store);
    CHECK(hints("<no-store xmlns='urn:xmpp:hints'/>").forbids_archive());
    CHECK(hints("<no-permanent-store xmlns='urn:xmpp:hints'/>").no_permanent_store);
    CHECK(hints("<no-permanent-store xmlns='urn:xmpp:hints'/>").forbids_archive());
    CHECK(hints("<no-copy xmlns='urn:xmpp:hints'/>").no_copy);
    CHECK_FALSE(hints("<no-copy xmlns='urn:xmpp:hints'/>").forbids_archive());
    CHECK(hints("<body>x</body><store xmlns='urn:xmpp:hints'/>").store);
    const Hints both = hints("<no-copy xmlns='urn:xmpp:hints'/><store xmlns='urn:xmpp:hints'/>");
    CHECK((both.no_copy && both.store));
    CHECK_FALSE(hints("<no-store/>").no_store);
    CHECK_FALSE(hints("<x xmlns='urn:x'><no-store xmlns='urn:xmpp:hints'/></x>").no_store);
}
