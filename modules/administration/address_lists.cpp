#include "modules/administration/address_lists.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "modules/administration/administration.h"
#include "server/core/actors/host_owner.h"
#include "server/core/address/domains.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/owners.h"
#include "storage/storage.h"

namespace clarion::administration {

using core::Context;
using core::Flow;

namespace {

constexpr Logger logger{"administration"};
/// As in the row of the module: lists are read where no module's state is at hand.
constexpr std::string_view module_name = "administration";

std::string_view key_of(Listing which) {
    return which == Listing::blacklist ? blacklist_key : whitelist_key;
}

std::string joined(const std::vector<std::string>& addresses) {
    std::string text;
    for (const std::string& address : addresses) text += (text.empty() ? "" : " ") + address;
    return text;
}

/// Until every worker knows: who ordered it relies on it as soon as they are answered.
Task<> tell_everywhere(Context& here, std::string host, Listing which, AddressList list) {
    std::function<Task<>(Context&)> tell = [&](Context& there) -> Task<> {
        there.bus().fire(AddressListChanged{host, which, list});
        co_return;
    };
    co_await core::run_on_all(here, std::move(tell));
}

Task<Result<>> edit_at_home(Context& home, std::string host, Listing which, const ListEdit& edit) {
    const auto owner = co_await core::owner_of_host(home, host);
    if (!owner) co_return owner.error();
    AddressListEditing editing{host, which, *owner, edit};
    home.bus().fire(editing);
    if (!editing.outcome) co_return editing.outcome;
    const Result<> committed = co_await home.shard().committed();
    AddressList list = committed ? editing.after : editing.before;
    co_await tell_everywhere(home, std::move(host), which, std::move(list));
    co_return committed;
}

}  // namespace

std::string_view name_of(Listing which) {
    return which == Listing::blacklist ? "blacklist" : "whitelist";
}

bool may_talk(const AddressList& blacklist, const AddressList& whitelist, const Jid& peer,
              bool is_component) {
    if (blacklist.covers(peer)) return false;
    return whitelist.empty() || is_component || whitelist.covers(peer);
}

Result<> check_listable(const core::Domains& domains, const Jid& who) {
    const core::DomainKind kind = domains.kind(who.domain());
    if (kind == core::DomainKind::remote || kind == core::DomainKind::component) return {};
    return fail(error_code::usage,
                who.full() + ": " + std::string(who.domain()) +
                    " is a domain of this server, and these lists are about servers elsewhere; "
                    "`user disable` shuts an account out");
}

Task<Result<>> edit_list(Context& here, std::string host, Listing which, ListEdit edit,
                         std::string by) {
    const Result<> done = co_await core::ask_at_home<void>(
        here, host, [&](Context& home) { return edit_at_home(home, host, which, edit); });
    if (done)
        logger.info("addresses-listed", {{"by", by},
                                         {"host", host},
                                         {"list", name_of(which)},
                                         {"added", joined(edit.added)},
                                         {"removed", joined(edit.removed)}});
    co_return done;
}

Task<Result<AddressList>> read_list(Context& here, std::string host, Listing which) {
    const auto owner = co_await here.storage().owners().find(storage::OwnerKind::actor, host);
    if (!owner) co_return owner.error();
    if (!*owner) co_return AddressList{};
    const storage::DataSpace space{**owner, module_name, storage::DataKind::stored};
    const auto stored =
        co_await here.storage().module_data().get(space, std::string(key_of(which)));
    if (!stored) co_return stored.error();
    if (!*stored) co_return AddressList{};
    co_return decode_address_list(**stored);
}

// ---- On one shard ------------------------------------------------------------------------------

AddressLists::AddressLists(core::ModuleSetup& setup)
    : context_(setup.context()), stored_(setup.stored_data()) {}

void AddressLists::on_started(const events::ServerStarted& event) {
    event.context.scope().spawn("address-lists", load(event.context));
}

/// Those of hosts that have the module.
Task<> AddressLists::load(Context& context) {
    for (const std::string& host : context.domains().hosts()) {
        const auto& off = context.options<core::ModulesOptions>(host).disabled;
        if (std::find(off.begin(), off.end(), module_name) != off.end()) continue;
        for (const Listing which : {Listing::blacklist, Listing::whitelist}) {
            auto list = co_await read_list(context, host, which);
            if (!list) {
                logger.error("unreadable", {{"host", host}, {"error", list.error().text}});
            } else if (!list->empty()) {
                hosts_[host].of(which) = std::move(*list);
            }
        }
    }
}

void AddressLists::on_editing(AddressListEditing& event) {
    const std::string host(event.host);
    event.before = hosts_[host].of(event.which);
    event.after = event.before;
    for (const std::string& address : event.edit.removed) event.after.remove(address);
    for (const std::string& address : event.edit.added) event.after.add(address);
    const auto most =
        static_cast<std::size_t>(context_.options<AdministrationOptions>(event.host).max_listed);
    if (event.after.size() > most && !event.edit.added.empty()) {
        event.outcome = fail(error_code::not_acceptable,
                             "at most " + std::to_string(most) + " addresses in a list");
        return;
    }
    event.outcome = Result<>();
    hosts_[host].of(event.which) = event.after;
    if (event.after.empty())
        stored_.remove(event.owner, key_of(event.which));
    else
        stored_.put_uncounted(event.owner, key_of(event.which), encode(event.after));
}

void AddressLists::on_changed(const AddressListChanged& event) {
    const std::string host(event.host);
    hosts_[host].of(event.which) = event.list;
    const Lists& lists = hosts_[host];
    if (lists.blacklist.empty() && lists.whitelist.empty()) hosts_.erase(host);
}

/// Of the host, or of the one of whose subdomains it is; nullptr: nobody lists anything for it.
const AddressLists::Lists* AddressLists::governing(std::string_view domain) const {
    while (!hosts_.empty()) {
        const auto at = hosts_.find(domain);
        if (at != hosts_.end()) return &at->second;
        const std::size_t dot = domain.find('.');
        if (dot == std::string_view::npos || context_.domains().is_host(domain)) break;
        domain.remove_prefix(dot + 1);
    }
    return nullptr;
}

Flow AddressLists::on_crossing(events::StanzaCrossing& event) const {
    const Lists* const lists = governing(event.own().domain());
    if (!lists) return Flow::next;
    const bool component =
        context_.domains().kind(event.peer().domain()) != core::DomainKind::remote;
    if (may_talk(lists->blacklist, lists->whitelist, event.peer(), component)) return Flow::next;
    refuse(event);
    return Flow::stop;
}

void AddressLists::refuse(events::StanzaCrossing& event) const {
    const StanzaError error(StanzaErrorCondition::not_allowed,
                            "this server does not let these two talk to each other");
    const Stanza& stanza = *event.envelope.stanza;
    if (event.way == events::StanzaCrossing::Way::in && stanza.is_presence())
        return context_.refusals().on_stanza(stanza, error);
    context_.router().bounce(std::move(event.envelope), error);
}

}  // namespace clarion::administration
