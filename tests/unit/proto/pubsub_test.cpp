#include "proto/pubsub.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::pubsub {
namespace {

StanzaPtr iq(std::string_view type, std::string_view ns, std::string_view inside) {
    const std::string text = "<iq type='" + std::string(type) +
                             "' id='1' from='romeo@a/x' to='b'>" + "<pubsub xmlns='" +
                             std::string(ns) + "'>" + std::string(inside) + "</pubsub></iq>";
    auto stanza = Stanza::from_document(xml::parse_element(text, ns::client));
    REQUIRE(stanza);
    return *stanza;
}

template <class R>
R read(std::string_view type, std::string_view inside, std::string_view ns = ns::pubsub) {
    const auto stanza = iq(type, ns, inside);
    auto request = read_request(*stanza);
    REQUIRE(std::holds_alternative<Request>(request));
    R found = std::get<R>(std::get<Request>(std::move(request)));
    if constexpr (requires { found.items; })
        for (auto& item : found.items) item.payload = nullptr;  // the stanza goes
    return found;
}

/// The error as "condition/app-condition feature".
std::string refused(std::string_view type, std::string_view inside,
                    std::string_view ns = ns::pubsub) {
    const auto stanza = iq(type, ns, inside);
    const auto request = read_request(*stanza);
    const auto* refusal = std::get_if<Refusal>(&request);
    if (!refusal) return "taken";
    std::string text(clarion::name(refusal->error.condition));
    if (!refusal->error.app_name.empty()) text += "/" + refusal->error.app_name;
    if (!refusal->feature.empty()) text += " " + refusal->feature;
    return text;
}

std::string form(std::string_view form_type, std::string_view type = "submit") {
    return "<x xmlns='jabber:x:data' type='" + std::string(type) +
           "'><field var='FORM_TYPE' type='hidden'><value>" + std::string(form_type) +
           "</value></field><field var='pubsub#title'><value>T</value></field></x>";
}

TEST_CASE("pubsub: a node is created, with a form or without, named or not") {
    CHECK(read<Create>("set", "<create node='n'/>").node == "n");
    CHECK(read<Create>("set", "<create/>").node.empty());
    CHECK_FALSE(read<Create>("set", "<create node='n'/><configure/>").config);
    const auto created = read<Create>(
        "set", "<create node='n'/><configure>" + form(ns::pubsub_node_config) + "</configure>");
    REQUIRE(created.config);
    CHECK(created.config->value("pubsub#title") == "T");
    CHECK(refused("set", "<create node='n'/><configure node='n'/>") == "bad-request");
    CHECK(refused("set", "<create node='n'/><publish node='n'/>") == "bad-request");
    CHECK(refused("set", "<create/><configure>" + form("urn:x") + "</configure>") ==
          "bad-request/invalid-options");
    CHECK(refused("set", "<create node='" + std::string(max_name + 1, 'n') + "'/>") ==
          "not-acceptable");
    CHECK(refused("get", "<create node='n'/>") == "bad-request");
}

TEST_CASE("pubsub: items are published, with ids or without, with options") {
    const auto published =
        read<Publish>("set",
                      "<publish node='n'><item id='a'><p xmlns='u'/></item><item/></publish>"
                      "<publish-options>" +
                          form(ns::pubsub_publish_options) + "</publish-options>");
    REQUIRE(published.items.size() == 2);
    CHECK(published.items[0].id == "a");
    CHECK(published.items[1].id.empty());
    CHECK(published.options);
    const auto untyped = read<Publish>(
        "set",
        "<publish node='n'><item/></publish><publish-options><x xmlns='jabber:x:data'>"
        "<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value>"
        "</field></x></publish-options>");
    REQUIRE(untyped.options);
    CHECK(untyped.options->type == "submit");
    CHECK(read<Publish>("set", "<publish node='n'/>").items.empty());
    CHECK(refused("set", "<publish><item/></publish>") == "bad-request/nodeid-required");
    CHECK(refused("set", "<publish node='n'><item><a/><b/></item></publish>") ==
          "bad-request/invalid-payload");
    CHECK(refused("set", "<publish node='n'/><publish-options>" + form("urn:x") +
                             "</publish-options>") == "bad-request/invalid-options");
    CHECK(refused("set", "<publish node='n'><item id='" + std::string(max_name + 1, 'i') +
                             "'/></publish>") == "not-acceptable");
}

TEST_CASE("pubsub: items are retracted and asked for") {
    const auto gone =
        read<Retract>("set", "<retract node='n' notify='true'><item id='a'/></retract>");
    CHECK(gone.ids == std::vector<std::string>{"a"});
    CHECK(gone.notify);
    CHECK_FALSE(read<Retract>("set", "<retract node='n'><item id='a'/></retract>").notify);
    CHECK(refused("set", "<retract><item id='a'/></retract>") == "bad-request/nodeid-required");
    CHECK(refused("set", "<retract node='n'/>") == "bad-request/item-required");
    CHECK(refused("set", "<retract node='n'><item/></retract>") == "bad-request/item-required");

    const auto some = read<GetItems>("get",
                                     "<items node='n' max_items='2'/>"
                                     "<set xmlns='http://jabber.org/protocol/rsm'>"
                                     "<max>5</max></set>");
    CHECK(some.max_items == 2u);
    CHECK(some.rsm.max == 5u);
    CHECK(
        read<GetItems>("get", "<items node='n'><item id='a'/><item id='b'/></items>").ids.size() ==
        2);
    CHECK(refused("get", "<items node='n' max_items='-1'/>") == "bad-request");
    CHECK(refused("get", "<items node='n' max_items='two'/>") == "bad-request");
    CHECK(refused("get", "<items/>") == "bad-request/nodeid-required");
    CHECK(refused("get", "<items node='n'><item/></items>") == "bad-request/item-required");
}

TEST_CASE("pubsub: what owners ask") {
    const auto owner = ns::pubsub_owner;
    CHECK(read<GetConfig>("get", "<configure node='n'/>", owner).node == "n");
    const auto config = read<SetConfig>(
        "set", "<configure node='n'>" + form(ns::pubsub_node_config) + "</configure>", owner);
    CHECK(config.form.value("pubsub#title") == "T");
    CHECK(read<SetConfig>(
              "set", "<configure node='n'><x xmlns='jabber:x:data' type='cancel'/></configure>",
              owner)
              .form.type == "cancel");
    CHECK(refused("set", "<configure node='n'/>", owner) == "bad-request/invalid-options");
    CHECK(refused("set",
                  "<configure node='n'>" + form(ns::pubsub_node_config, "form") + "</configure>",
                  owner) == "bad-request/invalid-options");
    CHECK(refused("get", "<configure/>", owner) == "bad-request/nodeid-required");
    (void)read<GetDefault>("get", "<default/>", owner);
    CHECK(read<DeleteNode>("set", "<delete node='n'><redirect uri='xmpp:b'/></delete>", owner)
              .redirect == "xmpp:b");
    CHECK(read<Purge>("set", "<purge node='n'/>", owner).node == "n");
    CHECK(read<GetAffiliations>("get", "<affiliations node='n'/>", owner).node == "n");
}

TEST_CASE("pubsub: affiliations are changed by bare address, each once") {
    const auto read_changes = [](std::string_view inside) {
        return read<SetAffiliations>(
                   "set", "<affiliations node='n'>" + std::string(inside) + "</affiliations>",
                   ns::pubsub_owner)
            .changes;
    };
    const auto changes = read_changes(
        "<affiliation jid='A@b/x' affiliation='publish-only'/>"
        "<affiliation jid='c@b'/>");
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].jid.full() == "a@b");
    CHECK(changes[0].affiliation == Affiliation::publish_only);
    const auto wrong = [](std::string_view inside) {
        return refused("set", "<affiliations node='n'>" + std::string(inside) + "</affiliations>",
                       ns::pubsub_owner);
    };
    CHECK(wrong("<affiliation jid='a@b' affiliation='none'/><affiliation jid='a@b/x'/>") ==
          "bad-request");
    CHECK(wrong("<affiliation jid='@b' affiliation='none'/>") == "bad-request/invalid-jid");
    CHECK(wrong("<affiliation jid='a@b' affiliation='king'/>") == "bad-request");
}

