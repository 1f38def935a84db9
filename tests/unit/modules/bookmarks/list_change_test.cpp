#include "modules/bookmarks/list_change.h"

#include <doctest/doctest.h>

#include "proto/xml_writer.h"

namespace clarion::bookmarks {
namespace {

std::string conference(std::string_view name, std::string_view inside = "") {
    return "<conference xmlns='urn:xmpp:bookmarks:1' name='" + std::string(name) + "'>" +
           std::string(inside) + "</conference>";
}

/// The list must outlive what is read from it.
struct Changed {
    xml::Document storage;
    ListChange change;
    Changed(std::vector<ItemText> kept, std::string_view list)
        : storage(xml::parse_element("<storage xmlns='storage:bookmarks'>" + std::string(list) +
                                     "</storage>")),
          change(change_to(KeptItems(std::move(kept)), read_list(storage.root()))) {}
};

std::vector<std::string> ids(const std::vector<ItemText>& items) {
    std::vector<std::string> all;
    for (const ItemText& item : items) all.push_back(item.id);
    return all;
}
using Ids = std::vector<std::string>;

TEST_CASE("list change: the same list changes nothing, in whatever order and spelling") {
    const Changed c({{"a@r", conference("A")}, {"b@r", conference("B", "<nick>n</nick>")}},
                    "<conference jid='B@R' name='B' autojoin='false'><nick>n</nick></conference>"
                    "<conference name='A' jid='a@r'/>");
    CHECK(c.change.empty());
    CHECK(!c.change.removes_most);
}

TEST_CASE("list change: what is new, what is different, and what is gone") {
    const Changed c(
        {{"a@r", conference("A")}, {"b@r", conference("B")}, {"c@r", conference("C")}},
        "<conference jid='a@r' name='A'/><conference jid='b@r' name='X'/><conference jid='d@r'/>");
    CHECK(ids(c.change.publish) == Ids{"b@r", "d@r"});
    CHECK(c.change.publish[0].payload == "<conference xmlns='urn:xmpp:bookmarks:1' name='X'/>");
    CHECK(c.change.publish[1].payload == "<conference xmlns='urn:xmpp:bookmarks:1'/>");
    CHECK(c.change.retract == Ids{"c@r"});
    CHECK(ids(c.change.replaced) == Ids{"b@r"});
    CHECK(c.change.replaced[0].payload == conference("B"));
    CHECK(c.change.added == Ids{"d@r"});
    CHECK(ids(c.change.removed) == Ids{"c@r"});
    CHECK(c.change.removed_rooms == 1);
    CHECK(!c.change.removes_most);
}

TEST_CASE("list change: more than half is most") {
    const std::vector<ItemText> four{{"a@r", conference("")},
                                     {"b@r", conference("")},
                                     {"c@r", conference("")},
                                     {"d@r", conference("")}};
    const std::string two = "<conference jid='a@r'/><conference jid='b@r'/>";
    CHECK(!Changed(four, two).change.removes_most);
    CHECK(Changed(four, "<conference jid='a@r'/><conference jid='e@r'/>").change.removes_most);
    CHECK(Changed(four, "").change.removes_most);
    CHECK(Changed({{"a@r", conference("")}}, "").change.removes_most);
    CHECK(!Changed({}, "").change.removes_most);
}

TEST_CASE("list change: an item keeps its id; of several of one room the last counts") {
    const std::vector<ItemText> kept{{"A@R", conference("1")}, {"a@r", conference("2")}};
    CHECK(Changed(kept, "<conference jid='a@r' name='2'/>").change.empty());
    CHECK(ids(Changed(kept, "<conference jid='a@r' name='1'/>").change.publish) == Ids{"a@r"});
    CHECK(Changed(kept, "").change.retract == Ids{"A@R", "a@r"});
    CHECK(Changed(kept, "").change.removed_rooms == 1);
    const std::vector<ItemText> upper{{"A@R", conference("1")}};
    CHECK(ids(Changed(upper, "<conference jid='a@r' name='2'/>").change.publish) == Ids{"A@R"});
}

TEST_CASE("list change: what is no bookmark of a room is not touched") {
    const std::vector<ItemText> kept{{"current", "<other xmlns='x'/>"},
                                     {"a b@r", conference("1")},
                                     {"x@r", ""},
                                     {"y@r", "<conference xmlns='storage:bookmarks'/>"}};
    const Changed c(kept, "");
    CHECK(c.change.empty());
    CHECK(!c.change.removes_most);
    CHECK(KeptItems(kept).rooms().empty());
}

TEST_CASE("list change: a list is filled with rooms, and what else it has") {
    xml::Document storage("storage", "storage:bookmarks");
    const KeptItems kept({{"A@R", conference("1")}, {"a@r", conference("2")}, {"no id@", ""}});
    fill_list(storage.root(), kept, {"<url xmlns='storage:bookmarks' url='u'/>", "broken"});
    CHECK(xml::to_string(storage.root()) ==
          "<storage xmlns='storage:bookmarks'><conference name='2' jid='a@r'/><url url='u'/>"
          "</storage>");
}

TEST_CASE("list change: what is left of one that was written half") {
    const std::vector<ItemText> publish{{"a@r", conference("X")}};
    const auto rest = [&](std::vector<ItemText> kept, const Ids& retract) {
        const auto change = rest_of(KeptItems(std::move(kept)), publish, retract);
        return change ? change->retract : Ids{"nothing"};
    };
    const ItemText before{"a@r", conference("A")};
    const ItemText after{
        "a@r",
        "<c:conference xmlns:c='urn:xmpp:bookmarks:1' autojoin='0' name='X'></c:conference>"};
    const ItemText gone{"b@r", conference("B")};
    CHECK(rest({after, gone}, {"b@r"}) == Ids{"b@r"});
    CHECK(rest({after}, {}) == Ids{});
    CHECK(rest({before, gone}, {"b@r"}) == Ids{"nothing"});
    CHECK(rest({gone}, {"b@r"}) == Ids{"nothing"});
    CHECK(rest({after}, {"b@r"}) == Ids{"nothing"});
}

TEST_CASE("list change: merging adds what is missing") {
    const auto storage = xml::parse_element(
        "<storage xmlns='storage:bookmarks'><conference jid='a@r' name='X'/>"
        "<conference jid='b@r'/><url url='u'/></storage>");
    const OldList list = read_list(storage.root());
    CHECK(ids(items_missing(KeptItems({{"A@r", conference("A")}}), list)) == Ids{"b@r"});
    std::vector<std::string> others{"<url xmlns='storage:bookmarks' url='u'/>"};
    add_missing(others, others_of(list));
    CHECK(others.size() == 1);
    add_missing(others, {"<x xmlns='x'/>"});
    CHECK(others.back() == "<x xmlns='x'/>");
}

}  // namespace
}  // namespace clarion::bookmarks
