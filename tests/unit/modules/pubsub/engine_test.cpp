// What is asked of nodes: made, configured, published to, read, retracted from, deleted.
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::pubsub {
namespace {

const std::string no_node = "item-not-found";

// ---- Making and configuring --------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "pubsub: a node is made by its owner, once, with a name or without") {
    CHECK(outcome(set(*romeo, "<create node='n'/>")) == "ok");
    CHECK(outcome(set(*romeo, "<create node='n'/>")) == "conflict");
    const auto answer = set(*romeo, "<create/>");
    const xml::Element* created =
        answer.root().child(ns::pubsub, "pubsub")->child(ns::pubsub, "create");
    REQUIRE(created);
    CHECK_FALSE(created->attr("node").empty());
    CHECK(items(*romeo, created->attr("node")) == "");
    CHECK(outcome(set(*juliet, "<create node='j'/>")) == "forbidden");
    CHECK(outcome(set(*tybalt, "<create node='t'/>")) == no_node);
    CHECK(items(*romeo, "j") == no_node);
}

TEST_CASE_FIXTURE(Scene, "pubsub: a node is made with its configuration, and configured later") {
    CHECK(outcome(set(*romeo, "<create node='n'/><configure>" +
                                  options("node_config", "title", "Musings") + "</configure>")) ==
          "ok");
    CHECK(outcome(set(*romeo, "<create node='a'/><configure>" +
                                  options("node_config", "access_model", "nonsense") +
                                  "</configure>")) == "not-acceptable/unsupported-access-model");
    const auto title = [&] {
        const auto answer = own(*romeo, "get", "<configure node='n'/>");
        const xml::Element& configure =
            *answer.root().child(ns::pubsub_owner, "pubsub")->first_child();
        CHECK(configure.attr("node") == "n");
        return std::string(DataForm::find_in(configure)->value("pubsub#title"));
    };
    CHECK(title() == "Musings");
    CHECK(configure(*romeo, "n", "title", "Thoughts") == "ok");
    CHECK(title() == "Thoughts");
    CHECK(configure(*romeo, "n", "max_items", "10001") == "not-acceptable/max-items-exceeded");
    CHECK(configure(*juliet, "n", "title", "Hers") == "forbidden");
    CHECK(configure(*tybalt, "n", "title", "His") == no_node);
    CHECK(configure(*romeo, "m", "title", "None") == no_node);
    CHECK(outcome(own(
              *romeo, "set",
              "<configure node='n'><x xmlns='jabber:x:data' type='cancel'/></configure>")) == "ok");
    CHECK(title() == "Thoughts");
    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    CHECK(title() == "Thoughts");
}

TEST_CASE_FIXTURE(Scene, "pubsub: the default configuration is that of PEP") {
    const auto answer = own(*romeo, "get", "<default/>");
    const auto form =
        DataForm::find_in(*answer.root().child(ns::pubsub_owner, "pubsub")->first_child());
    REQUIRE(form);
    CHECK(form->value("pubsub#access_model") == "presence");
    CHECK(form->value("pubsub#send_last_published_item") == "on_sub_and_presence");
    CHECK(form->value("pubsub#max_items") == "1");
    CHECK(form->value("pubsub#persist_items") == "1");
    CHECK(outcome(own(*juliet, "get", "<default/>")) == "forbidden");
    CHECK(outcome(own(*tybalt, "get", "<default/>")) == no_node);
}

// ---- Publishing --------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "pubsub: publishing makes the node, and replaces the only item") {
    CHECK(publish(*romeo, "n", item("a", "1")) == "ok");
    CHECK(items(*romeo, "n") == "a=1 ");
    CHECK(publish(*romeo, "n", item("b", "2")) == "ok");
    CHECK(items(*romeo, "n") == "b=2 ");
    CHECK(publish(*romeo, "n", item("b", "3")) == "ok");
    CHECK(items(*romeo, "n") == "b=3 ");
    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    CHECK(items(*romeo, "n") == "b=3 ");
    CHECK(publish(*romeo, "n", item("c", "4")) == "ok");
    CHECK(items(*romeo, "n") == "c=4 ");
}

