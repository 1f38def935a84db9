#include "modules/bookmarks/node_rules.h"

#include <doctest/doctest.h>

#include <map>

#include "proto/ns.h"
#include "proto/pubsub_config.h"

namespace clarion::bookmarks {
namespace {

constexpr std::uint32_t most_items = 1000;

StanzaPtr request(std::string_view ns, std::string_view inside) {
    auto document = xml::parse_element(
        "<iq xmlns='jabber:client' type='set' id='1' from='r@x/o' to='r@x'><pubsub xmlns='" +
        std::string(ns) + "'>" + std::string(inside) + "</pubsub></iq>");
    return *Stanza::from_document(std::move(document));
}
std::string form(std::string_view kind, std::string_view fields) {
    return "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
           "http://jabber.org/protocol/pubsub#" +
           std::string(kind) + "</value></field>" + std::string(fields) + "</x>";
}
std::string field(std::string_view var, std::string_view value) {
    return "<field var='pubsub#" + std::string(var) + "'><value>" + std::string(value) +
           "</value></field>";
}

template <class T>
T allowed(const StanzaPtr& asked) {
    const auto read = pubsub::read_request(*asked);
    REQUIRE(std::holds_alternative<pubsub::Request>(read));
    const auto allowed = as_allowed(asked, std::get<pubsub::Request>(read));
    REQUIRE(std::holds_alternative<StanzaPtr>(allowed));
    const auto again = pubsub::read_request(*std::get<StanzaPtr>(allowed));
    REQUIRE(std::holds_alternative<pubsub::Request>(again));
    REQUIRE(std::holds_alternative<T>(std::get<pubsub::Request>(again)));
    return std::get<T>(std::get<pubsub::Request>(again));
}

/// How a node is that is made so. `again`: whether it may be asked for in the same way then.
void check_private(const std::optional<DataForm>& made, bool again = true) {
    REQUIRE(made);
    pubsub::NodeConfig config;
    CHECK(!pubsub::apply_preconditions(config, *made, most_items));
    CHECK(config.access == pubsub::AccessModel::whitelist);
    CHECK(config.publish == pubsub::PublishModel::publishers);
    CHECK(config.persist_items);
    CHECK(config.max_items == pubsub::NodeConfig::as_many_as_allowed);
    CHECK(config.send_last == pubsub::SendLast::never);
    CHECK(pubsub::check_preconditions(config, *made, most_items).has_value() != again);
}

const std::string item = "<publish node='urn:xmpp:bookmarks:1'><item id='a@b'/></publish>";

TEST_CASE("bookmarks node: publishing makes it private, whatever is asked for") {
    check_private(allowed<pubsub::Publish>(request(ns::pubsub, item)).options);
    for (const char* access : {"open", "presence", "roster", "whitelist"}) {
        const auto asked =
            request(ns::pubsub, item + "<publish-options>" +
                                    form("publish-options", field("access_model", access) +
                                                                field("max_items", "255") +
                                                                field("persist_items", "0")) +
                                    "</publish-options>");
        check_private(allowed<pubsub::Publish>(asked).options,
                      access == std::string_view("whitelist"));
    }
    check_private(
        allowed<pubsub::Publish>(request(ns::pubsub, item + "<publish-options/>")).options);
}

TEST_CASE("bookmarks node: other preconditions stay") {
    const auto asked =
        request(ns::pubsub, item + "<publish-options>" +
                                form("publish-options", field("deliver_payloads", "0")) +
                                "</publish-options>");
    CHECK(allowed<pubsub::Publish>(asked).options->value("pubsub#deliver_payloads") == "0");
}

TEST_CASE("bookmarks node: making and configuring it make it private") {
    const std::string create = "<create node='urn:xmpp:bookmarks:1'/>";
    check_private(allowed<pubsub::Create>(request(ns::pubsub, create)).config);
    check_private(allowed<pubsub::Create>(request(ns::pubsub, create + "<configure/>")).config);
    const std::string open =
        form("node_config", field("access_model", "open") + field("publish_model", "open"));
    check_private(
        allowed<pubsub::Create>(request(ns::pubsub, create + "<configure>" + open + "</configure>"))
            .config,
        false);
    check_private(allowed<pubsub::SetConfig>(
                      request(ns::pubsub_owner,
                              "<configure node='urn:xmpp:bookmarks:1'>" + open + "</configure>"))
                      .form,
                  false);
}

TEST_CASE("bookmarks node: what is cancelled, and what is asked, stays as it is") {
    const auto cancelled = request(ns::pubsub_owner,
                                   "<configure node='n'><x xmlns='jabber:x:data' type='cancel'/>"
                                   "</configure>");
    const auto read = pubsub::read_request(*cancelled);
    const auto same = as_allowed(cancelled, std::get<pubsub::Request>(read));
    CHECK(std::get<StanzaPtr>(same) == cancelled);
}

TEST_CASE("bookmarks node: nobody else is let in") {
    const auto asked = request(ns::pubsub_owner,
                               "<affiliations node='n'><affiliation jid='j@x' "
                               "affiliation='member'/></affiliations>");
    const auto read = pubsub::read_request(*asked);
    const auto refused = as_allowed(asked, std::get<pubsub::Request>(read));
    REQUIRE(std::holds_alternative<pubsub::Refusal>(refused));
    CHECK(std::get<pubsub::Refusal>(refused).error.condition == StanzaErrorCondition::not_allowed);
}

TEST_CASE("bookmarks node: what the server asks itself is read as it is meant") {
    const Jid romeo = Jid::trusted("r@x");
    const auto create = pubsub::read_request(*make_create(romeo));
    check_private(std::get<pubsub::Create>(std::get<pubsub::Request>(create)).config);
    const auto configure = pubsub::read_request(*make_configure(romeo));
    check_private(std::get<pubsub::SetConfig>(std::get<pubsub::Request>(configure)).form);
}

TEST_CASE("bookmarks node: another name for it") {
    const auto asked = request(ns::pubsub_owner, "<configure node='storage:bookmarks'/>");
    const auto renamed_one = renamed(*asked, "n");
    CHECK(renamed_one->root().first_child()->first_child()->attr("node") == "n");
    CHECK(asked->root().first_child()->first_child()->attr("node") == "storage:bookmarks");
}

}  // namespace
}  // namespace clarion::bookmarks
