#include "modules/pubsub/last_items.h"

#include <utility>

#include "base/clock.h"
#include "modules/pubsub/item_element.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/subscription.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"

namespace clarion::pubsub {

namespace {

/// In the text of who wants to be notified of anything.
constexpr std::string_view wish = "+notify<";

/// Entries go when their resource's presence comes: more than a moment brings are of presence that
/// says nothing of what it can do.
constexpr std::size_t most_served = 1000;

bool sends_last(const Node& node) {
    return node.config.send_last == SendLast::on_sub_and_presence && node.config.persist_items &&
           node.config.deliver_notifications;
}

/// To an account that is not loaded otherwise: for a moment only.
void seek(core::Context& there, const std::string& account, const WishesPtr& wishes) {
    const bool brief =
        !there.accounts().find(account) && !there.accounts().may_have_hibernating(account);
    there.accounts().with(account, [&there, brief, account, wishes](Result<core::Account*> found) {
        if (!found) return;
        if (brief) there.accounts().evict_soon(account);
        there.bus().fire(LastItemsSought{**found, wishes});
    });
}

}  // namespace

void LastItems::on_capabilities(const events::CapabilitiesKnown& event) const {
    if (event.now.text().find(wish) == std::string::npos) return;
    const bool own = event.resource.bare() == event.account.jid().full();
    const auto served = take_served(event.account, event.resource.full());
    std::optional<Capabilities> before;
    if (served) before = served->now;
    if (event.before) before = *event.before;
    auto wishes =
        std::make_shared<const Wishes>(Wishes{event.resource, event.now, std::move(before)});
    begin(event.account, wishes);
    if (own) ask_contacts(event.account, wishes);
}

/// Those of this server whose presence it sees.
void LastItems::ask_contacts(const core::Account& account, const WishesPtr& wishes) const {
    for (const core::RosterItem& item : account.roster().items()) {
        if (!core::state_of(&item).seen()) continue;
        const Jid contact = Jid::trusted(item.jid);
        if (!contact.has_local() || contact.is_full()) continue;
        if (!context_.domains().is_host(contact.domain())) continue;
        context_.on_home_shard(
            contact.full(),
            [name = contact.full(), wishes](core::Context& there) { seek(there, name, wishes); });
    }
}

WishesPtr LastItems::take_served(core::Account& account, const std::string& resource) const {
    if (WishesPtr unseen = unseen_.take(account.jid().full(), Jid::trusted(resource)))
        return unseen;
    Served* const served = served_.find(account);
    const auto found = served ? served->find(resource) : Served::iterator();
    if (!served || found == served->end()) return nullptr;
    auto wishes = std::move(found->second);
    served->erase(found);
    return wishes;
}

/// Who goes, and comes again, is sent them again.
void LastItems::on_presence(events::PresenceReceiving& event) const {
    if (event.presence.type() == StanzaType::unavailable)
        (void)take_served(event.account, event.presence.from().full());
    else if (event.account.sessions().empty())
        serve_unseen(event.account.host(), event.presence);
}

void LastItems::on_unseen(const events::PresenceUnseen& event) const {
    if (event.presence.type() == StanzaType::unavailable)
        (void)unseen_.take(event.presence.to().bare(), event.presence.from());
    else
        serve_unseen(event.host, event.presence);
}

// ---- Contacts of other servers that nobody sees ------------------------------------------------

/// Those of this server are asked by their homes. Of others only the presence is heard of: again and
/// again, so whoever was served is remembered until it goes.
void LastItems::serve_unseen(std::string_view host, const Stanza& presence) const {
    const Jid& resource = presence.from();
    if (!resource.is_full() || context_.domains().is_host(resource.domain())) return;
    const std::string account(presence.to().bare());
    const auto tag = presence.type() == StanzaType::available ? caps_of(presence) : std::nullopt;
    if (!tag || !tag->can_verify()) return;
    events::CapsTagSought sought{host, *tag};
    context_.bus().fire(sought);
    if (!sought.found || sought.found->text().find(wish) == std::string::npos) return;
    const WishesPtr served = unseen_.served(account, resource);
    if (served && served->now.text() == sought.found->text()) return;
    const auto most =
        static_cast<std::size_t>(context_.options<PubsubOptions>(host).max_wasted_loads);
    if (!unseen_.may_load(account, resource.domain(), most, context_.clock().steady())) return;
    auto wishes = std::make_shared<const Wishes>(
        Wishes{resource, *sought.found, served ? std::optional(served->now) : std::nullopt});
    context_.accounts().with(account, [this, account, wishes](Result<core::Account*> found) {
        serve_unseen(found, account, wishes);
    });
}

/// For a moment only, unless a session began meanwhile: then the presence comes to that.
void LastItems::serve_unseen(Result<core::Account*> found, const std::string& account,
                             const WishesPtr& wishes) const {
    const std::string_view domain = wishes->resource.domain();
    if (found) context_.accounts().evict_soon(account);
    if (!found || !store_.has_nodes(**found)) {
        unseen_.wasted(domain);
        return unseen_.has_nothing(account, context_.clock().steady());
    }
    if ((*found)->relation_to(wishes->resource) < core::Relation::contact)
        return unseen_.wasted(domain);
    if (unseen_.serve(account, wishes)) begin(**found, wishes);
}

// ---- Contacts of this server -------------------------------------------------------------------

/// Where its presence has come it was sent them because of that. It may still come.
void LastItems::on_sought(const LastItemsSought& event) const {
    events::CapabilitiesSought known{event.account, event.wishes->resource};
    context_.bus().fire(known);
    if (known.found) return;
    if (!event.account.sessions().empty()) {
        Served& served = served_.of(event.account);
        if (served.size() >= most_served) served.clear();
        served[event.wishes->resource.full()] = event.wishes;
    }
    begin(event.account, event.wishes);
}

/// Behind what was said before: offline messages come first.
void LastItems::begin(core::Account& account, const WishesPtr& wishes) const {
    if (!store_.has_nodes(account)) return;
    context_.deliveries().push(
        [this, pin = core::AccountPin(account), wishes](core::Context& here) mutable {
            core::Scope& scope = here.scope_of(pin->id());
            scope.spawn("pep-last-items", send(std::move(pin), wishes));
        });
}

Task<> LastItems::send(core::AccountPin account, WishesPtr wishes) const {
    OwnerNodes& nodes = nodes_.of(*account);
    store_.load(*account, nodes);
    std::vector<std::string> wanted;
    for (const auto& node : nodes.nodes)
        if (sends_last(*node) && wishes->begin_with(node->name)) wanted.push_back(node->name);
    for (std::string& name : wanted) {
        Jid resource = wishes->resource;
        const bool go_on = co_await send_last(*account, std::move(name), std::move(resource));
        if (!go_on || !account.alive()) co_return;
    }
}

/// False: nothing can be read.
Task<bool> LastItems::send_last(core::Account& account, std::string name, Jid resource) const {
    OwnerNodes& nodes = nodes_.of(account);
    const auto loaded = co_await store_.load_items(account, nodes, name);
    if (!loaded) co_return false;
    const Node* node = nodes.find(name);
    const AccountService service(account, nodes);
    const ItemEntry* const last = node ? node->last_item(context_.clock().wall()) : nullptr;
    if (!last || !may_hear(service, *node, resource)) co_return true;
    const std::uint64_t seq = last->seq;
    std::vector<std::uint64_t> seqs{seq};
    const auto items = co_await store_.read_items(account.id(), node->number, std::move(seqs));
    if (!items) co_return false;
    node = nodes.find(name);
    if (account.deleted() || !node || items->empty()) co_return true;
    if (!may_hear(service, *node, resource)) co_return true;  // no longer
    // Of one that was published meanwhile it is notified like all others, perhaps already.
    const ItemEntry* const newest = node->last_item(context_.clock().wall());
    if (!newest || newest->seq != seq) co_return true;
    context_.router().route(late_item(service, *node, resource, items->front()));
    co_return true;
}

}  // namespace clarion::pubsub