TEST_CASE_FIXTURE(Scene, "pubsub: several items, ids made here, the oldest go") {
    const auto answer =
        set(*romeo, "<publish node='n'><item><p xmlns='urn:p'>1</p></item>" + item("b") +
                        item("c") + "</publish><publish-options>" +
                        options("publish-options", "max_items", "3") + "</publish-options>");
    const xml::Element& published = *answer.root().child(ns::pubsub, "pubsub")->first_child();
    CHECK(published.attr("node") == "n");
    const std::string made(published.first_child()->attr("id"));
    CHECK_FALSE(made.empty());
    CHECK(items(*romeo, "n") == made + "=1 b=x c=x ");
    CHECK(publish(*romeo, "n", item("d")) == "ok");
    CHECK(items(*romeo, "n") == "b=x c=x d=x ");
    CHECK(publish(*romeo, "n", item("b", "again")) == "ok");
    CHECK(items(*romeo, "n") == "c=x d=x b=again ");
    CHECK(configure(*romeo, "n", "max_items", "1") == "ok");
    CHECK(items(*romeo, "n") == "b=again ");
    CHECK(configure(*romeo, "n", "max_items", "max") == "ok");
    for (int i = 0; i < 20; ++i) CHECK(publish(*romeo, "n", item(std::to_string(i))) == "ok");
    CHECK(items(*romeo, "n", "max_items='2'") == "18=x 19=x ");
}

TEST_CASE_FIXTURE(Scene, "pubsub: options are preconditions") {
    CHECK(publish(*romeo, "n", item("a"), "access_model", "whitelist") == "ok");
    CHECK(publish(*romeo, "n", item("a"), "access_model", "whitelist") == "ok");
    CHECK(publish(*romeo, "n", item("b"), "access_model", "open") ==
          "conflict/precondition-not-met");
    CHECK(publish(*romeo, "n", item("b"), "nonsense", "1") == "conflict/precondition-not-met");
    CHECK(publish(*romeo, "m", item("b"), "nonsense", "1") == "conflict/precondition-not-met");
    CHECK(items(*romeo, "m") == no_node);
    CHECK(items(*romeo, "n") == "a=x ");
}

TEST_CASE_FIXTURE(Scene, "pubsub: what must be published, and what must not") {
    CHECK(publish(*romeo, "n", "") == "bad-request/item-required");
    CHECK(publish(*romeo, "n", "<item id='a'/>") == "bad-request/payload-required");
    CHECK(items(*romeo, "n") == no_node);
    CHECK(outcome(set(*romeo, "<publish><item/></publish>")) == "bad-request/nodeid-required");
    CHECK(publish(*romeo, "quiet", "<item id='a'/>", "deliver_payloads", "0") == "ok");
    CHECK(items(*romeo, "quiet") == "a ");
    CHECK(configure(*romeo, "quiet", "persist_items", "0") == "ok");
    CHECK(publish(*romeo, "quiet", "<item id='a'/>") == "bad-request/item-forbidden");
    CHECK(publish(*romeo, "quiet", "") == "ok");
    CHECK(items(*romeo, "quiet") == "feature-not-implemented/unsupported");
}

