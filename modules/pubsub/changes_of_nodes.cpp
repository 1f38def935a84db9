// Changes to nodes as such (XEP-0060, section 8).
#include <algorithm>

#include "base/id.h"
#include "modules/pubsub/changes.h"
#include "proto/ns.h"

namespace clarion::pubsub {

namespace {

using enum StanzaErrorCondition;

Outcome refused(Refusal refusal) { return {.refusal = std::move(refusal)}; }

/// The asker may not make nodes; whom the owner does not know is not told that anybody could.
Refusal may_not_create(const Service& service, const Jid& who) {
    return service.is_known_to(who) ? Refusal{{forbidden}} : no_such_node();
}

DataForm form_of(const Service& service, const NodeConfig& config, std::string_view type,
                 const Jid& who) {
    const PubsubOptions& options = service.options();
    const NodeLimits limits{.max_items = static_cast<std::uint32_t>(options.max_items),
                            .max_payload = static_cast<std::uint32_t>(std::min<std::int64_t>(
                                options.max_item_bytes, NodeConfig::as_many_as_allowed))};
    DataForm form = config_form(config, type, limits);
    service.adapt(form, who);
    return form;
}

Refusal too_much(const Error& error) { return {to_stanza_error(error)}; }

void add_affiliation(xml::Element& list, std::string_view jid, Affiliation affiliation) {
    list.add("affiliation").set_attr("jid", jid).set_attr("affiliation", name(affiliation));
}

/// What cannot be, as it still is (8.9.2).
std::shared_ptr<Stanza> refuse_changes(const Stanza& request, const Service& service,
                                       const Node& node, const SetAffiliations& change) {
    auto answer =
        Stanza::make(StanzaKind::iq, StanzaType::error, request.to(), request.from(), request.id());
    xml::Element& pubsub = answer->root().add("pubsub", ns::pubsub_owner);
    xml::Element& list = pubsub.add("affiliations").set_attr("node", node.name);
    for (const auto& each : change.changes)
        add_affiliation(list, each.jid.full(), standing_of(service, node, each.jid).affiliation);
    add_error(answer->root(), {not_acceptable, "a node needs an owner"});
    return answer;
}

void set_affiliation(std::vector<Affiliate>& affiliates, const SetAffiliations::Change& change) {
    std::erase_if(affiliates, [&](const auto& each) { return each.jid == change.jid.full(); });
    if (change.affiliation != Affiliation::none)
        affiliates.push_back({change.jid.full(), change.affiliation});
}

}  // namespace

Refusal no_such_node() { return {{item_not_found}}; }

Standing standing_of(const Service& service, const Node& node, const Jid& who) {
    Standing standing;
    const bool is_owner = service.owns(who);
    standing.affiliation = is_owner ? Affiliation::owner : node.affiliation_of(who.bare());
    const bool shown = is_owner || service.shows_presence_to(who);
    // Looked for, among perhaps thousands, only where it decides anything.
    const bool matters = node.config.access == AccessModel::authorize ||
                         node.config.publish == PublishModel::subscribers;
    const bool asked_for_it = matters && node.is_subscribed(who.bare());
    standing.subscribed = shown || asked_for_it;
    switch (node.config.access) {
        case AccessModel::open: standing.admitted = true; break;
        case AccessModel::presence: standing.admitted = shown; break;
        case AccessModel::roster:
            standing.admitted = service.has_in_groups(who, node.config.roster_groups);
            break;
        case AccessModel::authorize:
            standing.admitted = asked_for_it;
            standing.may_ask = true;
            break;
        case AccessModel::whitelist: break;
    }
    return standing;
}

std::vector<Jid> owners_of(const Service& service, const Node& node) {
    std::vector<Jid> owners;
    if (service.owns(service.owner().jid())) owners.push_back(service.owner().jid());
    for (const Affiliate& each : node.affiliates)
        if (each.affiliation == Affiliation::owner) owners.push_back(Jid::trusted(each.jid));
    return owners;
}

std::string Changes::publisher() const {
    return who().bare() == service_.owner().jid().full() ? std::string()
                                                         : std::string(who().bare());
}

std::uint32_t Changes::most_items() const {
    return static_cast<std::uint32_t>(service_.options().max_items);
}

std::variant<Node*, Refusal> Changes::owned(const std::string& name) const {
    Node* const node = service_.nodes().find(name);
    if (!node) return no_such_node();
    const Standing standing = standing_of(service_, *node, who());
    if (standing.affiliation == Affiliation::owner) return node;
    if (!may_know(standing)) return no_such_node();
    return Refusal{{forbidden}};
}

Outcome Changes::done(bool changed) const {
    return {.answer = make_result(request_), .changed = changed};
}

void Changes::tell_modules(Outcome& outcome, const Node& node, NodeChange::What what,
                           std::vector<NodeChange::Item> items) const {
    AfterCommit told = service_.told_modules(node, what, who(), std::move(items));
    if (told) outcome.notices.push_back(std::move(told));
}

void Changes::notify(Outcome& outcome, const Node& node, std::string_view kind,
                     std::string_view redirect) const {
    xml::Element* child = nullptr;
    auto message = make_event(service_, node, kind, &child);
    if (!redirect.empty()) child->add("redirect").set_attr("uri", redirect);
    outcome.notices.push_back(service_.notice(node, std::move(message)));
}

// ---- Making one --------------------------------------------------------------------------------

Node* Changes::create(const std::string& name, NodeConfig config, Outcome& outcome) const {
    OwnerNodes& nodes = service_.nodes();
    if (nodes.nodes.size() >= static_cast<std::size_t>(service_.options().max_nodes)) {
        outcome = refused(refusal(resource_constraint, "max-nodes-exceeded"));
        return nullptr;
    }
    auto wrong = service_.refuses(config);
    if (!wrong) wrong = service_.refuses_node(who());
    if (wrong) {
        outcome = refused(std::move(*wrong));
        return nullptr;
    }
    Node node;
    node.number = nodes.last_number + 1;
    node.name = name;
    node.created = now_;
    node.creator = who().bare();
    node.config = std::move(config);
    if (node.creator != service_.owner().jid().full())
        node.affiliates.push_back({node.creator, Affiliation::owner});
    node.items.emplace();
    if (const auto saved = store_.save(service_.owner(), node); !saved) {
        outcome = refused(too_much(saved.error()));
        return nullptr;
    }
    ++nodes.last_number;
    outcome.changed = true;
    return &nodes.add(std::move(node));
}

Outcome Changes::operator()(const Create& create) const {
    if (!service_.may_create(who())) return refused(may_not_create(service_, who()));
    if (service_.nodes().find(create.node)) return refused({{conflict}});
    NodeConfig config = service_.defaults();
    if (create.config)
        if (auto wrong = apply_form(config, *create.config, most_items())) return refused(*wrong);
    Outcome outcome = done(true);
    const Node* node = this->create(create.node.empty() ? random_token(15) : create.node,
                                    std::move(config), outcome);
    if (node && create.node.empty())
        outcome.answer->root().add("pubsub", ns::pubsub).add("create").set_attr("node", node->name);
    return outcome;
}

// ---- Configuration -----------------------------------------------------------------------------

Outcome Changes::operator()(const GetDefault&) const {
    if (!service_.may_create(who())) return refused(may_not_create(service_, who()));
    Outcome outcome = done(false);
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub_owner);
    form_of(service_, service_.defaults(), "form", who()).append_to(pubsub.add("default"));
    return outcome;
}

