// What outlives a room's memory: eviction, restarts, its archive, and what is taken back.
#include "modules/muc/passed_invitations.h"
#include "modules/muc/records.h"

#include "proto/data_form.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/runtime/shard.h"
#include "storage/module_data.h"
#include "storage/owners.h"
#include "storage/sessions.h"
#include "storage/storage.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

// ---- Records -----------------------------------------------------------------------------------

TEST_CASE("records read what they wrote") {
    RoomRecord room;
    room.config = {.name = "Verona",
                   .description = "fair",
                   .language = "it",
                   .contacts = {"prince@example.org"},
                   .password = "queen mab",
                   .is_persistent = true,
                   .is_public = false,
                   .is_moderated = true,
                   .who_is = WhoIs::anyone,
                   .allow_pm = AllowPm::moderators,
                   .presence_broadcast = Roles::none().add(Role::moderator),
                   .max_users = 7,
                   .slow_mode = 3,
                   .history = 11};
    room.is_locked = true;
    room.creator = "romeo@example.org";
    room.created = WallTime(123456789us);
    CHECK(*decode_room(encode(room)) == room);
    const AffiliationRecord affiliation{
        "tybalt@example.org", Affiliation::outcast, "T", "rude", true, true};
    CHECK(*decode_affiliation(encode(affiliation)) == affiliation);
    const ReservationRecord reservation{"Tybalt", "tybalt@example.org"};
    CHECK(*decode_reservation(encode(reservation)) == reservation);
    CHECK(reservation_key("Tybalt") == reservation_key("tYBALT"));
    const OccupantRecord occupant{"juliet@example.net/balcony", "Juliet", Role::visitor,
                                  "<presence/>", 7};
    CHECK(*decode_occupant(encode(occupant)) == occupant);
    const SubjectRecord subject{"<message/>", WallTime(5us)};
    CHECK(*decode_subject(encode(subject)) == subject);
    const PauseRecord pause{"a@b", WallTime(5us)};
    CHECK(*decode_pause(encode(pause)) == pause);
    CHECK(encode(pause) == std::string_view("\x01\x03"
                                            "a@b\x00\x00\x00\x00\x00\x00\x00\x05",
                                            13));
    CHECK(encode(AffiliationRecord{"a@b", Affiliation::owner}) ==
          std::string_view("\x02\x03"
                           "a@b\x04\x00\x00\x00\x00",
                           10));
    // As the first layout had it, nobody knew who made a member of somebody.
    CHECK(*decode_affiliation(std::string_view("\x01\x03"
                                               "a@b\x02\x00\x00\x01",
                                               9)) ==
          AffiliationRecord{"a@b", Affiliation::member, "", "", true});
}

TEST_CASE("records that are cut short or of another kind are refused") {
    const std::string room = encode(RoomRecord{});
    for (std::size_t size = 0; size < room.size(); ++size)
        CHECK_FALSE(decode_room(std::string_view(room).substr(0, size)).ok());
    CHECK_FALSE(decode_room(room + "x").ok());
    CHECK_FALSE(check_record("c", "nonsense").ok());
    CHECK_FALSE(check_record("aromeo@example.org", "").ok());
    CHECK(check_record("c", room).ok());
    const std::string member = encode(AffiliationRecord{"romeo@example.org"});
    CHECK(check_record("aromeo@example.org", member).ok());
    CHECK_FALSE(check_record("atybalt@example.org", member).ok());
    CHECK_FALSE(check_record("x", member).ok());
    const std::string pause = encode(PauseRecord{"romeo@example.org"});
    CHECK(check_record("wromeo@example.org", pause).ok());
    CHECK_FALSE(check_record("wtybalt@example.org", pause).ok());
    CHECK(check_record("i", PassedInvitations().encode()).ok());
    CHECK_FALSE(check_record("i", pause).ok());
}