TEST_CASE("pubsub: limits are kept, and said as the XEP has them") {
    Scene scene(
        "[pubsub]\nmax_nodes = 2\nmax_items = 3\nmax_item_bytes = 500\nmax_bytes = 1200\n"
        "max_affiliations = 1\n");
    Client& romeo = *scene.romeo;
    const std::string large(400, 'x');
    CHECK(Scene::publish(romeo, "a", Scene::item("1", std::string(600, 'x'))) ==
          "not-acceptable/payload-too-big");
    CHECK(Scene::publish(romeo, "a", Scene::item("1", large), "max_items", "max") == "ok");
    CHECK(Scene::publish(romeo, "a", Scene::item("2", large)) == "ok");
    CHECK(Scene::publish(romeo, "a", Scene::item("3", large)) == "resource-constraint");
    CHECK(Scene::publish(romeo, "a", Scene::item("2", large + "y")) == "ok");
    CHECK(Scene::outcome(Scene::own(romeo, "set", "<purge node='a'/>")) == "ok");
    for (int i = 0; i < 5; ++i)
        CHECK(Scene::publish(romeo, "a", Scene::item(std::to_string(i))) == "ok");
    CHECK(Scene::items(romeo, "a") == "2=x 3=x 4=x ");
    CHECK(Scene::publish(romeo, "b", Scene::item("1")) == "ok");
    CHECK(Scene::publish(romeo, "c", Scene::item("1")) == "resource-constraint/max-nodes-exceeded");
    CHECK(Scene::affiliate(romeo, "a", "x@y", "member") == "ok");
    CHECK(Scene::affiliate(romeo, "a", "z@y", "member") == "resource-constraint");
    CHECK(Scene::affiliate(romeo, "a", "x@y", "none") == "ok");
    CHECK(Scene::affiliate(romeo, "a", "z@y", "member") == "ok");
}

TEST_CASE_FIXTURE(Scene, "pubsub: a publish is answered once it is durable") {
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    world.storage().hold_commits();
    romeo->send_soon(
        "<iq type='set' id='p'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        "<publish node='n'>" +
        item("b") + "</publish></pubsub></iq>");
    world.run_shards();
    CHECK(romeo->pending() == 0);
    world.storage().release_commits();
    world.settle();
    CHECK(romeo->pop("iq").root().attr("type") == "result");
}

TEST_CASE_FIXTURE(Scene,
                  "pubsub: what could not be stored is said to have failed, and is not there") {
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    world.storage().fail_next_batches(1, fail("internal-server-error", "the disk is full"));
    CHECK(publish(*romeo, "n", item("b")) == "internal-server-error");
    CHECK(romeo->pending() == 0);  // it is said once
    CHECK(items(*romeo, "n") == "a=x ");
    CHECK(publish(*romeo, "n", item("c")) == "ok");
    CHECK(items(*romeo, "n") == "c=x ");
}

TEST_CASE_FIXTURE(Scene, "pubsub: nodes are as they were, if a change could not be stored") {
    const auto fails = [&](const std::string& inside, std::string_view ns = ns::pubsub_owner) {
        (void)items(*romeo, "n");  // what failed before is read again
        world.storage().fail_next_batches(1, fail("internal-server-error", "the disk is full"));
        CHECK(outcome(ask(*romeo, "set", ns, inside)) == "internal-server-error");
        CHECK(romeo->pending() == 0);
    };
    CHECK(publish(*romeo, "n", item("a") + item("b"), "max_items", "max") == "ok");
    CHECK(configure(*romeo, "n", "access_model", "open") == "ok");
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    forget();
    fails("<configure node='n'>" + options("node_config", "access_model", "whitelist") +
          "</configure>");
    CHECK(items(*tybalt, "n") == "a=x b=x ");
    fails("<delete node='n'/>");
    CHECK(items(*tybalt, "n") == "a=x b=x ");
    fails(
        "<affiliations node='n'><affiliation jid='tybalt@example.org' affiliation='outcast'/>"
        "</affiliations>");
    fails("<purge node='n'/>");
    fails("<create node='m'/>", ns::pubsub);
    CHECK(items(*romeo, "m") == no_node);
    CHECK(heard(*tybalt) == "");
    CHECK(publish(*romeo, "n", item("c")) == "ok");
    CHECK(heard(*tybalt) == "romeo@example.org n c=x\n");
    CHECK(publish(*romeo, "m", item("d")) == "ok");
    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    CHECK(items(*romeo, "n") == "a=x b=x c=x ");
    CHECK(items(*romeo, "m") == "d=x ");
    CHECK(states(own(*romeo, "get", "<subscriptions node='n'/>")) ==
          "tybalt@example.org subscribed \n");
}

