#include "proto/pubsub_config.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "proto/ns.h"

namespace clarion::pubsub {

namespace {

using Values = std::vector<std::string>;
using enum StanzaErrorCondition;

/// Longest text of a field, in bytes, and how many groups a node may be for.
constexpr std::size_t max_text = 1000;
constexpr std::size_t max_groups = 50;
constexpr std::size_t max_contacts = 20;

// Words in the order of their enumerators.
constexpr std::array<std::string_view, 5> access_models{"open", "presence", "roster", "whitelist",
                                                        "authorize"};
constexpr std::array<std::string_view, 3> publish_models{"publishers", "subscribers", "open"};
constexpr std::array<std::string_view, 3> item_reply_words{"none", "owner", "publisher"};
constexpr std::array<std::string_view, 3> node_full_words{"retract-oldest", "discard-oldest",
                                                          "reject"};
constexpr std::array<std::string_view, 2> notification_types{"headline", "normal"};
constexpr std::array<std::string_view, 3> send_last_words{"never", "on_sub", "on_sub_and_presence"};
constexpr std::array<std::string_view, 3> item_reply_labels{"Don't include any JID with items",
                                                            "Include the node owner's JID",
                                                            "Include the item publisher's JID"};
constexpr std::array<std::string_view, 3> node_full_labels{
    "Retract the oldest item alongside publishing the new item",
    "Discard the oldest item alongside publishing the new item",
    "Reject publication of the new item"};
constexpr std::array<std::string_view, 2> notification_labels{"Messages of type headline",
                                                              "Messages of type normal"};

Refusal invalid(std::string_view var) {
    return {{not_acceptable, std::string(var) + " cannot have that value"}};
}

/// One field of the form: how it is written, and read from what was submitted.
struct Field {
    std::string_view var;
    std::string_view type;
    std::string_view label;
    std::span<const std::string_view> choices;
    Values (*write)(const NodeConfig& config);
    /// False: the value is none.
    bool (*read)(NodeConfig& config, const DataFormField& field);
    std::span<const std::string_view> choice_labels{};  // empty: the choices themselves
    std::string_view datatype{};                        // XEP-0122; empty: not said
    /// The largest number, as far as there is one.
    std::uint32_t NodeLimits::*most = nullptr;
};

template <bool NodeConfig::*member>
Field boolean(std::string_view var, std::string_view label) {
    return {var,
            "boolean",
            label,
            {},
            [](const NodeConfig& config) { return Values{config.*member ? "1" : "0"}; },
            [](NodeConfig& config, const DataFormField& field) {
                const auto value = field.boolean();
                if (value) config.*member = *value;
                return value.has_value();
            }};
}

template <std::string NodeConfig::*member>
Field text(std::string_view var, std::string_view label) {
    return {var,
            "text-single",
            label,
            {},
            [](const NodeConfig& config) { return Values{config.*member}; },
            [](NodeConfig& config, const DataFormField& field) {
                if (field.value().size() > max_text) return false;
                config.*member = field.value();
                return true;
            }};
}

template <auto member, const auto& words>
Field choice(std::string_view var, std::string_view label,
             std::span<const std::string_view> choice_labels = {}) {
    return {var,
            "list-single",
            label,
            words,
            [](const NodeConfig& config) {
                return Values{std::string(words[static_cast<std::size_t>(config.*member)])};
            },
            [](NodeConfig& config, const DataFormField& field) {
                const auto* found = std::find(words.begin(), words.end(), field.value());
                if (found == words.end()) return false;
                using Enum = std::remove_reference_t<decltype(config.*member)>;
                config.*member = static_cast<Enum>(found - words.begin());
                return true;
            },
            choice_labels};
}

constexpr std::string_view most_word = "max";
constexpr std::string_view no_word;

/// A number from 1, or the word for as much as is allowed; without a word that is no value.
template <std::uint32_t NodeConfig::*member, const std::string_view& word>
Field number(std::string_view var, std::string_view label,
             std::uint32_t NodeLimits::*most = nullptr) {
    return {var,
            "text-single",
            label,
            {},
            [](const NodeConfig& config) {
                if (config.*member != NodeConfig::as_many_as_allowed)
                    return Values{std::to_string(config.*member)};
                return word.empty() ? Values() : Values{std::string(word)};
            },
            [](NodeConfig& config, const DataFormField& field) {
                config.*member = NodeConfig::as_many_as_allowed;
                if (field.value() == word) return true;
                const auto value = parse_int(field.value());
                if (!value || *value < 1 || *value >= NodeConfig::as_many_as_allowed) return false;
                config.*member = static_cast<std::uint32_t>(*value);
                return true;
            },
            {},
            word.empty() ? "xs:integer" : "pubsub:integer-or-max",
            most};
}

bool read_contacts(NodeConfig& config, const DataFormField& field) {
    std::vector<std::string> contacts;
    for (const std::string& value : field.values) {
        const auto jid = Jid::parse(value);
        if (!jid) return false;
        contacts.push_back(jid->full());
    }
    if (contacts.size() > max_contacts) return false;
    config.contacts = std::move(contacts);
    return true;
}

bool read_groups(NodeConfig& config, const DataFormField& field) {
    const auto too_long = [](const std::string& group) { return group.size() > max_text; };
    if (field.values.size() > max_groups ||
        std::any_of(field.values.begin(), field.values.end(), too_long))
        return false;
    config.roster_groups = field.values;
    return true;
}

const std::vector<Field>& fields() {
    static const std::vector<Field> all{
        text<&NodeConfig::title>("pubsub#title", "Title"),
        text<&NodeConfig::description>("pubsub#description", "Description"),
        text<&NodeConfig::type>(
            "pubsub#type",
            "The type of node data, usually specified by the namespace of the payload (if any)"),
        choice<&NodeConfig::access, access_models>("pubsub#access_model",
                                                   "Specify the subscriber model"),
        {"pubsub#roster_groups_allowed",
         "list-multi",
         "Roster groups allowed to subscribe",
         {},
         [](const NodeConfig& config) { return config.roster_groups; },
         read_groups},
        choice<&NodeConfig::publish, publish_models>("pubsub#publish_model",
                                                     "Specify the publisher model"),
        boolean<&NodeConfig::persist_items>("pubsub#persist_items", "Persist items to storage"),
        number<&NodeConfig::max_items, most_word>("pubsub#max_items", "Max # of items to persist",
                                                  &NodeLimits::max_items),
        choice<&NodeConfig::full, node_full_words>("pubsub#publish_node_full",
                                                   "What to do when publishing on a full node",
                                                   node_full_labels),
        number<&NodeConfig::item_expire, most_word>(
            "pubsub#item_expire", "Number of seconds after which to automatically purge items"),
        number<&NodeConfig::max_payload, no_word>(
            "pubsub#max_payload_size", "Max payload size in bytes", &NodeLimits::max_payload),
        choice<&NodeConfig::item_reply, item_reply_words>(
            "pubsub#itemreply", "Specify whose JID to include as the publisher of items",
            item_reply_labels),
        choice<&NodeConfig::send_last, send_last_words>("pubsub#send_last_published_item",
                                                        "When to send the last published item"),
        boolean<&NodeConfig::deliver_notifications>("pubsub#deliver_notifications",
                                                    "Whether to deliver event notifications"),
        boolean<&NodeConfig::deliver_payloads>(
            "pubsub#deliver_payloads", "Whether to deliver payloads with event notifications"),
        boolean<&NodeConfig::notify_config>(
            "pubsub#notify_config",
            "Whether to notify subscribers when the node configuration changes"),
        boolean<&NodeConfig::notify_delete>(
            "pubsub#notify_delete", "Whether to notify subscribers when the node is deleted"),
        boolean<&NodeConfig::notify_retract>(
            "pubsub#notify_retract",
            "Whether to notify subscribers when items are removed from the node"),
        boolean<&NodeConfig::notify_sub>(
            "pubsub#notify_sub", "Whether to notify owners about new subscribers and unsubscribes"),
        choice<&NodeConfig::notification_type, notification_types>(
            "pubsub#notification_type", "Specify the delivery style for notifications",
            notification_labels),
        boolean<&NodeConfig::subscribe>("pubsub#subscribe", "Whether to allow subscriptions"),
        text<&NodeConfig::language>("pubsub#language", "The default language of the node"),
        {"pubsub#contact",
         "jid-multi",
         "The JIDs of those to contact with questions",
         {},
         [](const NodeConfig& config) { return config.contacts; },
         read_contacts}};
    return all;
}

const Field* find_field(std::string_view var) {
    const auto found = std::find_if(fields().begin(), fields().end(),
                                    [&](const Field& field) { return field.var == var; });
    return found == fields().end() ? nullptr : &*found;
}

void add_field(DataForm& form, const Field& field, const NodeConfig& config) {
    DataFormField& added = form.add(field.var, field.write(config), field.type);
    added.label = field.label;
    const auto& labels = field.choice_labels.empty() ? field.choices : field.choice_labels;
    for (std::size_t i = 0; i < field.choices.size(); ++i)
        added.options.push_back({std::string(labels[i]), std::string(field.choices[i])});
}

/// What the field's value is to be like, where somebody fills it in.
std::optional<DataFormValidation> validation_of(const Field& field, const NodeLimits& limits) {
    // Groups of which the form does not know may be named.
    if (field.type == "list-multi") return DataFormValidation{.open = true};
    if (field.datatype.empty()) return std::nullopt;
    DataFormValidation validation{.datatype = std::string(field.datatype), .min = "1"};
    const std::uint32_t most = field.most ? limits.*field.most : NodeConfig::as_many_as_allowed;
    if (most != NodeConfig::as_many_as_allowed) validation.max = std::to_string(most);
    return validation;
}

/// The access model has an error of its own (8.1.2), and so has a number of items.
std::optional<Refusal> read_field(NodeConfig& config, const Field& field,
                                  const DataFormField& submitted, std::uint32_t most_items) {
    if (!field.read(config, submitted)) {
        if (field.var == "pubsub#access_model")
            return refusal(not_acceptable, "unsupported-access-model");
        return invalid(field.var);
    }
    const bool too_many =
        config.max_items != NodeConfig::as_many_as_allowed && config.max_items > most_items;
    if (field.var == "pubsub#max_items" && too_many)
        return refusal(not_acceptable, "max-items-exceeded",
                       "at most " + std::to_string(most_items) + " items are kept");
    return std::nullopt;
}

/// A field that the registry has and that is as it is here, and what may be said of it.
struct Fixed {
    std::string_view var;
    std::array<std::string_view, 2> values;
    bool allows(const DataFormField& field) const {
        return field.values.empty() ||
               (field.values.size() == 1 &&
                std::find(values.begin(), values.end(), field.value()) != values.end());
    }
};

constexpr std::array<Fixed, 7> fixed_options{{{"pubsub#digest", {"0", "false"}},
                                              {"pubsub#digest_frequency", {"", "0"}},
                                              {"pubsub#expire", {"", ""}},
                                              {"pubsub#include_body", {"0", "false"}},
                                              {"pubsub#show-values", {"", ""}},
                                              {"pubsub#subscription_type", {"items", ""}},
                                              {"pubsub#subscription_depth", {"1", ""}}}};

constexpr std::array<Fixed, 7> fixed_fields{{{"pubsub#node_type", {"leaf", ""}},
                                             {"pubsub#collection", {"", ""}},
                                             {"pubsub#body_xslt", {"", ""}},
                                             {"pubsub#dataform_xslt", {"", ""}},
                                             {"pubsub#presence_based_delivery", {"0", "false"}},
                                             {"pubsub#purge_offline", {"0", "false"}},
                                             {"pubsub#tempsub", {"0", "false"}}}};

template <std::size_t size>
const Fixed* find_fixed(const std::array<Fixed, size>& fixed, std::string_view var) {
    const auto* found = std::find_if(fixed.begin(), fixed.end(),
                                     [&](const Fixed& each) { return each.var == var; });
    return found == fixed.end() ? nullptr : found;
}

/// It is so at every node.
bool is_fixed_so(const DataFormField& option) {
    const Fixed* const fixed = find_fixed(fixed_fields, option.var);
    return fixed && fixed->allows(option);
}

Refusal invalid_option(std::string_view var) {
    return refusal(bad_request, "invalid-options", std::string(var) + " cannot be that");
}

Refusal not_met(std::string_view var) {
    return refusal(conflict, "precondition-not-met", "of " + std::string(var));
}

/// What a field of the options says, as the field of a node that is as it demands would be written.
std::optional<Values> demanded(const Field& field, const DataFormField& option) {
    NodeConfig as_demanded;
    if (!field.read(as_demanded, option)) return std::nullopt;
    return field.write(as_demanded);
}

}  // namespace

DataForm config_form(const NodeConfig& config, std::string_view type, const NodeLimits& limits) {
    DataForm form = DataForm::make(type, ns::pubsub_node_config);
    for (const Field& field : fields()) {
        add_field(form, field, config);
        if (type == "form") form.fields.back().validation = validation_of(field, limits);
    }
    return form;
}

DataForm meta_data_form(const NodeConfig& config) {
    DataForm form = DataForm::make("result", ns::pubsub_meta_data);
    for (const std::string_view var :
         {"pubsub#title", "pubsub#description", "pubsub#type", "pubsub#access_model",
          "pubsub#publish_model", "pubsub#max_items", "pubsub#language", "pubsub#contact"})
        add_field(form, *find_field(var), config);
    for (DataFormField& field : form.fields) field.options.clear();
    return form;
}

std::optional<Refusal> apply_form(NodeConfig& config, const DataForm& form,
                                  std::uint32_t most_items) {
    for (const DataFormField& submitted : form.fields) {
        const Field* const field = find_field(submitted.var);
        const Fixed* const fixed = find_fixed(fixed_fields, submitted.var);
        if (fixed && !fixed->allows(submitted)) return invalid(submitted.var);
        if (!field) continue;
        if (auto refused = read_field(config, *field, submitted, most_items)) return refused;
    }
    return std::nullopt;
}

DataForm options_form(const SubscribeOptions& options, std::string_view type) {
    DataForm form = DataForm::make(type, ns::pubsub_subscribe_options);
    form.add_boolean("pubsub#deliver", options.deliver).label = "Notify of what happens";
    return form;
}

std::optional<Refusal> apply_options(SubscribeOptions& options, const DataForm& form) {
    for (const DataFormField& field : form.fields) {
        const Fixed* const fixed = find_fixed(fixed_options, field.var);
        if (fixed && !fixed->allows(field)) return invalid_option(field.var);
        if (field.var != "pubsub#deliver") continue;
        const auto deliver = field.boolean();
        if (!deliver) return invalid_option(field.var);
        options.deliver = *deliver;
    }
    return std::nullopt;
}

std::optional<Refusal> apply_preconditions(NodeConfig& config, const DataForm& options,
                                           std::uint32_t most_items) {
    for (const DataFormField& option : options.fields) {
        if (option.var == "FORM_TYPE") continue;
        if (is_fixed_so(option)) continue;
        const Field* const field = find_field(option.var);
        if (!field) return not_met(option.var);
        if (auto refused = read_field(config, *field, option, most_items)) return refused;
    }
    return std::nullopt;
}

std::optional<Refusal> check_preconditions(const NodeConfig& config, const DataForm& options,
                                           std::uint32_t most_items) {
    for (const DataFormField& option : options.fields) {
        if (option.var == "FORM_TYPE") continue;
        if (is_fixed_so(option)) continue;
        const Field* const field = find_field(option.var);
        const auto wanted = field ? demanded(*field, option) : std::nullopt;
        if (!wanted) return not_met(option.var);
        if (*wanted == field->write(config)) continue;
        // "max" is the largest number there is, whichever way the node was told.
        const bool both_largest = field->var == "pubsub#max_items" && wanted->front() == "max" &&
                                  config.max_items >= most_items;
        if (!both_largest) return not_met(option.var);
    }
    return std::nullopt;
}

}  // namespace clarion::pubsub
