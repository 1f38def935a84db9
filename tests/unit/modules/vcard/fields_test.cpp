#include "modules/vcard/fields.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::vcard {
namespace {

/// What the field of vcard-temp is in vCard4, without its xmlns; "": nothing.
std::string to_vcard4(std::string_view field) {
    const xml::Document document = xml::parse_element(field, ns::vcard);
    REQUIRE(!document.empty());
    xml::Document vcard4("vcard", ns::vcard4);
    std::string text;
    if (add_vcard4(document.root(), vcard4.root()))
        xml::write(text, *vcard4.root().first_child(), ns::vcard4);
    CHECK(vcard4.root().has_children() == !text.empty());
    return text;
}

std::string to_temp(std::string_view property) {
    const xml::Document document = xml::parse_element(property, ns::vcard4);
    REQUIRE(!document.empty());
    xml::Document vcard("vCard", ns::vcard);
    std::string text;
    if (add_temp(document.root(), vcard.root()))
        xml::write(text, *vcard.root().first_child(), ns::vcard);
    CHECK(vcard.root().has_children() == !text.empty());
    return text;
}

TEST_CASE("fields: what is the same in both") {
    struct Pair {
        std::string_view temp, vcard4;
    };
    constexpr Pair pairs[] = {
        {"<FN>Peter Saint-Andre</FN>", "<fn><text>Peter Saint-Andre</text></fn>"},
        {"<N><FAMILY>Saint-Andre</FAMILY><GIVEN>Peter</GIVEN></N>",
         "<n><surname>Saint-Andre</surname><given>Peter</given><additional/><prefix/><suffix/></"
         "n>"},
        {"<N><MIDDLE>a</MIDDLE><PREFIX>b</PREFIX><SUFFIX>c</SUFFIX></N>",
         "<n><surname/><given/><additional>a</additional><prefix>b</prefix><suffix>c</suffix></n>"},
        {"<NICKNAME>stpeter</NICKNAME>", "<nickname><text>stpeter</text></nickname>"},
        {"<BDAY>1966-08-06</BDAY>", "<bday><date>1966-08-06</date></bday>"},
        {"<BDAY>1966-08-06T12:00:00Z</BDAY>",
         "<bday><date-time>1966-08-06T12:00:00Z</date-time></bday>"},
        {"<BDAY>in summer</BDAY>", "<bday><text>in summer</text></bday>"},
        {"<ADR><WORK/><PREF/><EXTADD>Suite 600</EXTADD><STREET>1899 Wynkoop Street</STREET>"
         "<LOCALITY>Denver</LOCALITY><REGION>CO</REGION><PCODE>80202</PCODE><CTRY>USA</CTRY></ADR>",
         "<adr><parameters><type><text>work</text></type><pref><integer>1</integer></pref>"
         "</parameters><pobox/><ext>Suite 600</ext><street>1899 Wynkoop Street</street>"
         "<locality>Denver</locality><region>CO</region><code>80202</code>"
         "<country>USA</country></adr>"},
        {"<TEL><HOME/><VOICE/><NUMBER>+1-303-555-1212</NUMBER></TEL>",
         "<tel><parameters><type><text>home</text><text>voice</text></type></parameters>"
         "<uri>tel:+1-303-555-1212</uri></tel>"},
        {"<TEL><CELL/><PREF/><NUMBER>0303 555 1212</NUMBER></TEL>",
         "<tel><parameters><type><text>cell</text></type><pref><integer>1</integer></pref>"
         "</parameters><text>0303 555 1212</text></tel>"},
        {"<EMAIL><HOME/><INTERNET/><USERID>stpeter@jabber.org</USERID></EMAIL>",
         "<email><parameters><type><text>home</text></type></parameters>"
         "<text>stpeter@jabber.org</text></email>"},
        {"<JABBERID>stpeter@jabber.org</JABBERID>",
         "<impp><uri>xmpp:stpeter@jabber.org</uri></impp>"},
        {"<TZ>America/Denver</TZ>", "<tz><text>America/Denver</text></tz>"},
        {"<GEO><LAT>39.59</LAT><LON>-105.01</LON></GEO>",
         "<geo><uri>geo:39.59,-105.01</uri></geo>"},
        {"<TITLE>Executive Director</TITLE>", "<title><text>Executive Director</text></title>"},
        {"<ROLE>Patron Saint</ROLE>", "<role><text>Patron Saint</text></role>"},
        {"<LOGO><TYPE>image/jpeg</TYPE><BINVAL>AAAA</BINVAL></LOGO>",
         "<logo><uri>data:image/jpeg;base64,AAAA</uri></logo>"},
        {"<LOGO><EXTVAL>https://example.org/l.png</EXTVAL></LOGO>",
         "<logo><uri>https://example.org/l.png</uri></logo>"},
        {"<ORG><ORGNAME>XSF</ORGNAME><ORGUNIT>Council</ORGUNIT><ORGUNIT>Board</ORGUNIT></ORG>",
         "<org><text>XSF</text><text>Council</text><text>Board</text></org>"},
        {"<ORG><ORGUNIT>Council</ORGUNIT></ORG>", "<org><text/><text>Council</text></org>"},
        {"<CATEGORIES><KEYWORD>a</KEYWORD><KEYWORD>b</KEYWORD></CATEGORIES>",
         "<categories><text>a</text><text>b</text></categories>"},
        {"<DESC>a &lt; b</DESC>", "<note><text>a &lt; b</text></note>"},
        {"<PRODID>x</PRODID>", "<prodid><text>x</text></prodid>"},
        {"<REV>20260101T000000Z</REV>", "<rev><timestamp>20260101T000000Z</timestamp></rev>"},
        {"<SOUND><TYPE>audio/ogg</TYPE><BINVAL>AAAA</BINVAL></SOUND>",
         "<sound><uri>data:audio/ogg;base64,AAAA</uri></sound>"},
        {"<UID>urn:uuid:1</UID>", "<uid><uri>urn:uuid:1</uri></uid>"},
        {"<URL>https://stpeter.im/</URL>", "<url><uri>https://stpeter.im/</uri></url>"},
        {"<KEY><CRED>-----BEGIN</CRED></KEY>", "<key><text>-----BEGIN</text></key>"},
    };
    for (const Pair& pair : pairs) {
        CAPTURE(pair.temp);
        CHECK(to_vcard4(pair.temp) == pair.vcard4);
        CHECK(to_temp(pair.vcard4) == pair.temp);
    }
}

TEST_CASE("fields: what vcard-temp writes in several ways") {
    CHECK(to_vcard4("<NOTE>x</NOTE>") == "<note><text>x</text></note>");
    CHECK(to_vcard4("<TEL><BBS/><NUMBER>1</NUMBER></TEL>") == "<tel><uri>tel:1</uri></tel>");
    CHECK(to_vcard4("<EMAIL><USERID> a@b </USERID></EMAIL>") == "<email><text>a@b</text></email>");
    CHECK(to_vcard4("<LOGO><BINVAL>AAAA</BINVAL></LOGO>") ==
          "<logo><uri>data:image/png;base64,AAAA</uri></logo>");
}

TEST_CASE("fields: what vCard4 writes in several ways") {
    CHECK(to_temp("<tel><text>tel:1</text></tel>") == "<TEL><NUMBER>tel:1</NUMBER></TEL>");
    CHECK(to_temp("<tel><parameters><pref>1</pref></parameters><uri>TEL:1</uri></tel>") ==
          "<TEL><PREF/><NUMBER>1</NUMBER></TEL>");
    CHECK(to_temp("<tel><parameters><pref><integer>2</integer></pref></parameters>"
                  "<uri>tel:1</uri></tel>") == "<TEL><NUMBER>1</NUMBER></TEL>");
    CHECK(to_temp("<n><given>Jean</given><given>Luc</given></n>") ==
          "<N><GIVEN>Jean,Luc</GIVEN></N>");
    CHECK(to_temp("<geo><uri>geo:1,2,3;u=4</uri></geo>") == "<GEO><LAT>1</LAT><LON>2</LON></GEO>");
    CHECK(to_temp("<logo><uri>data:image/png;base64,</uri></logo>") ==
          "<LOGO><EXTVAL>data:image/png;base64,</EXTVAL></LOGO>");
}

TEST_CASE("fields: what is nothing in vCard4") {
    for (const char* field :
         {"<FN/>", "<N/>", "<N><GIVEN> </GIVEN></N>", "<ADR><HOME/></ADR>",
          "<TEL><HOME/><NUMBER/></TEL>", "<EMAIL><HOME/></EMAIL>", "<JABBERID/>", "<ORG/>",
          "<GEO><LAT>1</LAT></GEO>", "<GEO><LAT>1,2</LAT><LON>3</LON></GEO>", "<CATEGORIES/>",
          "<LOGO/>", "<PHOTO><EXTVAL>x</EXTVAL></PHOTO>", "<LABEL><LINE>x</LINE></LABEL>",
          "<MAILER>x</MAILER>", "<CLASS><PUBLIC/></CLASS>", "<SORT-STRING>x</SORT-STRING>",
          "<SOUND><PHONETIC>x</PHONETIC></SOUND>", "<FN xmlns='urn:x'>x</FN>"})
        CHECK(to_vcard4(field) == "");
}

TEST_CASE("fields: what is nothing in vcard-temp") {
    for (const char* property :
         {"<fn/>", "<fn><text/></fn>", "<n/>", "<adr><street/></adr>", "<tel/>",
          "<impp><uri>sip:a@b</uri></impp>", "<impp><text>xmpp:a@b</text></impp>",
          "<gender><sex>M</sex></gender>", "<lang><language-tag>en</language-tag></lang>",
          "<kind><text>individual</text></kind>",
          "<photo><uri>data:image/png;base64,AA</uri></photo>",
          "<key><uri>https://example.org/k</uri></key>", "<geo><uri>geo:1</uri></geo>", "<org/>",
          "<fn xmlns='urn:x'><text>x</text></fn>"})
        CHECK(to_temp(property) == "");
}

TEST_CASE("fields: the same is the same, however it is written") {
    const auto key = [](std::string_view field) {
        return key_of_field(xml::parse_element(field, ns::vcard).root());
    };
    const auto property = [](std::string_view text) {
        return key_of_property(xml::parse_element(text, ns::vcard4).root());
    };
    CHECK(key("<TEL><HOME/><VOICE/><NUMBER>1</NUMBER></TEL>") ==
          key("<TEL>\n <NUMBER> 1 </NUMBER><VOICE/><HOME/></TEL>"));
    CHECK(key("<TEL><HOME/><NUMBER>1</NUMBER></TEL>") !=
          key("<TEL><WORK/><NUMBER>1</NUMBER></TEL>"));
    CHECK(property("<tel><parameters><type><text>HOME</text></type><pref><integer>3</integer>"
                   "</pref></parameters><uri>tel:1</uri></tel>") ==
          key("<TEL><HOME/><NUMBER>1</NUMBER></TEL>"));
    CHECK(key("<LABEL>x</LABEL>") == "");
    CHECK(property("<gender/>") == "");
}

}  // namespace
}  // namespace clarion::vcard
