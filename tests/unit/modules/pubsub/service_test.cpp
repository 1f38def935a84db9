// A pubsub service of its own domain: who may what, who hears of it, and what it survives.
#include "proto/partition.h"
#include "server/core/actors/directory.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/accounts.h"
#include "storage/storage.h"
#include "tests/unit/modules/pubsub/service_scene.h"

namespace clarion::pubsub {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view benvolio = "benvolio@montague.example/square";

TEST_CASE_FIXTURE(ServiceScene, "who may make nodes") {
    CHECK(create(*admin, "news") == "ok");
    CHECK(create(*romeo, "poems") == "ok");
    CHECK(create(*juliet, "letters") == "ok");
    CHECK(create(*romeo, "news") == "conflict");
    CHECK(ask_from(benvolio, "set", pubsub("<create node='fights'/>")) == "forbidden");
    CHECK(ask_from("gateway.example.net", "set", pubsub("<create node='x'/>")) == "forbidden");
    // Publishing makes none either.
    CHECK(ask_from(benvolio, "set",
                   pubsub("<publish node='fights'>" + Scene::item("1") + "</publish>")) ==
          "item-not-found");
    CHECK(publish(*romeo, "sonnets", Scene::item("1")) == "ok");
    CHECK(items(*juliet, "sonnets") == "1=x ");
}

TEST_CASE("who may make nodes, as the option says") {
    ServiceScene admins("");
    CHECK(admins.create(*admins.romeo, "poems") == "forbidden");
    CHECK(admins.create(*admins.admin, "news") == "ok");
    ServiceScene anyone("create = \"anyone\"\n");
    CHECK(anyone.ask_from(benvolio, "set", ServiceScene::pubsub("<create node='fights'/>")) ==
          "ok");
    CHECK(anyone.ask_from("gateway.example.net", "set",
                          ServiceScene::pubsub("<create node='x'/>")) == "ok");
}

TEST_CASE_FIXTURE(ServiceScene, "administrators own all nodes, also those whose record says so") {
    REQUIRE(create(*romeo, "poems", "access_model", "whitelist") == "ok");
    CHECK(items(*juliet, "poems") == "item-not-found");
    CHECK(configure(*juliet, "poems", "title", "Mine") == "item-not-found");
    CHECK(configure(*admin, "poems", "title", "Verse") == "ok");
    CHECK(items(*admin, "poems").empty());
    world.add_account("paris@example.org");
    world.run("paris@example.org", [](core::Core& core) -> Task<> {
        auto record = co_await core.storage().accounts().find("paris@example.org");
        REQUIRE(record);
        storage::AccountRecord changed = **record;
        changed.administrator = true;
        core.storage().accounts().put(core.shard().batch(), changed);
        (void)co_await core.shard().committed();
    });
    Client& paris = world.log_in("paris@example.org/palace");
    CHECK(configure(paris, "poems", "title", "Rhymes") == "ok");
    // Of another host that account administers nothing.
    CHECK(configure(*juliet, "poems", "title", "Mine") == "item-not-found");
}

TEST_CASE_FIXTURE(ServiceScene, "subscribers hear of it wherever they are") {
    REQUIRE(create(*romeo, "poems") == "ok");
    CHECK(subscribe(*juliet, "poems") == "ok");
    CHECK(ask_from(benvolio, "set", pubsub(subscription("poems", "benvolio@montague.example"))) ==
          "ok");
    CHECK(ask_from("gateway.example.net", "set",
                   pubsub(subscription("poems", "gateway.example.net"))) == "ok");
    CHECK(publish(*romeo, "poems", Scene::item("1", "rose")) == "ok");
    CHECK(Scene::heard(*juliet) == "pubsub.example.org poems 1=rose\n");
    CHECK(Scene::heard(*romeo).empty());
    CHECK(said_to("benvolio@montague.example") == "poems 1=rose ");
    CHECK(said_to("gateway.example.net") == "poems 1=rose ");

    CHECK(Scene::outcome(set(*juliet, "<unsubscribe node='poems' jid='juliet@example.net'/>")) ==
          "ok");
    CHECK(affiliate(*romeo, "poems", "benvolio@montague.example", "outcast") == "ok");
    world.remote().drop_all();
    CHECK(publish(*romeo, "poems", Scene::item("2")) == "ok");
    CHECK(Scene::heard(*juliet).empty());
    CHECK(said_to("benvolio@montague.example") == "nothing");
    CHECK(said_to("gateway.example.net") == "poems 2=x ");
}

TEST_CASE_FIXTURE(ServiceScene, "who subscribes is sent the last item, as the node says") {
    REQUIRE(create(*romeo, "poems") == "ok");
    REQUIRE(publish(*romeo, "poems", Scene::item("1") + Scene::item("2")) == "ok");
    CHECK(subscribe(*juliet, "poems") == "ok");
    CHECK(Scene::heard(*juliet) == "pubsub.example.org poems 2=x late\n");
    CHECK(configure(*romeo, "poems", "send_last_published_item", "never") == "ok");
    CHECK(subscribe(*admin, "poems") == "ok");
    CHECK(Scene::heard(*admin).empty());
}

TEST_CASE_FIXTURE(ServiceScene, "strangers are told the truth about themselves and no more") {
    REQUIRE(create(*romeo, "secrets", "access_model", "whitelist") == "ok");
    for (const auto* inside : {"<items node='secrets'/>", "<items node='none'/>"})
        CHECK(ask_from(benvolio, "get", pubsub(inside)) == "item-not-found");
    CHECK(ask_from(benvolio, "set", pubsub(subscription("secrets", "benvolio@montague.example"))) ==
          "item-not-found");
    CHECK(ask_from(benvolio, "get", pubsub("<subscriptions/>")) == "ok");
    CHECK(ask_from(benvolio, "get", pubsub("<affiliations/>")) == "ok");
    // 6.1.3.1: nobody subscribes somebody else.
    CHECK(ask_from(benvolio, "set", pubsub(subscription("secrets", "juliet@example.net"))) ==
          "bad-request/invalid-jid");
    // Nobody is in the domain.
    world.arrive("<iq type='get' id='r' from='" + std::string(benvolio) +
                 "' to='somebody@pubsub.example.org'><ping xmlns='urn:xmpp:ping'/></iq>");
    const StanzaPtr answer = world.remote().pop();
    REQUIRE(answer);
    CHECK(outcome(answer->root()) == "item-not-found");
    CHECK(affiliate(*romeo, "secrets", "benvolio@montague.example", "member") == "ok");
    CHECK(ask_from(benvolio, "get", pubsub("<items node='secrets'/>")) == "ok");
}

TEST_CASE_FIXTURE(ServiceScene, "what needs presence or a roster is not offered, and refused") {
    for (const auto* model : {"presence", "roster"})
        CHECK(create(*romeo, "poems", "access_model", model) ==
              "not-acceptable/unsupported-access-model");
    REQUIRE(create(*romeo, "poems") == "ok");
    CHECK(configure(*romeo, "poems", "access_model", "presence") ==
          "not-acceptable/unsupported-access-model");
    CHECK(configure(*romeo, "poems", "send_last_published_item", "on_sub_and_presence") ==
          "not-acceptable");
    CHECK(configure(*romeo, "poems", "roster_groups_allowed", "Friends") == "not-acceptable");

    const auto answer = own(*romeo, "get", "<default/>");
    const auto form = DataForm::find_in(
        *answer.root().child(ns::pubsub_owner, "pubsub")->child(ns::pubsub_owner, "default"));
    REQUIRE(form);
    CHECK(!form->field("pubsub#roster_groups_allowed"));
    CHECK(form->value("pubsub#access_model") == "open");
    CHECK(form->value("pubsub#send_last_published_item") == "on_sub");
    CHECK(form->value("pubsub#max_items") == "20");
    std::string models;
    for (const auto& option : form->field("pubsub#access_model")->options)
        models += option.value + ' ';
    CHECK(models == "open whitelist authorize ");
    for (const auto& option : form->field("pubsub#send_last_published_item")->options)
        CHECK(option.value != "on_sub_and_presence");
}

TEST_CASE("pubsub service: new nodes show who published, where the service wants it") {
    ServiceScene scene("create = \"local\"\nshow_publisher = true\n");
    const auto shown = [&] {
        const auto answer = scene.get(*scene.juliet, "<items node='poems'/>");
        const auto* pubsub = answer.root().child(ns::pubsub, "pubsub");
        REQUIRE(pubsub);
        return std::string(pubsub->first_child()->first_child()->attr("publisher"));
    };
    REQUIRE(scene.create(*scene.romeo, "poems") == "ok");
    REQUIRE(scene.publish(*scene.romeo, "poems", Scene::item("a")) == "ok");
    CHECK(shown() == "romeo@example.org");
    REQUIRE(scene.configure(*scene.romeo, "poems", "itemreply", "none") == "ok");
    CHECK(shown().empty());
}

TEST_CASE_FIXTURE(ServiceScene, "an owner lets somebody subscribe who asked for it") {
    REQUIRE(create(*romeo, "poems", "access_model", "authorize") == "ok");
    CHECK(ask_from(benvolio, "set", pubsub(subscription("poems", "benvolio@montague.example"))) ==
          "ok");
    const auto asked = romeo->pop("message");
    const auto form = DataForm::find_in(asked.root());
    REQUIRE(form);
    CHECK(form->value("pubsub#subscriber_jid") == "benvolio@montague.example");
    REQUIRE(publish(*romeo, "poems", Scene::item("1")) == "ok");
    CHECK(said_to("benvolio@montague.example") == "nothing");

    const auto decide = [](Client& client) {
        client.send(
            "<message to='pubsub.example.org'><x xmlns='jabber:x:data' type='submit'>"
            "<field "
            "var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#subscribe_authorization"
            "</value></field><field var='pubsub#node'><value>poems</value></field>"
            "<field var='pubsub#subscriber_jid'><value>benvolio@montague.example</value></field>"
            "<field var='pubsub#allow'><value>1</value></field></x></message>");
    };
    decide(*juliet);  // is nobody there
    CHECK(said_to("benvolio@montague.example") == "nothing");
    decide(*romeo);
    CHECK(said_to("benvolio@montague.example") == "poems subscription ");
    CHECK(said_to("benvolio@montague.example") == "poems 1=x ");
}

TEST_CASE_FIXTURE(ServiceScene, "it survives eviction, a restart and a move") {
    REQUIRE(create(*romeo, "poems") == "ok");
    REQUIRE(subscribe(*juliet, "poems") == "ok");
    REQUIRE(publish(*romeo, "poems", Scene::item("1")) == "ok");
    REQUIRE(Scene::heard(*juliet) == "pubsub.example.org poems 1=x\n");
    CHECK(is_loaded());
    SUBCASE("evicted") {
        evict();
        CHECK(!is_loaded());
    }
    SUBCASE("restarted") { restart(); }
    SUBCASE("moved") {
        PartitionSet its;
        its.add(partition_of(service_jid));
        REQUIRE(world.move(its, (world.home_of(service_jid).shard().index() + 1) % 3));
        CHECK(!is_loaded());
    }
    CHECK(publish(*romeo, "poems", Scene::item("2")) == "ok");
    CHECK(Scene::heard(*juliet) == "pubsub.example.org poems 2=x\n");
    CHECK(items(*juliet, "poems") == "1=x 2=x ");
    CHECK(configure(*juliet, "poems", "title", "Mine") == "forbidden");
    CHECK(configure(*romeo, "poems", "title", "Verse") == "ok");
}

TEST_CASE_FIXTURE(ServiceScene, "nobody is told of what is not durable") {
    REQUIRE(create(*romeo, "poems") == "ok");
    REQUIRE(subscribe(*juliet, "poems") == "ok");
    world.storage().fail_next_batches(1, fail("resource-constraint", "full"));
    CHECK(publish(*romeo, "poems", Scene::item("1")) == "resource-constraint");
    CHECK(Scene::heard(*juliet).empty());
    CHECK(items(*juliet, "poems").empty());
}

TEST_CASE_FIXTURE(ServiceScene, "requests of one who has no session here keep their order") {
    REQUIRE(create(*romeo, "poems", "publish_model", "open") == "ok");
    evict();
    for (int i = 0; i < 20; ++i)
        world.post(service_jid, [i](core::Core& core) {
            auto parsed = xml::parse_element(
                request("set",
                        pubsub("<publish node='poems'>" + Scene::item(std::to_string(i)) +
                               "</publish>"),
                        "id='" + std::to_string(i) + "' from='" + std::string(benvolio) + "'"),
                ns::client);
            auto stanza = Stanza::from_document(std::move(parsed));
            REQUIRE(stanza);
            core.router().route(std::move(*stanza));
        });
    world.settle();
    for (int i = 0; i < 20; ++i) {
        const StanzaPtr answer = world.remote().pop();
        REQUIRE(answer);
        CHECK(answer->id() == std::to_string(i));
    }
    CHECK(items(*romeo, "poems").starts_with("0=x 1=x 2=x "));
}

// ---- Discovery ---------------------------------------------------------------------------------

/// The nodes or items that are listed, then how many there are in all if the answer is a page.
std::string listed(const xml::Document& answer) {
    if (answer.root().attr("type") != "result") return ServiceScene::outcome(answer.root());
    const xml::Element* query = answer.root().child(ns::disco_items, "query");
    REQUIRE(query);
    std::string text;
    for (const xml::Element& item : query->children()) {
        if (item.name() != "item") continue;
        CHECK(item.attr("jid") == service_jid);
        text += std::string(item.attr("node")) + '/' + std::string(item.attr("name")) + ' ';
    }
    if (const auto* page = query->child(ns::rsm, "set"))
        text += "of " + std::string(page->child_text(ns::rsm, "count"));
    return text;
}

std::string page(std::string_view inside) {
    return "<set xmlns='http://jabber.org/protocol/rsm'>" + std::string(inside) + "</set>";
}

TEST_CASE_FIXTURE(ServiceScene, "nodes are listed to who may know of them, in pages") {
    CHECK(listed(disco(*juliet, "items")).empty());
    for (const auto* node : {"c", "a", "d"}) REQUIRE(create(*romeo, node) == "ok");
    REQUIRE(create(*romeo, "b", "access_model", "whitelist") == "ok");
    REQUIRE(configure(*romeo, "a", "title", "A") == "ok");
    CHECK(listed(disco(*juliet, "items")) == "a/A c/ d/ ");
    CHECK(listed(disco(*romeo, "items")) == "a/A b/ c/ d/ ");
    CHECK(listed(disco(*juliet, "items", {}, page("<max>2</max>"))) == "a/A c/ of 3");
    CHECK(listed(disco(*juliet, "items", {}, page("<max>2</max><after>c</after>"))) == "d/ of 3");
    CHECK(listed(disco(*juliet, "items", {}, page("<max>1</max><before/>"))) == "d/ of 3");
    CHECK(listed(disco(*juliet, "items", {}, page("<max>0</max>"))) == "of 3");
    // A node that one may not know of is none.
    CHECK(listed(disco(*juliet, "items", {}, page("<after>b</after>"))) == "item-not-found");
    CHECK(listed(disco(*juliet, "items", "b")) == "item-not-found");
    CHECK(listed(disco(*juliet, "items", "none")) == "item-not-found");

    REQUIRE(publish(*romeo, "a", Scene::item("1") + Scene::item("2")) == "ok");
    CHECK(listed(disco(*juliet, "items", "a")) == "/1 /2 ");
}

TEST_CASE_FIXTURE(ServiceScene, "a node says what it is") {
    REQUIRE(create(*romeo, "a") == "ok");
    REQUIRE(create(*romeo, "b", "access_model", "whitelist") == "ok");
    REQUIRE(subscribe(*juliet, "a") == "ok");
    const auto answer = disco(*juliet, "info", "a");
    const xml::Element* query = answer.root().child(ns::disco_info, "query");
    REQUIRE(query);
    CHECK(query->attr("node") == "a");
    CHECK(query->child(ns::disco_info, "identity")->attr("type") == "leaf");
    const auto form = DataForm::find_in(*query, ns::pubsub_meta_data);
    REQUIRE(form);
    CHECK(form->value("pubsub#creator") == "romeo@example.org");
    CHECK(form->value("pubsub#owner") == "romeo@example.org");
    CHECK(form->value("pubsub#num_subscribers") == "1");
    CHECK(form->field("pubsub#creation_date"));
    CHECK(outcome(disco(*juliet, "info", "b").root()) == "item-not-found");
    CHECK(outcome(disco(*juliet, "info", "none").root()) == "item-not-found");

    const auto service = disco(*juliet, "info");
    const xml::Element* identity =
        service.root().child(ns::disco_info, "query")->child(ns::disco_info, "identity");
    REQUIRE(identity);
    CHECK(identity->attr("category") == "pubsub");
    CHECK(identity->attr("type") == "service");
    CHECK(identity->attr("name") == "Publish-Subscribe");
}

// ---- Limits ------------------------------------------------------------------------------------

TEST_CASE("what a creator may have is limited") {
    ServiceScene scene(
        "create = \"local\"\nmax_nodes = 4\nmax_nodes_of_creator = 2\nmax_item_bytes = 300\n"
        "max_node_bytes = 1000\nmax_bytes = 1500\n");
    Client& romeo = *scene.romeo;
    const std::string big(200, 'x');
    CHECK(scene.create(romeo, "a", "max_items", "max") == "ok");
    CHECK(scene.create(romeo, "b", "max_items", "max") == "ok");
    CHECK(scene.create(romeo, "c") == "resource-constraint/max-nodes-exceeded");
    CHECK(scene.publish(romeo, "c", Scene::item("1")) == "resource-constraint/max-nodes-exceeded");
    // Whom he makes an owner has not made it.
    CHECK(scene.affiliate(romeo, "a", "juliet@example.net", "owner") == "ok");
    CHECK(scene.affiliate(romeo, "b", "juliet@example.net", "owner") == "ok");
    CHECK(scene.create(*scene.juliet, "c") == "ok");
    CHECK(scene.create(*scene.admin, "d") == "ok");
    CHECK(scene.create(*scene.admin, "e") == "resource-constraint/max-nodes-exceeded");

    CHECK(scene.publish(romeo, "a", Scene::item("1", std::string(400, 'x'))) ==
          "not-acceptable/payload-too-big");
    int fitted = 0;
    while (fitted < 9 &&
           scene.publish(romeo, "a", Scene::item(std::to_string(fitted), big)) == "ok")
        ++fitted;
    CHECK(fitted == 3);
    CHECK(scene.publish(romeo, "a", Scene::item("9", big)) == "resource-constraint");
    CHECK(scene.publish(romeo, "a", Scene::item("0", big)) == "ok");  // it replaces one
    CHECK(scene.publish(romeo, "b", Scene::item("1", big)) == "ok");
    CHECK(scene.publish(romeo, "b", Scene::item("2", big)) == "resource-constraint");  // in all
}

TEST_CASE("how many subscriptions there may be is limited") {
    ServiceScene scene(
        "create = \"local\"\nmax_subscriptions = 5\nmax_subscriptions_of_address = 2\n"
        "max_subscriptions_of_domain = 3\nmax_subscriptions_in_all = 7\n");
    for (const auto* node : {"a", "b", "c"}) REQUIRE(scene.create(*scene.romeo, node) == "ok");
    const std::string full = "policy-violation/too-many-subscriptions";
    const auto from = [&](const std::string& who, std::string_view node) {
        return scene.ask_from(who, "set",
                              ServiceScene::pubsub(ServiceScene::subscription(node, who)));
    };
    CHECK(from("a@montague.example", "a") == "ok");
    CHECK(from("a@montague.example", "b") == "ok");
    CHECK(from("a@montague.example", "c") == full);
    CHECK(from("b@montague.example", "a") == "ok");
    CHECK(from("c@montague.example", "a") == full);
    CHECK(from("c@capulet.example", "a") == "ok");
    CHECK(scene.subscribe(*scene.juliet, "a") == "ok");
    CHECK(scene.subscribe(*scene.admin, "a") == "ok");
    CHECK(scene.subscribe(*scene.romeo, "a") == full);  // of the node
    CHECK(scene.subscribe(*scene.romeo, "b") == "ok");
    CHECK(scene.subscribe(*scene.romeo, "c") == full);  // in all
    // Who is subscribed is told so again (6.1.6).
    CHECK(from("a@montague.example", "a") == "ok");
}

TEST_CASE("nothing is changed while too many have not been told") {
    ServiceScene scene("create = \"local\"\nmax_waiting_notices = 1000\n");
    REQUIRE(scene.create(*scene.romeo, "poems", "publish_model", "open") == "ok");
    // 600 of the server's own domain, which costs no session each.
    scene.world.run(service_jid, [](core::Core& core) -> Task<> {
        ServicesSought sought;
        core.bus().fire(sought);
        auto pin = co_await sought.found->find(service_jid)->load_nodes();
        Node* node = (*pin)->nodes().find("poems");
        for (int i = 0; i < 600; ++i)
            (void)sought.found->engine().store().subscribe(
                **pin, *node, {.jid = std::to_string(i) + "@montague.example"});
        (void)co_await core.shard().committed();
    });
    for (int i = 0; i < 6; ++i)
        scene.romeo->send_soon(ServiceScene::request(
            "set",
            ServiceScene::pubsub("<publish node='poems'>" + Scene::item(std::to_string(i)) +
                                 "</publish>"),
            "id='p" + std::to_string(i) + "'"));
    scene.world.settle();
    // All came, in the order of publishing at each.
    std::map<std::string, std::string> heard;
    while (const StanzaPtr stanza = scene.world.remote().pop())
        heard[stanza->to().full()] += ServiceScene::notice(*stanza);
    std::size_t answered = 0;
    std::string expected;
    for (int i = 0; i < 6; ++i) {
        const auto answer = scene.romeo->pop("iq");
        const std::string what = ServiceScene::outcome(answer.root());
        if (what == "ok") expected += "poems " + std::to_string(i) + "=x ";
        CHECK((what == "ok" || what == "resource-constraint"));
        ++answered;
    }
    CHECK(answered == 6);
    CHECK(heard.size() == 600);
    for (const auto& [who, all] : heard) CHECK(all == expected);
}

}  // namespace
}  // namespace clarion::pubsub
