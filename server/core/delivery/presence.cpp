#include "server/core/delivery/presence.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "proto/delay.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/events/presence_events.h"
#include "server/core/options.h"
#include "server/core/routing/message_rules.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

namespace {

const RosterOptions& roster_options(const Account& account) {
    return account.context().options<RosterOptions>(account.host());
}

bool says_something(const SubscriptionState& state) {
    return state.subscription != Subscription::none || state.pending_out || state.approved;
}

/// The request as it is kept: whole (RFC 6121, 3.1.3), or without its content if that is too long.
std::string kept_request(const Account& account, const Stanza& request) {
    std::string whole = xml::to_string(request.root());
    const auto limit = roster_options(account).max_request_size;
    if (whole.size() <= static_cast<std::size_t>(limit)) return whole;
    const auto bare =
        Stanza::make(StanzaKind::presence, StanzaType::subscribe, request.from(), request.to());
    return xml::to_string(bare->root());
}

/// Whether clients see a difference between the two.
bool look_alike(const RosterItem& before, const RosterItem& after) {
    return before.listed == after.listed && before.subscription == after.subscription &&
           before.ask_subscribe == after.ask_subscribe && before.approved == after.approved;
}

void drop(Account& account, const RosterItem& item) {
    account.roster().remove(account.context().shard(), account.id(), item.jid);
}

void end_subscriptions(Account& account, const Jid& contact, const SubscriptionState& state) {
    if (state.seen() || state.pending_out) {
        send_subscription(account, contact, StanzaType::unsubscribe);
    }
    if (state.shown() || state.pending_in) {
        send_subscription(account, contact, StanzaType::unsubscribed);
    }
}

// Whom it told of itself outlives a crash, live or hibernating: they will hear that it has gone.

void put_directed(Session& session, const Jid& who) {
    Context& context = session.context();
    context.storage().sessions().put_directed(context.shard().batch(), session.account().id(),
                                              session.number(),
                                              {who.full(), context.clock().lasting()});
}

void remove_directed(Session& session, const Jid& who) {
    Context& context = session.context();
    context.storage().sessions().remove_directed(context.shard().batch(), session.account().id(),
                                                 session.number(), who.full());
}

}  // namespace

StanzaPtr stamped_presence(const Stanza& presence, const Session& session) {
    auto stamped = presence.clone();
    const auto now = std::chrono::floor<std::chrono::seconds>(session.context().clock().wall());
    state_delay(stamped->root(), session.jid().domain(), format_datetime(now));
    return stamped->compact();
}

bool remember_directed(Session& session, const Jid& who) {
    auto& known = session.directed_presence();
    if (std::find(known.begin(), known.end(), who) != known.end()) return true;
    const auto& options = session.context().options<C2sOptions>(session.jid().domain());
    if (known.size() >= static_cast<std::size_t>(options.max_directed_presence)) return false;
    std::size_t bytes = who.full().size();
    for (const Jid& jid : known) bytes += jid.full().size();
    if (bytes > static_cast<std::size_t>(options.max_directed_bytes)) return false;
    known.push_back(who);
    put_directed(session, who);
    return true;
}

void forget_directed(Session& session, const Jid& who) {
    if (std::erase(session.directed_presence(), who) > 0) remove_directed(session, who);
}

std::vector<Jid> forget_all_directed(Session& session) {
    auto forgotten = std::exchange(session.directed_presence(), {});
    Context& context = session.context();
    if (!forgotten.empty())
        context.storage().sessions().remove_all_directed(context.shard().batch(),
                                                         session.account().id(), session.number());
    return forgotten;
}

std::vector<Jid> forget_directed_if(Session& session,
                                    const std::function<bool(const Jid&)>& wanted) {
    auto& known = session.directed_presence();
    const auto from = std::stable_partition(known.begin(), known.end(),
                                            [&](const Jid& jid) { return !wanted(jid); });
    std::vector<Jid> forgotten;
    std::move(from, known.end(), std::back_inserter(forgotten));
    known.erase(from, known.end());
    for (const Jid& jid : forgotten) remove_directed(session, jid);
    return forgotten;
}

namespace {

void replace_directed(Session& session, const Jid& before, const Jid& now) {
    auto& known = session.directed_presence();
    if (std::erase(known, before) == 0) return;
    remove_directed(session, before);
    std::erase(known, now);
    known.push_back(now);
    put_directed(session, now);
}

/// The address under which an occupant that is gone goes on; empty: it does not.
Jid renamed(const Stanza& unavailable) {
    if (!has_room_status(unavailable, "303")) return {};
    const xml::Element* item =
        unavailable.root().child(ns::muc_user, "x")->child(ns::muc_user, "item");
    if (!item || item->attr("nick").empty()) return {};
    return unavailable.from().with_resource(item->attr("nick")).value_or(Jid());
}

}  // namespace

