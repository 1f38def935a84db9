#include "modules/vcard/profile.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::vcard {
namespace {

xml::Document temp(std::string_view inside) {
    return xml::parse_element("<vCard xmlns='vcard-temp'>" + std::string(inside) + "</vCard>");
}
xml::Document vcard4(std::string_view inside) {
    return xml::parse_element("<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>" +
                              std::string(inside) + "</vcard>");
}
std::string children(const std::string& text) {
    const xml::Document document = xml::parse_element(text);
    if (document.empty()) return "nothing";
    std::string inside;
    for (const xml::Element& child : document.root().children())
        xml::write(inside, child, document.root().ns());
    return inside;
}

// ---- Setting

/// "what is kept | which of it is the node's | what the node shall hold"
std::string set(std::string_view inside, const Before& before, bool without_photo = false) {
    const Fields fields = fields_of(temp(inside).root(), before, without_photo);
    std::string text = children(fields.kept.xml) + " |";
    for (const auto index : fields.kept.from_node) text += ' ' + std::to_string(index);
    text += " | ";
    text += fields.vcard4 ? children(*fields.vcard4) : "as it is";
    return text + (fields.fields_in_node ? " | node" : "");
}

TEST_CASE("profile: a vCard that is set is a vCard4") {
    CHECK(set("<FN>a</FN><LABEL>b</LABEL>", {}) ==
          "<FN>a</FN><LABEL>b</LABEL> | | <fn><text>a</text></fn>");
    CHECK(set("<LABEL>b</LABEL>", {}) == "<LABEL>b</LABEL> | | as it is");
    CHECK(set("", {}) == "nothing | | as it is");
}

TEST_CASE("profile: the node keeps what vcard-temp has no word for, and how it was written") {
    const auto there = vcard4(
        "<fn><text>a</text></fn><gender><sex>M</sex></gender>"
        "<tel><parameters><pref><integer>2</integer></pref></parameters><uri>tel:1</uri></tel>");
    CHECK(set("<FN>b</FN><TEL><NUMBER>1</NUMBER></TEL>", {.vcard4 = &there.root()}) ==
          "<FN>b</FN><TEL><NUMBER>1</NUMBER></TEL> | 1 | <fn><text>b</text></fn>"
          "<tel><parameters><pref><integer>2</integer></pref></parameters><uri>tel:1</uri></tel>"
          "<gender><sex>M</sex></gender>");
    CHECK(set("", {.vcard4 = &there.root()}) == "nothing | | <gender><sex>M</sex></gender>");
    const auto fn = vcard4("<fn><text>a</text></fn>");
    CHECK(set("", {.vcard4 = &fn.root()}) == "nothing | | nothing");
}

TEST_CASE("profile: who gives back what the node says has written nothing") {
    const auto there = vcard4("<fn><text>a</text></fn><url><uri>b</uri></url>");
    const Before before{.vcard4 = &there.root(), .fields_in_node = true};
    CHECK(set("<URL>b</URL><FN>a</FN><LABEL>c</LABEL>", before) ==
          "<LABEL>c</LABEL> | | as it is | node");
    CHECK(set("<FN>a</FN>", before) == "<FN>a</FN> | 0 | <fn><text>a</text></fn>");
    CHECK(set("<FN>a</FN><FN>a</FN><URL>b</URL>", before) ==
          "<FN>a</FN><FN>a</FN><URL>b</URL> | 0 1 2 | "
          "<fn><text>a</text></fn><fn><text>a</text></fn><url><uri>b</uri></url>");
}

TEST_CASE("profile: what anybody was shown stays public") {
    const auto there = vcard4("<fn><text>a</text></fn><url><uri>b</uri></url>");
    const StoredVcard kept{.xml = "<vCard xmlns='vcard-temp'><FN>a</FN><URL>b</URL></vCard>",
                           .from_node = {1}};
    CHECK(set("<FN>a</FN><URL>b</URL><ROLE>c</ROLE>", {.kept = &kept, .vcard4 = &there.root()}) ==
          "<FN>a</FN><URL>b</URL><ROLE>c</ROLE> | 1 | "
          "<fn><text>a</text></fn><url><uri>b</uri></url><role><text>c</text></role>");
    // Unless the node was written since.
    CHECK(set("<FN>a</FN>", {.kept = &kept, .vcard4 = &there.root(), .fields_in_node = true}) ==
          "<FN>a</FN> | 0 | <fn><text>a</text></fn>");
}

TEST_CASE("profile: the photo of an avatar is not kept twice") {
    const std::string photo = "<PHOTO><BINVAL>AAAA</BINVAL></PHOTO>";
    CHECK(set("<LABEL>a</LABEL>" + photo, {}, true) == "<LABEL>a</LABEL> | | as it is");
    CHECK(set(photo, {}, false) == photo + " | | as it is");
    CHECK(set("<PHOTO><EXTVAL>x</EXTVAL></PHOTO>", {}, true) ==
          "<PHOTO><EXTVAL>x</EXTVAL></PHOTO> | | as it is");
}

// ---- Showing

const StoredVcard kept{
    .xml =
        "<vCard xmlns='vcard-temp' version='3.0'><FN>a</FN><URL>b</URL><LABEL>c</LABEL>"
        "<PHOTO><BINVAL>AAAA</BINVAL></PHOTO></vCard>",
    .from_node = {1}};
constexpr std::string_view picture = "<PHOTO><BINVAL>AAAA</BINVAL></PHOTO>";

TEST_CASE("profile: what a client had from the node is shown to who may read it") {
    CHECK(children(shown_vcard(&kept, {}, {})) ==
          "<FN>a</FN><LABEL>c</LABEL>" + std::string(picture));
    CHECK(children(shown_vcard(&kept, {}, {.may_read_node = true})) ==
          "<FN>a</FN><URL>b</URL><LABEL>c</LABEL>" + std::string(picture));
    CHECK(shown_vcard(&kept, {}, {}).find("version='3.0'") != std::string::npos);
}

TEST_CASE("profile: a vCard without any of that is shown as it is kept") {
    const StoredVcard own{.xml = "<vCard xmlns='vcard-temp'> <FN>a</FN> </vCard>"};
    CHECK(shown_vcard(&own, {}, {}) == own.xml);
    CHECK(shown_vcard(nullptr, {}, {}) == "");
}

TEST_CASE("profile: fields of a node that was written last") {
    const Standing node{.fields_in_node = true};
    const auto there = vcard4("<fn><text>d</text></fn><gender/>");
    CHECK(children(shown_vcard(&kept, node, {.may_read_node = true, .vcard4 = &there.root()})) ==
          "<LABEL>c</LABEL>" + std::string(picture) + "<FN>d</FN>");
    CHECK(children(shown_vcard(&kept, node, {})) == "<LABEL>c</LABEL>" + std::string(picture));
    CHECK(children(shown_vcard(nullptr, node, {.may_read_node = true, .vcard4 = &there.root()})) ==
          "<FN>d</FN>");
    CHECK(shown_vcard(nullptr, node, {}) == "");
}

TEST_CASE("profile: of a large vCard4 the first properties are converted, and the others stay") {
    const Standing node{.fields_in_node = true};
    const auto there = vcard4("<fn><text>a</text></fn><url><uri>b</uri></url>");
    const Readable readable{.may_read_node = true, .vcard4 = &there.root(), .most_properties = 1};
    CHECK(children(shown_vcard(nullptr, node, readable)) == "<FN>a</FN>");
    CHECK(set("<FN>c</FN>", {.vcard4 = &there.root(), .most_properties = 1}) ==
          "<FN>c</FN> | | <fn><text>c</text></fn><url><uri>b</uri></url>");
}

TEST_CASE("profile: an avatar that was published last") {
    const Standing node{.photo_in_node = true};
    const Photo avatar{.image = "x", .type = "image/png", .hash = {}};
    CHECK(children(shown_vcard(&kept, node, {.avatar = &avatar})) ==
          "<FN>a</FN><LABEL>c</LABEL><PHOTO><TYPE>image/png</TYPE><BINVAL>eA==</BINVAL></PHOTO>");
    CHECK(children(shown_vcard(&kept, node, {})) == "<FN>a</FN><LABEL>c</LABEL>");
    const StoredVcard link{
        .xml = "<vCard xmlns='vcard-temp'><PHOTO><EXTVAL>x</EXTVAL></PHOTO></vCard>"};
    CHECK(children(shown_vcard(&link, node, {})) == "<PHOTO><EXTVAL>x</EXTVAL></PHOTO>");
}

}  // namespace
}  // namespace clarion::vcard
