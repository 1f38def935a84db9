// Presence for one of our accounts: RFC 6121, sections 3 and 4, the recipient's side, and 8.5.
#include <algorithm>

#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/delivery/delivery.h"
#include "server/core/delivery/presence.h"
#include "server/core/events/presence_events.h"
#include "server/core/events/subscription_events.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {

namespace {

void send_to_available(Account& account, const Envelope& envelope) {
    for (const auto& session : account.sessions())
        if (session->available()) session->send(envelope);
}

/// Available, unavailable and error: sections 4.2.3, 4.4.3, 4.5.3, 8.5.2 and 8.5.3. Who says that
/// it is gone needs no unavailable presence from us any more (section 4.6.1).
void deliver_notification(Account& account, Envelope envelope) {
    const Stanza& presence = *envelope.stanza;
    if (presence.to().is_bare()) {
        if (!presence.is_error())
            for (const auto& session : account.sessions()) follow_directed(*session, presence);
        return send_to_available(account, envelope);
    }
    Session* session = account.find_session(presence.to().resource());
    if (!session) return;
    if (!presence.is_error()) follow_directed(*session, presence);
    session->send(std::move(envelope));
}

// --- probes (section 4.3.2) ---------------------------------------------------------------------

void answer(Account& account, StanzaType type, const Jid& from, const Stanza& probe) {
    account.context().router().route(
        Stanza::make(StanzaKind::presence, type, from, probe.from(), probe.id()));
}

bool may_see(const Account& account, const Jid& who) {
    const Roster& roster = account.roster();
    return who.bare() == account.jid().bare() || roster.shares_presence_with(roster.key_of(who));
}

/// A room may ask from its own address instead of the occupant's (section 4.6.6).
bool told_of_itself(Session& session, const Jid& who) {
    const auto& told = session.directed_presence();
    return std::any_of(told.begin(), told.end(), [&who](const Jid& to) {
        return to == who || (who.is_bare() && to.bare() == who.bare());
    });
}

/// A probe of one resource is told of it only that it is there, or not.
void answer_probe_of_resource(Account& account, const Stanza& probe) {
    Session* session = account.find_session(probe.to().resource());
    if (session && told_of_itself(*session, probe.from())) {
        return answer(account, StanzaType::available, probe.to(), probe);
    }
    if (!may_see(account, probe.from())) {
        return account.context().router().route(refuse_probe(probe));
    }
    const bool there = session && session->available();
    answer(account, there ? StanzaType::available : StanzaType::unavailable, probe.to(), probe);
}

void answer_probe(Account& account, const Stanza& probe) {
    if (probe.to().is_full()) return answer_probe_of_resource(account, probe);
    if (!may_see(account, probe.from())) {
        return account.context().router().route(refuse_probe(probe));
    }
    if (show_presence(account, probe.from()) == 0) {
        answer(account, StanzaType::unavailable, account.jid(), probe);
    }
}

// --- subscriptions (section 3) ------------------------------------------------------------------

/// Section 3 speaks of bare addresses only; what came with a resource is read without it, unless
/// that is a contact's (Roster::key_of()).
void strip_resources(const Account& account, Envelope& envelope) {
    if (envelope.stanza->from().is_bare() && envelope.stanza->to().is_bare()) return;
    Stanza& stanza = envelope.edit();
    stanza.set_from(Jid::trusted(account.roster().key_of(stanza.from())));
    stanza.set_to(stanza.to().to_bare());
}

bool too_many_requests(const Account& account) {
    const auto& items = account.roster().items();
    const auto limit = account.context().options<RosterOptions>(account.host()).max_requests;
    return std::count_if(items.begin(), items.end(),
                         [](const auto& item) { return !item.pending_in.empty(); }) >= limit;
}

/// Without the "unavailable" that section 3.1.3 allows: it would tell a stranger that the account
/// exists, for nobody's server must be silent (section 8.5.1).
void deliver_request(Account& account, const Envelope& envelope, const SubscriptionState& state) {
    const Jid& contact = envelope.stanza->from();
    change_subscription(account, contact.full(), state, envelope.stanza.get());
    send_to_available(account, envelope);
}

/// The clients hear of it before the roster push, and the contact last.
void deliver_answer(Account& account, const Envelope& envelope, const SubscriptionState& before,
                    const SubscriptionState& after) {
    const Jid& contact = envelope.stanza->from();
    account.context().bus().fire(events::SubscriptionAnswered{account, envelope});
    change_subscription(account, contact.full(), after);
    if (before.shown() && !after.shown()) hide_presence(account, contact);
}

void deliver_subscription(Account& account, Envelope envelope) {
    const Jid to = envelope.stanza->to();
    const StanzaType type = envelope.stanza->type();
    if (to.is_full() && type != StanzaType::subscribe && !account.find_session(to.resource())) {
        return;
    }
    strip_resources(account, envelope);
    const Jid contact = envelope.stanza->from();
    if (contact == account.jid()) return;

    const SubscriptionState before = state_of(account.roster().find(contact.full()));
    const SubscriptionStep step = inbound(before, type);
    const bool asks = type == StanzaType::subscribe;
    const bool new_request = step.state.pending_in && !before.pending_in;
    const bool new_item = step.state.shown() && !before.shown();
    const StanzaError full(StanzaErrorCondition::resource_constraint);
    if (new_request && too_many_requests(account))  // no answer either
        return account.context().refusals().on_stanza(*envelope.stanza, full);
    if (new_item && roster_full(account, contact.full()))
        return account.context().router().bounce(std::move(envelope), full);
    if (asks && step.pass_on) {
        deliver_request(account, envelope, step.state);
    } else if (step.pass_on) {
        deliver_answer(account, envelope, before, step.state);
    } else {
        change_subscription(account, contact.full(), step.state);
    }
    if (step.answer) send_subscription(account, contact, *step.answer, envelope.stanza->id());
    if (step.answer == StanzaType::subscribed) show_presence(account, contact);
}

}  // namespace

StanzaPtr refuse_probe(const Stanza& probe) {
    return Stanza::make(StanzaKind::presence, StanzaType::unsubscribed, probe.to().to_bare(),
                        probe.from(), probe.id());
}

void Delivery::deliver_presence(Account& account, Envelope envelope) {
    events::PresenceReceiving event{account, *envelope.stanza};
    if (context_.bus().fire(event) == Flow::stop) return;
    const StanzaType type = envelope.stanza->type();
    if (is_subscription(type)) return deliver_subscription(account, std::move(envelope));
    if (type == StanzaType::probe) return answer_probe(account, *envelope.stanza);
    deliver_notification(account, std::move(envelope));
}

}  // namespace clarion::core