Outcome Changes::operator()(const GetConfig& asked) const {
    auto found = owned(asked.node);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    const Node& node = *std::get<Node*>(found);
    Outcome outcome = done(false);
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub_owner);
    xml::Element& configure = pubsub.add("configure").set_attr("node", node.name);
    form_of(service_, node.config, "form", who()).append_to(configure);
    return outcome;
}

Outcome Changes::operator()(const SetConfig& change) const {
    auto found = owned(change.node);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    Node& node = *std::get<Node*>(found);
    NodeConfig config = node.config;
    if (change.form.type == "cancel") return done(false);
    if (auto wrong = apply_form(config, change.form, most_items())) return refused(*wrong);
    if (auto wrong = service_.refuses(config)) return refused(*wrong);
    if (config == node.config) return done(false);
    std::swap(config, node.config);
    if (const auto saved = store_.save(service_.owner(), node); !saved) {
        node.config = std::move(config);
        return refused(too_much(saved.error()));
    }
    const std::size_t most =
        node.config.persist_items ? std::min(node.config.max_items, most_items()) : 0;
    while (node.items->size() > most)
        store_.remove_item(service_.owner(), service_.nodes(), node, 0);
    Outcome outcome = done(true);
    tell_modules(outcome, node, NodeChange::What::configured);
    if (node.config.notify_config) notify_of_config(outcome, node);
    subscriptions().review(outcome, node);
    return outcome;
}