// ---- Restarts ----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "occupants stay in a room that is put away") {
    open();
    evict();
    CHECK_FALSE(is_loaded());
    say(*juliet, "Ay me!");
    CHECK(seen(*romeo) == "Juliet: Ay me!\n");
    evict();
    enter(*tybalt, "Tybalt");
    CHECK(
        seen(*tybalt).starts_with("+Juliet none/participant\n+Romeo owner/moderator\n"
                                  "+Tybalt none/participant (tybalt@example.org/street) 170 110\n"
                                  "Juliet: Ay me! (late)\n"));
}

TEST_CASE_FIXTURE(Scene, "occupants of other servers stay in a room when the server dies") {
    enter(*romeo, "Romeo");
    REQUIRE(configure(*romeo, {"persistentroom=1"}) == "");
    const auto arrive = [&](std::string_view what) {
        world.arrive("<presence from='mercutio@example.com/mask' to='" + std::string(room_jid) +
                     "/Mercutio'>" + std::string(what) + "</presence>");
    };
    arrive("<x xmlns='http://jabber.org/protocol/muc'/>");
    REQUIRE(set_role(*romeo, "Mercutio", "visitor") == "");
    world.crash_and_restart();
    log_in();
    world.remote().drop_all();
    enter(*juliet, "Juliet");
    CHECK(seen(*juliet).find("+Mercutio none/visitor\n") != std::string::npos);
    std::string told;
    while (const StanzaPtr next = world.remote().pop()) told += describe(next->root()) + "\n";
    CHECK(told == "+Juliet none/participant\n");
}

// ---- Roll call ---------------------------------------------------------------------------------

/// As if another run of the server had written that the session is in the room.
void keep_as_of_former_run(Scene& scene, const std::string& session, const std::string& nick,
                           Role role) {
    scene.world.run(room_jid, [&](core::Core& core) -> Task<> {
        std::string address(room_jid);
        const auto id = co_await core.storage().owners().find(storage::OwnerKind::actor, address);
        const OccupantRecord record{session, nick, role,
                                    "<presence xmlns='jabber:client' from='" + session + "'/>", 1};
        core.storage().module_data().put(core.shard().batch(),
                                         {**id, "muc", storage::DataKind::stored},
                                         record_key(occupant_prefix, session), encode(record));
    });
}

/// As if the end of the account's only session had been written, and nothing that came of it.
void forget_session(Scene& scene, const std::string& account) {
    const core::Account& owner = scene.world.account(account);
    const auto number = owner.sessions().front()->number();
    scene.world.at(account, [&](core::Core& core) {
        core.storage().sessions().remove_online(core.shard().batch(), owner.id(), number);
        core.storage().sessions().remove_all_directed(core.shard().batch(), owner.id(), number);
    });
}

TEST_CASE_FIXTURE(Scene, "whose session had ended when the server died is gone") {
    open({"persistentroom=1"});
    keep_as_of_former_run(*this, "juliet@example.net/balcony", "Juliet", Role::participant);
    keep_as_of_former_run(*this, "romeo@example.org/orchard", "Romeo", Role::moderator);
    forget_session(*this, "juliet@example.net");
    world.crash_and_restart();
    tybalt = &world.log_in("tybalt@example.org/street");
    enter(*tybalt, "Tybalt");
    const std::string told = seen(*tybalt);
    CHECK(told.find("+Juliet") != std::string::npos);
    CHECK(told.find("\n-Juliet none/none 307 333\n") != std::string::npos);
    CHECK(told.find("-Romeo") == std::string::npos);
    nurse = &world.log_in("nurse@example.net/chamber");
    enter(*nurse, "Nurse");
    CHECK(seen(*nurse).starts_with("+Romeo owner/moderator\n+Tybalt none/participant\n"));
}

