// Search of public rooms (XEP-0433).
#include "modules/muc/channel_search.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view service = "rooms.example.org";

std::string field(std::string_view var, std::string_view value) {
    return "<field var='" + std::string(var) + "'><value>" + std::string(value) +
           "</value></field>";
}
std::string key(std::string_view name) {
    return field("key", "{urn:xmpp:channel-search:0:order}" + std::string(name));
}
std::string search(std::string_view fields, std::string_view set = {}) {
    std::string page;
    if (!set.empty())
        page = "<set xmlns='http://jabber.org/protocol/rsm'>" + std::string(set) + "</set>";
    return "<search xmlns='urn:xmpp:channel-search:0:search'>" + page +
           "<x xmlns='jabber:x:data' type='submit'>" +
           field("FORM_TYPE", "urn:xmpp:channel-search:0:search-params") + std::string(fields) +
           "</x></search>";
}

/// Local parts and numbers of occupants, and behind them where the page is in the whole list; or the
/// error with its detail.
std::string found(Scene& scene, std::string_view fields, std::string_view set = {}) {
    const auto answer = scene.request(*scene.nurse, "get", search(fields, set), service);
    if (answer.root().attr("type") == "error") {
        const StanzaError why = read_error(answer.root());
        return "!" + std::string(name(why.condition)) + " " + why.app_name;
    }
    const auto* result = answer.root().child(ns::channel_search, "result");
    REQUIRE(result);
    std::string all;
    for (const xml::Element& item : result->children())
        if (item.name() == "item")
            all += std::string(Jid::trusted(item.attr("address")).local()) + "=" +
                   std::string(item.child_text(ns::channel_search, "nusers")) + " ";
    const auto* page = result->child(ns::rsm, "set");
    REQUIRE(page);
    const auto* first = page->child(ns::rsm, "first");
    return all + (first ? std::string(first->attr("index")) : "-") + "/" +
           std::string(page->child_text(ns::rsm, "count"));
}

