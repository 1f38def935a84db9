// Bookmarks that must not be lost or seen: mistaken lists, refusals, other people, and what was kept
// before there was the module.
#include "tests/unit/modules/bookmarks/bookmarks_scene.h"

namespace clarion::bookmarks {
namespace {

// ---- Lists that remove most --------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "bookmarks: what an empty list removes can be brought back") {
    const std::string both = room("a@r", "A") + room("b@r", "B");
    CHECK(restore() == "item-not-found");
    CHECK(set_list(*oldest, both) == "ok");
    CHECK(publish_list(*old, "") == "ok");
    CHECK(list() == storage(""));
    listen();
    CHECK(restore() == "2");
    CHECK(list() == storage(both));
    CHECK(heard(*modern) == "+a@r +b@r ");
    CHECK(heard(*old) == storage(both));
    CHECK(restore() == "item-not-found");
}

TEST_CASE_FIXTURE(Scene, "bookmarks: what there is again is not brought back over it") {
    CHECK(set_list(*oldest, room("a@r", "A") + room("b@r", "B") + room("c@r", "C")) == "ok");
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    CHECK(publish(item("b@r", "new")) == "ok");
    CHECK(restore() == "1");
    CHECK(list() == storage(room("a@r", "A") + room("b@r", "new") + room("c@r", "C")));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: a page that a list left is not brought back later") {
    const std::string one = "<url url='1'/>", two = "<url url='2'/>";
    CHECK(set_list(*oldest, room("a@r", "A") + one + two) == "ok");
    CHECK(set_list(*oldest, one) == "ok");
    CHECK(set_list(*oldest, room("b@r", "B")) == "ok");
    CHECK(restore() == "1");
    CHECK(list() == storage(room("b@r", "B") + room("a@r", "A") + two));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: half of them is not most") {
    CHECK(set_list(*oldest, room("a@r", "A") + room("b@r", "B")) == "ok");
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    CHECK(restore() == "item-not-found");
}

TEST_CASE("bookmarks: what was removed is kept for a time, and no more than so much") {
    Scene scene("[bookmarks]\nkeep_removed = 2\nmax_removed_bytes = 70\n");
    const std::string both = Scene::room("a@r", "A") + Scene::room("b@r", "B");
    CHECK(Scene::set_list(*scene.oldest, both) == "ok");
    CHECK(Scene::set_list(*scene.oldest, "") == "ok");
    scene.world.advance(std::chrono::hours(47));
    CHECK(scene.restore() == "1");
    CHECK(Scene::set_list(*scene.oldest, "") == "ok");
    scene.world.advance(std::chrono::hours(49));
    CHECK(scene.restore() == "item-not-found");
}

// ---- Refusals ----------------------------------------------------------------------------------

struct Limited : Scene {
    Limited()
        : Scene(
              "[bookmarks]\nmax_bookmarks = 3\nmax_other_bytes = 60\n"
              "[pubsub]\nmax_item_bytes = 120\nmax_bytes = 900\n") {}
};

TEST_CASE_FIXTURE(Limited, "bookmarks: what is no list is refused, and changes nothing") {
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    for (const char* wrong :
         {"<conference name='B'/>", "<conference jid='' name='B'/>", "<conference jid='a b@r'/>"}) {
        // A broken entry is left out, but a list of nothing else would delete all there is.
        CHECK(set_list(*oldest, std::string(wrong) + room("a@r", "A")) == "ok");
        CHECK(publish_list(*old, wrong) == "bad-request/invalid-payload");
    }
    const auto publish = [&](std::string_view inside) {
        return outcome(pubsub::Scene::set(
            *old, "<publish node='storage:bookmarks'>" + std::string(inside) + "</publish>"));
    };
    const std::string one = "<item>" + storage("") + "</item>";
    CHECK(publish("") == "bad-request/item-required");
    CHECK(publish("<item/>") == "bad-request/payload-required");
    CHECK(publish(one + one) == "bad-request/invalid-payload");
    CHECK(publish("<item><conference xmlns='storage:bookmarks' jid='a@r'/></item>") ==
          "bad-request/invalid-payload");
    CHECK(list() == storage(room("a@r", "A")));
}

TEST_CASE_FIXTURE(Limited, "bookmarks: of two entries of one room the first counts") {
    CHECK(set_list(*oldest, room("a@r", "A") + room("A@R", "B")) == "ok");
    CHECK(list() == storage(room("a@r", "A")));
}

TEST_CASE_FIXTURE(Limited, "bookmarks: too much is refused, and changes nothing") {
    const std::string three = room("a@r", "A") + room("b@r", "B") + room("c@r", "C");
    CHECK(set_list(*oldest, three + room("d@r", "D")) == "resource-constraint");
    CHECK(items(*modern) == "item-not-found");
    CHECK(set_list(*oldest, three) == "ok");
    CHECK(publish_list(*old, room("a@r", "X") + room("d@r", "D")) == "resource-constraint");
    const std::string pages = "<url url='http://example.org/one/long/address/of/a/page'/>";
    CHECK(set_list(*oldest, room("a@r", "X") + pages) == "resource-constraint");
    CHECK(list() == storage(three));
    CHECK(restore() == "item-not-found");
    CHECK(publish(item("d@r", "D")) == "ok");
    CHECK(set_list(*oldest, room("a@r", "A") + room("d@r", "X")) == "ok");
    CHECK(list() == storage(room("a@r", "A") + room("d@r", "X")));
}

TEST_CASE("bookmarks: a list that the node has no room for is refused, and nothing is dropped") {
    Scene scene("[pubsub]\nmax_items = 3\n");
    const std::string two = Scene::room("a@r", "A") + Scene::room("b@r", "B");
    const std::string more = Scene::room("c@r", "C") + Scene::room("d@r", "D");
    const std::string refused = "not-acceptable/max-items-exceeded";
    CHECK(Scene::set_list(*scene.oldest, two + more) == refused);
    CHECK(Scene::items(*scene.modern) == "item-not-found");
    CHECK(Scene::set_list(*scene.oldest, two) == "ok");
    CHECK(Scene::publish_list(*scene.old, two + more) == refused);
    CHECK(Scene::publish_list(*scene.old, more) == refused);
    CHECK(scene.list() == Scene::storage(two));
    CHECK(Scene::publish_list(*scene.old, two + Scene::room("c@r", "C")) == "ok");
    CHECK(Scene::publish_list(*scene.old, Scene::room("c@r", "X")) == "ok");
    CHECK(scene.list() == Scene::storage(Scene::room("c@r", "X")));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: a list of ten thousand rooms, and a name of a megabyte") {
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    std::string rooms;
    for (int i = 0; i < 10000; ++i) rooms += room("r" + std::to_string(i) + "@r", "");
    CHECK(set_list(*oldest, rooms) == "resource-constraint");
    CHECK(publish_list(*old, rooms) == "resource-constraint");
    const std::string large = room("b@r", std::string(1 << 20, 'x'));
    CHECK(set_list(*oldest, large) == "not-acceptable/payload-too-big");
    CHECK(publish_list(*old, large) == "not-acceptable/payload-too-big");
    CHECK(list() == storage(room("a@r", "A")));
}

TEST_CASE_FIXTURE(Limited, "bookmarks: what who keeps items refuses is refused so") {
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    const std::string large = room("b@r", std::string(200, 'x'));
    CHECK(set_list(*oldest, room("c@r", "C") + large) == "not-acceptable/payload-too-big");
    CHECK(publish_list(*old, room("c@r", "C") + large) == "not-acceptable/payload-too-big");
    CHECK(list() == storage(room("a@r", "A")));
    CHECK(publish(item("b@r", std::string(60, 'x'), "") + item("c@r", std::string(60, 'x'))) ==
          "ok");
    const std::string other = "<p xmlns='x'>" + std::string(100, 'x') + "</p></item>";
    CHECK(pubsub::Scene::publish(*modern, "n", "<item id='i'>" + other + "<item id='j'>" + other,
                                 "max_items", "max") == "ok");
    CHECK(set_list(*oldest, room("a@r", std::string(70, 'y'))) == "resource-constraint");
    CHECK(get_list(*oldest).find("c@r") != std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "bookmarks: what storage fails to write is as it was") {
    CHECK(set_list(*oldest, room("a@r", "A") + room("b@r", "B") + "<url url='u'/>") == "ok");
    const std::string before = list();
    world.storage().fail_next_batches(1, fail("internal-server-error", "no disk"));
    CHECK(set_list(*oldest, room("a@r", "X") + room("c@r", "C")) == "internal-server-error");
    CHECK(list() == before);
    world.storage().fail_next_batches(1, fail("internal-server-error", "no disk"));
    CHECK(set_list(*oldest, room("a@r", "A")) == "internal-server-error");
    CHECK(list() == before);
    CHECK(restore() == "item-not-found");
    CHECK(set_list(*oldest, room("c@r", "C")) == "ok");
    CHECK(list() == storage(room("c@r", "C")));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: what was published is taken back if what is gone cannot go") {
    CHECK(set_list(*oldest, room("a@r", "A") + room("b@r", "B") + "<url url='u'/>") == "ok");
    failing() = true;
    CHECK(publish_list(*old, room("a@r", "X") + room("c@r", "C")) == "internal-server-error");
    CHECK(!failing());
    CHECK(list() == storage(room("b@r", "B") + room("a@r", "A") + "<url url='u'/>"));
    CHECK(items(*modern).find("c@r") == std::string::npos);
}

// ---- Other people ------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "bookmarks: nobody else reads or writes them, or learns of them") {
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    for (Client* client : {juliet, tybalt}) {
        for (const char* node : {"urn:xmpp:bookmarks:1", "storage:bookmarks"}) {
            CHECK(items(*client, node) == "item-not-found");
            CHECK(pubsub::Scene::publish(*client, node, item("x@r", "X")) == "item-not-found");
            CHECK(pubsub::Scene::configure(*client, node, "access_model", "open") ==
                  "item-not-found");
        }
        CHECK(get_list(*client) == "forbidden");
        CHECK(set_list(*client, "") == "forbidden");
        const auto nodes = client->ask(
            "<iq type='get' id='d' to='romeo@example.org'>"
            "<query xmlns='http://jabber.org/protocol/disco#items'/></iq>");
        CHECK(xml::to_string(nodes.root()).find("bookmarks") == std::string::npos);
    }
    CHECK(list() == storage(room("a@r", "A")));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: the node lets nobody in, however it is made or configured") {
    listen();
    const auto options = [](std::string_view var, std::string_view value) {
        return "<publish-options>" + pubsub::Scene::options("publish-options", var, value) +
               "</publish-options>";
    };
    CHECK(publish(item("a@r", "A"), options("access_model", "open")) == "ok");
    CHECK(publish(item("a@r", "X"), options("access_model", "open")) ==
          "conflict/precondition-not-met");
    CHECK(publish(item("b@r", "B"), options("max_items", "1")) == "ok");
    CHECK(publish(item("c@r", "C"), options("persist_items", "0")) == "ok");
    CHECK(pubsub::Scene::configure(*modern, "urn:xmpp:bookmarks:1", "access_model", "open") ==
          "ok");
    CHECK(pubsub::Scene::configure(*modern, "urn:xmpp:bookmarks:1", "publish_model", "open") ==
          "ok");
    CHECK(pubsub::Scene::configure(*modern, "urn:xmpp:bookmarks:1", "max_items", "1") == "ok");
    CHECK(pubsub::Scene::affiliate(*modern, "urn:xmpp:bookmarks:1", "juliet@example.net",
                                   "member") == "not-allowed");
    CHECK(list() == storage(room("a@r", "A") + room("b@r", "B") + room("c@r", "C")));
    CHECK(items(*juliet) == "item-not-found");
    CHECK(pubsub::Scene::publish(*juliet, "urn:xmpp:bookmarks:1", item("x@r", "X")) ==
          "item-not-found");
    CHECK(heard(*juliet) == "");
}

TEST_CASE_FIXTURE(Scene, "bookmarks: what clients demand of the node holds on what a list made") {
    CHECK(set_list(*oldest, room("a@r", "A")) == "ok");
    const std::string form =
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>"
        "http://jabber.org/protocol/pubsub#publish-options</value></field>"
        "<field var='pubsub#persist_items'><value>true</value></field>"
        "<field var='pubsub#max_items'><value>max</value></field>"
        "<field var='pubsub#send_last_published_item'><value>never</value></field>"
        "<field var='pubsub#access_model'><value>whitelist</value></field></x>";
    const std::string options = "<publish-options>" + form + "</publish-options>";
    CHECK(publish(item("b@r", "B"), options) == "ok");
    CHECK(publish_list(*old, room("b@r", "B"), options) == "ok");
    const auto past_the_module =
        ask_keepers("set",
                    "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish "
                    "node='urn:xmpp:bookmarks:1'>" +
                        item("c@r", "C") + "</publish>" + options + "</pubsub>");
    CHECK(past_the_module.starts_with("<pubsub"));
}

// ---- What was kept before ----------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "bookmarks: an old document is taken over, once") {
    CHECK(keep_document(room("A@R", "A") + "<conference name='lost'/><url url='u'/>") == "ok");
    CHECK(items(*modern) == "a@r<conference xmlns='urn:xmpp:bookmarks:1' name='A'/>\n");
    CHECK(list() == storage(room("a@r", "A") + "<url url='u'/>"));
    CHECK(ask_keepers("get", "<query xmlns='jabber:iq:private'>" + storage("") + "</query>") ==
          "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>");
    CHECK(retract("a@r") == "ok");
    world.crash_and_restart();
    oldest = &world.log_in("romeo@example.org/oldest");
    old = &world.log_in("romeo@example.org/old");
    CHECK(list() == storage("<url url='u'/>"));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: an old node is taken over, and nobody reads it any more") {
    CHECK(keep_item("storage:bookmarks",
                    "<item id='current'>" + storage(room("a@r", "A")) + "</item>", "open")
              .starts_with("<pubsub"));
    listen();
    CHECK(list() == storage(room("a@r", "A")));
    CHECK(heard(*modern) == "+a@r ");
    CHECK(heard(*old) == storage(room("a@r", "A")));
    CHECK(heard(*juliet) == "");
    CHECK(ask_keepers("get",
                      "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
                      "<items node='storage:bookmarks'/></pubsub>") == "item-not-found");
}

