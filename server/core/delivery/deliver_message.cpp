// RFC 6121, section 8.5: which sessions of an account take a message.
#include <algorithm>

#include "base/metrics.h"
#include "base/text.h"
#include "proto/delay.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/delivery/delivery.h"
#include "server/core/events/message_events.h"
#include "server/core/events/session_events.h"
#include "server/core/events/undelivered_events.h"
#include "server/core/internals.h"
#include "server/core/options.h"
#include "server/core/routing/message_rules.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {

namespace {

bool takes_bare(const Session& session) {
    return session.takes_messages() && session.state() != SessionState::ended &&
           !session.hibernation().is_full();
}

/// It would take it, if it were not full.
bool misses(const Session& session) {
    return session.takes_messages() && session.state() != SessionState::ended &&
           session.hibernation().is_full();
}

bool is_said(StanzaType type) { return type == StanzaType::chat || type == StanzaType::normal; }

/// It will say when it has it.
bool acknowledges(const Session& session) { return session.sm() && !session.is_hibernating(); }

/// Its resource was taken by another connection, of which nothing can be sent to a session yet.
bool awaits_successor(const Account& account, const Session* ended) {
    if (!ended || !ended->was_replaced()) return false;
    const Session* const successor = account.find_session(ended->resource());
    return !successor || !takes_bare(*successor);
}

bool any_takes_bare(const Account& account) {
    for (const auto& session : account.sessions())
        if (takes_bare(*session)) return true;
    return false;
}

/// Those who take what is for the account and of whom `wanted` is true.
template <class Predicate>
std::vector<Session*> takers_where(const Account& account, Predicate wanted) {
    std::vector<Session*> takers;
    for (const auto& session : account.sessions())
        if (takes_bare(*session) && wanted(*session)) takers.push_back(session.get());
    return takers;
}

/// A message that waits for those of them whose queue is full while they hibernate, and of whom
/// `wanted` is true. Whether there are any.
template <class Predicate>
bool note_missed(const Account& account, const Envelope& envelope, Predicate wanted) {
    if (!may_be_kept_offline(*envelope.stanza)) return false;
    bool missed = false;
    for (const auto& session : account.sessions()) {
        if (!misses(*session) || !wanted(*session)) continue;
        session->hibernation().note_missed(envelope.meta.offline_seq);
        missed = true;
    }
    return missed;
}

/// Somebody is there who could join the room that sends to the account (docs/push-rules.md, R6).
bool any_awake(const Account& account) {
    for (const auto& session : account.sessions())
        if (takes_bare(*session) && !session->is_hibernating()) return true;
    return false;
}

}  // namespace

void Delivery::deliver_message(Account& account, Envelope envelope) {
    static Counter& messages =
        metrics().counter("clarion_messages_total", "Messages that came for accounts");
    messages.add();
    if (refuse_message(account, envelope)) return;
    if (!envelope.meta.is_copy) envelope.meta.offline_seq = account.next_offline_seq();
    if (!envelope.meta.is_copy) {
        events::MessageReceiving event{account, envelope};
        if (context_.bus().fire(event) == Flow::stop) return;
    }
    if (envelope.stanza->to().is_full() && send_to_full(account, envelope)) return;
    if (envelope.meta.is_copy) return;
    send_to_bare(account, std::move(envelope));
}

/// 8.5.2.1.1 and 8.5.3.2.1: what nobody can take. Asked before anybody archives or copies it. Group
/// chat to an account of which no device is awake goes on, to be notified of (docs/push-rules.md,
/// R6), and is returned at the end unless somebody was. After a crash a room's line for somebody
/// who may come back is dropped: a room takes an error for a goodbye.
bool Delivery::refuse_message(const Account& account, Envelope& envelope) {
    const Stanza& stanza = *envelope.stanza;
    const StanzaType type = stanza.type();
    if (envelope.meta.is_copy || type == StanzaType::chat) return false;
    if (stanza.to().is_full()) {
        if (account.find_session(stanza.to().resource())) return false;
    } else if (type != StanzaType::error &&
               (type != StanzaType::groupchat || !any_awake(account))) {
        return false;
    }
    const bool dropped =
        type == StanzaType::error || type == StanzaType::headline ||
        (type == StanzaType::groupchat && stanza.to().is_full() &&
         context_.internals().awaiting_lost_sessions.contains(partition_of(account.id())));
    if (!dropped)
        context_.router().bounce(std::move(envelope), {StanzaErrorCondition::service_unavailable});
    return true;
}

/// False: the resource is not there.
bool Delivery::send_to_full(Account& account, Envelope& envelope) {
    Session* session = account.find_session(envelope.stanza->to().resource());
    if (!session) return false;
    if (session->hibernation().is_full() && is_said(envelope.stanza->type())) return false;
    if (acknowledges(*session)) spool_until_acknowledged(account, envelope);
    session->send(std::move(envelope));
    return true;
}

void Delivery::send_to_bare(Account& account, Envelope envelope) {
    const StanzaType type = envelope.stanza->type();
    const auto all = [](const Session&) { return true; };
    const bool missed = is_said(type) && note_missed(account, envelope, all);
    if (type != StanzaType::groupchat && any_takes_bare(account)) {
        const bool kept = missed && keep_for_missing(account, envelope);
        return send_to_takers(account, std::move(envelope), takers_where(account, all), kept);
    }
    if (type == StanzaType::headline) return;
    events::Undelivered event{account, nullptr, envelope, events::Undelivered::Why::no_session};
    context_.bus().fire(event);
    if (!event.stored && !envelope.meta.archived())
        context_.router().bounce(std::move(envelope), {StanzaErrorCondition::service_unavailable});
}

