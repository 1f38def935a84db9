// Who may do what in a room (XEP-0045, 5): a table of all of them, and what is seen of it.
#include "modules/muc/permissions.h"

#include "proto/xml_writer.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

std::string outcome(const std::optional<StanzaError>& refused) {
    return refused ? std::string(name(refused->condition)) : "";
}

// ---- Roles: rows are who does it, columns to whom -----------------------------------------------

constexpr Standing visitor{Affiliation::none, Role::visitor};
constexpr Standing participant{Affiliation::none, Role::participant};
constexpr Standing member{Affiliation::member, Role::participant};
constexpr Standing moderator{Affiliation::none, Role::moderator};
constexpr Standing admin{Affiliation::admin, Role::moderator};
constexpr Standing owner{Affiliation::owner, Role::moderator};
constexpr Standing outside{Affiliation::none, Role::none};
constexpr Standing absent_admin{Affiliation::admin, Role::none};

TEST_CASE("who may change whose role") {
    struct Row {
        Standing actor;
        Role wanted;
        // visitor, participant, member, moderator, admin, owner: "" done, f forbidden, n not-allowed
        const char* by_target[6];
    };
    const Row rows[] = {
        {outside, Role::none, {"f", "f", "f", "f", "f", "f"}},
        {visitor, Role::none, {"f", "f", "f", "f", "f", "f"}},
        {participant, Role::none, {"f", "f", "f", "f", "f", "f"}},
        {member, Role::none, {"f", "f", "f", "f", "f", "f"}},
        {moderator, Role::none, {"", "", "n", "", "n", "n"}},
        {admin, Role::none, {"", "", "", "", "", "n"}},
        {owner, Role::none, {"", "", "", "", "", ""}},
        {absent_admin, Role::none, {"", "", "", "", "", "n"}},
        {participant, Role::participant, {"f", "f", "f", "f", "f", "f"}},
        {moderator, Role::participant, {"", "", "", "f", "f", "f"}},
        {admin, Role::participant, {"", "", "", "", "n", "n"}},
        {owner, Role::participant, {"", "", "", "", "n", "n"}},
        {participant, Role::visitor, {"f", "f", "f", "f", "f", "f"}},
        {moderator, Role::visitor, {"", "", "n", "f", "n", "n"}},
        {admin, Role::visitor, {"", "", "", "", "n", "n"}},
        {owner, Role::visitor, {"", "", "", "", "n", "n"}},
        {participant, Role::moderator, {"f", "f", "f", "f", "f", "f"}},
        {moderator, Role::moderator, {"f", "f", "f", "", "", ""}},
        {admin, Role::moderator, {"", "", "", "", "", ""}},
        {owner, Role::moderator, {"", "", "", "", "", ""}},
    };
    const Standing targets[] = {visitor, participant, member, moderator, admin, owner};
    for (const Row& row : rows)
        for (std::size_t i = 0; i < std::size(targets); ++i) {
            CAPTURE(name(row.actor.role));
            CAPTURE(name(row.actor.affiliation));
            CAPTURE(name(row.wanted));
            CAPTURE(i);
            const std::string_view expected = row.by_target[i];
            const std::string_view whole = expected == "f"   ? "forbidden"
                                           : expected == "n" ? "not-allowed"
                                                             : "";
            CHECK(outcome(refuse_role(row.actor, targets[i], row.wanted)) == whole);
        }
}

// ---- Affiliations ------------------------------------------------------------------------------

TEST_CASE("who may change whose affiliation") {
    constexpr Affiliation all[] = {Affiliation::outcast, Affiliation::none, Affiliation::member,
                                   Affiliation::admin, Affiliation::owner};
    for (const Affiliation actor : all)
        for (const Affiliation from : all)
            for (const Affiliation to : all) {
                CAPTURE(name(actor));
                CAPTURE(name(from));
                CAPTURE(name(to));
                std::string expected;
                if (actor < Affiliation::admin)
                    expected = "forbidden";
                else if (actor == Affiliation::admin && to >= Affiliation::admin)
                    expected = "forbidden";
                else if (actor == Affiliation::admin && from >= Affiliation::admin)
                    expected = "not-allowed";
                CHECK(outcome(refuse_affiliation(actor, {.from = from, .to = to})) == expected);
            }
    CHECK(outcome(refuse_affiliation(
              Affiliation::admin,
              {.from = Affiliation::admin, .to = Affiliation::none, .of_actor = true})) == "");
    CHECK(outcome(refuse_affiliation(Affiliation::owner, {.from = Affiliation::owner,
                                                          .to = Affiliation::outcast,
                                                          .of_actor = true})) == "conflict");
    CHECK(outcome(refuse_affiliation(Affiliation::owner, {.from = Affiliation::owner,
                                                          .to = Affiliation::admin,
                                                          .of_last_owner = true})) == "conflict");
}