TEST_CASE_FIXTURE(Scene, "who has come back meanwhile is not looked for") {
    open({"persistentroom=1"});
    keep_as_of_former_run(*this, "juliet@example.net/balcony", "Juliet", Role::participant);
    forget_session(*this, "juliet@example.net");
    world.crash_and_restart();
    juliet = &world.log_in("juliet@example.net/balcony");
    enter(*juliet, "Juliet");
    CHECK(seen(*juliet).find("-Juliet") == std::string::npos);
    say(*juliet, "Ay me!");
    // What was said to Romeo came back: nobody serves him.
    CHECK(seen(*juliet) == "Juliet: Ay me!\n-Romeo owner/none 307 333\n");
}

TEST_CASE_FIXTURE(Scene, "users of other servers are asked, and leave if nobody is there") {
    open({"persistentroom=1"});
    keep_as_of_former_run(*this, "mercutio@example.com/mask", "Mercutio", Role::participant);
    keep_as_of_former_run(*this, "benvolio@example.com/mask", "Benvolio", Role::participant);
    world.crash_and_restart();
    world.remote().drop_all();
    tybalt = &world.log_in("tybalt@example.org/street");
    enter(*tybalt, "Tybalt");
    CHECK(seen(*tybalt).find("+Mercutio none/participant\n") != std::string::npos);
    const auto answer_all = [&](std::string_view of_mercutio) {
        int asked = 0;
        while (const StanzaPtr next = world.remote().pop()) {
            if (!next->is_iq()) continue;
            ++asked;
            const bool is_mercutio = next->to().local() == "mercutio";
            const std::string type = is_mercutio ? "error" : "result";
            world.arrive("<iq type='" + type + "' id='" + std::string(next->id()) + "' from='" +
                         next->to().full() + "' to='" + next->from().full() + "'>" +
                         std::string(is_mercutio ? of_mercutio : "") + "</iq>");
        }
        return asked;
    };
    constexpr std::string_view nobody =
        "<error type='cancel'><service-unavailable "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    CHECK(answer_all(nobody) == 3);  // he was asked twice
    CHECK(seen(*tybalt) == "-Mercutio none/none 307 333\n");
}

// ---- Archive -----------------------------------------------------------------------------------

std::vector<std::string> archived(Scene& scene, Client& who, std::string_view within = {}) {
    std::vector<std::string> all;
    const auto fin = scene.request(
        who, "set", "<query xmlns='urn:xmpp:mam:2'>" + std::string(within) + "</query>");
    if (fin.root().attr("type") == "error") return {"!" + condition_of(fin.root())};
    for (auto page = who.pop("message"); page.root().name() == "message";
         page = who.pop("message")) {
        const auto* result = page.root().child(ns::mam, "result");
        REQUIRE(result);
        const auto* message = result->first_child()->child(ns::client, "message");
        REQUIRE(message);
        const bool gone = message->child(ns::retract, "retracted") != nullptr;
        all.push_back(std::string(result->attr("id")) + " " +
                      (gone ? "(gone)" : describe(*message)));
    }
    return all;
}

std::string without_ids(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines) all += line.substr(line.find(' ') + 1) + "\n";
    return all;
}

TEST_CASE_FIXTURE(Scene, "what was said is in the room's archive, for who may enter") {
    open();
    say(*romeo, "But soft!");
    whisper(*juliet, "Romeo", "Psst");
    send_message(*romeo, "<subject>The balcony</subject>");
    send_message(*romeo, "<body>unsaid</body><no-store xmlns='urn:xmpp:hints'/>");
    forget();
    CHECK(without_ids(archived(*this, *juliet)) == "Romeo: But soft!\nRomeo* The balcony\n");
    CHECK(without_ids(archived(*this, *tybalt)) == "Romeo: But soft!\nRomeo* The balcony\n");
    const auto by = [&](const std::string& who) {
        return without_ids(archived(*this, *tybalt,
                                    "<x xmlns='jabber:x:data' type='submit'><field "
                                    "var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field><field "
                                    "var='with'><value>" +
                                        who + "</value></field></x>"));
    };
    say(*juliet, "Ay me!");
    forget();
    CHECK(by("verona@rooms.example.org/Juliet") == "Juliet: Ay me!\n");
    CHECK(by("juliet@example.net") == "!forbidden\n");  // nobody finds out whose nickname is whose
    CHECK(configure(*romeo, {"membersonly=1"}) == "");
    forget();
    CHECK(archived(*this, *tybalt) == std::vector<std::string>{"!forbidden"});
    CHECK(affiliate(*romeo, "tybalt@example.org", "member") == "");
    forget();
    CHECK(archived(*this, *tybalt).size() == 3);
    CHECK(affiliate(*romeo, "tybalt@example.org", "outcast") == "");
    forget();
    CHECK(archived(*this, *tybalt) == std::vector<std::string>{"!forbidden"});
}