// ---- Reading -----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "pubsub: items by id, the newest, and in pages") {
    CHECK(publish(*romeo, "n", item("a") + item("b") + item("c"), "max_items", "max") == "ok");
    const auto by_id = get(*romeo,
                           "<items node='n'><item id='c'/><item id='z'/><item id='a'/>"
                           "</items>");
    CHECK(list(*by_id.root().child(ns::pubsub, "pubsub")->first_child()) == "c=x a=x ");
    CHECK(items(*romeo, "n", "max_items='1'") == "c=x ");
    const std::string page = "<set xmlns='http://jabber.org/protocol/rsm'><max>2</max>";
    CHECK(items(*romeo, "n", "", page + "</set>") == "a=x b=x of 3");
    CHECK(items(*romeo, "n", "", page + "<after>b</after></set>") == "c=x of 3");
    CHECK(items(*romeo, "n", "", page + "<before/></set>") == "b=x c=x of 3");
    CHECK(items(*romeo, "n", "", page + "<after>z</after></set>") == no_node);
    CHECK(outcome(own(*romeo, "set", "<purge node='n'/>")) == "ok");
    CHECK(items(*romeo, "n") == "");
    CHECK(items(*romeo, "n", "", page + "</set>") == "of 0");
}

TEST_CASE("pubsub: who asks for much gets the newest, and is told that there is more") {
    Scene scene("[pubsub]\nmax_answer_bytes = 1024\n");
    const std::string large(300, 'x');
    for (const char* id : {"a", "b", "c", "d"})
        CHECK(Scene::publish(*scene.romeo, "n", Scene::item(id, large), "max_items", "max") ==
              "ok");
    CHECK(Scene::items(*scene.romeo, "n") == "c=" + large + " d=" + large + " of 4");
}

// ---- Who may -----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "pubsub: access models") {
    const auto reads = [&](std::string_view model) {
        CHECK(configure(*romeo, "n", "access_model", model) == "ok");
        std::string who;
        for (auto [client, name] : {std::pair(romeo, 'r'), {juliet, 'j'}, {tybalt, 't'}}) {
            const std::string answer = items(*client, "n");
            if (answer == "a=x ") who += name;
            if (answer != "a=x ") CHECK(answer == no_node);
        }
        return who;
    };
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK(reads("presence") == "rj");
    CHECK(reads("open") == "rjt");
    CHECK(reads("whitelist") == "r");
    CHECK(reads("roster") == "r");
    CHECK(affiliate(*romeo, "n", "tybalt@example.org", "member") == "ok");
    CHECK(reads("whitelist") == "rt");
    CHECK(reads("presence") == "rjt");
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "outcast") == "ok");
    CHECK(reads("open") == "rt");
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "none") == "ok");
    CHECK(reads("roster") == "rt");
    romeo->ask(
        "<iq type='set' id='r'><query xmlns='jabber:iq:roster'>"
        "<item jid='juliet@example.net'><group>Friends</group></item></query></iq>");
    CHECK(configure(*romeo, "n", "roster_groups_allowed", "Friends") == "ok");
    CHECK(reads("roster") == "rjt");
}

TEST_CASE_FIXTURE(Scene,
                  "pubsub: an account is offered its groups, another owner of a node is not") {
    const auto offered = [&](Client& client) {
        const auto answer = own(client, "get", "<configure node='n'/>");
        const auto form = DataForm::find_in(*answer.root().first_child()->first_child());
        REQUIRE(form);
        std::string groups;
        for (const auto& option : form->field("pubsub#roster_groups_allowed")->options)
            groups += option.value + ' ';
        return groups;
    };
    REQUIRE(publish(*romeo, "n", item("a")) == "ok");
    CHECK(offered(*romeo).empty());
    romeo->ask(
        "<iq type='set' id='r'><query xmlns='jabber:iq:roster'>"
        "<item jid='juliet@example.net'><group>Friends</group><group>Ball</group></item>"
        "</query></iq>");
    REQUIRE(configure(*romeo, "n", "roster_groups_allowed", "Gone") == "ok");
    REQUIRE(affiliate(*romeo, "n", "juliet@example.net", "owner") == "ok");
    CHECK(offered(*romeo) == "Ball Friends Gone ");
    CHECK(offered(*juliet).empty());
}

