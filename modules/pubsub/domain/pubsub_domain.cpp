#include "modules/pubsub/domain/pubsub_domain.h"

#include <algorithm>
#include <unordered_map>

#include "modules/pubsub/access.h"
#include "server/core/address/domains.h"

namespace clarion::pubsub {

namespace {

using enum StanzaErrorCondition;

constexpr std::uint32_t usual_max_items = 20;

/// What forms offer that a service does not do, with the value; empty: the whole field. All of it
/// is about presence and rosters, which a service has not.
struct NotOffered {
    std::string_view var;
    std::string_view value;
};
constexpr NotOffered not_offered[] = {
    {"pubsub#access_model", "presence"},
    {"pubsub#access_model", "roster"},
    {"pubsub#roster_groups_allowed", ""},
    {"pubsub#send_last_published_item", "on_sub_and_presence"},
};

/// Subscriptions that are there already, as far as a new one counts among them.
struct SubscriptionCounts {
    std::int64_t of_address = 0;
    std::int64_t in_all = 0;
};

SubscriptionCounts count_subscriptions(const OwnerNodes& nodes, const Jid& subscriber) {
    SubscriptionCounts counts;
    for (const auto& node : nodes.nodes) {
        counts.in_all += static_cast<std::int64_t>(node->subscriptions.size());
        counts.of_address +=
            static_cast<std::int64_t>(node->subscriptions.of(subscriber.bare()).size());
    }
    return counts;
}

/// Without making addresses of what may be tens of thousands.
std::int64_t count_of_domain(const OwnerNodes& nodes, std::string_view domain) {
    std::int64_t count = 0;
    for (const auto& node : nodes.nodes) {
        for (const Subscription& each : node->subscriptions) {
            const std::string_view bare = std::string_view(each.jid).substr(0, each.jid.find('/'));
            count += bare.substr(bare.find('@') + 1) == domain ? 1 : 0;
        }
    }
    return count;
}

}  // namespace

const ServiceOptions* find_service_options(const Config& config, std::string_view domain) {
    for (const auto& [name, options] : config.named<ServiceOptions>())
        if (const auto prepared = prepare_domain(name); prepared && *prepared == domain)
            return &options;
    return nullptr;
}

const ServiceOptions& PubsubDomain::options() const {
    static const ServiceOptions defaults;
    const ServiceOptions* const found = find_service_options(context().config(), host());
    return found ? *found : defaults;
}

// ---- Who may ----------------------------------------------------------------------------------

NodeConfig DomainService::defaults() const {
    NodeConfig config;
    config.access = AccessModel::open;
    config.send_last = SendLast::on_sub;
    if (domain_.options().show_publisher) config.item_reply = ItemReply::publisher;
    config.max_items = static_cast<std::uint32_t>(
        std::min<std::int64_t>(usual_max_items, domain_.options().max_items));
    return config;
}

bool DomainService::owns(const Jid& who) const {
    return std::find(administrators_.begin(), administrators_.end(), who.bare()) !=
           administrators_.end();
}

bool DomainService::may_create(const Jid& who) const {
    const std::string& rule = domain_.options().create;
    if (rule == "anyone" || owns(who)) return true;
    return rule == "local" && who.has_local() && domain_.context().domains().is_host(who.domain());
}

// ---- What is refused ---------------------------------------------------------------------------

std::optional<Refusal> DomainService::refuses(const NodeConfig& config) const {
    if (config.access == AccessModel::presence || config.access == AccessModel::roster)
        return refusal(not_acceptable, "unsupported-access-model");
    if (config.send_last == SendLast::on_sub_and_presence || !config.roster_groups.empty())
        return Refusal{{not_acceptable, "this service knows no presence and no rosters"}};
    return std::nullopt;
}

std::optional<Refusal> DomainService::refuses_node(const Jid& creator) const {
    if (owns(creator)) return std::nullopt;
    const auto made =
        std::count_if(domain_.nodes().nodes.begin(), domain_.nodes().nodes.end(),
                      [&](const auto& node) { return node->creator == creator.bare(); });
    if (made < domain_.options().max_nodes_of_creator) return std::nullopt;
    return refusal(resource_constraint, "max-nodes-exceeded");
}

std::optional<Refusal> DomainService::refuses_subscription(const Jid& subscriber) const {
    const ServiceOptions& options = domain_.options();
    const SubscriptionCounts there = count_subscriptions(domain_.nodes(), subscriber);
    const bool is_ours = domain_.context().domains().is_ours(subscriber.domain());
    const bool fits = there.in_all < options.max_subscriptions_in_all &&
                      there.of_address < options.max_subscriptions_of_address &&
                      (is_ours || count_of_domain(domain_.nodes(), subscriber.domain()) <
                                      options.max_subscriptions_of_domain);
    if (fits) return std::nullopt;
    return refusal(policy_violation, "too-many-subscriptions");
}

std::optional<Refusal> DomainService::refuses_bytes(std::uint64_t of_one_node) const {
    if (of_one_node <= static_cast<std::uint64_t>(domain_.options().max_node_bytes))
        return std::nullopt;
    return Refusal{{resource_constraint, "the node is full"}};
}

/// Takes out what is refused.
void DomainService::adapt(DataForm& form, const Jid&) const {
    for (const NotOffered& each : not_offered) {
        if (each.value.empty())
            std::erase_if(form.fields, [&](const auto& field) { return field.var == each.var; });
        for (DataFormField& field : form.fields)
            if (field.var == each.var)
                std::erase_if(field.options,
                              [&](const auto& option) { return option.value == each.value; });
    }
}

// ---- Who hears of it ---------------------------------------------------------------------------

/// Who asked for it, and may still read it: looked up once for each, not searched for. Whom an owner
/// let subscribe (access model authorize) is admitted by that.
std::vector<Jid> DomainService::hearers(const Node& node) const {
    std::unordered_map<std::string_view, Affiliation> known;
    for (const Affiliate& each : node.affiliates) known.emplace(each.jid, each.affiliation);
    for (const std::string& each : administrators_) known[each] = Affiliation::owner;
    std::vector<Jid> to;
    to.reserve(node.subscriptions.size());
    for (const Subscription& each : node.subscriptions) {
        if (each.pending || !each.options.deliver) continue;
        Jid jid = Jid::trusted(each.jid);
        const auto found = known.find(jid.bare());
        const Standing standing{
            .affiliation = found == known.end() ? Affiliation::none : found->second,
            .admitted = node.config.access != AccessModel::whitelist};
        if (may_read(standing)) to.push_back(std::move(jid));
    }
    return to;
}

AfterCommit DomainService::notice(const Node& node, std::shared_ptr<Stanza> event) const {
    std::vector<Jid> to = hearers(node);
    if (to.empty()) return [] {};
    event->root().set_attr("id", to_text(domain_.bounces().next(node.number)));
    return [&domain = domain_, event = StanzaPtr(std::move(event)), to = std::move(to)]() mutable {
        domain.fan_out().send(std::move(event), std::move(to));
    };
}

}  // namespace clarion::pubsub