TEST_CASE_FIXTURE(Scene, "a room that keeps nothing has no archive of what is said then") {
    open({"enablearchiving=0"});
    say(*romeo, "But soft!");
    seen(*romeo);
    CHECK(seen(*juliet) == "Romeo: But soft!\n");
    CHECK(archived(*this, *juliet).empty());
}

std::string said_by(Scene& scene, Client& who, std::string_view author) {
    scene.forget();
    return without_ids(
        archived(scene, who,
                 "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
                 "urn:xmpp:mam:2</value></field><field var='with'><value>" +
                     std::string(author) + "</value></field></x>"));
}

TEST_CASE_FIXTURE(Scene, "who said something is searched for as far as it may be known") {
    open();
    enter(*nurse, "Nurse");
    say(*romeo, "But soft!");
    say(*juliet, "Ay me!");
    const auto by_address = [&](Client& who) {
        return said_by(*this, who, "juliet@example.net/balcony");
    };
    CHECK(by_address(*romeo) == "Juliet: Ay me!\n");
    CHECK(by_address(*nurse) == "!forbidden\n");
    CHECK(said_by(*this, *nurse, "nobody@example.net") == "!forbidden\n");
    CHECK(set_role(*romeo, "Nurse", "moderator") == "");
    CHECK(by_address(*nurse) == "Juliet: Ay me!\n");
    CHECK(by_address(*tybalt) == "!forbidden\n");  // he is not even there
    CHECK(affiliate(*romeo, "tybalt@example.org", "admin") == "");
    CHECK(by_address(*tybalt) == "Juliet: Ay me!\n");
    CHECK(affiliate(*romeo, "tybalt@example.org", "none") == "");
    CHECK(by_address(*tybalt) == "!forbidden\n");
    CHECK(configure(*romeo, {"whois=anyone"}) == "");
    CHECK(by_address(*tybalt) == "Juliet: Ay me!\n");
}

TEST_CASE_FIXTURE(Scene, "anybody who reads searches by the address in the room") {
    open();
    say(*romeo, "But soft!");
    say(*juliet, "Ay me!");
    const auto by_nick = [&](std::string_view nick) {
        return said_by(*this, *tybalt, std::string(room_jid) + "/" + std::string(nick));
    };
    CHECK(by_nick("Juliet") == "Juliet: Ay me!\n");
    CHECK(by_nick("Romeo") == "Romeo: But soft!\n");
    CHECK(by_nick("Rosaline") == "!item-not-found\n");
    CHECK(said_by(*this, *tybalt, room_jid) == "");
    // Who had the nickname is not who has it now.
    leave(*juliet, "Juliet");
    CHECK(by_nick("Juliet") == "!item-not-found\n");
    enter(*nurse, "Juliet");
    CHECK(by_nick("Juliet") == "");
}

// ---- Taking back -------------------------------------------------------------------------------

std::string id_of(Scene& scene, Client& who, std::size_t which) {
    const std::string line = archived(scene, who).at(which);
    return line.substr(0, line.find(' '));
}