void follow_directed(Session& session, const Stanza& presence) {
    const auto& known = session.directed_presence();
    if (known.empty()) return;
    const Jid& from = presence.from();
    const bool is_known = std::find(known.begin(), known.end(), from) != known.end();
    if (presence.type() == StanzaType::unavailable) {
        const Jid next = is_known ? renamed(presence) : Jid();
        return next.empty() ? forget_directed(session, from)
                            : replace_directed(session, from, next);
    }
    if (is_known || from.is_bare()) return;
    const auto asked_for = std::find_if(known.rbegin(), known.rend(), [&from](const Jid& to) {
        return to.is_full() && to.bare() == from.bare();
    });
    if (asked_for != known.rend() && has_room_status(presence, "110"))
        replace_directed(session, Jid(*asked_for), from);
}

bool may_tell(Account& account, const Jid& to) {
    return account.context().bus().fire(events::PresenceSending{account, to}) == Flow::next;
}

StanzaPtr shown_presence(Session& session) {
    StanzaPtr presence = session.presence();
    session.context().bus().fire(events::PresenceShowing{session, presence});
    return presence;
}

int show_presence(Account& account, const Jid& to) {
    if (!may_tell(account, to)) return 0;
    int shown = 0;
    for (const auto& session : account.sessions()) {
        if (!session->available()) continue;
        account.context().router().route(addressed_to(to, shown_presence(*session)));
        ++shown;
    }
    return shown;
}

void hide_presence(Account& account, const Jid& to) {
    if (!may_tell(account, to)) return;
    for (const auto& session : account.sessions()) {
        if (!session->available()) continue;
        account.context().router().route(
            Stanza::make(StanzaKind::presence, StanzaType::unavailable, session->jid(), to));
    }
}

/// Contacts on this server answer to the one resource that asks; others expect a bare address.
void probe_contact(Account& account, const Jid& contact) {
    const bool ours = account.context().domains().is_host(contact.domain());
    for (const auto& session : account.sessions()) {
        if (!session->available()) continue;
        const Jid& from = ours ? session->jid() : account.jid();
        account.context().router().route(
            Stanza::make(StanzaKind::presence, StanzaType::probe, from, contact));
        if (!ours) return;
    }
}

void send_subscription(Account& account, const Jid& contact, StanzaType type, std::string_view id) {
    account.context().router().route(
        Stanza::make(StanzaKind::presence, type, account.jid(), contact, id));
}

void change_subscription(Account& account, std::string_view contact, const SubscriptionState& state,
                         const Stanza* request) {
    const RosterItem* known = account.roster().find(contact);
    if (state == state_of(known)) return;
    RosterItem item = known ? *known : RosterItem{.jid = std::string(contact), .listed = false};
    const RosterItem before = item;
    item.subscription = state.subscription;
    item.ask_subscribe = state.pending_out;
    item.approved = state.approved;
    item.listed = item.listed || says_something(state);
    if (!state.pending_in) item.pending_in.clear();
    if (state.pending_in && request) item.pending_in = kept_request(account, *request);
    if (!item.listed && item.pending_in.empty()) return drop(account, item);

    const bool seen = !look_alike(before, item);
    const RosterItem& now =
        account.roster().put(account.context().shard(), account.id(), std::move(item));
    if (seen) account.context().bus().fire(events::RosterChanged{account, now, false});
}

bool roster_full(const Account& account, std::string_view contact) {
    const RosterItem* known = account.roster().find(contact);
    if (known && known->listed) return false;
    const auto& items = account.roster().items();
    const auto limit = static_cast<std::size_t>(roster_options(account).max_items);
    if (account.roster().bytes() >= static_cast<std::size_t>(roster_options(account).max_bytes))
        return true;
    if (items.size() < limit) return false;
    return std::count_if(items.begin(), items.end(), [](const auto& i) { return i.listed; }) >=
           static_cast<std::ptrdiff_t>(limit);
}

bool roster_has_room(const Account& account, const RosterItem& item) {
    const RosterItem* known = account.roster().find(item.jid);
    const std::size_t before = known ? Roster::bytes_of(*known) : 0;
    const std::size_t after = Roster::bytes_of(item);
    const auto limit = static_cast<std::size_t>(roster_options(account).max_bytes);
    return after <= before || account.roster().bytes() - before + after <= limit;
}

void remove_contact(Account& account, const Jid& contact) {
    const RosterItem item = *account.roster().find(contact.full());
    const SubscriptionState state = state_of(&item);
    if (state.shown()) hide_presence(account, contact);
    drop(account, item);
    account.context().bus().fire(events::RosterChanged{account, item, true});
    end_subscriptions(account, contact, state);
}

void cancel_all_subscriptions(Account& account) {
    for (const RosterItem& item : account.roster().items())
        end_subscriptions(account, Jid::trusted(item.jid), state_of(&item));
}

}  // namespace clarion::core
