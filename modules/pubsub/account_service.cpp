#include "modules/pubsub/account_service.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_set>

#include "modules/pubsub/access.h"
#include "server/core/context.h"
#include "server/core/delivery/presence.h"
#include "server/core/events/caps_events.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"

namespace clarion::pubsub {

const PubsubOptions& AccountService::options() const {
    return account_.context().options<PubsubOptions>(account_.host());
}

bool AccountService::may_tell(const Jid& who) const {
    return owns(who) || core::may_tell(account_, who);
}

bool AccountService::shows_presence_to(const Jid& who) const {
    return account_.relation_to(who) >= core::Relation::contact;
}

bool AccountService::has_in_groups(const Jid& who, const std::vector<std::string>& groups) const {
    const core::Roster& roster = account_.roster();
    const core::RosterItem* const item = roster.find(roster.key_of(who));
    if (!item) return false;
    return std::any_of(groups.begin(), groups.end(), [&](const std::string& group) {
        return std::find(item->groups.begin(), item->groups.end(), group) != item->groups.end();
    });
}

/// Which groups there are is nobody's business but the account's.
void AccountService::adapt(DataForm& form, const Jid& who) const {
    if (form.type != "form" || !owns(who)) return;
    for (DataFormField& field : form.fields) {
        if (field.var != "pubsub#roster_groups_allowed") continue;
        std::set<std::string> groups(field.values.begin(), field.values.end());
        for (const core::RosterItem& item : account_.roster().items())
            groups.insert(item.groups.begin(), item.groups.end());
        for (const std::string& group : groups) field.options.push_back({group, group});
    }
}

bool may_hear(const AccountService& service, const Node& node, const Jid& resource) {
    if (service.owns(resource)) return true;
    return service.shows_presence_to(resource) && may_read(standing_of(service, node, resource)) &&
           service.may_tell(resource);
}

namespace {

/// Who asked for it, and may still read it.
void add_subscribers(const AccountService& service, const Node& node, std::vector<Jid>& to) {
    for (const Subscription& each : node.subscriptions) {
        if (each.pending || !each.options.deliver) continue;
        Jid jid = Jid::trusted(each.jid);
        if (may_read(standing_of(service, node, jid)) && service.may_tell(jid))
            to.push_back(std::move(jid));
    }
}

/// Nobody twice: what goes to a bare address comes to all resources.
std::vector<Jid> each_once(const std::vector<Jid>& all) {
    std::unordered_set<std::string_view> told;
    for (const Jid& jid : all)
        if (jid.is_bare()) told.insert(jid.full());
    std::vector<Jid> once;
    for (const Jid& jid : all)
        if (jid.is_full() && !told.contains(jid.bare()) && told.insert(jid.full()).second)
            once.push_back(jid);
    for (const Jid& jid : all)
        if (jid.is_bare() && told.erase(jid.full()) > 0) once.push_back(jid);
    return once;
}

}  // namespace

AfterCommit AccountService::notice(const Node& node, std::shared_ptr<Stanza> event) const {
    std::vector<Jid> wanting;
    const std::string feature = node.name + "+notify";
    events::CapableSought sought{account_, feature, wanting};
    account_.context().bus().fire(sought);
    std::erase_if(wanting, [&](const Jid& jid) { return !may_hear(*this, node, jid); });
    add_subscribers(*this, node, wanting);
    if (wanting.empty()) return [] {};
    return [router = &account_.context().router(), event = SaidToMany(event),
            to = each_once(wanting)] {
        for (const Jid& resource : to) router->route(event.to(resource));
    };
}

AfterCommit AccountService::told_modules(const Node& node, NodeChange::What what, const Jid& by,
                                         std::vector<NodeChange::Item> items) const {
    return [&account = account_, name = node.name, what, by, items = std::move(items)] {
        account.context().bus().fire(NodeChange{account, name, what, by, items});
    };
}

}  // namespace clarion::pubsub