TEST_CASE_FIXTURE(Scene, "bookmarks: items go before an old node, and that before a document") {
    CHECK(keep_item("urn:xmpp:bookmarks:1", item("a@r", "item")).starts_with("<pubsub"));
    CHECK(
        keep_item("storage:bookmarks",
                  "<item id='1'>" + storage(room("a@r", "node") + room("b@r", "node")) + "</item>")
            .starts_with("<pubsub"));
    CHECK(keep_document(room("b@r", "document") + room("c@r", "document")) == "ok");
    CHECK(list() == storage(room("a@r", "item") + room("b@r", "node") + room("c@r", "document")));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: single rooms in an old node are taken over too") {
    CHECK(
        keep_item("storage:bookmarks",
                  "<item id='1'><conference xmlns='storage:bookmarks' jid='a@r' name='A'/></item>")
            .starts_with("<pubsub"));
    CHECK(list() == storage(room("a@r", "A")));
}

TEST_CASE_FIXTURE(Scene, "bookmarks: a node that was made otherwise is put right") {
    CHECK(keep_item("urn:xmpp:bookmarks:1", item("a@r", "A"), "open").starts_with("<pubsub"));
    const std::string owner = "http://jabber.org/protocol/pubsub#owner";
    CHECK(ask_keepers("set", "<pubsub xmlns='" + owner +
                                 "'><affiliations node='urn:xmpp:bookmarks:1'><affiliation "
                                 "jid='juliet@example.net' affiliation='publisher'/>"
                                 "</affiliations></pubsub>") == "ok");
    listen();
    CHECK(publish(item("b@r", "B")) == "ok");
    CHECK(heard(*juliet) == "");
    CHECK(list() == storage(room("a@r", "A") + room("b@r", "B")));
    CHECK(ask_keepers("get", "<pubsub xmlns='" + owner +
                                 "'><affiliations node='urn:xmpp:bookmarks:1'/></pubsub>")
              .find("juliet") == std::string::npos);
}

TEST_CASE_FIXTURE(Scene, "bookmarks: who comes and listens is told of what is taken over then") {
    CHECK(keep_document(room("a@r", "A")) == "ok");
    pubsub::wishes()["romeo@example.org/new"] = {"urn:xmpp:bookmarks:1"};
    Client& fresh = world.connect("romeo@example.org/new");
    fresh.send("<presence/>");
    CHECK(heard(fresh) == "+a@r ");
}

TEST_CASE_FIXTURE(Limited, "bookmarks: what cannot be taken over stays where it is") {
    const std::string large = room("b@r", std::string(200, 'x'));
    CHECK(keep_document(large) == "ok");
    CHECK(get_list(*oldest) == storage(""));
    CHECK(ask_keepers("get", "<query xmlns='jabber:iq:private'>" + storage("") + "</query>") ==
          "<query xmlns='jabber:iq:private'>" + storage(large) + "</query>");
}

}  // namespace
}  // namespace clarion::bookmarks