TEST_CASE_FIXTURE(Scene, "moderators take back what others said") {
    open();
    say(*juliet, "Fie!");
    forget();
    const std::string id = id_of(*this, *romeo, 0);
    const auto moderate = [&](Client& who, std::string_view which) {
        return ask(who, "set",
                   "<moderate xmlns='urn:xmpp:message-moderate:1' id='" + std::string(which) +
                       "'><retract xmlns='urn:xmpp:message-retract:1'/><reason>Rude</reason>"
                       "</moderate>");
    };
    CHECK(moderate(*juliet, id) == "forbidden");
    CHECK(moderate(*tybalt, id) == "forbidden");
    CHECK(moderate(*romeo, "nonsense") == "item-not-found");
    CHECK(moderate(*romeo, "") == "bad-request");
    CHECK(seen(*juliet) == "");
    CHECK(moderate(*romeo, id) == "");
    const auto told = juliet->pop();
    CHECK(describe(told.root()) == " retracts " + id);
    const auto* moderated =
        told.root().child(ns::retract, "retract")->child(ns::moderate, "moderated");
    REQUIRE(moderated);
    CHECK(moderated->attr("by") == "verona@rooms.example.org/Romeo");
    forget();
    CHECK(without_ids(archived(*this, *romeo)) == "(gone)\n retracts " + id + "\n");
    CHECK(moderate(*romeo, id) == "not-acceptable");
    enter(*tybalt, "Tybalt");
    CHECK(seen(*tybalt).find("Fie!") == std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "older clients moderate in their own words") {
    open();
    say(*juliet, "Fie!");
    forget();
    const std::string id = id_of(*this, *romeo, 0);
    CHECK(ask(*romeo, "set",
              "<apply-to xmlns='urn:xmpp:fasten:0' id='" + id +
                  "'><moderate xmlns='urn:xmpp:message-moderate:0'><retract "
                  "xmlns='urn:xmpp:message-retract:0'/></moderate></apply-to>") == "");
    CHECK(seen(*juliet) == " retracts " + id + "\n");
}

TEST_CASE_FIXTURE(Scene, "authors take back what they said, also under another nickname") {
    open();
    say(*juliet, "Fie!");
    forget();
    const std::string id = id_of(*this, *romeo, 0);
    const auto retract = [&](Client& who) {
        send_message(
            who,
            "<retract xmlns='urn:xmpp:message-retract:1' id='" + id + "'/><body>taken back</body>",
            "r");
        forget();
    };
    retract(*romeo);  // not his
    CHECK(archived(*this, *romeo).at(0) == id + " Juliet: Fie!");
    enter(*tybalt, "Tybalt");
    leave(*juliet, "Juliet");
    send_presence(*tybalt, "Juliet");
    retract(*tybalt);  // who only is called like her
    CHECK(archived(*this, *romeo).at(0) == id + " Juliet: Fie!");
    enter(*juliet, "Rosaline");
    retract(*juliet);
    CHECK(archived(*this, *romeo).at(0) == id + " (gone)");
}

// ---- Discovery ---------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "what is found of rooms") {
    enter(*romeo, "Romeo");
    REQUIRE(configure(*romeo, {"roomname=Verona", "roomdesc=fair", "persistentroom=1"}) == "");
    for (const auto* name : {"a", "b", "c"}) {
        romeo->send("<presence to='" + std::string(name) +
                    "@rooms.example.org/Romeo'><x xmlns='http://jabber.org/protocol/muc'/>"
                    "</presence>");
    }
    forget();
    const auto items = [&](std::string_view within, std::string_view of = "rooms.example.org") {
        const auto answer = request(*tybalt, "get",
                                    "<query xmlns='http://jabber.org/protocol/disco#items'>" +
                                        std::string(within) + "</query>",
                                    of);
        const auto* query = answer.root().child(ns::disco_items, "query");
        if (!query) return "!" + condition_of(answer.root());
        std::string all;
        for (const xml::Element& item : query->children())
            if (item.name() == "item")
                all += std::string(Jid::trusted(item.attr("jid")).local()) + " ";
        return all;
    };
    CHECK(items("") == "a b c verona ");
    CHECK(items("<set xmlns='http://jabber.org/protocol/rsm'><max>2</max></set>") == "a b ");
    CHECK(items("<set xmlns='http://jabber.org/protocol/rsm'><max>2</max><after>b@rooms.example."
                "org</after></set>") == "c verona ");
    CHECK(items("", room_jid) == "verona ");
    REQUIRE(configure(*romeo, {"publicroom=0"}) == "");
    CHECK(items("") == "a b c ");
    CHECK(items("", room_jid) == "");
    const auto info =
        request(*tybalt, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    std::string features;
    const auto* query = info.root().child(ns::disco_info, "query");
    for (const xml::Element& child : query->children())
        features += std::string(child.attr("var")) + " ";
    for (const auto* feature :
         {"http://jabber.org/protocol/muc ", "muc_hidden ", "muc_persistent ", "muc_open ",
          "muc_unmoderated ", "muc_semianonymous ", "muc_unsecured ", "urn:xmpp:mam:2 ",
          "urn:xmpp:occupant-id:0 ", "http://jabber.org/protocol/muc#stable_id ",
          "http://jabber.org/protocol/muc#self-ping-optimization ", "urn:xmpp:message-moderate:1 ",
          "urn:xmpp:sid:0 "}) {
        CAPTURE(feature);
        CHECK(features.find(feature) != std::string::npos);
    }
    CHECK(features.find("vcard-temp") != std::string::npos);
    const auto form = DataForm::find_in(*query, ns::muc_roominfo);
    REQUIRE(form);
    CHECK(form->value("muc#roominfo_description") == "fair");
    CHECK(form->value("muc#roominfo_occupants") == "1");
}

TEST_CASE("where a room's logs are is told if everybody may read them, with its name escaped") {
    Scene scene("lock_new_rooms = false\nlogs_url = \"https://logs.example.org/{room}.html\"\n");
    const std::string address = "caf\xc3\xa9\\20a@rooms.example.org";
    scene.romeo->send("<presence to='" + address +
                      "/R'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    const auto logs = [&](const std::string& field) {
        if (!field.empty())
            scene.ask(*scene.romeo, "set",
                      "<query xmlns='http://jabber.org/protocol/muc#owner'><x "
                      "xmlns='jabber:x:data' type='submit'><field var='" +
                          field + "'><value>1</value></field></x></query>",
                      address);
        const auto info =
            scene.request(*scene.tybalt, "get",
                          "<query xmlns='http://jabber.org/protocol/disco#info'/>", address);
        const auto form =
            DataForm::find_in(*info.root().child(ns::disco_info, "query"), ns::muc_roominfo);
        const auto* found = form->field("muc#roominfo_logs");
        return found ? std::string(found->value()) : "(none)";
    };
    CHECK(logs("") == "https://logs.example.org/caf%c3%a9%5c20a.html");
    CHECK(logs("muc#roomconfig_membersonly") == "(none)");
}

TEST_CASE_FIXTURE(Scene, "the subject of a room that not everybody may enter is not told outside") {
    open();
    send_message(*romeo, "<subject>Two households</subject>");
    const auto subject = [&] {
        forget();
        const auto info =
            request(*tybalt, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>");
        const auto form =
            DataForm::find_in(*info.root().child(ns::disco_info, "query"), ns::muc_roominfo);
        const auto* field = form->field("muc#roominfo_subject");
        return field ? std::string(field->value()) : "(none)";
    };
    CHECK(subject() == "Two households");
    CHECK(configure(*romeo, {"membersonly=1"}) == "");
    CHECK(subject() == "(none)");
    CHECK(configure(*romeo, {"membersonly=0", "roomsecret=queen mab"}) == "");
    CHECK(subject() == "(none)");
}

}  // namespace
}  // namespace clarion::muc