/// Among the offline messages, whoever else takes it, for those who miss it. False: as much waits
/// there as a queue may hold.
bool Delivery::keep_for_missing(Account& account, Envelope& envelope) {
    const auto& limits = context_.options<SmacksOptions>(account.host());
    if (!limits.has_queue_room(account.offline_count(), account.offline_bytes())) return false;
    if (!envelope.meta.spooled) account.add_offline(envelope);
    envelope.meta.spooled = false;  // it stays there when the others have it
    for (const auto& session : account.sessions()) {
        if (!misses(*session) || !session->seen().missed(envelope.meta.offline_seq)) continue;
        events::Undelivered event{account, session.get(), envelope,
                                  events::Undelivered::Why::hibernating};
        context_.bus().fire(event);
    }
    return true;
}

/// `kept`: it is among the offline messages for others (keep_for_missing()).
void Delivery::send_to_takers(Account& account, Envelope envelope, const Takers& takers,
                              bool kept) {
    // The queue of one that hibernates keeps it as well.
    const bool one_hibernates = std::any_of(takers.begin(), takers.end(),
                                            [](const auto& s) { return s->is_hibernating(); });
    if (!kept && !one_hibernates &&
        std::any_of(takers.begin(), takers.end(), [](const auto& s) { return acknowledges(*s); }))
        spool_until_acknowledged(account, envelope);
    const bool for_another = envelope.stanza->to().is_full();  // who was not there
    for (Session* const session : takers) {
        if (for_another) session->seen().note_delivered(envelope.meta.offline_seq);
        session->send(Envelope(envelope));
    }
}

void Delivery::redeliver(Account& account, Session* ended, Envelope envelope) {
    const StanzaType type = envelope.stanza->type();
    if (type == StanzaType::error || type == StanzaType::headline || type == StanzaType::groupchat)
        return;
    if (account.deleted())
        return context_.router().bounce(std::move(envelope),
                                        {StanzaErrorCondition::recipient_unavailable});
    if (!account.may_hand_over(*envelope.stanza)) {
        if (envelope.meta.spooled) account.remove_offline(envelope.meta.offline_seq);
        return;
    }
    const bool archived = envelope.meta.archived();
    if (any_takes_bare(account)) {
        const auto lacks = [&](Session& session) { return !session.has_message(envelope, ended); };
        const bool kept =
            note_missed(account, envelope, lacks) && keep_for_missing(account, envelope);
        const auto takers = takers_where(account, lacks);
        for (Session* const session : takers) {
            session->seen().note_delivered(envelope.meta.offline_seq);
            session->hibernation().save_soon();
        }
        if (!takers.empty()) {  // with its delay: XEP-0198, section 4
            if (envelope.meta.spooled) unspool_unless_acknowledged(account, envelope, takers);
            state_delay(envelope.edit().root(), account.host(),
                        format_datetime(envelope.meta.received));
            return send_to_takers(account, std::move(envelope), takers, kept);
        }
        // For the successor, or until those who have it acknowledge it.
        if (kept || envelope.meta.spooled) return;
        if (!awaits_successor(account, ended))
            return keep_for_holders(account, std::move(envelope));
    }
    events::Undelivered event{account, ended, envelope, events::Undelivered::Why::ended};
    context_.bus().fire(event);
    if (event.stored || archived) return;
    if (envelope.meta.spooled) account.remove_offline(envelope.meta.offline_seq);
    context_.router().bounce(std::move(envelope), {StanzaErrorCondition::recipient_unavailable});
}

/// It is among the offline messages, but none of those who are sent it now will say when they have
/// it.
void Delivery::unspool_unless_acknowledged(Account& account, Envelope& envelope,
                                           const Takers& takers) {
    if (std::any_of(takers.begin(), takers.end(), [](const auto& s) { return s->sm(); })) return;
    account.remove_offline(envelope.meta.offline_seq);
    envelope.meta.spooled = false;
}

/// The session that ended kept it in storage; others that were sent it and did not acknowledge it
/// have it in memory only. From now on it is kept as if it had been sent to them alone.
void Delivery::keep_for_holders(Account& account, Envelope envelope) {
    if (envelope.meta.archived()) return;
    for (const auto& session : account.sessions()) {
        if (!acknowledges(*session)) continue;
        StreamManagement& sm = *session->sm();
        for (std::uint32_t i = 0; i < sm.unacked_count(); ++i) {
            storage::StanzaMeta& meta = sm.unacked(i).meta;
            if (meta.offline_seq != envelope.meta.offline_seq || meta.is_copy) continue;
            spool_until_acknowledged(account, envelope);
            meta.spooled = envelope.meta.spooled;
        }
    }
}

/// A message that offline storage may hold is durable before it is acknowledged to its sender
/// (docs/design/001-core.md, idea 3). Its archive entry makes it so; without one it is kept among
/// the offline messages until a session acknowledges it.
void Delivery::spool_until_acknowledged(Account& account, Envelope& envelope) {
    if (envelope.meta.archived() || envelope.meta.is_copy || envelope.meta.spooled) return;
    if (!may_be_kept_offline(*envelope.stanza)) return;
    envelope.meta.spooled = true;
    account.add_offline(envelope);
}

}  // namespace clarion::core
