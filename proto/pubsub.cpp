#include "proto/pubsub.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/text.h"
#include "proto/ns.h"

namespace clarion::pubsub {

namespace {

using Answer = std::variant<Request, Refusal>;
using enum StanzaErrorCondition;

constexpr std::array<std::string_view, 6> affiliation_names{"outcast",      "none",      "member",
                                                            "publish-only", "publisher", "owner"};
constexpr std::string_view authorization_form_type =
    "http://jabber.org/protocol/pubsub#subscribe_authorization";  // 16.4.1
constexpr std::array<std::string_view, 3> state_names{"none", "pending", "subscribed"};

Refusal bad(std::string_view app_name, std::string text = {}) {
    return refusal(bad_request, app_name, std::move(text));
}

/// The node it names; what is too long is refused by the caller.
std::string node_attribute(const xml::Element& element) {
    return std::string(element.attr("node"));
}

/// What is wrong with the name of a node that must be there.
std::optional<Refusal> check_node(const std::string& node) {
    if (node.empty()) return bad("nodeid-required");
    if (node.size() > max_name) return Refusal{{not_acceptable, "the name is too long"}};
    return std::nullopt;
}

/// Of requests that name a node and nothing else.
template <class R>
Answer read_named(const xml::Element& element) {
    R request{.node = node_attribute(element)};
    if (auto wrong = check_node(request.node)) return *wrong;
    return Request(std::move(request));
}

bool is_true(std::string_view text) { return text == "1" || text == "true"; }

/// The form in <configure/> or <publish-options/>; nothing: there is none. One that says no type is
/// submitted, as some clients do it: nothing else can be meant here.
std::variant<std::optional<DataForm>, Refusal> read_form(const xml::Element* holder,
                                                         std::string_view form_type) {
    const xml::Element* x = holder ? holder->child(ns::data_forms, "x") : nullptr;
    if (!x) return std::optional<DataForm>();
    auto form = DataForm::from_element(*x, "submit");
    if (!form) return bad("invalid-options", form.error().text);
    const bool typed = form->type == "cancel" || form->form_type() == form_type;
    if (!typed && !(form->fields.empty() && form->type == "submit"))
        return bad("invalid-options", "FORM_TYPE must be " + std::string(form_type));
    return std::optional<DataForm>(std::move(form).value());
}

// ---- What is asked in the namespace pubsub ------------------------------------------------------

/// 8.1.3: <configure/> follows <create/> and names no node.
Answer read_create(const xml::Element& create) {
    Create request{.node = node_attribute(create)};
    if (request.node.size() > max_name) return *check_node(request.node);
    const xml::Element* const configure = create.next_sibling();
    if (configure && !configure->is(ns::pubsub, "configure")) return Refusal{{bad_request}};
    if (configure && configure->has_attr("node")) return Refusal{{bad_request}};
    auto form = read_form(configure, ns::pubsub_node_config);
    if (auto* refused = std::get_if<Refusal>(&form)) return std::move(*refused);
    request.config = std::get<0>(std::move(form));
    return Request(std::move(request));
}

/// At most one element beside white space.
std::optional<Refusal> read_new_item(const xml::Element& element, NewItem& item) {
    item.id = element.attr("id");
    if (item.id.size() > max_name) return Refusal{{not_acceptable, "the id is too long"}};
    item.payload = element.first_child();
    if (item.payload && item.payload->next_sibling()) return bad("invalid-payload");
    return std::nullopt;
}

Answer read_publish(const xml::Element& publish) {
    Publish request{.node = node_attribute(publish)};
    if (auto wrong = check_node(request.node)) return *wrong;
    for (const xml::Element& child : publish.children()) {
        if (!child.is(ns::pubsub, "item")) continue;
        if (auto wrong = read_new_item(child, request.items.emplace_back())) return *wrong;
    }
    const xml::Element* const options = publish.next_sibling();
    if (options && !options->is(ns::pubsub, "publish-options")) return Refusal{{bad_request}};
    auto form = read_form(options, ns::pubsub_publish_options);
    if (auto* refused = std::get_if<Refusal>(&form)) return std::move(*refused);
    request.options = std::get<0>(std::move(form));
    return Request(std::move(request));
}

/// The ids of the <item/> children. nullopt: one has none.
std::optional<std::vector<std::string>> read_ids(const xml::Element& element) {
    std::vector<std::string> ids;
    for (const xml::Element& child : element.children()) {
        if (!child.is(ns::pubsub, "item")) continue;
        if (child.attr("id").empty()) return std::nullopt;
        ids.emplace_back(child.attr("id"));
    }
    return ids;
}

Answer read_retract(const xml::Element& retract) {
    Retract request{.node = node_attribute(retract), .notify = is_true(retract.attr("notify"))};
    if (auto wrong = check_node(request.node)) return *wrong;
    auto ids = read_ids(retract);
    if (!ids || ids->empty()) return bad("item-required");
    request.ids = std::move(*ids);
    return Request(std::move(request));
}

Answer read_items(const xml::Element& items, const xml::Element& pubsub) {
    GetItems request{.node = node_attribute(items)};
    if (auto wrong = check_node(request.node)) return *wrong;
    auto ids = read_ids(items);
    if (!ids) return bad("item-required");
    request.ids = std::move(*ids);
    if (items.has_attr("max_items")) {
        const auto number = parse_int(items.attr("max_items"));
        if (!number || *number < 0) return Refusal{{bad_request, "max_items is not a number"}};
        request.max_items = static_cast<std::uint32_t>(std::min<std::int64_t>(*number, 0x7fffffff));
    }
    const auto rsm = read_rsm(pubsub);
    if (!rsm) return Refusal{to_stanza_error(rsm.error())};
    request.rsm = *rsm;
    return Request(std::move(request));
}

/// Of <subscribe/> and <unsubscribe/>. There is one subscription of an address, without an id.
template <class R>
Answer read_subscribe(const xml::Element& element) {
    R request{.node = node_attribute(element)};
    if (auto wrong = check_node(request.node)) return *wrong;
    if (!element.has_attr("jid")) return bad("jid-required");
    auto jid = Jid::parse(element.attr("jid"));
    if (!jid) return bad("invalid-jid", jid.error().text);
    request.jid = std::move(*jid);
    return Request(std::move(request));
}

/// 6.3.7: <options/> follows <subscribe/> and names neither node nor address.
Answer read_subscribe_with_options(const xml::Element& subscribe) {
    Answer read = read_subscribe<Subscribe>(subscribe);
    const xml::Element* const options = subscribe.next_sibling();
    if (!options || std::holds_alternative<Refusal>(read)) return read;
    const bool fits = options->is(ns::pubsub, "options") && !options->has_attr("node") &&
                      !options->has_attr("jid");
    if (!fits) return Refusal{{bad_request}};
    auto form = read_form(options, ns::pubsub_subscribe_options);
    if (auto* refused = std::get_if<Refusal>(&form)) return std::move(*refused);
    std::get<Subscribe>(std::get<Request>(read)).options = std::get<0>(std::move(form));
    return read;
}

Answer read_set_options(const xml::Element& element) {
    Answer read = read_subscribe<SetOptions>(element);
    if (std::holds_alternative<Refusal>(read)) return read;
    auto form = read_form(&element, ns::pubsub_subscribe_options);
    if (auto* refused = std::get_if<Refusal>(&form)) return std::move(*refused);
    auto& given = std::get<0>(form);
    if (!given || (given->type != "submit" && given->type != "cancel"))
        return bad("invalid-options");
    std::get<SetOptions>(std::get<Request>(read)).form = std::move(*given);
    return read;
}

Answer read_default_options(const xml::Element& element) {
    GetDefaultOptions request{.node = node_attribute(element)};
    if (request.node.size() > max_name) return *check_node(request.node);
    return Request(std::move(request));
}

Answer read_own_subscriptions(const xml::Element& element) {
    return Request(GetOwnSubscriptions{.node = node_attribute(element)});
}

Answer read_own_affiliations(const xml::Element& element) {
    return Request(GetOwnAffiliations{.node = node_attribute(element)});
}

Answer read_subscription(bool set, const xml::Element& what) {
    const std::string_view name = what.name();
    if (set && name == "subscribe") return read_subscribe_with_options(what);
    if (set && name == "unsubscribe") return read_subscribe<Unsubscribe>(what);
    if (!set && name == "subscriptions") return read_own_subscriptions(what);
    if (!set && name == "default") return read_default_options(what);
    if (name == "options") return set ? read_set_options(what) : read_subscribe<GetOptions>(what);
    return Refusal{{bad_request}};
}

Answer read_pubsub(bool set, const xml::Element& pubsub, const xml::Element& what) {
    const std::string_view name = what.name();
    if (set && name == "create") return read_create(what);
    if (set && name == "publish") return read_publish(what);
    if (set && name == "retract") return read_retract(what);
    if (!set && name == "items") return read_items(what, pubsub);
    if (!set && name == "affiliations") return read_own_affiliations(what);
    return read_subscription(set, what);
}

// ---- What is asked in the namespace pubsub#owner ------------------------------------------------

Answer read_set_config(const xml::Element& configure) {
    SetConfig request{.node = node_attribute(configure)};
    if (auto wrong = check_node(request.node)) return *wrong;
    auto form = read_form(&configure, ns::pubsub_node_config);
    if (auto* refused = std::get_if<Refusal>(&form)) return std::move(*refused);
    auto& read = std::get<0>(form);
    if (!read || (read->type != "submit" && read->type != "cancel")) return bad("invalid-options");
    request.form = std::move(*read);
    return Request(std::move(request));
}

Answer read_delete(const xml::Element& element) {
    DeleteNode request{.node = node_attribute(element)};
    if (auto wrong = check_node(request.node)) return *wrong;
    if (const xml::Element* redirect = element.child(ns::pubsub_owner, "redirect"))
        request.redirect = redirect->attr("uri");
    return Request(std::move(request));
}

/// 8.9.2: an entity is named once; who is given no affiliation stays what it is.
Answer read_set_affiliations(const xml::Element& element) {
    SetAffiliations request{.node = node_attribute(element)};
    if (auto wrong = check_node(request.node)) return *wrong;
    std::unordered_set<Jid> known;
    for (const xml::Element& child : element.children()) {
        if (!child.is(ns::pubsub_owner, "affiliation")) continue;
        const auto jid = Jid::parse(child.attr("jid"));
        if (!jid) return bad("invalid-jid", jid.error().text);
        Jid bare = jid->to_bare();
        if (!known.insert(bare).second) return Refusal{{bad_request, "somebody is named twice"}};
        if (!child.has_attr("affiliation")) continue;
        const auto affiliation = parse_affiliation(child.attr("affiliation"));
        if (!affiliation) return Refusal{{bad_request, "no such affiliation"}};
        request.changes.push_back({std::move(bare), *affiliation});
    }
    return Request(std::move(request));
}

std::optional<SubscriptionState> parse_state(std::string_view text) {
    const auto* found = std::find(state_names.begin(), state_names.end(), text);
    if (found == state_names.end()) return std::nullopt;
    return static_cast<SubscriptionState>(found - state_names.begin());
}

/// 8.8.2: a subscription of which no state is said stays as it is.
Answer read_set_subscriptions(const xml::Element& element) {
    SetSubscriptions request{.node = node_attribute(element)};
    if (auto wrong = check_node(request.node)) return *wrong;
    for (const xml::Element& child : element.children()) {
        if (!child.is(ns::pubsub_owner, "subscription")) continue;
        auto jid = Jid::parse(child.attr("jid"));
        if (!jid) return bad("invalid-jid", jid.error().text);
        if (!child.has_attr("subscription")) continue;
        const auto state = parse_state(child.attr("subscription"));
        if (!state) return Refusal{{not_acceptable, "no such subscription"}};
        request.changes.push_back({std::move(*jid), *state});
    }
    return Request(std::move(request));
}

Answer read_owner(bool set, const xml::Element& what) {
    const std::string_view name = what.name();
    if (name == "configure") return set ? read_set_config(what) : read_named<GetConfig>(what);
    if (name == "affiliations")
        return set ? read_set_affiliations(what) : read_named<GetAffiliations>(what);
    if (!set && name == "default") return Request(GetDefault{});
    if (set && name == "delete") return read_delete(what);
    if (set && name == "purge") return read_named<Purge>(what);
    if (name == "subscriptions")
        return set ? read_set_subscriptions(what) : read_named<GetSubscriptions>(what);
    return Refusal{{bad_request}};
}

}  // namespace

std::string_view name(Affiliation affiliation) {
    return affiliation_names[static_cast<std::size_t>(affiliation)];
}

std::optional<Affiliation> parse_affiliation(std::string_view text) {
    const auto* found = std::find(affiliation_names.begin(), affiliation_names.end(), text);
    if (found == affiliation_names.end()) return std::nullopt;
    return static_cast<Affiliation>(found - affiliation_names.begin());
}

std::string_view name(SubscriptionState state) {
    return state_names[static_cast<std::size_t>(state)];
}

Refusal refusal(StanzaErrorCondition condition, std::string_view app_name, std::string text) {
    Refusal refused{{condition, std::move(text)}};
    refused.error.app_ns = ns::pubsub_errors;
    refused.error.app_name = app_name;
    return refused;
}

Refusal unsupported(std::string_view feature) {
    Refusal refused = refusal(feature_not_implemented, "unsupported");
    refused.feature = feature;
    return refused;
}

std::shared_ptr<Stanza> make_refusal(const Stanza& request, const Refusal& refusal) {
    auto answer = make_error(request, refusal.error);
    if (refusal.feature.empty()) return answer;
    xml::Element* const error = answer->root().child(ns::client, "error");
    xml::Element* const condition =
        error ? error->child(ns::pubsub_errors, "unsupported") : nullptr;
    if (condition) condition->set_attr("feature", refusal.feature);
    return answer;
}

std::variant<Request, Refusal> read_request(const Stanza& request) {
    const xml::Element& pubsub = *request.payload();
    const xml::Element* const what = pubsub.first_child();
    if (!what || what->ns() != pubsub.ns()) return Refusal{{bad_request}};
    const bool set = request.type() == StanzaType::set;
    return pubsub.ns() == ns::pubsub_owner ? read_owner(set, *what)
                                           : read_pubsub(set, pubsub, *what);
}

const std::string& node_of(const Request& request) {
    static const std::string none;
    return std::visit(
        [](const auto& asked) -> const std::string& {
            if constexpr (requires { asked.node; })
                return asked.node;
            else
                return none;
        },
        request);
}

xml::Element& add_event(xml::Element& message, std::string_view kind, std::string_view node) {
    xml::Element& child = message.add("event", ns::pubsub_event).add(kind);
    child.set_attr("node", node);
    return child;
}

DataForm authorization_form(std::string_view node, const Jid& subscriber) {
    DataForm form = DataForm::make("form", authorization_form_type);
    form.title = "Request for a subscription";
    form.instructions = "May this address read the node, and hear of what is published there?";
    form.add("pubsub#node", node, "text-single").label = "Node";
    form.add("pubsub#subscriber_jid", subscriber.full(), "jid-single").label = "Address";
    form.add_boolean("pubsub#allow", false).label = "Allow";
    return form;
}

std::optional<Authorization> read_authorization(const Stanza& message) {
    const auto form = DataForm::find_in(message.root(), authorization_form_type);
    if (!form || (form->type != "submit" && form->type != "cancel")) return std::nullopt;
    Authorization answer{.node = std::string(form->value("pubsub#node"))};
    if (form->type == "cancel") return answer;
    auto subscriber = Jid::parse(form->value("pubsub#subscriber_jid"));
    const DataFormField* const allow = form->field("pubsub#allow");
    if (!subscriber || !allow || !allow->boolean()) return std::nullopt;
    answer.subscriber = std::move(*subscriber);
    answer.allowed = allow->boolean();
    return answer;
}

}  // namespace clarion::pubsub