TEST_CASE("who may read which list") {
    RoomConfig open;
    open.who_is = WhoIs::anyone;
    const RoomConfig closed;
    RoomConfig moderators_only = open;
    moderators_only.member_list = Roles::none().add(Role::moderator);
    for (const Affiliation list : {Affiliation::member, Affiliation::admin, Affiliation::owner}) {
        CHECK(may_list(open, participant, list));
        CHECK_FALSE(may_list(closed, participant, list));
        CHECK(may_list(closed, moderator, list));
        CHECK_FALSE(may_list(moderators_only, participant, list));
        CHECK_FALSE(may_list(open, outside, list));
        CHECK(may_list(closed, absent_admin, list));
        // A member need not be inside, if addresses are no secret.
        CHECK(may_list(open, {Affiliation::member, Role::none}, list));
        CHECK_FALSE(may_list(closed, {Affiliation::member, Role::none}, list));
        CHECK_FALSE(may_list(moderators_only, {Affiliation::member, Role::none}, list));
    }
    CHECK_FALSE(may_list(open, participant, Affiliation::outcast));
    CHECK_FALSE(may_list(open, moderator, Affiliation::outcast));
    CHECK(may_list(open, admin, Affiliation::outcast));
    for (const Role role : {Role::visitor, Role::participant, Role::moderator}) {
        CHECK(may_list(moderator, role));
        CHECK_FALSE(may_list(participant, role));
        CHECK_FALSE(may_list(outside, role));
    }
}

// ---- What is seen of it ------------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "kicking") {
    open();
    CHECK(administer(*romeo, "<item nick='Juliet' role='none'><reason>Avaunt!</reason></item>") ==
          "");
    CHECK(seen(*juliet) ==
          "-Juliet none/none (juliet@example.net/balcony) by=Romeo because=Avaunt! 307 110\n");
    CHECK(seen(*romeo) ==
          "-Juliet none/none (juliet@example.net/balcony) by=Romeo because=Avaunt! 307\n");
    enter(*juliet, "Juliet");
    CHECK(seen(*romeo) == "+Juliet none/participant (juliet@example.net/balcony)\n");
    CHECK(set_role(*juliet, "Romeo", "none") == "forbidden");
    CHECK(set_role(*tybalt, "Romeo", "none") == "forbidden");
    CHECK(set_role(*tybalt, "Mercutio", "none") == "forbidden");
    CHECK(set_role(*romeo, "Mercutio", "none") == "item-not-found");
}

