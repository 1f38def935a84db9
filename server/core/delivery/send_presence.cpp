// Presence from one of our clients: RFC 6121, sections 3 and 4, the sender's side.
#include <utility>
#include <vector>

#include "proto/ns.h"
#include "proto/presence.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/delivery/delivery.h"
#include "server/core/delivery/presence.h"
#include "server/core/events/presence_events.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {

namespace {

void refuse(Session& session, const Envelope& envelope, StanzaErrorCondition condition,
            std::string text = {}) {
    if (!may_answer_with_error(*envelope.stanza)) return;
    const StanzaError error(condition, std::move(text));
    session.context().refusals().on_stanza(*envelope.stanza, error);
    session.send(make_error(*envelope.stanza, error));
}

// --- broadcast (sections 4.2, 4.4, 4.5) ---------------------------------------------------------

/// Calls `fn` for each contact of whom `wanted` is true and whom the account may tell. Not parsed:
/// roster addresses are prepared.
template <class Predicate, class Function>
void for_contacts(Account& account, Predicate wanted, Function fn) {
    for (const RosterItem& item : account.roster().items()) {
        if (!wanted(state_of(&item))) continue;
        const Jid contact = Jid::trusted(item.jid);
        if (may_tell(account, contact)) fn(contact);
    }
}

/// Whether it hears of the account's presence anyway.
bool sees_us(const Account& account, const Jid& who) {
    return account.roster().shares_presence_with(account.roster().key_of(who));
}

/// To all who see the account's presence.
void tell_contacts(Account& account, const StanzaPtr& presence) {
    SaidToMany copies;
    const auto shown = [](const SubscriptionState& state) { return state.shown(); };
    for_contacts(account, shown, [&](const Jid& contact) {
        if (!copies) copies = SaidToMany(presence);
        account.context().router().route(copies.to(contact));
    });
}

/// To all available resources of the account itself, the sender's own among them.
void tell_own_resources(Account& account, const StanzaPtr& presence) {
    for (const auto& session : account.sessions())
        if (session->available()) session->send(presence);
}

bool is_ours(const Account& account, const Jid& contact) {
    return account.context().domains().is_host(contact.domain());
}

/// Contacts on this server answer to the one resource that asks; others expect a bare address
/// (section 4.3.1).
void probe_contacts(Session& session) {
    Account& account = session.account();
    const auto seen = [](const SubscriptionState& state) { return state.seen(); };
    for_contacts(account, seen, [&](const Jid& contact) {
        const Jid& from = is_ours(account, contact) ? session.jid() : account.jid();
        session.context().router().route(
            Stanza::make(StanzaKind::presence, StanzaType::probe, from, contact));
    });
}

/// What the user has been asked and not yet answered (section 3.1.3).
void deliver_requests(Session& session) {
    for (const RosterItem& item : session.account().roster().items()) {
        if (item.pending_in.empty()) continue;
        auto request = Stanza::from_document(xml::parse_element(item.pending_in, ns::client));
        if (!request.ok()) continue;
        events::PresenceReceiving event{session.account(), **request};
        if (session.context().bus().fire(event) == Flow::next)
            session.send(std::move(request).value());
    }
}

/// Requests that another server has not answered are sent again: it may have missed them
/// (section 3.1.2).
void repeat_requests(Account& account) {
    const auto pending = [](const SubscriptionState& state) { return state.pending_out; };
    for_contacts(account, pending, [&](const Jid& contact) {
        if (!is_ours(account, contact)) send_subscription(account, contact, StanzaType::subscribe);
    });
}

void show_own_resources(Session& session) {
    for (const auto& other : session.account().sessions())
        if (other.get() != &session && other->available()) session.send(shown_presence(*other));
}

/// What a client sends, as others are shown it (shown_presence()).
void add_to_shown(Session& session, Envelope& envelope) {
    session.context().bus().fire(events::PresenceShowing{session, envelope.stanza});
}

void broadcast_available(Session& session, Envelope envelope) {
    if (!presence_priority(*envelope.stanza)) {
        return refuse(session, envelope, StanzaErrorCondition::bad_request,
                      "priority must be a number from -128 to 127");
    }
    Account& account = session.account();
    const bool initial = !session.available();
    Stanza& presence = envelope.edit();
    presence.set_from(session.jid());
    presence.set_to(account.jid());
    session.set_presence(stamped_presence(presence, session));
    add_to_shown(session, envelope);

    tell_own_resources(account, envelope.stanza);
    tell_contacts(account, envelope.stanza);
    if (initial) {
        show_own_resources(session);
        probe_contacts(session);
        deliver_requests(session);
        repeat_requests(account);
    }
    session.context().bus().fire(
        events::AvailabilityChanged{session, initial, true, *envelope.stanza});
}

/// To whom presence was directed and who is not told anyway (section 4.6.3).
void tell_directed(Session& session, const StanzaPtr& unavailable) {
    SaidToMany copies;
    for (const Jid& to : forget_all_directed(session)) {
        if (session.available() && sees_us(session.account(), to)) continue;
        if (!copies) copies = SaidToMany(unavailable);
        session.context().router().route(copies.to(to));
    }
}

/// `presence` is addressed to the account itself.
void broadcast_unavailable(Session& session, const StanzaPtr& presence) {
    Account& account = session.account();
    const bool was_available = session.available();
    tell_directed(session, presence);
    if (!was_available) return;
    session.set_presence(nullptr);
    tell_own_resources(account, presence);
    tell_contacts(account, presence);
    session.context().bus().fire(events::AvailabilityChanged{session, false, false, *presence});
}

void broadcast(Session& session, Envelope envelope) {
    if (envelope.stanza->type() == StanzaType::available) {
        return broadcast_available(session, std::move(envelope));
    }
    Stanza& presence = envelope.edit();
    presence.set_from(session.jid());
    presence.set_to(session.account().jid());
    const bool was_available = session.available();
    broadcast_unavailable(session, envelope.stanza);
    if (was_available) session.send(envelope.stanza);
}

// --- to somebody --------------------------------------------------------------------------------

/// Section 4.6.3. A contact that is told of everything anyway need not be remembered.
void send_directed(Session& session, Envelope envelope) {
    const Jid& to = envelope.stanza->to();
    if (envelope.stanza->type() == StanzaType::unavailable) {
        forget_directed(session, to);
    } else if (!session.available() || !sees_us(session.account(), to)) {
        if (!remember_directed(session, to)) {
            return refuse(session, envelope, StanzaErrorCondition::resource_constraint,
                          "presence was sent to too many addresses");
        }
    }
    if (envelope.stanza->type() == StanzaType::available) add_to_shown(session, envelope);
    session.context().router().route(std::move(envelope));
}

/// Sections 3.1.2, 3.1.5, 3.2.2, 3.3.2 and 3.4.2.
void send_own_subscription(Session& session, Envelope envelope) {
    Account& account = session.account();
    const Jid contact = Jid::trusted(account.roster().key_of(envelope.stanza->to()));
    const StanzaType type = envelope.stanza->type();
    if (contact == account.jid()) return;
    const SubscriptionState before = state_of(account.roster().find(contact.full()));
    const SubscriptionStep step = outbound(before, type);
    if (step.state != before && roster_full(account, contact.full()) &&
        (type == StanzaType::subscribe || type == StanzaType::subscribed)) {
        return refuse(session, envelope, StanzaErrorCondition::resource_constraint,
                      "the roster is full");
    }
    if (before.shown() && !step.state.shown()) hide_presence(account, contact);
    change_subscription(account, contact.full(), step.state);
    if (!step.pass_on) return;
    Stanza& stanza = envelope.edit();
    stanza.set_from(account.jid());
    stanza.set_to(contact);
    session.context().router().route(std::move(envelope));
    if (step.state.shown() && !before.shown()) show_presence(account, contact);
}

bool is_notification(StanzaType type) {
    return type == StanzaType::available || type == StanzaType::unavailable;
}

bool too_large(const Session& session, const Stanza& presence) {
    const auto limit =
        session.context().options<C2sOptions>(session.jid().domain()).max_presence_size;
    return presence.cost() > static_cast<std::size_t>(limit);
}

}  // namespace

