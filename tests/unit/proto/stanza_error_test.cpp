#include "proto/stanza_error.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace ns = clarion::ns;
using namespace clarion;
using Condition = StanzaErrorCondition;
using Type = StanzaErrorType;

namespace {

StanzaError read(std::string_view error) {
    const std::string text = "<message type='error'>" + std::string(error) + "</message>";
    const auto document = xml::parse_element(text, ns::client);
    REQUIRE_FALSE(document.empty());
    return read_error(document.root());
}

}  // namespace

TEST_CASE("stanza errors: names and types of RFC 6120, 8.3.3") {
    CHECK(name(Condition::bad_request) == "bad-request");
    CHECK(default_type(Condition::bad_request) == Type::modify);
    CHECK(name(Condition::gone) == "gone");
    CHECK(default_type(Condition::not_authorized) == Type::auth);
    CHECK(default_type(Condition::recipient_unavailable) == Type::wait);
    CHECK(default_type(Condition::service_unavailable) == Type::cancel);
    CHECK(name(Condition::unexpected_request) == "unexpected-request");
    CHECK(name(Type::continue_) == "continue");
    for (int i = 0; i <= static_cast<int>(Condition::unexpected_request); ++i) {
        const auto condition = static_cast<Condition>(i);
        CHECK(parse_stanza_error_condition(name(condition)) == condition);
    }
    CHECK(to_stanza_error(fail("conflict", "taken")).condition == StanzaErrorCondition::conflict);
    CHECK(to_stanza_error(fail("conflict", "taken")).text == "taken");
    CHECK(to_stanza_error(fail("disk-broken")).condition ==
          StanzaErrorCondition::internal_server_error);
    CHECK_FALSE(parse_stanza_error_condition("nonsense").has_value());
    CHECK_FALSE(parse_stanza_error_condition("").has_value());
}

TEST_CASE("stanza errors: written and read again") {
    StanzaError error(Condition::feature_not_implemented, Type::modify, "Not <here>");
    error.app_ns = "http://jabber.org/protocol/pubsub#errors";
    error.app_name = "unsupported";
    xml::Document document("message", ns::client);
    add_error(document.root(), error);
    CHECK(xml::to_string(document.root()) ==
          "<message xmlns='jabber:client'><error type='modify'><feature-not-implemented "
          "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text "
          "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>Not &lt;here&gt;</text>"
          "<unsupported xmlns='http://jabber.org/protocol/pubsub#errors'/></error></message>");
    const StanzaError again = read_error(document.root());
    CHECK(again.condition == error.condition);
    CHECK(again.type == error.type);
    CHECK(again.text == error.text);
    CHECK(again.app_ns == error.app_ns);
    CHECK(again.app_name == error.app_name);
}

TEST_CASE("stanza errors: reading what others send") {
    const StanzaError none = read("<body/>");
    CHECK(none.condition == Condition::undefined_condition);
    CHECK(none.type == Type::cancel);
    CHECK(read("<error/>").condition == Condition::undefined_condition);
    const StanzaError unknown =
        read("<error type='wait'><newer xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
    CHECK(unknown.condition == Condition::undefined_condition);
    CHECK(unknown.type == Type::wait);
    const StanzaError untyped =
        read("<error type='odd'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
    CHECK(untyped.condition == Condition::conflict);
    CHECK(untyped.type == Type::cancel);
    const StanzaError gone = read(
        "<error type='cancel' by='x'><gone "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:a@b</gone>"
        "<first xmlns='urn:a'/><second xmlns='urn:b'/></error>");
    CHECK(gone.condition == Condition::gone);
    CHECK(gone.app_name == "first");
    CHECK(gone.app_ns == "urn:a");
}
