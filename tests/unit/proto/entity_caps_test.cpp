#include "proto/entity_caps.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "proto/stanza.h"

using namespace clarion;

namespace {

Result<std::string> text(const std::string& children) {
    const auto query = xml::parse_element("<query xmlns='http://jabber.org/protocol/disco#info'>" +
                                              children + "</query>",
                                          ns::client);
    return caps_text(query.root());
}

std::optional<CapsTag> tag(const std::string& children) {
    auto presence = Stanza::from_document(
        xml::parse_element("<presence from='a@b/c'>" + children + "</presence>", ns::client));
    return caps_of(**presence);
}

std::string c(std::string_view attributes) {
    return "<c xmlns='http://jabber.org/protocol/caps' " + std::string(attributes) + "/>";
}

std::string form(const std::string& fields) {
    return "<x xmlns='jabber:x:data' type='result'>" + fields + "</x>";
}
std::string type(std::string_view values, std::string_view kind = "hidden") {
    return "<field var='FORM_TYPE' type='" + std::string(kind) + "'>" + std::string(values) +
           "</field>";
}

const std::string exodus =
    "<identity category='client' name='Exodus 0.9.1' type='pc'/>"
    "<feature var='http://jabber.org/protocol/disco#items'/>"
    "<feature var='http://jabber.org/protocol/caps'/>"
    "<feature var='http://jabber.org/protocol/muc'/>"
    "<feature var='http://jabber.org/protocol/disco#info'/>";

const std::string psi =
    "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>"
    "<identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>"
    "<feature var='http://jabber.org/protocol/caps'/>"
    "<feature var='http://jabber.org/protocol/disco#info'/>"
    "<feature var='http://jabber.org/protocol/disco#items'/>"
    "<feature var='http://jabber.org/protocol/muc'/>"
    "<x xmlns='jabber:x:data' type='result'>"
    "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>"
    "<field var='os'><value>Mac</value></field>"
    "<field var='ip_version' type='text-multi'><value>ipv6</value><value>ipv4</value></field>"
    "<field var='software_version'><value>0.11</value></field>"
    "<field var='os_version'><value>10.5.1</value></field>"
    "<field var='software'><value>Psi</value></field></x>";

}  // namespace

TEST_CASE("hashes are those of the examples, whatever the order") {
    CHECK(caps_ver("sha-1", *text(exodus)) == "QgayPKawpkPSDYmwT/WM94uAlu0=");
    CHECK(caps_ver("sha-1", *text(psi)) == "q07IKJEyjvHSyhy//CH0CxmKi8w=");
    CHECK(caps_ver("sha-256", *text("")) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    CHECK_FALSE(caps_ver("md5", *text(exodus)));
    CHECK_FALSE(caps_ver("", *text(exodus)));
}

TEST_CASE("what the server says of itself is hashed like what others say") {
    DiscoInfo info;
    info.add_feature("http://jabber.org/protocol/muc")
        .add_feature("http://jabber.org/protocol/caps")
        .add_feature("http://jabber.org/protocol/caps")
        .add_feature("http://jabber.org/protocol/disco#info")
        .add_feature("http://jabber.org/protocol/disco#items")
        .add_identity("client", "pc", "Exodus 0.9.1");
    CHECK(caps_text(info) == *text(exodus));
}

TEST_CASE("ill-formed answers are refused (XEP-0115, 5.4)") {
    const std::string one = "<identity category='client' type='pc' name='a'/>";
    CHECK(text(one + "<identity category='client' type='pc' name='b'/>").ok());
    CHECK_FALSE(text(one + one).ok());
    CHECK_FALSE(text("<identity category='client'/>").ok());
    CHECK_FALSE(text("<feature var='a'/><feature var='b'/><feature var='a'/>").ok());
    const std::string a = "<value>a</value>", b = "<value>b</value>";
    CHECK(text(form(type(a)) + form(type(b))).ok());
    CHECK_FALSE(text(form(type(a)) + form(type(a))).ok());
    CHECK_FALSE(text(form(type(a + b))).ok());
    CHECK(text(form(type(a + a))).ok());
    const auto other = xml::parse_element("<query xmlns='jabber:iq:version'/>", ns::client);
    CHECK_FALSE(caps_text(other.root()).ok());
}

TEST_CASE("forms without a hidden FORM_TYPE do not count") {
    const std::string field = "<field var='x'><value>y</value></field>";
    CHECK(*text(form(field)) == "");
    CHECK(*text(form(type("<value>t</value>", "text-single") + field)) == "");
    CHECK(*text(form(type("") + field)) == "");
    CHECK(*text(form(type("<value>t</value>") + field)) == "t<x<y<");
}

TEST_CASE("features are what stands between two signs") {
    const Capabilities can(*text(psi + "<feature var='urn:x+notify'/>"));
    CHECK(can.has("http://jabber.org/protocol/muc"));
    CHECK(can.has("urn:x+notify"));
    CHECK(can.notifies("urn:x"));
    for (const char* none : {"", "muc", "http://jabber.org/protocol/mu", "protocol/muc", "urn:x",
                             "rn:x+notify", "urn:x+notif"})
        CHECK_FALSE(can.has(none));
    for (const char* none : {"", "rn:x", "urn:", "urn:x+notify", "http://jabber.org/protocol/muc"})
        CHECK_FALSE(can.notifies(none));
    CHECK_FALSE(Capabilities("").has("a"));
    CHECK(Capabilities("a<b<").has("a"));
    CHECK(Capabilities("a<b<").has("b"));
    CHECK(Capabilities("a+b<a<").has("a"));
    CHECK_FALSE(Capabilities("a<b").has("b"));
}

TEST_CASE("who divides the same text otherwise hides nothing and gains nothing") {
    const auto honest = text("<feature var='a'/><feature var='b+notify'/><feature var='c'/>");
    const auto forged =
        text("<feature var='a'/>" + form(type("<value>b+notify</value>") + "<field var='c'/>"));
    REQUIRE(*honest == *forged);
    CHECK(Capabilities(*forged).notifies("b"));
}

TEST_CASE("what presence says is read if it can be meant") {
    const std::string ver = "ver='QgayPKawpkPSDYmwT/WM94uAlu0='";
    const auto found = tag("<show>away</show>" + c("hash='sha-1' node='http://n' " + ver));
    REQUIRE(found);
    CHECK(*found == CapsTag{"sha-1", "http://n", "QgayPKawpkPSDYmwT/WM94uAlu0="});
    CHECK(found->query_node() == "http://n#QgayPKawpkPSDYmwT/WM94uAlu0=");
    CHECK(found->can_verify());
    CHECK_FALSE(tag(c("node='http://n' ver='0.9'"))->can_verify());
    CHECK_FALSE(tag(c("hash='sha-512' node='http://n' ver='abc'"))->can_verify());
    CHECK_FALSE(tag(""));
    CHECK_FALSE(tag(c("hash='sha-1' " + ver)));
    CHECK_FALSE(tag(c("hash='sha-1' node='n'")));
    CHECK_FALSE(tag(c("hash='sha-1' node='n' ver='0.9'")));
    CHECK_FALSE(tag(c("hash='sha-256' node='n' " + ver)));
    CHECK_FALSE(tag(c("node='" + std::string(1024, 'n') + "' ver='1'")));
    CHECK_FALSE(tag("<c xmlns='other' hash='sha-1' node='n' " + ver + "/>"));
}