TEST_CASE("pubsub: subscriptions") {
    const auto wish = read<Subscribe>("set", "<subscribe node='n' jid='Romeo@a/x'/>");
    CHECK(wish.node == "n");
    CHECK(wish.jid.full() == "romeo@a/x");
    CHECK(read<Unsubscribe>("set", "<unsubscribe node='n' jid='romeo@a'/>").node == "n");
    CHECK(refused("set", "<subscribe node='n'/>") == "bad-request/jid-required");
    CHECK(refused("set", "<subscribe node='n' jid='@a'/>") == "bad-request/invalid-jid");
    CHECK(refused("set", "<subscribe jid='romeo@a'/>") == "bad-request/nodeid-required");
    CHECK(read<GetOwnSubscriptions>("get", "<subscriptions/>").node.empty());
    const auto owner = ns::pubsub_owner;
    CHECK(read<GetSubscriptions>("get", "<subscriptions node='n'/>", owner).node == "n");
    const auto change = read<SetSubscriptions>(
        "set",
        "<subscriptions node='n'><subscription jid='a@b' subscription='none'/></subscriptions>",
        owner);
    REQUIRE(change.changes.size() == 1);
    CHECK(change.changes[0].state == SubscriptionState::none);
    CHECK(read<SetSubscriptions>("set",
                                 "<subscriptions node='n'><subscription jid='a@b'/>"
                                 "</subscriptions>",
                                 owner)
              .changes.empty());
    CHECK(refused("set",
                  "<subscriptions node='n'><subscription jid='a@b' subscription='unconfigured'/>"
                  "</subscriptions>",
                  owner) == "not-acceptable");
}

