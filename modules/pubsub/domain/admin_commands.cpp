#include "modules/pubsub/domain/admin_commands.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "modules/pubsub/domain/services.h"
#include "proto/ns.h"
#include "server/core/address/domains.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"

namespace clarion::pubsub {

namespace json = boost::json;
using core::Context;
using core::text;

namespace {

/// What is done where the service is at home.
using Work = std::function<Task<Result<json::value>>(Services& services, PubsubDomain& domain)>;

Task<Result<json::value>> work_here(Context& home, std::string domain, const Work& work) {
    ServicesSought sought;
    home.bus().fire(sought);
    DomainDirectory* const directory = sought.found ? sought.found->find(domain) : nullptr;
    if (!directory) co_return fail(error_code::item_not_found, domain + " is no pubsub service");
    const auto loaded = co_await directory->load_nodes();
    if (!loaded) co_return loaded.error();
    co_return co_await work(*sought.found, **loaded);
}

/// At the home of the service that is named. `work` outlives it.
Task<Result<json::value>> at_service(Context& here, const json::object& arguments,
                                     const Work& work) {
    const auto named = prepare_domain(text(arguments, "domain"));
    if (!named) co_return fail(error_code::usage, "domain: " + named.error().text);
    const std::string domain = *named;
    co_return co_await core::ask_at_home<json::value>(
        here, domain, [&](Context& home) { return work_here(home, domain, work); });
}

json::object row_of(const Node& node) {
    const DataForm form = meta_data_form(node.config);
    return {{"node", node.name},
            {"title", node.config.title},
            {"access", form.value("pubsub#access_model")},
            {"publish", form.value("pubsub#publish_model")},
            {"subscribers", node.subscriptions.size() - node.subscriptions.pending()},
            {"pending", node.subscriptions.pending()},
            {"creator", node.creator},
            {"created", format_datetime(node.created)}};
}

// ---- list --------------------------------------------------------------------------------------

Task<Result<json::value>> list_nodes(Services&, PubsubDomain& domain) {
    json::array all;
    for (const auto& node : domain.nodes().nodes) all.emplace_back(row_of(*node));
    co_return json::value(std::move(all));
}

Task<Result<json::value>> list(Context& here, const json::object& arguments) {
    const Work there = list_nodes;
    co_return co_await at_service(here, arguments, there);
}

// ---- info --------------------------------------------------------------------------------------

Error no_node(const std::string& name) {
    return fail(error_code::item_not_found, "there is no node " + name);
}

Task<Result<json::value>> describe_one(Services& services, PubsubDomain& domain, std::string name) {
    const auto loaded = co_await services.engine().store().load_items(domain, domain.nodes(), name);
    if (!loaded) co_return loaded.error();
    const Node* const node = domain.nodes().find(name);
    if (!node || !node->items) co_return no_node(name);
    json::object row = row_of(*node);
    row["items"] = node->items->size();
    row["bytes"] = node->items->bytes();
    std::string affiliations;
    for (const Affiliate& each : node->affiliates)
        affiliations.append(affiliations.empty() ? "" : ", ")
            .append(each.jid)
            .append(" ")
            .append(clarion::pubsub::name(each.affiliation));
    row["affiliations"] = affiliations;
    co_return json::value(std::move(row));
}

Task<Result<json::value>> info(Context& here, const json::object& arguments) {
    const std::string node(text(arguments, "node"));
    const Work there = [&node](Services& services, PubsubDomain& domain) {
        return describe_one(services, domain, node);
    };
    co_return co_await at_service(here, arguments, there);
}

// ---- delete ------------------------------------------------------------------------------------

/// As the service itself, which owns all of its nodes: subscribers are told as ever.
Task<Result<json::value>> delete_one(Services& services, PubsubDomain& domain, std::string name) {
    auto stanza =
        Stanza::make(StanzaKind::iq, StanzaType::set, domain.jid(), domain.jid(), "delete");
    stanza->root().add("pubsub", ns::pubsub_owner).add("delete").set_attr("node", name);
    const DomainService service(domain, {domain.jid().full()});
    core::IqRequest request{.stanza = stanza,
                            .from = stanza->from(),
                            .target = core::IqTarget::service,
                            .host = domain.host()};
    const auto answer = co_await services.engine().answer(service, std::move(request));
    const auto* refused = std::get_if<StanzaError>(&answer);
    if (refused && refused->condition == StanzaErrorCondition::item_not_found)
        co_return no_node(name);
    if (refused) co_return fail(clarion::name(refused->condition), refused->text);
    co_return json::value{{"deleted", name}};
}

Task<Result<json::value>> remove(Context& here, const json::object& arguments) {
    const std::string node(text(arguments, "node"));
    const Work there = [&node](Services& services, PubsubDomain& domain) {
        return delete_one(services, domain, node);
    };
    co_return co_await at_service(here, arguments, there);
}

// ---- The area ----------------------------------------------------------------------------------

using Kind = core::ArgumentKind;
using Use = core::ArgumentUse;

constexpr core::AdminArgument one_service{.name = "domain",
                                          .kind = Kind::domain,
                                          .use = Use::required,
                                          .help = "a pubsub service, such as pubsub.example.org"};
constexpr core::AdminArgument one_node{
    .name = "node", .kind = Kind::text, .use = Use::required, .help = "the name of a node there"};

std::vector<core::AdminColumn> columns() {
    using enum core::ColumnKind;
    return {{"node", "node"},
            {"title", "title"},
            {"access", "access"},
            {"publish", "publish"},
            {"subscribers", "subscribers", number},
            {"pending", "pending", number},
            {"items", "items", number},
            {"bytes", "bytes", number},
            {"creator", "creator"},
            {"created", "created"},
            {"affiliations", "affiliations"}};
}

}  // namespace

const core::AdminArea& admin_area() {
    static const core::AdminArea area{
        .name = "pubsub",
        .help = "pubsub services",
        .commands = {
            {.name = "pubsub node list",
             .help = "nodes of a pubsub service",
             .arguments = {one_service},
             .columns = columns(),
             .none = "no nodes",
             .run = list},
            {.name = "pubsub node info",
             .help = "one node: what it keeps, and who is what to it",
             .arguments = {one_service, one_node},
             .columns = columns(),
             .run = info},
            {.name = "pubsub node delete",
             .help = "delete a node with all its items, for good; subscribers are told; asks "
                     "at a terminal",
             .arguments = {one_service, one_node},
             .questions = {{"", "Delete the node {node} of {domain}, for good?"}},
             .run = remove}}};
    return area;
}

}  // namespace clarion::pubsub