TEST_CASE_FIXTURE(Scene, "banning") {
    open();
    CHECK(affiliate(*romeo, "juliet@example.net", "outcast") == "");
    CHECK(seen(*juliet) == "-Juliet outcast/none (juliet@example.net/balcony) by=Romeo 301 110\n");
    enter(*juliet, "Juliet");
    CHECK(seen(*juliet) == "!forbidden\n");
    CHECK(affiliate(*romeo, "romeo@example.org", "outcast") == "conflict");
    CHECK(affiliate(*romeo, "juliet@example.net", "none") == "");
    enter(*juliet, "Juliet");
    CHECK(seen(*juliet).find("+Juliet none/participant") != std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "membership, and who is told of it") {
    open();
    CHECK(affiliate(*romeo, "juliet@example.net", "member") == "");
    CHECK(seen(*juliet) ==
          "+Juliet member/participant (juliet@example.net/balcony) by=Romeo 110\n");
    seen(*romeo);
    CHECK(affiliate(*romeo, "nurse@example.net", "member") == "");  // who is not there
    CHECK(seen(*romeo) == "room member/ (nurse@example.net) by=Romeo\n");
    CHECK(seen(*juliet) == "");  // she does not see addresses
    CHECK(configure(*romeo, {"membersonly=1"}) == "");
    forget();
    CHECK(affiliate(*romeo, "juliet@example.net", "none") == "");
    CHECK(seen(*juliet) == "-Juliet none/none (juliet@example.net/balcony) by=Romeo 321 110\n");
}

TEST_CASE_FIXTURE(Scene, "a room that becomes members-only keeps its members only") {
    open();
    CHECK(configure(*romeo, {"membersonly=1"}) == "");
    CHECK(seen(*juliet) == "-Juliet none/none (juliet@example.net/balcony) 322 110\n");
    CHECK(seen(*romeo) ==
          "-Juliet none/none (juliet@example.net/balcony) 322\n"
          "room 104\n");
}

TEST_CASE_FIXTURE(Scene, "administrators and owners") {
    open();
    CHECK(affiliate(*romeo, "juliet@example.net", "admin") == "");
    CHECK(seen(*juliet) == "+Juliet admin/moderator (juliet@example.net/balcony) by=Romeo 110\n");
    CHECK(affiliate(*juliet, "tybalt@example.org", "member") == "");
    CHECK(affiliate(*juliet, "tybalt@example.org", "admin") == "forbidden");
    CHECK(affiliate(*juliet, "romeo@example.org", "none") == "not-allowed");
    CHECK(set_role(*juliet, "Romeo", "participant") == "not-allowed");
    CHECK(affiliate(*romeo, "romeo@example.org", "none") == "conflict");
    CHECK(affiliate(*romeo, "juliet@example.net", "owner") == "");
    CHECK(affiliate(*romeo, "romeo@example.org", "none") == "");
    forget();
    CHECK(affiliate(*romeo, "romeo@example.org", "owner") == "forbidden");
    CHECK(configure(*romeo, {"roomname=mine"}) == "forbidden");
}

TEST_CASE_FIXTURE(Scene, "the last owners cannot go together") {
    open();
    CHECK(affiliate(*romeo, "juliet@example.net", "owner") == "");
    CHECK(administer(*romeo,
                     "<item jid='juliet@example.net' affiliation='none'/>"
                     "<item jid='romeo@example.org' affiliation='none'/>") == "conflict");
    CHECK(ask(*juliet, "get", "<query xmlns='http://jabber.org/protocol/muc#owner'/>") == "");
    CHECK(configure(*romeo, {"roomowners="}) == "not-acceptable");
}

TEST_CASE_FIXTURE(Scene, "what makes no sense is refused, and nothing is done") {
    open();
    for (const auto* items :
         {"", "<item nick='Juliet'/>", "<item nick='Juliet' role='none' affiliation='none'/>",
          "<item nick='Juliet' role='king'/>",
          "<item jid='juliet@example.net' affiliation='king'/>", "<item role='none'/>",
          "<item nick='Juliet' role='visitor'/><item nick='Juliet' role='king'/>"})
        CHECK(administer(*romeo, items) == "bad-request");
    CHECK(administer(*romeo, "<item jid='@' affiliation='member'/>") == "jid-malformed");
    CHECK(seen(*juliet) == "");
}

TEST_CASE("who finds no place to register in has no nickname reserved either") {
    Scene scene("lock_new_rooms = false\nmax_registrations = 0\n");
    scene.open();
    const std::string form =
        "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'><field "
        "var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field><field "
        "var='muc#register_roomnick'><value>T</value></field></x></query>";
    CHECK(scene.ask(*scene.tybalt, "set", form) == "resource-constraint");
    scene.forget();
    scene.enter(*scene.nurse, "T");
    CHECK(scene.seen(*scene.nurse).find("+T none/participant") != std::string::npos);
}

TEST_CASE("a list that has no place for all of them takes none") {
    Scene scene("lock_new_rooms = false\nmax_affiliations = 2\n");
    scene.open();
    CHECK(scene.administer(*scene.romeo,
                           "<item jid='a@x' affiliation='member'/>"
                           "<item jid='b@x' affiliation='member'/>") == "resource-constraint");
    CHECK(scene.configure(*scene.romeo, {"roomadmins=a@x", "roomowners=b@x", "roomname=Verona"}) ==
          "resource-constraint");
    const auto listed =
        scene.request(*scene.romeo, "get", "<query xmlns='http://jabber.org/protocol/muc#owner'/>");
    CHECK(xml::to_string(listed.root()).find("@x") == std::string::npos);
    CHECK(xml::to_string(listed.root()).find("Verona") == std::string::npos);
    CHECK(scene.affiliate(*scene.romeo, "a@x", "member") == "");
}

TEST_CASE_FIXTURE(Scene, "lists") {
    open();
    CHECK(affiliate(*romeo, "nurse@example.net", "member") == "");
    const auto list = [&](Client& who, std::string_view attribute) {
        const auto answer = request(who, "get",
                                    "<query xmlns='http://jabber.org/protocol/muc#admin'><item " +
                                        std::string(attribute) + "/></query>");
        if (answer.root().attr("type") == "error") return "!" + condition_of(answer.root());
        std::string all;
        for (const xml::Element& item : answer.root().child(ns::muc_admin, "query")->children())
            all += std::string(item.attr("jid")) + "|" + std::string(item.attr("nick")) + " ";
        return all;
    };
    CHECK(list(*romeo, "affiliation='member'") == "nurse@example.net| ");
    CHECK(list(*romeo, "affiliation='owner'") == "romeo@example.org| ");
    CHECK(list(*romeo, "role='participant'") == "juliet@example.net/balcony|Juliet ");
    CHECK(list(*juliet, "affiliation='member'") == "!forbidden");
    CHECK(list(*juliet, "role='participant'") == "!forbidden");
    CHECK(list(*tybalt, "affiliation='owner'") == "!forbidden");
    CHECK(list(*romeo, "") == "!bad-request");
}

TEST_CASE_FIXTURE(Scene, "the configuration is the owners' alone") {
    open();
    const std::string query = "<query xmlns='http://jabber.org/protocol/muc#owner'/>";
    CHECK(ask(*juliet, "get", query) == "forbidden");
    CHECK(ask(*tybalt, "get", query) == "forbidden");
    CHECK(ask(*romeo, "get", query) == "");
    CHECK(configure(*juliet, {"roomname=mine"}) == "forbidden");
    CHECK(configure(*romeo, {"whois=somebody"}) == "bad-request");
    CHECK(configure(*romeo, {"passwordprotectedroom=1"}) == "not-acceptable");
    CHECK(configure(*romeo, {"membersonly=perhaps"}) == "bad-request");
    CHECK(ask(*romeo, "set",
              "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' "
              "type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register"
              "</value></field><field var='muc#roomconfig_membersonly'><value>1</value></field></x>"
              "</query>") == "bad-request");
    CHECK(seen(*juliet) == "");
    CHECK(configure(*romeo, {"whois=anyone"}) == "");
    CHECK(seen(*juliet) == "room 172\n");
    CHECK(configure(*romeo, {"whois=moderators", "enablearchiving=0", "roomname=Verona"}) == "");
    CHECK(seen(*juliet) == "room 171 173 104\n");
    CHECK(configure(*romeo, {"roomname=Verona"}) == "");
    CHECK(seen(*juliet) == "");  // nothing has changed
}

TEST_CASE_FIXTURE(Scene,
                  "who becomes an administrator by the form stays where only members may be") {
    open();
    CHECK(affiliate(*romeo, "juliet@example.net", "owner") == "");
    CHECK(configure(*romeo, {"membersonly=1"}) == "");
    forget();
    CHECK(configure(*romeo, {"roomowners=romeo@example.org", "roomadmins=juliet@example.net"}) ==
          "");
    CHECK(seen(*juliet) == "+Juliet admin/moderator (juliet@example.net/balcony) 110\n");
    CHECK(configure(*juliet, {"membersonly=0"}) == "forbidden");
    // Both lists may name somebody, who then is the more.
    CHECK(configure(*romeo, {"roomadmins=romeo@example.org"}) == "");
    CHECK(seen(*juliet) == "-Juliet none/none (juliet@example.net/balcony) 321 110\n");
}

TEST_CASE_FIXTURE(Scene, "the end of a room") {
    open({"persistentroom=1"});
    const std::string destroy =
        "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy "
        "jid='mantua@rooms.example.org'><reason>Plague</reason></destroy></query>";
    CHECK(ask(*juliet, "set", destroy) == "forbidden");
    CHECK(ask(*romeo, "set", destroy) == "");
    CHECK(seen(*juliet) == "-Juliet none/none 110 destroyed mantua@rooms.example.org\n");
    enter(*juliet, "Juliet");
    CHECK(seen(*juliet).starts_with("+Juliet owner/moderator"));  // another room
}

TEST_CASE_FIXTURE(Scene, "registering, and what is reserved") {
    open();
    const std::string query = "<query xmlns='jabber:iq:register'";
    const auto reserve = [&](Client& who, std::string_view nick) {
        return ask(who, "set",
                   query +
                       "><x xmlns='jabber:x:data' type='submit'><field "
                       "var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</"
                       "value></field><field var='muc#register_roomnick'><value>" +
                       std::string(nick) + "</value></field></x></query>");
    };
    CHECK(ask(*tybalt, "get", query + "/>") == "");
    CHECK(reserve(*tybalt, "Juliet") == "conflict");
    CHECK(reserve(*tybalt, "") == "not-acceptable");
    CHECK(reserve(*tybalt, "Prince of Cats") == "");
    enter(*nurse, "prince of cats");
    CHECK(seen(*nurse) == "!conflict\n");
    const auto item = request(*tybalt, "get",
                              "<query xmlns='http://jabber.org/protocol/disco#info' "
                              "node='x-roomuser-item'/>");
    const auto* identity = item.root().child(ns::disco_info, "query")->first_child();
    REQUIRE(identity);
    CHECK(identity->attr("name") == "Prince of Cats");
    evict();
    enter(*nurse, "prince of cats");
    CHECK(seen(*nurse) == "!conflict\n");
    CHECK(ask(*tybalt, "set", query + "><remove/></query>") == "");
    enter(*nurse, "prince of cats");
    CHECK(seen(*nurse).find("+prince of cats none/participant") != std::string::npos);
    CHECK(affiliate(*romeo, "tybalt@example.org", "outcast") == "");
    CHECK(reserve(*tybalt, "Tybalt") == "not-allowed");
}

}  // namespace
}  // namespace clarion::muc
