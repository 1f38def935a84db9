#include "proto/disco_info.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "proto/ns.h"
#include "proto/xml_writer.h"

using namespace clarion;

TEST_CASE("disco info: written sorted, each once") {
    DiscoInfo info;
    info.add_identity("server", "im", "Clarion").add_identity("pubsub", "pep");
    info.add_identity("server", "im", "Clarion");
    info.add_feature("urn:xmpp:ping").add_feature("jabber:iq:version").add_feature("urn:xmpp:ping");
    info.forms.push_back(DataForm::make("result", "http://jabber.org/network/serverinfo"));
    xml::Document query("query", ns::disco_info);
    info.append_to(query.root());
    CHECK(xml::to_string(query.root()) ==
          "<query xmlns='http://jabber.org/protocol/disco#info'>"
          "<identity category='pubsub' type='pep'/>"
          "<identity category='server' type='im' name='Clarion'/>"
          "<feature var='jabber:iq:version'/><feature var='urn:xmpp:ping'/>"
          "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>"
          "<value>http://jabber.org/network/serverinfo</value></field></x></query>");
    CHECK(info.has_feature("urn:xmpp:ping"));
    CHECK_FALSE(info.has_feature("urn:xmpp:mam:2"));
}

TEST_CASE("disco info: read again") {
    const std::string text =
        "<query xmlns='http://jabber.org/protocol/disco#info'>"
        "<identity category='client' type='phone' name='Handy' xml:lang='de'/>"
        "<feature var='a'/><feature var='b'/><x xmlns='jabber:x:data' type='result'>"
        "<field var='FORM_TYPE'><value>f</value></field></x></query>";
    const auto info = DiscoInfo::from_element(xml::parse_element(text).root());
    REQUIRE(info.ok());
    REQUIRE(info->identities.size() == 1);
    CHECK(info->identities[0].lang == "de");
    CHECK(info->features.size() == 2);
    REQUIRE(info->forms.size() == 1);
    CHECK(info->forms[0].form_type() == "f");
    xml::Document query("query", ns::disco_info);
    info->append_to(query.root());
    CHECK(xml::to_string(query.root()) == text);
}

TEST_CASE("disco info: what is none") {
    const auto code = [](std::string_view text) {
        const auto info = DiscoInfo::from_element(xml::parse_element(text, ns::disco_info).root());
        return info.ok() ? "ok" : info.error().code;
    };
    CHECK(code("<query/>") == "ok");
    CHECK(code("<query xmlns='urn:x'/>") == "bad-request");
    CHECK(code("<query><identity category='a'/></query>") == "bad-request");
    CHECK(code("<query><identity type='a'/></query>") == "bad-request");
}
