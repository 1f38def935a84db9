#include "modules/private_xml/private_xml.h"

#include <doctest/doctest.h>

#include <string>

#include "modules/private_xml/document.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "tests/support/world.h"

namespace clarion::private_xml {
namespace {

using test::Client;
using test::World;

std::string iq(std::string_view type, std::string_view inside, std::string_view to = {}) {
    std::string text = "<iq type='" + std::string(type) + "' id='p'";
    if (!to.empty()) text += " to='" + std::string(to) + "'";
    return text + "><query xmlns='jabber:iq:private'>" + std::string(inside) + "</query></iq>";
}

/// What is in the answer's <query/>; of an error its condition; "" if there is nothing.
std::string outcome(const xml::Document& answer) {
    if (answer.root().attr("type") == "error")
        return std::string(name(read_error(answer.root()).condition));
    const xml::Element* query = answer.root().child(ns::private_, "query");
    return query ? xml::to_string(*query->first_child()) : "";
}

struct Verona {
    World world{{.modules = {{.name = "private_xml",
                              .install = install,
                              .declare_options = declare_options}},
                 .config = "[private_xml]\nmax_document_size = 100\nmax_documents = 3\n"
                           "max_bytes = 240\n"}};
    Client* romeo = nullptr;

    Verona() {
        world.add_account("romeo@example.org");
        world.add_account("juliet@example.net");
        romeo = &world.connect("romeo@example.org/orchard");
    }
    std::string set(std::string_view inside) { return outcome(romeo->ask(iq("set", inside))); }
    std::string get(std::string_view inside) { return outcome(romeo->ask(iq("get", inside))); }
};

TEST_CASE_FIXTURE(Verona, "what was set is given back, and what was not is empty") {
    CHECK(get("<a xmlns='urn:x'/>") == "<a xmlns='urn:x'/>");
    CHECK(set("<a xmlns='urn:x' b='1'><c>text &amp; more</c></a><d xmlns='urn:y'>e</d>") == "");
    CHECK(get("<a xmlns='urn:x'/>") == "<a xmlns='urn:x' b='1'><c>text &amp; more</c></a>");
    CHECK(get("<d xmlns='urn:y'/>") == "<d xmlns='urn:y'>e</d>");
    CHECK(get("<a xmlns='urn:y'/>") == "<a xmlns='urn:y'/>");
    CHECK(get("<c xmlns='urn:x'/>") == "<c xmlns='urn:x'/>");
    CHECK(set("<a xmlns='urn:x'>new</a>") == "");
    CHECK(get("<a xmlns='urn:x'/>") == "<a xmlns='urn:x'>new</a>");
}

TEST_CASE_FIXTURE(Verona, "it is there after a restart") {
    CHECK(set("<a xmlns='urn:x'>text</a>") == "");
    world.crash_and_restart();
    romeo = &world.connect("romeo@example.org/orchard");
    CHECK(get("<a xmlns='urn:x'/>") == "<a xmlns='urn:x'>text</a>");
}

TEST_CASE_FIXTURE(Verona, "a set is answered when it is committed, and what comes behind sees it") {
    world.storage().hold_commits();
    romeo->send_soon(iq("set", "<a xmlns='urn:x'>text</a>"));
    romeo->send_soon(
        "<iq type='get' id='g'><query xmlns='jabber:iq:private'>"
        "<a xmlns='urn:x'/></query></iq>");
    world.run_shards();
    CHECK(romeo->pending() == 0);
    world.storage().release_commits();
    world.settle();
    CHECK(outcome(romeo->pop()) == "");
    CHECK(outcome(romeo->pop()) == "<a xmlns='urn:x'>text</a>");
}

TEST_CASE_FIXTURE(Verona, "what could not be kept is refused") {
    world.storage().fail_next_batches(1, fail(error_code::resource_constraint, "no room"));
    CHECK(set("<a xmlns='urn:x'>text</a>") == "resource-constraint");
    CHECK(get("<a xmlns='urn:x'/>") == "<a xmlns='urn:x'/>");
}

TEST_CASE_FIXTURE(Verona, "what is no document is refused") {
    CHECK(set("") == "not-acceptable");
    CHECK(get("") == "not-acceptable");
    CHECK(set("<a/>") == "not-acceptable");
    CHECK(set("<a xmlns='urn:x'>text</a><a/>") == "not-acceptable");
    CHECK(set("<a xmlns=''/>") == "not-acceptable");
    CHECK(get("<a/>") == "not-acceptable");
    CHECK(get("<a xmlns='urn:x'/><b xmlns='urn:x'/>") == "bad-request");
    CHECK(get("<a xmlns='urn:x'/>") == "<a xmlns='urn:x'/>");  // nothing of the third was kept
}

TEST_CASE_FIXTURE(Verona, "documents are limited in size, number and sum") {
    const std::string text(70, 'a');
    CHECK(set("<a xmlns='urn:x'>" + std::string(100, 'a') + "</a>") == "policy-violation");
    SUBCASE("their number") {
        CHECK(set("<a xmlns='urn:x'>1</a><b xmlns='urn:x'>1</b>") == "");
        CHECK(set("<c xmlns='urn:x'>1</c><d xmlns='urn:x'>1</d>") == "resource-constraint");
        CHECK(get("<c xmlns='urn:x'/>") == "<c xmlns='urn:x'/>");
        CHECK(set("<c xmlns='urn:x'>1</c>") == "");
        CHECK(set("<d xmlns='urn:x'>1</d>") == "resource-constraint");
        CHECK(set("<c xmlns='urn:x'>2</c>") == "");
        CHECK(set("<c xmlns='urn:x'/><d xmlns='urn:x'>1</d>") == "");  // an empty one makes room
        CHECK(get("<d xmlns='urn:x'/>") == "<d xmlns='urn:x'>1</d>");
        CHECK(get("<c xmlns='urn:x'/>") == "<c xmlns='urn:x'/>");
        CHECK(set("<e xmlns='u'>1</e><f xmlns='u'>1</f><g xmlns='u'>1</g><h xmlns='u'>1</h>") ==
              "resource-constraint");
    }
    SUBCASE("their bytes") {
        CHECK(set("<a xmlns='urn:x'>" + text + "</a><b xmlns='urn:x'>" + text.substr(10) +
                  "</b>") == "");
        CHECK(set("<c xmlns='urn:x'>" + text + "</c>") == "resource-constraint");
        CHECK(set("<b xmlns='urn:x'>1</b>") == "");
        CHECK(set("<c xmlns='urn:x'>" + text + "</c>") == "");
    }
}

TEST_CASE_FIXTURE(Verona, "sets sent at once are counted together") {
    for (const char* name : {"a", "b", "c", "d"})
        romeo->send_soon("<iq type='set' id='s'><query xmlns='jabber:iq:private'><" +
                         std::string(name) + " xmlns='urn:x'>1</" + name + "></query></iq>");
    world.settle();
    for (int i = 0; i < 3; ++i) CHECK(outcome(romeo->pop()) == "");
    CHECK(outcome(romeo->pop()) == "resource-constraint");
}

TEST_CASE_FIXTURE(Verona, "others are refused, whether there is such an account or not") {
    CHECK(set("<a xmlns='urn:x'>text</a>") == "");
    Client& juliet = world.connect("juliet@example.net/balcony");
    world.befriend("romeo@example.org", "juliet@example.net");
    for (const char* to : {"romeo@example.org", "nobody@example.org"})
        for (const char* type : {"get", "set"})
            CHECK(outcome(juliet.ask(iq(type, "<a xmlns='urn:x'/>", to))) == "forbidden");
    CHECK(get("<a xmlns='urn:x'/>") == "<a xmlns='urn:x'>text</a>");
}

TEST_CASE("an entry says under which key it belongs") {
    const auto key = [](const char* xml) { return document_key(xml::parse_element(xml).root()); };
    CHECK(key("<a xmlns='urn:x'>1</a>") == "a urn:x");
    CHECK(key("<a xmlns='urn:x' b='2'/>") == "a urn:x");
    const std::string ns(300, 'n');
    const std::string document = "<a xmlns='" + ns + "'>1</a>";
    const std::string entry = encode_document(document);
    CHECK(key(document.c_str()).size() <= storage::max_data_key);
    constexpr auto kind = storage::DataKind::stored;
    CHECK(check_entry(kind, key(document.c_str()), entry).ok());
    CHECK_FALSE(check_entry(kind, "a urn:x", entry).ok());
    CHECK_FALSE(check_entry(kind, "a", encode_document("no XML")).ok());
    CHECK(encode_document("<a/>") == std::string("\x01\x04<a/>"));
    CHECK(decode_document(encode_document("<a/>")).value() == "<a/>");
    CHECK_FALSE(decode_document("").ok());
    CHECK_FALSE(decode_document("\x02\x04<a/>").ok());
    CHECK_FALSE(decode_document("\x01\x05<a/>").ok());
}

}  // namespace
}  // namespace clarion::private_xml
