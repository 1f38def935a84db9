#include "modules/mam/query.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "proto/ns.h"

namespace clarion::mam {
namespace {

using Read = std::variant<PageRequest, StanzaError>;

core::ArchiveIds archive_ids() {
    static const core::ArchiveCipher cipher("secret");
    return {cipher, storage::AccountId{7}};
}
std::string id(std::uint64_t number) { return archive_ids().format(storage::ArchiveId{number}); }

Read read(const std::string& content, const std::string& attributes = {}) {
    const auto element = xml::parse_element("<query xmlns='urn:xmpp:mam:2' " + attributes + ">" +
                                            content + "</query>");
    REQUIRE_FALSE(element.empty());
    return read_page_request(element.root(), {.most = 250, .otherwise = 50}, archive_ids());
}

std::string form(const std::string& fields) {
    return "<x xmlns='jabber:x:data' type='submit'><field "
           "var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>" +
           fields + "</x>";
}
std::string field(const std::string& var, const std::string& value) {
    return "<field var='" + var + "'><value>" + value + "</value></field>";
}
std::string set(const std::string& content) {
    return "<set xmlns='http://jabber.org/protocol/rsm'>" + content + "</set>";
}

const storage::ArchiveQuery& query_of(const Read& read) {
    REQUIRE(std::holds_alternative<PageRequest>(read));
    return std::get<PageRequest>(read).query;
}
StanzaErrorCondition refusal_of(const Read& read) {
    REQUIRE(std::holds_alternative<StanzaError>(read));
    return std::get<StanzaError>(read).condition;
}

TEST_CASE("an empty query asks for the first page of everything") {
    const auto request = read("", "queryid='f27'");
    const auto& query = query_of(request);
    CHECK(query.with.empty());
    CHECK(query.limit == 50);
    CHECK(query.want_count);
    CHECK_FALSE(query.from_end);
    CHECK(std::get<PageRequest>(request).query_id == "f27");
    CHECK_FALSE(std::get<PageRequest>(request).flip);
}

TEST_CASE("all fields") {
    const auto request =
        read(form(field("with", "Juliet@Capulet.LIT/balcony") +
                  field("start", "2010-06-07T00:00:00Z") + field("end", "2010-07-07T13:23:54Z") +
                  field("before-id", id(200)) + field("after-id", id(100)) +
                  field("include-groupchat", "false") + "<field var='ids'><value>" + id(110) +
                  "</value><value>" + id(120) + "</value></field>") +
             "<flip-page/>");
    const auto& query = query_of(request);
    CHECK(query.with == "juliet@capulet.lit/balcony");
    CHECK(query.start == *parse_datetime("2010-06-07T00:00:00Z"));
    CHECK(query.end == *parse_datetime("2010-07-07T13:23:54Z"));
    CHECK(query.before_id == storage::ArchiveId{200});
    CHECK(query.after_id == storage::ArchiveId{100});
    CHECK(query.ids == std::vector{storage::ArchiveId{110}, storage::ArchiveId{120}});
    CHECK(std::get<PageRequest>(request).flip);
}

TEST_CASE("empty fields ask for nothing") {
    const auto request = read(form(field("with", "") + "<field var='start'/>"));
    CHECK(query_of(request).with.empty());
    CHECK_FALSE(query_of(request).start);
}

TEST_CASE("result set management") {
    CHECK(query_of(read(set("<max>10</max>"))).limit == 10);
    CHECK(query_of(read(set("<max>100000</max>"))).limit == 250);
    CHECK(query_of(read(set("<max>0</max>"))).limit == 0);
    CHECK(query_of(read(set("<max>0</max>"))).want_count);
    CHECK(query_of(read(set("<after>" + id(7) + "</after>"))).rsm_after == storage::ArchiveId{7});
    CHECK_FALSE(query_of(read(set("<after>" + id(7) + "</after>"))).want_count);
    CHECK(query_of(read(set("<before>" + id(7) + "</before>"))).rsm_before ==
          storage::ArchiveId{7});
    CHECK_FALSE(query_of(read(set("<before>" + id(7) + "</before>"))).from_end);
    CHECK(query_of(read(set("<before/>"))).from_end);
    CHECK(std::get<PageRequest>(read(set("<before/>"))).query.from_end);
}

TEST_CASE("refusals") {
    using Condition = StanzaErrorCondition;
    CHECK(refusal_of(read(form(field("{urn:example}text", "x")))) ==
          Condition::feature_not_implemented);
    CHECK(refusal_of(read(set("<index>3</index>"))) == Condition::feature_not_implemented);
    CHECK(refusal_of(read(form(field("start", "yesterday")))) == Condition::bad_request);
    CHECK(refusal_of(read(form(field("with", "@@")))) == Condition::bad_request);
    CHECK(refusal_of(read(set("<max>few</max>"))) == Condition::bad_request);
    CHECK(refusal_of(read(set("<max>-1</max>"))) == Condition::bad_request);
    CHECK(refusal_of(read("<x xmlns='jabber:x:data' type='submit'/>")) == Condition::bad_request);
    CHECK(refusal_of(read(form(field("before-id", "28482-98726-73623")))) ==
          Condition::item_not_found);
    CHECK(refusal_of(read(form(field("ids", "nonsense")))) == Condition::item_not_found);
    CHECK(refusal_of(read(set("<after>09af3-cc343-b409f</after>"))) == Condition::item_not_found);
    CHECK(refusal_of(read("", "node='princely_musings'")) == Condition::item_not_found);
    std::string ids;
    for (int i = 1; i <= 251; ++i) ids += "<value>" + std::to_string(i) + "</value>";
    CHECK(refusal_of(read(form("<field var='ids'>" + ids + "</field>"))) ==
          Condition::policy_violation);
}

storage::ArchivePage page_of(std::initializer_list<std::size_t> sizes) {
    storage::ArchivePage page;
    page.complete = true;
    std::uint64_t id = 1;
    for (const std::size_t size : sizes)
        page.messages.push_back({.id = storage::ArchiveId{id++}, .xml = std::string(size, 'x')});
    return page;
}

TEST_CASE("<fin/>") {
    auto page = page_of({1, 1});
    page.count = 9;
    xml::Document iq("iq", ns::client);
    add_fin(iq.root(), page, archive_ids());
    const xml::Element* fin = iq.root().child(ns::mam, "fin");
    REQUIRE(fin);
    CHECK(fin->attr("complete") == "true");
    const xml::Element* paging = fin->child(ns::rsm, "set");
    CHECK(paging->child_text(ns::rsm, "first") == id(1));
    CHECK(paging->child_text(ns::rsm, "last") == id(2));
    CHECK(paging->child_text(ns::rsm, "count") == "9");
}

TEST_CASE("the form names every field that is understood") {
    xml::Document iq("iq", ns::client);
    add_query_form(iq.root());
    const xml::Element* x = iq.root().child(ns::mam, "query")->child(ns::data_forms, "x");
    REQUIRE(x);
    std::vector<std::string> vars;
    for (const xml::Element& each : x->children()) vars.emplace_back(each.attr("var"));
    CHECK(vars == std::vector<std::string>{"FORM_TYPE", "with", "start", "end", "before-id",
                                           "after-id", "include-groupchat", "ids"});
}

}  // namespace
}  // namespace clarion::mam