struct Town : Scene {
    Town() {
        for (const auto* name : {"arena", "balcony", "crypt", "duel"}) make(name);
        enter_room(*juliet, "balcony");
        enter_room(*juliet, "crypt");
        enter_room(*tybalt, "balcony");
        set("arena", {{"roomname", "Vêrona Arena"}, {"roomdesc", "where they fight"}});
        set("balcony", {{"roomdesc", "of Verona"}, {"membersonly", "0"}, {"lang", "it"}});
        set("crypt", {{"membersonly", "1"}, {"whois", "anyone"}});
        forget();
    }
    static std::string at(std::string_view room) {
        return std::string(room) + "@" + std::string(service);
    }
    void enter_room(Client& who, std::string_view room) {
        who.send("<presence to='" + at(room) + "/" + std::string(who.jid().local()) +
                 "'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    }
    void make(std::string_view room) { enter_room(*romeo, room); }
    void set(std::string_view room, const std::vector<std::pair<std::string, std::string>>& what) {
        std::string form =
            "<query xmlns='http://jabber.org/protocol/muc#owner'><x "
            "xmlns='jabber:x:data' type='submit'>";
        form += field("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig");
        for (const auto& [var, value] : what) form += field("muc#roomconfig_" + var, value);
        REQUIRE(ask(*romeo, "set", form + "</x></query>", at(room)) == "");
    }
};

TEST_CASE_FIXTURE(Town, "words are searched for in names, descriptions and addresses") {
    CHECK(found(*this, field("q", "verona")) == "balcony=3 0/1");
    CHECK(found(*this, field("q", "VÊRONA")) == "arena=1 0/1");
    CHECK(found(*this, field("q", "fight arena")) == "arena=1 0/1");
    CHECK(found(*this, field("q", "arena") + field("sinname", "0") + field("sinaddress", "0")) ==
          "-/0");
    CHECK(found(*this, field("q", "duel") + field("sinname", "0")) == "duel=1 0/1");
    CHECK(found(*this, field("q", "rooms.example") + field("sinaddr", "0")) == "-/0");
    CHECK(found(*this, field("q", "nowhere")) == "-/0");
}

TEST_CASE_FIXTURE(Town, "rooms are sorted by users or by address, and told in pages") {
    const std::string all = field("all", "true");
    CHECK(found(*this, all) == "balcony=3 arena=1 crypt=1 duel=1 0/4");  // the nurse sees no more
    CHECK(found(*this, all + key("address")) == "arena=1 balcony=3 crypt=1 duel=1 0/4");
    CHECK(found(*this, all + field("min_users", "2")) == "balcony=3 0/1");
    CHECK(found(*this, all + field("types", "xep-0369")) == "-/0");
    CHECK(found(*this, all + field("types", "xep-0045"), "<max>1</max>") == "balcony=3 0/4");
    const std::string two = "<max>2</max>";
    CHECK(found(*this, all, two) == "balcony=3 arena=1 0/4");
    CHECK(found(*this, all, two + "<after>1 arena@rooms.example.org</after>") ==
          "crypt=1 duel=1 2/4");
    CHECK(found(*this, all, two + "<after>1 bee@rooms.example.org</after>") ==
          "crypt=1 duel=1 2/4");
    CHECK(found(*this, all, two + "<before>1 duel@rooms.example.org</before>") ==
          "arena=1 crypt=1 1/4");
    CHECK(found(*this, all, two + "<before/>") == "crypt=1 duel=1 2/4");
    CHECK(found(*this, all + key("address"), two + "<after>balcony@rooms.example.org</after>") ==
          "crypt=1 duel=1 2/4");
    CHECK(found(*this, all, two + "<index>3</index>") == "duel=1 3/4");
}

TEST_CASE_FIXTURE(Town, "searches that mean nothing say so") {
    CHECK(found(*this, field("q", "duel") + field("all", "1")) ==
          "!bad-request conflicting-fields");
    CHECK(found(*this, {}) == "!bad-request no-search-conditions");
    CHECK(found(*this, field("q", " ")) == "!bad-request invalid-search-terms");
    CHECK(found(*this, field("q", "a b")) == "!bad-request invalid-search-terms");
    CHECK(found(*this, field("q", "duel") + field("sinname", "0") + field("sinaddress", "0") +
                           field("sindescription", "0")) == "!bad-request conflicting-fields");
    CHECK(found(*this, field("all", "1") + key("age")) ==
          "!feature-not-implemented invalid-sort-key");
}

TEST_CASE_FIXTURE(
    Town, "rooms that are hidden, gone or not ready are not found, others within a minute") {
    const std::string all = field("all", "1") + key("address");
    CHECK(found(*this, all) == "arena=1 balcony=3 crypt=1 duel=1 0/4");
    set("balcony", {{"publicroom", "0"}});
    romeo->send("<presence type='unavailable' to='duel@rooms.example.org/romeo'/>");
    make("exile");
    CHECK(found(*this, all) == "arena=1 crypt=1 0/4");
    world.advance(1min);
    CHECK(found(*this, all) == "arena=1 crypt=1 exile=1 0/3");
}

TEST_CASE_FIXTURE(Town, "what is told of a room that is found") {
    const auto answer = request(*nurse, "get", search(field("all", "1") + key("address")), service);
    const auto* result = answer.root().child(ns::channel_search, "result");
    REQUIRE(result);
    std::vector<std::string> told;
    for (const xml::Element& item : result->children()) {
        std::string line;
        for (const xml::Element& each : item.children())
            line += std::string(each.name()) + "=" + std::string(each.text()) + ";";
        told.push_back(line);
    }
    CHECK(told[0] ==
          "name=Vêrona Arena;description=where they fight;nusers=1;service-type=xep-0045;"
          "is-open=true;anonymity-mode=muc_semianonymous;");
    CHECK(told[1] ==
          "name=balcony;description=of Verona;language=it;nusers=3;service-type=xep-0045;"
          "is-open=true;anonymity-mode=muc_semianonymous;");
    CHECK(told[2] ==
          "name=crypt;nusers=1;service-type=xep-0045;"
          "anonymity-mode={urn:xmpp:channel-search:0:anonymity}none;");
}

TEST_CASE_FIXTURE(Town, "the form of a search is found and given") {
    const auto info =
        request(*nurse, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", service);
    bool told = false;
    for (const xml::Element& each : info.root().first_child()->children())
        told |= each.attr("var") == ns::channel_search;
    CHECK(told);
    const auto answer =
        request(*nurse, "get", "<search xmlns='urn:xmpp:channel-search:0:search'/>", service);
    const auto* within = answer.root().child(ns::channel_search, "search");
    REQUIRE(within);
    const auto form = DataForm::find_in(*within, ns::channel_search_params);
    REQUIRE(form);
    CHECK(form->value("key") == "{urn:xmpp:channel-search:0:order}nusers");
    for (const auto* var : {"q", "all", "sinname", "sindescription", "sinaddress", "types"})
        CHECK(form->field(var));
}

}  // namespace
}  // namespace clarion::muc