void show_presence_again(Account& account) {
    for (const auto& session : account.sessions()) {
        if (!session->available()) continue;
        const StanzaPtr presence = shown_presence(*session);
        tell_own_resources(account, presence);
        tell_contacts(account, presence);
    }
}

void Delivery::send_presence(Session& session, Envelope envelope) {
    const StanzaType type = envelope.stanza->type();
    const bool addressed = !envelope.stanza->to().empty();
    if (is_notification(type) && !addressed) {
        if (too_large(session, *envelope.stanza))
            return refuse(session, envelope, StanzaErrorCondition::policy_violation,
                          "it is too large for so many");
        return broadcast(session, std::move(envelope));
    }
    if (!addressed) return refuse(session, envelope, StanzaErrorCondition::bad_request);
    events::PresenceSending event{session.account(), envelope.stanza->to(), envelope.stanza.get(),
                                  &session};
    if (context_.bus().fire(event) == Flow::stop) return;
    if (is_subscription(type)) return send_own_subscription(session, std::move(envelope));
    if (is_notification(type)) return send_directed(session, std::move(envelope));
    context_.router().route(std::move(envelope));  // a probe of its own, or an error
}

void Delivery::send_unavailable(Session& session) {
    broadcast_unavailable(session, Stanza::make(StanzaKind::presence, StanzaType::unavailable,
                                                session.jid(), session.account().jid()));
}

}  // namespace clarion::core