void Changes::notify_of_config(Outcome& outcome, const Node& node) const {
    xml::Element* child = nullptr;
    auto message = make_event(service_, node, "configuration", &child);
    if (node.config.deliver_payloads)
        form_of(service_, node.config, "result", who()).append_to(*child);
    outcome.notices.push_back(service_.notice(node, std::move(message)));
}

// ---- Deleting and emptying ---------------------------------------------------------------------

Outcome Changes::operator()(const DeleteNode& removal) const {
    auto found = owned(removal.node);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    Node& node = *std::get<Node*>(found);
    Outcome outcome = done(true);
    tell_modules(outcome, node, NodeChange::What::deleted);
    if (node.config.notify_delete) notify(outcome, node, "delete", removal.redirect);
    store_.remove(service_.owner(), service_.nodes(), node);
    return outcome;
}

Outcome Changes::operator()(const Purge& purge) const {
    auto found = owned(purge.node);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    Node& node = *std::get<Node*>(found);
    if (!node.config.persist_items) return refused(unsupported("persistent-items"));
    Outcome outcome = done(true);
    store_.remove_all_items(service_.owner(), service_.nodes(), node);
    tell_modules(outcome, node, NodeChange::What::purged);
    if (node.config.notify_retract) notify(outcome, node, "purge");
    return outcome;
}

// ---- Affiliations ------------------------------------------------------------------------------

Outcome Changes::operator()(const GetOwnAffiliations& asked) const {
    Outcome outcome = done(false);
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub);
    xml::Element& list = pubsub.add("affiliations");
    if (!asked.node.empty()) list.set_attr("node", asked.node);
    for (const auto& node : service_.nodes().nodes) {
        const Affiliation affiliation = standing_of(service_, *node, who()).affiliation;
        if (affiliation == Affiliation::none) continue;
        if (!asked.node.empty() && node->name != asked.node) continue;
        list.add("affiliation")
            .set_attr("node", node->name)
            .set_attr("affiliation", name(affiliation));
    }
    if (!list.has_children() && !service_.is_known_to(who())) return refused(no_such_node());
    return outcome;
}

Outcome Changes::operator()(const GetAffiliations& asked) const {
    auto found = owned(asked.node);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    const Node& node = *std::get<Node*>(found);
    Outcome outcome = done(false);
    xml::Element& pubsub = outcome.answer->root().add("pubsub", ns::pubsub_owner);
    xml::Element& list = pubsub.add("affiliations").set_attr("node", node.name);
    const Jid& owner = service_.owner().jid();
    if (service_.owns(owner)) add_affiliation(list, owner.full(), Affiliation::owner);
    for (const Affiliate& each : node.affiliates) add_affiliation(list, each.jid, each.affiliation);
    return outcome;
}

Outcome Changes::operator()(const SetAffiliations& change) const {
    auto found = owned(change.node);
    if (auto* refusal = std::get_if<Refusal>(&found)) return refused(std::move(*refusal));
    Node& node = *std::get<Node*>(found);
    std::vector<Affiliate> affiliates = node.affiliates;
    for (const auto& each : change.changes) {
        if (!service_.owns(each.jid))
            set_affiliation(affiliates, each);
        else if (each.affiliation != Affiliation::owner)
            return {.answer = refuse_changes(request_, service_, node, change)};
    }
    const bool has_owner = service_.owns(service_.owner().jid()) ||
                           std::any_of(affiliates.begin(), affiliates.end(), [](const auto& each) {
                               return each.affiliation == Affiliation::owner;
                           });
    if (!has_owner) return {.answer = refuse_changes(request_, service_, node, change)};
    if (affiliates.size() > static_cast<std::size_t>(service_.options().max_affiliations) &&
        affiliates.size() > node.affiliates.size())
        return refused({{resource_constraint, "too many addresses"}});
    std::swap(affiliates, node.affiliates);
    if (const auto saved = store_.save(service_.owner(), node); !saved) {
        node.affiliates = std::move(affiliates);
        return refused(too_much(saved.error()));
    }
    Outcome outcome = done(true);
    tell_modules(outcome, node, NodeChange::What::configured);
    subscriptions().review(outcome, node);
    return outcome;
}

}  // namespace clarion::pubsub
