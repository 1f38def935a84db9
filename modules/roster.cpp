#include "modules/roster.h"

#include <algorithm>

#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/session.h"
#include "server/core/delivery/presence.h"
#include "server/core/events/account_events.h"
#include "server/core/events/export_events.h"
#include "server/core/events/presence_events.h"
#include "server/core/events/session_events.h"
#include "server/core/events/stream_events.h"
#include "server/core/events/subscription_events.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"

namespace clarion::roster {

namespace {

using core::Context;
using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using core::RosterItem;
using core::Session;

/// What a session has asked for.
struct Interest {
    bool interested = false;
};

std::string version_text(std::uint64_t version) {
    return std::to_string(std::max<std::uint64_t>(version, 1));
}

std::string_view subscription_name(core::Subscription subscription) {
    switch (subscription) {
        case core::Subscription::to: return "to";
        case core::Subscription::from: return "from";
        case core::Subscription::both: return "both";
        case core::Subscription::none: break;
    }
    return "none";
}

// --- writing ------------------------------------------------------------------------------------

void add_item(xml::Element& query, const RosterItem& item) {
    xml::Element& added = query.add("item");
    added.set_attr("jid", item.jid);
    added.set_attr("subscription", subscription_name(item.subscription));
    if (!item.name.empty()) added.set_attr("name", item.name);
    if (item.ask_subscribe) added.set_attr("ask", "subscribe");
    if (item.approved) added.set_attr("approved", "true");
    for (const std::string& group : item.groups) added.add_text_child("group", group);
}

xml::Element& add_query(Stanza& iq, const core::Roster& roster) {
    return iq.root().add("query", ns::roster).set_attr("ver", version_text(roster.version()));
}

/// Section 2.1.6. No answer is waited for: many clients send none.
std::shared_ptr<Stanza> make_push(const core::Account& account, const RosterItem& item,
                                  bool removed) {
    const std::string id = "roster-" + std::to_string(account.roster().version());
    auto push = Stanza::make(StanzaKind::iq, StanzaType::set, {}, {}, id);
    xml::Element& query = add_query(*push, account.roster());
    if (removed) {
        query.add("item").set_attr("jid", item.jid).set_attr("subscription", "remove");
    } else {
        add_item(query, item);
    }
    return push;
}

/// Of what is kept with a hibernating session.
constexpr std::string_view part_name = "roster";

/// Sessions that have asked for the roster, and hear of its changes.
class Interested {
public:
    explicit Interested(core::ModuleSetup& setup) : slot_(setup.session_slot<Interest>()) {}

    void add(Session& session) const { slot_.of(session).interested = true; }

    void on_changed(const events::RosterChanged& event) const {
        const SaidToMany push(make_push(event.account, event.item, event.removed));
        for_each(event.account,
                 [&push](Session& session) { session.send(push.to(session.jid())); });
    }

    void on_answered(const events::SubscriptionAnswered& event) const {
        for_each(event.account, [&event](Session& session) { session.send(event.envelope); });
    }

    void on_recording(events::SessionRecording& event) const {
        const Interest* interest = slot_.find(event.session);
        if (interest && interest->interested) event.record.parts.emplace_back(part_name, "1");
    }

    void on_restored(const events::SessionRestored& event) const {
        for (const auto& [name, value] : event.record.parts)
            if (name == part_name) slot_.of(event.session).interested = value == "1";
    }

private:
    template <class Function>
    void for_each(core::Account& account, Function fn) const {
        for (const auto& session : account.sessions()) {
            const Interest* interest = slot_.find(*session);
            if (interest && interest->interested) fn(*session);
        }
    }