TEST_CASE_FIXTURE(Scene, "pubsub: publishers publish, and retract their own") {
    CHECK(publish(*romeo, "n", item("a"), "max_items", "max") == "ok");
    CHECK(publish(*juliet, "n", item("j")) == "forbidden");
    CHECK(publish(*tybalt, "n", item("t")) == no_node);
    CHECK(publish(*tybalt, "m", item("t")) == no_node);
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "publisher") == "ok");
    CHECK(affiliate(*romeo, "n", "tybalt@example.org", "publish-only") == "ok");
    CHECK(publish(*juliet, "n", item("j")) == "ok");
    CHECK(publish(*juliet, "n", item("a")) == "forbidden");
    CHECK(publish(*tybalt, "n", item("t")) == "ok");
    CHECK(items(*tybalt, "n") == no_node);
    const auto retract = [](Client& client, std::string_view id) {
        return outcome(
            set(client, "<retract node='n'><item id='" + std::string(id) + "'/></retract>"));
    };
    CHECK(retract(*juliet, "a") == "forbidden");
    CHECK(retract(*juliet, "j") == "ok");
    CHECK(retract(*juliet, "j") == no_node);
    CHECK(retract(*romeo, "t") == "ok");
    CHECK(items(*romeo, "n") == "a=x ");
    CHECK(configure(*romeo, "n", "publish_model", "subscribers") == "ok");
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "none") == "ok");
    CHECK(publish(*juliet, "n", item("k")) == "ok");
    CHECK(configure(*romeo, "n", "publish_model", "open") == "ok");
    CHECK(affiliate(*romeo, "n", "tybalt@example.org", "none") == "ok");
    CHECK(publish(*tybalt, "n", item("u")) == "ok");
}

TEST_CASE_FIXTURE(Scene, "pubsub: affiliations are read by owners, and one's own by everybody") {
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK(affiliate(*romeo, "n", "tybalt@example.org", "member") == "ok");
    const auto answer = own(*romeo, "get", "<affiliations node='n'/>");
    std::string all;
    for (const auto& each :
         answer.root().child(ns::pubsub_owner, "pubsub")->first_child()->children())
        all += std::string(each.attr("jid")) + ' ' + std::string(each.attr("affiliation")) + '\n';
    CHECK(all == "romeo@example.org owner\ntybalt@example.org member\n");
    CHECK(outcome(own(*juliet, "get", "<affiliations node='n'/>")) == "forbidden");
    const auto mine = [](Client& client) {
        const auto got = get(client, "<affiliations/>");
        if (got.root().attr("type") != "result") return outcome(got);
        std::string text;
        for (const auto& each : got.root().child(ns::pubsub, "pubsub")->first_child()->children())
            text += std::string(each.attr("node")) + ' ' + std::string(each.attr("affiliation"));
        return text;
    };
    CHECK(mine(*romeo) == "n owner");
    CHECK(mine(*tybalt) == "n member");
    CHECK(mine(*juliet) == "");
    CHECK(affiliate(*romeo, "n", "tybalt@example.org", "none") == "ok");
    CHECK(mine(*tybalt) == no_node);
}

TEST_CASE_FIXTURE(Scene, "pubsub: an account stays the owner of its nodes") {
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    const auto answer =
        own(*romeo, "set",
            "<affiliations node='n'><affiliation jid='tybalt@example.org' affiliation='member'/>"
            "<affiliation jid='romeo@example.org' affiliation='none'/></affiliations>");
    CHECK(outcome(answer) == "not-acceptable");
    const xml::Element* pubsub = answer.root().child(ns::pubsub_owner, "pubsub");
    REQUIRE(pubsub);
    std::string states;
    for (const auto& each : pubsub->first_child()->children())
        states += std::string(each.attr("affiliation")) + ' ';
    CHECK(states == "none owner ");
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "owner") == "ok");
    CHECK(configure(*juliet, "n", "title", "Ours") == "ok");
    CHECK(outcome(own(*juliet, "set", "<delete node='n'/>")) == "ok");
    CHECK(items(*romeo, "n") == no_node);
}

