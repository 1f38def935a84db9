#include "proto/bookmarks.h"

#include <doctest/doctest.h>

#include "proto/xml_writer.h"

namespace clarion::bookmarks {
namespace {

/// A <conference/> of the node.
xml::Document item(std::string_view inside, std::string_view attributes = "") {
    return xml::parse_element("<conference xmlns='urn:xmpp:bookmarks:1' " +
                              std::string(attributes) + ">" + std::string(inside) +
                              "</conference>");
}
/// One of a list.
xml::Document old(std::string_view inside, std::string_view attributes = "") {
    return xml::parse_element("<conference xmlns='storage:bookmarks' jid='a@b' " +
                              std::string(attributes) + ">" + std::string(inside) +
                              "</conference>");
}
std::string listed(const xml::Document& payload) {
    xml::Document storage("storage", "storage:bookmarks");
    add_to_list(storage.root(), "a@b", payload.root());
    return xml::to_string(*storage.root().first_child());
}
std::string made(const xml::Document& conference, const xml::Document& kept = {}) {
    return xml::to_string(to_item(conference.root(), kept.empty() ? nullptr : &kept.root()).root());
}
bool alike(const xml::Document& a, const xml::Document& b) { return same(a.root(), b.root()); }

TEST_CASE("bookmarks: an item is read") {
    const auto full = read_item(
        "Coven@Chat.Example",
        item("<nick>JC</nick><password>p</password>", "name='The Play' autojoin='1'").root());
    REQUIRE(full);
    CHECK(full->room.full() == "coven@chat.example");
    CHECK(full->name == "The Play");
    CHECK(full->nick == "JC");
    CHECK(full->password == "p");
    CHECK(full->autojoin);
    const auto least = read_item("a@b", item("").root());
    REQUIRE(least);
    CHECK(least->name.empty());
    CHECK(least->nick.empty());
    CHECK(!least->autojoin);
    CHECK(read_item("a@b", item("", "autojoin='true'").root())->autojoin);
    CHECK(!read_item("a@b", item("", "autojoin='false'").root())->autojoin);
    CHECK(!read_item("a@b", item("", "autojoin='TRUE'").root())->autojoin);
}

TEST_CASE("bookmarks: what is no bookmark is none") {
    CHECK(!read_item("", item("").root()));
    CHECK(!read_item("a b@c", item("").root()));
    CHECK(!read_item("a@b", old("").root()));
    CHECK(!read_item("a@b", xml::parse_element("<x xmlns='urn:xmpp:bookmarks:1'/>").root()));
}

TEST_CASE("bookmarks: a list is read, of one address the first") {
    const auto storage = xml::parse_element(
        "<storage xmlns='storage:bookmarks'><conference jid='A@b' name='1'/><url url='u'/>"
        "<conference jid='a@B' name='2'/><conference/><conference jid='@'/>"
        "<conference xmlns='other' jid='c@d'/><conference jid='c@d/r'/></storage>");
    REQUIRE(is_list(storage.root()));
    const OldList list = read_list(storage.root());
    REQUIRE(list.rooms.size() == 2);
    CHECK(list.rooms[0].jid == "a@b");
    CHECK(list.rooms[0].conference->attr("name") == "1");
    CHECK(list.rooms[1].jid == "c@d/r");
    REQUIRE(list.others.size() == 2);
    CHECK(list.others[0]->name() == "url");
    CHECK(list.others[1]->ns() == "other");
    CHECK(list.malformed == 2);
}

TEST_CASE("bookmarks: an item in a list") {
    CHECK(listed(item("")) == "<conference xmlns='storage:bookmarks' jid='a@b'/>");
    CHECK(listed(item("<nick>J &amp; C</nick><password>p</password>",
                      "name='N' autojoin='1' xml:lang='de'")) ==
          "<conference xmlns='storage:bookmarks' name='N' autojoin='1' xml:lang='de' jid='a@b'>"
          "<nick>J &amp; C</nick><password>p</password></conference>");
}

TEST_CASE("bookmarks: extensions are not shown, and all else is, in the namespace of the list") {
    CHECK(listed(item("<extensions><p xmlns='x'/></extensions><mine><part/></mine>"
                      "<y xmlns='y'><nick xmlns='urn:xmpp:bookmarks:1'/></y>",
                      "jid='wrong@c' colour='red'")) ==
          "<conference xmlns='storage:bookmarks' jid='a@b' colour='red'><mine><part/></mine>"
          "<y xmlns='y'><nick xmlns='urn:xmpp:bookmarks:1'/></y></conference>");
}

TEST_CASE("bookmarks: what a list says as an item") {
    CHECK(made(old("<nick xml:lang='de'>JC</nick><password>p</password><mine/><y xmlns='y'/>",
                   "name='N' autojoin='true' xml:lang='fr' colour='red'")) ==
          "<conference xmlns='urn:xmpp:bookmarks:1' name='N' autojoin='true' xml:lang='fr' "
          "colour='red'><nick xml:lang='de'>JC</nick><password>p</password><mine/>"
          "<y xmlns='y'/></conference>");
    CHECK(made(old("")) == "<conference xmlns='urn:xmpp:bookmarks:1'/>");
}

TEST_CASE("bookmarks: a list has the last word about what it knows, and none about the rest") {
    const auto kept = item(
        "<nick>A</nick><password>p</password>"
        "<extensions><pinned xmlns='urn:xmpp:bookmarks-pinning:0'/></extensions>"
        "<mine>1</mine><yours/>",
        "name='N' autojoin='1' colour='red' size='1' xml:lang='de'");
    CHECK(made(old("<nick>B</nick><mine>2</mine>", "colour='blue'"), kept) ==
          "<conference xmlns='urn:xmpp:bookmarks:1' colour='blue' size='1' xml:lang='de'>"
          "<nick>B</nick>"
          "<extensions><pinned xmlns='urn:xmpp:bookmarks-pinning:0'/></extensions><yours/>"
          "<mine>2</mine></conference>");
    CHECK(made(old("<extensions><x xmlns='x'/></extensions>"), kept).find("<x ") ==
          std::string::npos);
    CHECK(made(old("<extensions><x xmlns='x'/></extensions>")) ==
          "<conference xmlns='urn:xmpp:bookmarks:1'><extensions><x xmlns='x'/></extensions>"
          "</conference>");
    CHECK(made(old("<nick>1</nick><nick>2</nick>")) ==
          "<conference xmlns='urn:xmpp:bookmarks:1'><nick>1</nick></conference>");
}

TEST_CASE("bookmarks: what goes there and back is the same") {
    const auto kept = item("<nick>A</nick><extensions><z xmlns='z'/></extensions><mine a='1'/>",
                           "name='N' autojoin='1'");
    xml::Document storage("storage", "storage:bookmarks");
    add_to_list(storage.root(), "a@b", kept.root());
    const auto back = to_item(*storage.root().first_child(), &kept.root());
    CHECK(same(back.root(), kept.root()));
}

TEST_CASE("bookmarks: saying the same in other words") {
    CHECK(alike(item("<nick>A</nick><password>p</password>", "name='N' autojoin='1'"),
                item("\n <password>p</password> <nick>A</nick>", "autojoin='true' name='N'")));
    CHECK(alike(item("<nick/>", "autojoin='0' name=''"), item("")));
    CHECK(alike(item("<x xmlns='x' b='2' a='1'> <y/> </x>"),
                item("<p:x xmlns:p='x' a='1' b='2'><p:y/></p:x>")));
    CHECK(!alike(item("", "autojoin='1'"), item("")));
    CHECK(!alike(item("<nick>A</nick>"), item("<nick>a</nick>")));
    CHECK(!alike(item("", "name='N'"), item("", "name='n'")));
    CHECK(!alike(item("<nick>A</nick>"), item("<password>A</password>")));
    CHECK(!alike(item("<x xmlns='x'><a/><b/></x>"), item("<x xmlns='x'><b/><a/></x>")));
    CHECK(!alike(item("<x xmlns='x'> </x>"), item("<x xmlns='x'/>")));
    CHECK(!alike(item("", "xml:lang='de'"), item("", "lang='de'")));
    CHECK(!alike(item("<x xmlns='x'/><x xmlns='x'/>"), item("<x xmlns='x'/>")));
}

}  // namespace
}  // namespace clarion::bookmarks
