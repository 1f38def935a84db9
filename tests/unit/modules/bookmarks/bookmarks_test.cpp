// One list for clients of all ages: what each of them writes, reads and hears of.
#include "tests/unit/modules/bookmarks/bookmarks_scene.h"

namespace clarion::bookmarks {
namespace {

TEST_CASE_FIXTURE(Scene, "bookmarks: before there are any") {
    CHECK(items(*modern) == "item-not-found");
    CHECK(items(*old, "storage:bookmarks") == "item-not-found");
    CHECK(get_list(*oldest) == storage(""));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: an item is in both lists") {
    CHECK(publish(item("a@r", "A", "<nick>n</nick>") + item("B@R", "B")) == "ok");
    CHECK(list() == storage(room("a@r", "A", "<nick>n</nick>") + room("b@r", "B")));
    CHECK(retract("a@r") == "ok");
    CHECK(list() == storage(room("b@r", "B")));
    CHECK(retract("B@R") == "ok");
    CHECK(list() == storage(""));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: a list becomes items, from a document or a node") {
    CHECK(set_list(*oldest, room("a@r", "A") + room("B@R", "B", "<password>p</password>")) == "ok");
    CHECK(items(*modern) ==
          "a@r<conference xmlns='urn:xmpp:bookmarks:1' name='A'/>\n"
          "b@r<conference xmlns='urn:xmpp:bookmarks:1' name='B'><password>p</password>"
          "</conference>\n");
    CHECK(publish_list(*old, room("b@r", "B", "<password>p</password>") + room("c@r", "C")) ==
          "ok");
    CHECK(items(*modern) ==
          "b@r<conference xmlns='urn:xmpp:bookmarks:1' name='B'><password>p</password>"
          "</conference>\n"
          "c@r<conference xmlns='urn:xmpp:bookmarks:1' name='C'/>\n");
    CHECK(list() == storage(room("b@r", "B", "<password>p</password>") + room("c@r", "C")));
}

TEST_CASE_FIXTURE(Scene,
                  "bookmarks: nothing is kept in the old places, and they survive a restart") {
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    CHECK(publish_list(*old, room("a@r", "A") + room("b@r", "B") + "<url url='u'/>") == "ok");
    CHECK(ask_keepers("get", "<query xmlns='jabber:iq:private'>" + storage("") + "</query>") ==
          "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>");
    CHECK(ask_keepers("get",
                      "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
                      "<items node='storage:bookmarks'/></pubsub>") == "item-not-found");
    world.crash_and_restart();
    oldest = &world.log_in("romeo@example.org/oldest");
    old = &world.log_in("romeo@example.org/old");
    CHECK(list() == storage(room("a@r", "A") + room("b@r", "B") + "<url url='u'/>"));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: who listens hears of what has changed, and only that") {
    listen();
    CHECK(set_list(*oldest, room("a@r", "A") + room("b@r", "B")) == "ok");
    CHECK(heard(*modern) == "+a@r +b@r ");
    CHECK(heard(*old) == storage(room("a@r", "A") + room("b@r", "B")));
    CHECK(set_list(*oldest, room("B@r", "B") + "<conference jid='a@r' name='A' autojoin='0'/>") ==
          "ok");
    CHECK(heard(*modern) == "");
    CHECK(heard(*old) == "");
    CHECK(set_list(*oldest, room("a@r", "X") + room("c@r", "C")) == "ok");
    CHECK(heard(*modern) == "+a@r +c@r -b@r ");
    CHECK(heard(*old) == storage(room("a@r", "X") + room("c@r", "C")));
    CHECK(publish(item("d@r", "D")) == "ok");
    CHECK(heard(*modern) == "+d@r ");
    CHECK(heard(*old) == storage(room("a@r", "X") + room("c@r", "C") + room("d@r", "D")));
    CHECK(retract("c@r") == "ok");
    CHECK(heard(*modern) == "-c@r ");
    CHECK(heard(*old) == storage(room("a@r", "X") + room("d@r", "D")));
    CHECK(publish(item("d@r", "D", "<extensions><x xmlns='x'/></extensions>")) == "ok");
    CHECK(heard(*modern) == "+d@r ");
    CHECK(heard(*old) == "");
    CHECK(heard(*juliet) == "");
    CHECK(heard(*oldest) == "");
}

TEST_CASE_FIXTURE(Scene, "bookmarks: a list that comes back is told again to who came meanwhile") {
    listen();
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    CHECK(heard(*old) == storage(room("a@r", "A")));
    pubsub::wishes()["romeo@example.org/old"] = {};
    const std::string removal = "<delete node='urn:xmpp:bookmarks:1'/>";
    CHECK(outcome(pubsub::Scene::own(*modern, "set", removal)) == "ok");
    pubsub::wishes()["romeo@example.org/late"] = {"storage:bookmarks"};
    Client& late = world.connect("romeo@example.org/late");
    late.send("<presence/>");
    CHECK(heard(late) == "");
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    CHECK(heard(late) == storage(room("a@r", "A")));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: an emptied and a deleted node is an empty list") {
    listen();
    CHECK(publish(item("a@r", "A")) == "ok");
    forget();
    CHECK(outcome(pubsub::Scene::own(*modern, "set", "<purge node='urn:xmpp:bookmarks:1'/>")) ==
          "ok");
    CHECK(heard(*old) == storage(""));
    CHECK(publish(item("a@r", "A")) == "ok");
    forget();
    CHECK(outcome(pubsub::Scene::own(*modern, "set", "<delete node='urn:xmpp:bookmarks:1'/>")) ==
          "ok");
    CHECK(heard(*old) == storage(""));
    CHECK(items(*old, "storage:bookmarks") == "item-not-found");
}

TEST_CASE_FIXTURE(Scene, "bookmarks: what lists do not show survives them") {
    const std::string hidden =
        "<extensions><notify xmlns='urn:xmpp:notification-settings:1'><never/></notify>"
        "<pinned xmlns='urn:xmpp:bookmarks-pinning:0'/></extensions>";
    CHECK(publish(item("a@r", "A", "<nick>n</nick>" + hidden)) == "ok");
    CHECK(list() == storage(room("a@r", "A", "<nick>n</nick>")));
    CHECK(set_list(*oldest, room("a@r", "B")) == "ok");
    CHECK(items(*modern) ==
          "a@r<conference xmlns='urn:xmpp:bookmarks:1' name='B'>" + hidden + "</conference>\n");
}

TEST_CASE_FIXTURE(Scene, "bookmarks: what is no room is in both lists, and in no item") {
    listen();
    CHECK(set_list(*oldest, room("a@r", "A") + "<url name='W' url='http://x/'/>") == "ok");
    CHECK(heard(*old) == storage(room("a@r", "A") + "<url name='W' url='http://x/'/>"));
    CHECK(heard(*modern) == "+a@r ");
    CHECK(items(*modern) == "a@r<conference xmlns='urn:xmpp:bookmarks:1' name='A'/>\n");
    CHECK(publish_list(*old, room("a@r", "A")) == "ok");
    CHECK(heard(*old) == storage(room("a@r", "A")));
    CHECK(heard(*modern) == "");
    CHECK(list() == storage(room("a@r", "A")));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: an address of a page alone") {
    CHECK(set_list(*oldest, "<url url='u'/>") == "ok");
    CHECK(list() == storage("<url url='u'/>"));
    CHECK(items(*modern) == "");
    CHECK(set_list(*oldest, "") == "ok");
    CHECK(list() == storage(""));
    CHECK(restore() == "0");
    CHECK(list() == storage("<url url='u'/>"));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: other documents of the same request are kept") {
    CHECK(outcome(oldest->ask("<iq type='set' id='p'><query xmlns='jabber:iq:private'>" +
                              storage(room("z@r", "Z")) + "<n xmlns='notes'>x</n>" +
                              storage(room("a@r", "A")) + "</query></iq>")) == "ok");
    CHECK(list() == storage(room("a@r", "A")));
    CHECK(ask_keepers("get", "<query xmlns='jabber:iq:private'><n xmlns='notes'/></query>") ==
          "<query xmlns='jabber:iq:private'><n xmlns='notes'>x</n></query>");
    CHECK(outcome(oldest->ask("<iq type='set' id='p'><query xmlns='jabber:iq:private'>" +
                              storage("") + "<n xmlns=''/></query></iq>")) == "not-acceptable");
    CHECK(list() == storage(room("a@r", "A")));
    CHECK(outcome(oldest->ask("<iq type='get' id='p'><query xmlns='jabber:iq:private'>" +
                              storage("") + "<n xmlns='notes'/></query></iq>")) == "bad-request");
}

TEST_CASE_FIXTURE(Scene, "bookmarks: the item of a list, by its id and in pages") {
    CHECK(publish(item("a@r", "A")) == "ok");
    const auto ask = [&](std::string_view inside, std::string_view more = "") {
        return xml::to_string(*pubsub::Scene::get(*old, "<items node='storage:bookmarks'>" +
                                                            std::string(inside) + "</items>" +
                                                            std::string(more))
                                   .root()
                                   .first_child());
    };
    const std::string found = "<item id='current'>" + storage(room("a@r", "A")) + "</item>";
    const std::string before =
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='storage:bookmarks'";
    CHECK(ask("<item id='current'/>") == before + ">" + found + "</items></pubsub>");
    CHECK(ask("<item id='x'/>") == before + "/></pubsub>");
    CHECK(ask("", "<set xmlns='http://jabber.org/protocol/rsm'><max>5</max></set>") ==
          before + ">" + found +
              "</items><set xmlns='http://jabber.org/protocol/rsm'><first index='0'>current"
              "</first><last>current</last><count>1</count></set></pubsub>");
    CHECK(ask("", "<set xmlns='http://jabber.org/protocol/rsm'><after>current</after></set>") ==
          before + "/><set xmlns='http://jabber.org/protocol/rsm'><count>1</count></set></pubsub>");
}

TEST_CASE_FIXTURE(Scene, "bookmarks: what the node of lists cannot do") {
    CHECK(publish(item("a@r", "A")) == "ok");
    const auto set = [&](std::string_view inside) {
        return outcome(pubsub::Scene::set(*old, inside));
    };
    const auto own = [&](std::string_view inside) {
        return outcome(pubsub::Scene::own(*old, "set", inside));
    };
    const std::string unsupported = "feature-not-implemented/unsupported";
    CHECK(set("<retract node='storage:bookmarks'><item id='current'/></retract>") == unsupported);
    CHECK(set("<subscribe node='storage:bookmarks' jid='romeo@example.org'/>") == unsupported);
    CHECK(own("<delete node='storage:bookmarks'/>") == unsupported);
    CHECK(own("<purge node='storage:bookmarks'/>") == unsupported);
    CHECK(set("<create node='storage:bookmarks'/>") == "conflict");
    CHECK(list() == storage(room("a@r", "A")));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: the node of lists is made and configured as the other one") {
    CHECK(outcome(pubsub::Scene::set(*old, "<create node='storage:bookmarks'/>")) == "ok");
    CHECK(items(*old, "storage:bookmarks") == "current" + storage("") + "\n");
    CHECK(items(*modern) == "");
    const auto answer = pubsub::Scene::own(*old, "get", "<configure node='storage:bookmarks'/>");
    CHECK(answer.root().first_child()->first_child()->attr("node") == "storage:bookmarks");
    CHECK(pubsub::Scene::configure(*old, "storage:bookmarks", "access_model", "open") == "ok");
    CHECK(items(*tybalt) == "item-not-found");
}

TEST_CASE_FIXTURE(Scene, "bookmarks: two lists that come together are one after the other") {
    oldest->send_soon("<iq type='set' id='1'><query xmlns='jabber:iq:private'>" +
                      storage(room("a@r", "A")) + "</query></iq>");
    old->send_soon("<iq type='set' id='2'><query xmlns='jabber:iq:private'>" +
                   storage(room("b@r", "B")) + "</query></iq>");
    world.settle();
    CHECK(outcome(oldest->pop("iq")) == "ok");
    CHECK(outcome(old->pop("iq")) == "ok");
    const std::string both = list();
    CHECK((both == storage(room("b@r", "B")) || both == storage(room("a@r", "A"))));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: who comes and listens is sent the list, once") {
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    pubsub::wishes()["romeo@example.org/late"] = {"storage:bookmarks"};
    Client& late = world.connect("romeo@example.org/late");
    late.send("<presence/>");
    CHECK(heard(late) == storage(room("a@r", "A")));
    late.send("<presence><show>away</show></presence>");
    CHECK(heard(late) == "");
}

TEST_CASE_FIXTURE(Scene, "bookmarks: who comes before there are any is sent nothing") {
    pubsub::wishes()["romeo@example.org/late"] = {"storage:bookmarks"};
    Client& late = world.connect("romeo@example.org/late");
    late.send("<presence/>");
    CHECK(heard(late) == "");
}

/// How many of the module's features the account has.
int features(Client& client) {
    const auto answer = client.ask(
        "<iq type='get' id='d' to='romeo@example.org'>"
        "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    const std::string text = xml::to_string(answer.root());
    int count = 0;
    for (const char* feature : {"urn:xmpp:bookmarks-conversion:0", "urn:xmpp:bookmarks:1#compat",
                                "urn:xmpp:bookmarks:1#compat-pep"})
        if (text.find("<feature var='" + std::string(feature) + "'/>") != std::string::npos)
            ++count;
    return count;
}

TEST_CASE_FIXTURE(Scene, "bookmarks: the account says what it does") {
    CHECK(features(*oldest) == 3);
}

TEST_CASE("bookmarks: without nodes they are a private document, as any other") {
    Scene scene("[host.\"example.org\".modules]\ndisabled = [\"pubsub\"]\n");
    CHECK(features(*scene.oldest) == 0);
    CHECK(Scene::get_list(*scene.oldest) == Scene::storage(""));
    CHECK(Scene::set_list(*scene.oldest, Scene::room("a@r", "A")) == "ok");
    CHECK(Scene::get_list(*scene.oldest) == Scene::storage(Scene::room("a@r", "A")));
}

}  // namespace
}  // namespace clarion::bookmarks
