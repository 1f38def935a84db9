#include "modules/disco.h"

#include <algorithm>
#include <string>

#include "proto/ns.h"
#include "server/core/session.h"

namespace clarion::disco {

namespace {

using core::Core;
using core::IqAnswer;
using core::IqAudience;
using core::IqRequest;
using core::IqTarget;

StanzaError no_such_node() { return StanzaErrorCondition::item_not_found; }

bool asks_for_node(const IqRequest& request) { return !request.payload().attr("node").empty(); }

void add_identity(xml::Element& query, const core::Features::Identity& identity) {
    xml::Element& added = query.add("identity");
    added.set_attr("category", identity.category).set_attr("type", identity.type);
    if (!identity.name.empty()) added.set_attr("name", identity.name);
}

void add_features(xml::Element& query, const std::vector<std::string_view>& features) {
    for (const std::string_view feature : features) query.add("feature").set_attr("var", feature);
}

/// A component shows under the host whose subdomain it is, or everywhere if it is nobody's.
bool belongs_to(const core::Hosts& hosts, std::string_view component, std::string_view host) {
    const auto under = [component](std::string_view parent) {
        return component.size() > parent.size() && component.ends_with(parent) &&
               component[component.size() - parent.size() - 1] == '.';
    };
    return under(host) || std::none_of(hosts.hosts().begin(), hosts.hosts().end(), under);
}

IqAnswer host_info(Core& core, IqRequest& request) {
    if (asks_for_node(request)) return no_such_node();
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_info);
    add_identity(query, {"server", "im", "Clarion"});
    add_features(query, core.features().host(request.host));
    return result;
}

IqAnswer host_items(Core& core, IqRequest& request) {
    if (asks_for_node(request)) return no_such_node();
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_items);
    for (const std::string& component : core.hosts().components()) {
        if (!core.links().is_attached(component)) continue;  // who asked it would get an error
        if (!belongs_to(core.hosts(), component, request.host)) continue;
        query.add("item").set_attr("jid", component);
    }
    return result;
}

IqAnswer account_info(Core& core, IqRequest& request) {
    if (asks_for_node(request)) return no_such_node();
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_info);
    add_identity(query, {"account", "registered", {}});
    for (const auto& identity : core.features().account_identities()) add_identity(query, identity);
    add_features(query, core.features().account(request.host));
    return result;
}

/// The available resources: who may ask sees their presence anyway.
IqAnswer account_items(IqRequest& request) {
    if (asks_for_node(request)) return no_such_node();
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_items);
    for (const auto& session : request.account->sessions()) {
        if (session->available()) query.add("item").set_attr("jid", session->jid().full());
    }
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
    Core& core = setup.core();
    for (const auto feature : {ns::disco_info, ns::disco_items}) {
        setup.host_feature(feature);
        setup.account_feature(feature);
    }
    setup.serve(IqTarget::host, StanzaType::get, ns::disco_info, "query",
                [&core](IqRequest& request) { return host_info(core, request); });
    setup.serve(IqTarget::host, StanzaType::get, ns::disco_items, "query",
                [&core](IqRequest& request) { return host_items(core, request); });
    setup.serve(
        IqTarget::account, StanzaType::get, ns::disco_info, "query",
        [&core](IqRequest& request) { return account_info(core, request); }, IqAudience::contacts);
    setup.serve(IqTarget::account, StanzaType::get, ns::disco_items, "query", account_items,
                IqAudience::contacts);
    setup.serve(IqTarget::hidden, StanzaType::get, ns::disco_items, "query", hidden_items);
}

}  // namespace clarion::disco