TEST_CASE("pubsub: options of subscriptions") {
    const std::string options = form(ns::pubsub_subscribe_options);
    const std::string subscribe = "<subscribe node='n' jid='a@b'/>";
    CHECK_FALSE(read<Subscribe>("set", subscribe).options);
    CHECK(read<Subscribe>("set", subscribe + "<options>" + options + "</options>").options);
    CHECK(refused("set", subscribe + "<options jid='a@b'>" + options + "</options>") ==
          "bad-request");
    CHECK(refused("set", subscribe + "<configure/>") == "bad-request");
    CHECK(refused("set", subscribe + "<options>" + form("urn:x") + "</options>") ==
          "bad-request/invalid-options");
    CHECK(read<GetOptions>("get", "<options node='n' jid='a@b'/>").jid.full() == "a@b");
    CHECK(refused("get", "<options node='n'/>") == "bad-request/jid-required");
    CHECK(refused("get", "<options jid='a@b'/>") == "bad-request/nodeid-required");
    CHECK(read<SetOptions>("set", "<options node='n' jid='a@b'>" + options + "</options>").node ==
          "n");
    CHECK(refused("set", "<options node='n' jid='a@b'/>") == "bad-request/invalid-options");
    CHECK(read<GetDefaultOptions>("get", "<default/>").node.empty());
    CHECK(read<GetDefaultOptions>("get", "<default node='n'/>").node == "n");
}

TEST_CASE("pubsub: an owner answers a request for a subscription") {
    const auto answer = [](std::string_view type, std::string_view allow,
                           std::string_view jid = "a@b/c") {
        const DataForm asked = authorization_form("n", *Jid::parse("a@b/c"));
        auto message = Stanza::make(StanzaKind::message, StanzaType::normal, Jid(), Jid());
        DataForm form = asked;
        form.type = type;
        for (DataFormField& field : form.fields) {
            if (field.var == "pubsub#allow") field.values = {std::string(allow)};
            if (field.var == "pubsub#subscriber_jid") field.values = {std::string(jid)};
        }
        form.append_to(message->root());
        return read_authorization(*message);
    };
    const auto allowed = answer("submit", "true");
    REQUIRE(allowed);
    CHECK(allowed->node == "n");
    CHECK(allowed->subscriber.full() == "a@b/c");
    CHECK(allowed->allowed == true);
    CHECK(answer("submit", "0")->allowed == false);
    CHECK_FALSE(answer("cancel", "1")->allowed.has_value());
    CHECK_FALSE(answer("form", "1"));
    CHECK_FALSE(answer("submit", "perhaps"));
    CHECK_FALSE(answer("submit", "1", "@b"));
    CHECK_FALSE(
        read_authorization(*Stanza::make(StanzaKind::message, StanzaType::normal, Jid(), Jid())));
}

TEST_CASE("pubsub: what nobody knows is refused") {
    CHECK(refused("set", "<nonsense/>") == "bad-request");
    CHECK(refused("set", "<create xmlns='urn:x'/>") == "bad-request");
    CHECK(refused("set", "") == "bad-request");
}

TEST_CASE("pubsub: a refusal names the feature that is not there") {
    const auto request = iq("set", ns::pubsub, "<create node='n'/>");
    const auto answer = make_refusal(*request, unsupported("create-nodes"));
    const xml::Element* error = answer->root().child(ns::client, "error");
    REQUIRE(error);
    const xml::Element* condition = error->child(ns::pubsub_errors, "unsupported");
    REQUIRE(condition);
    CHECK(condition->attr("feature") == "create-nodes");
    CHECK(read_error(answer->root()).type == StanzaErrorType::cancel);
    const auto plain = make_refusal(*request, refusal(StanzaErrorCondition::conflict, "node-full"));
    CHECK(read_error(plain->root()).app_name == "node-full");
}

TEST_CASE("pubsub: affiliations have names") {
    for (int i = 0; i <= static_cast<int>(Affiliation::owner); ++i) {
        const auto affiliation = static_cast<Affiliation>(i);
        CHECK(parse_affiliation(name(affiliation)) == affiliation);
    }
    CHECK_FALSE(parse_affiliation("").has_value());
}

TEST_CASE("pubsub: events") {
    auto message = Stanza::make(StanzaKind::message, StanzaType::headline, Jid(), Jid());
    add_event(message->root(), "purge", "n");
    CHECK(xml::to_string(*message->root().first_child()) ==
          "<event xmlns='http://jabber.org/protocol/pubsub#event'><purge node='n'/></event>");
}

}  // namespace
}  // namespace clarion::pubsub
