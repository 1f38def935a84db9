#include "proto/stanza_id.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"

using namespace clarion;

TEST_CASE("stanza id: added and found") {
    const Jid account = *Jid::parse("juliet@capulet.lit");
    xml::Document message("message", ns::client);
    CHECK(find_stanza_id(message.root(), account).empty());
    add_stanza_id(message.root(), "de305d54-75b4-431b-adb2-eb6b9e546013", account);
    CHECK(xml::to_string(message.root()) ==
          "<message xmlns='jabber:client'><stanza-id xmlns='urn:xmpp:sid:0' "
          "id='de305d54-75b4-431b-adb2-eb6b9e546013' by='juliet@capulet.lit'/></message>");
    CHECK(find_stanza_id(message.root(), account) == "de305d54-75b4-431b-adb2-eb6b9e546013");
    CHECK(find_stanza_id(message.root(), *Jid::parse("romeo@montague.lit")).empty());
}

TEST_CASE("stanza id: forged ones go, others stay") {
    const Jid account = *Jid::parse("juliet@capulet.lit");
    auto message = xml::parse_element(
        "<message xmlns='jabber:client'><stanza-id xmlns='urn:xmpp:sid:0' id='1' "
        "by='juliet@capulet.lit'/><stanza-id xmlns='urn:xmpp:sid:0' id='2' "
        "by='Juliet@CAPULET.lit.'/><body>x</body><stanza-id xmlns='urn:xmpp:sid:0' id='3' "
        "by='room@rooms.example'/><stanza-id xmlns='urn:xmpp:sid:0' id='4' "
        "by='juliet@capulet.lit'/><stanza-id xmlns='urn:xmpp:sid:0' id='5' by='@'/>"
        "<stanza-id xmlns='urn:xmpp:sid:0' id='6'/>"
        "<origin-id xmlns='urn:xmpp:sid:0' id='o'/></message>");
    CHECK(has_stanza_id(message.root(), account));
    CHECK(strip_stanza_id(message.root(), account));
    CHECK_FALSE(has_stanza_id(message.root(), account));
    CHECK_FALSE(strip_stanza_id(message.root(), account));
    CHECK(find_stanza_id(message.root(), *Jid::parse("room@rooms.example")) == "3");
    CHECK(find_origin_id(message.root()) == "o");
    CHECK(message.root().child_text(ns::client, "body") == "x");
    std::size_t left = 0;
    for (const xml::Element& child : message.root().children()) {
        left += child.name() == "stanza-id" ? 1 : 0;
    }
    CHECK(left == 3);
}