    core::SessionSlot<Interest> slot_;
};

// --- roster get (sections 2.1.3, 2.2, 2.6) ------------------------------------------------------

IqAnswer get_roster(const Interested& interested, IqRequest& request) {
    if (request.payload().has_children()) return StanzaError(StanzaErrorCondition::bad_request);
    if (request.session) interested.add(*request.session);

    const core::Roster& roster = request.account->roster();
    auto result = make_result(*request.stanza);
    if (is_current(request.payload().attr("ver"), roster.version())) return result;
    xml::Element& query = add_query(*result, roster);
    for (const RosterItem& item : roster.items()) {
        if (item.listed) add_item(query, item);
    }
    return result;
}

// --- export (XEP-0227, 4.4 and 4.8) -------------------------------------------------------------

std::string write_export(const core::Roster& roster) {
    xml::Document document("query", ns::roster);
    std::string requests;
    for (const RosterItem& item : roster.items()) {
        if (item.listed) add_item(document.root(), item);
        if (item.pending_in.empty()) continue;
        const xml::Document request = xml::parse_element(item.pending_in, ns::client);
        if (request.empty()) continue;
        requests += xml::to_string(request.root());
        requests += '\n';
    }
    return xml::to_string(document.root()) + '\n' + requests;
}

Task<Result<events::ExportPage>> export_roster(core::Account& account, std::string) {
    co_return events::ExportPage{write_export(account.roster())};
}

void on_exporting(events::AccountExporting& event) {
    event.parts.push_back({"roster", export_roster});
}

// --- roster set (sections 2.3 to 2.5) -----------------------------------------------------------

/// The contact's item as the client wants it.
RosterItem changed_item(const core::Account& account, const Wanted& wanted) {
    const RosterItem* known = account.roster().find(wanted.jid.full());
    RosterItem item = known ? *known : RosterItem{.jid = wanted.jid.full()};
    item.name = wanted.name;
    item.groups = wanted.groups;
    item.listed = true;
    return item;
}

void put_item(Context& context, core::Account& account, const Wanted& wanted) {
    const RosterItem& now =
        account.roster().put(context.shard(), account.id(), changed_item(account, wanted));
    context.bus().fire(events::RosterChanged{account, now, false});
}

std::optional<StanzaError> why_not(const core::Account& account, const Wanted& wanted) {
    const std::string_view contact = wanted.jid.full();
    if (wanted.remove) {
        const RosterItem* known = account.roster().find(contact);
        if (known && known->listed) return std::nullopt;
        return StanzaError(StanzaErrorCondition::item_not_found);
    }
    if (contact == account.jid().bare()) {
        return StanzaError(StanzaErrorCondition::not_allowed, "this is your own address");
    }
    if (core::roster_full(account, contact) ||
        !core::roster_has_room(account, changed_item(account, wanted))) {
        return StanzaError(StanzaErrorCondition::resource_constraint, "the roster is full");
    }
    return std::nullopt;
}

/// The push goes out before the result: a client that has the result has the item too, as the
/// server has it.
IqAnswer set_roster(Context& context, IqRequest& request) {
    auto wanted = read_item(request.payload(), context.options<ItemOptions>(request.host));
    if (!wanted.ok()) return to_stanza_error(wanted.error());
    core::Account& account = *request.account;
    if (auto error = why_not(account, *wanted)) return *error;

    if (wanted->remove) {
        core::remove_contact(account, wanted->jid);
    } else {
        put_item(context, account, *wanted);
    }
    return make_result(*request.stanza);
}

void offer(events::StreamFeatures& event) {
    event.features.add("ver", ns::rosterver);
    event.features.add("sub", ns::preapproval);
}

void on_deleted(const events::AccountDeleted& event) {
    core::cancel_all_subscriptions(event.account);
}

Result<std::vector<std::string>> read_groups(const xml::Element& item, const ItemOptions& options) {
    std::vector<std::string> groups;
    for (const xml::Element& child : item.children()) {
        if (!child.is(ns::roster, "group")) continue;
        const std::string_view group = child.text();
        if (group.empty()) return fail(error_code::not_acceptable, "a group needs a name");
        if (group.size() > static_cast<std::size_t>(options.max_group_length)) {
            return fail(error_code::not_acceptable, "the name of a group is too long");
        }
        if (groups.size() == static_cast<std::size_t>(options.max_groups)) {
            return fail(error_code::not_acceptable, "too many groups");
        }
        if (std::find(groups.begin(), groups.end(), group) != groups.end()) {
            return fail("bad-request", "a group is named twice");
        }
        groups.emplace_back(group);
    }
    return groups;
}

}  // namespace

bool is_current(std::string_view client_version, std::uint64_t version) {
    return version > 1 && client_version == version_text(version);
}

Result<Wanted> read_item(const xml::Element& query, const ItemOptions& options) {
    const xml::Element* item = query.first_child();
    if (!item || item->next_sibling() || !item->is(ns::roster, "item")) {
        return fail("bad-request", "a roster set has exactly one item");
    }
    if (item->attr("jid").empty()) return fail("bad-request", "the item has no jid");
    auto jid = Jid::parse(item->attr("jid"));
    if (!jid.ok()) return jid.error();
    if (jid->is_full() && jid->has_local())
        return fail("not-allowed", "contacts have no resource, except those of a gateway's domain");
    const std::string_view name = item->attr("name");
    if (name.size() > static_cast<std::size_t>(options.max_name_length)) {
        return fail(error_code::not_acceptable, "the name is too long");
    }
    auto groups = read_groups(*item, options);
    if (!groups.ok()) return groups.error();
    return Wanted{std::move(jid).value(), std::string(name), std::move(groups).value(),
                  item->attr("subscription") == "remove"};
}

void ItemOptions::declare(OptionTable<ItemOptions>& t) {
    t.joins("roster");
    t.add("max_name_length", &ItemOptions::max_name_length)
        .min(1)
        .unit("bytes")
        .doc("A longer name for a contact is refused with not-acceptable.");
    t.add("max_groups", &ItemOptions::max_groups)
        .min(1)
        .doc("Groups of one contact; more are refused with not-acceptable.");
    t.add("max_group_length", &ItemOptions::max_group_length)
        .min(1)
        .unit("bytes")
        .doc("A longer group name is refused with not-acceptable.");
}

void declare_options(OptionRegistry& registry) { registry.add<ItemOptions>(); }

void install(core::ModuleSetup& setup) {
    Context& context = setup.context();
    const Interested& self = setup.state<Interested>(setup);
    setup.account_feature(ns::roster);
    setup.serve(IqTarget::account, StanzaType::get, ns::roster, "query",
                [&self](IqRequest& request) { return get_roster(self, request); });
    setup.serve(IqTarget::account, StanzaType::set, ns::roster, "query",
                [&context](IqRequest& request) { return set_roster(context, request); });

    using namespace events;
    setup.on(StreamFeatures::Stage::offer, &offer);
    setup.on(RosterChanged::Stage::tell_clients, self, &Interested::on_changed);
    setup.on(SubscriptionAnswered::Stage::deliver, self, &Interested::on_answered);
    setup.on(AccountDeleted::Stage::drop, &on_deleted);
    setup.on(AccountExporting::Stage::add, &on_exporting);
    setup.on(SessionRecording::Stage::add, self, &Interested::on_recording);
    setup.on(SessionRestored::Stage::read, self, &Interested::on_restored);
}

}  // namespace clarion::roster