TEST_CASE_FIXTURE(Scene, "pubsub: what is deleted is gone, with its items") {
    CHECK(publish(*romeo, "n", item("a") + item("b"), "max_items", "max") == "ok");
    CHECK(outcome(own(*juliet, "set", "<delete node='n'/>")) == "forbidden");
    CHECK(outcome(own(*tybalt, "set", "<delete node='n'/>")) == no_node);
    CHECK(outcome(own(*juliet, "set", "<purge node='n'/>")) == "forbidden");
    CHECK(outcome(own(*romeo, "set", "<delete node='n'/>")) == "ok");
    CHECK(items(*romeo, "n") == no_node);
    CHECK(world.storage().engine().snapshot()->entries(storage::Table::module_data) == 0);
    CHECK(publish(*romeo, "n", item("c")) == "ok");
    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    CHECK(items(*romeo, "n") == "c=x ");
}

TEST_CASE_FIXTURE(Scene, "pubsub: strangers cannot tell accounts without such nodes from none") {
    CHECK(publish(*romeo, "n", item("a"), "access_model", "whitelist") == "ok");
    const auto compare = [&](std::string_view type, std::string_view ns, std::string_view inside) {
        std::string answers;
        for (const char* to : {"romeo@example.org", "nobody@example.org"}) {
            const auto answer = tybalt->ask("<iq type='" + std::string(type) + "' id='q' to='" +
                                            to + "'><pubsub xmlns='" + std::string(ns) + "'>" +
                                            std::string(inside) + "</pubsub></iq>");
            answers += outcome(answer) + ' ';
        }
        return answers;
    };
    const std::string same = no_node + ' ' + no_node + ' ';
    CHECK(compare("get", ns::pubsub, "<items node='n'/>") == same);
    CHECK(compare("get", ns::pubsub, "<items node='m'/>") == same);
    CHECK(compare("get", ns::pubsub, "<affiliations/>") == same);
    CHECK(compare("set", ns::pubsub, "<create node='x'/>") == same);
    CHECK(compare("set", ns::pubsub, "<create/>") == same);
    CHECK(compare("set", ns::pubsub, "<publish node='n'>" + item("a") + "</publish>") == same);
    CHECK(compare("set", ns::pubsub, "<retract node='n'><item id='a'/></retract>") == same);
    CHECK(compare("get", ns::pubsub_owner, "<configure node='n'/>") == same);
    CHECK(compare("get", ns::pubsub_owner, "<default/>") == same);
    CHECK(compare("set", ns::pubsub_owner, "<delete node='n'/>") == same);
    CHECK(compare("set", ns::pubsub_owner, "<purge node='n'/>") == same);
    CHECK(compare("get", ns::pubsub_owner, "<affiliations node='n'/>") == same);
    CHECK(compare("get", ns::pubsub, "<nonsense/>") == "bad-request bad-request ");
    CHECK(compare("get", ns::pubsub, "<default/>") == same);
    CHECK(compare("get", ns::pubsub, "<default node='n'/>") == same);
    CHECK(compare("get", ns::pubsub, "<options node='n' jid='tybalt@example.org'/>") == same);
    CHECK(compare("get", ns::pubsub, "<options node='n' jid='romeo@example.org'/>") == same);
    CHECK(compare("get", ns::pubsub, "<subscriptions/>") == same);
    CHECK(compare("get", ns::pubsub_owner, "<subscriptions node='n'/>") == same);
    CHECK(compare("set", ns::pubsub, "<subscribe node='n' jid='tybalt@example.org'/>") == same);
    CHECK(compare("set", ns::pubsub, "<unsubscribe node='n' jid='tybalt@example.org'/>") == same);
}

}  // namespace
}  // namespace clarion::pubsub
