#include "modules/disco.h"

#include <algorithm>
#include <string>

#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/actors/features.h"
#include "server/core/address/domains.h"
#include "server/core/events/disco_events.h"
#include "server/core/events/host_events.h"
#include "server/core/routing/domain_links.h"
#include "server/runtime/event_bus.h"

namespace clarion::disco {

namespace {

using core::Context;
using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using core::Relation;

StanzaError no_such_node() { return StanzaErrorCondition::item_not_found; }

bool asks_for_node(const IqRequest& request) { return !request.payload().attr("node").empty(); }

void add_identity(xml::Element& query, std::string_view category, std::string_view type,
                  std::string_view name = {}) {
    xml::Element& added = query.add("identity");
    added.set_attr("category", category).set_attr("type", type);
    if (!name.empty()) added.set_attr("name", name);
}

void add_features(xml::Element& query, const std::vector<std::string_view>& features) {
    for (const std::string_view feature : features) query.add("feature").set_attr("var", feature);
}

/// A service or component shows under the host whose subdomain it is, or everywhere if it is
/// nobody's.
bool belongs_to(const core::Domains& domains, std::string_view domain, std::string_view host) {
    const auto under = [domain](std::string_view parent) {
        return domain.size() > parent.size() && domain.ends_with(parent) &&
               domain[domain.size() - parent.size() - 1] == '.';
    };
    return under(host) || std::none_of(domains.hosts().begin(), domains.hosts().end(), under);
}

void describe_host(events::HostDescribing& event) {
    event.info.add_identity("server", "im", "Clarion");
    for (const auto feature : event.context.features().of(IqTarget::host, event.host))
        event.info.add_feature(feature);
}

IqAnswer host_info(Context& context, IqRequest& request) {
    const std::string_view node = request.payload().attr("node");
    events::HostNodeSought sought{context, request.host, node};
    if (!node.empty()) context.bus().fire(sought);
    if (!node.empty() && !sought.is_host) return no_such_node();
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_info);
    if (!node.empty()) query.set_attr("node", node);
    DiscoInfo info;
    context.bus().fire(events::HostDescribing{context, request.host, info});
    info.append_to(query);
    return result;
}

IqAnswer host_items(Context& context, IqRequest& request) {
    if (asks_for_node(request)) return no_such_node();
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_items);
    for (const std::string& component : context.domains().components()) {
        if (!context.links().is_attached(component)) continue;  // who asked it would get an error
        if (!belongs_to(context.domains(), component, request.host)) continue;
        query.add("item").set_attr("jid", component);
    }
    for (const core::ServiceDomain& service : context.domains().services())
        if (belongs_to(context.domains(), service.domain, request.host))
            query.add("item").set_attr("jid", service.domain);
    return result;
}

/// Asks the modules for what an account has. False: there is no such node.
bool ask_modules(Context& context, const IqRequest& request, xml::Element& query) {
    using What = events::AccountDiscovered::What;
    const std::string_view node = request.payload().attr("node");
    if (!node.empty()) query.set_attr("node", node);
    const What what = query.ns() == ns::disco_info ? What::info : What::items;
    events::AccountDiscovered event{*request.account, request.from, what, node, query};
    context.bus().fire(event);
    return node.empty() || event.known;
}

IqAnswer account_info(Context& context, IqRequest& request) {
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_info);
    if (!asks_for_node(request)) add_identity(query, "account", "registered");
    if (!ask_modules(context, request, query)) return no_such_node();
    if (!asks_for_node(request))
        add_features(query, context.features().of(IqTarget::account, request.host));
    return result;
}

/// The available resources: who may ask sees their presence anyway.
IqAnswer account_items(Context& context, IqRequest& request) {
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_items);
    if (!ask_modules(context, request, query)) return no_such_node();
    if (asks_for_node(request)) return result;
    for (const auto& session : request.account->sessions()) {
        if (session->available()) query.add("item").set_attr("jid", session->jid().full());
    }
    return result;
}

/// Of a service, or of one of its actors: what it says of itself, and what modules can do for it.
IqAnswer service_info(Context& context, IqRequest& request) {
    if (asks_for_node(request)) return no_such_node();
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_info);
    if (core::ServicePort* port = context.links().service(request.host))
        port->describe(query, request.owner);
    add_features(query, context.features().of(request.target, request.host,
                                              context.domains().module_of(request.host)));
    return result;
}

/// For services that list nothing themselves.
IqAnswer no_items(IqRequest& request) {
    if (asks_for_node(request)) return no_such_node();
    auto result = make_result(*request.stanza);
    result->root().add("query", ns::disco_items);
    return result;
}

/// Strangers find no items, with a node or without, whether there is an account or not (XEP-0030,
/// section 8, rule 2). disco#info is service-unavailable to them (rule 1).
IqAnswer hidden_items(IqRequest& request) {
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_items);
    if (asks_for_node(request)) query.set_attr("node", request.payload().attr("node"));
    return result;
}

}  // namespace

void install(core::ModuleSetup& setup) {
    Context& context = setup.context();
    setup.on(events::HostDescribing::Stage::describe, describe_host);
    for (const auto target :
         {IqTarget::host, IqTarget::account, IqTarget::service, IqTarget::actor}) {
        setup.feature(target, ns::disco_info);
        setup.feature(target, ns::disco_items);
    }
    for (const auto target : {IqTarget::service, IqTarget::actor}) {
        setup.serve(
            target, StanzaType::get, ns::disco_info, "query",
            [&context](IqRequest& request) { return service_info(context, request); },
            Relation::stranger);
        setup.serve(target, StanzaType::get, ns::disco_items, "query", no_items,
                    Relation::stranger);
    }
    setup.serve(IqTarget::host, StanzaType::get, ns::disco_info, "query",
                [&context](IqRequest& request) { return host_info(context, request); });
    setup.serve(IqTarget::host, StanzaType::get, ns::disco_items, "query",
                [&context](IqRequest& request) { return host_items(context, request); });
    setup.serve(
        IqTarget::account, StanzaType::get, ns::disco_info, "query",
        [&context](IqRequest& request) { return account_info(context, request); },
        Relation::contact);
    setup.serve(
        IqTarget::account, StanzaType::get, ns::disco_items, "query",
        [&context](IqRequest& request) { return account_items(context, request); },
        Relation::contact);
    setup.serve(IqTarget::hidden, StanzaType::get, ns::disco_items, "query", hidden_items);
}

}  // namespace clarion::disco
