// Router: the one place that asks "local or remote?" and applies RFC 6120 section 10 and RFC 6121
// section 8.
//
// One per shard. route() takes a stanza that is complete (it has a 'from' that was checked) and
// takes it one step: into the delivery queue of the shard where its addressee is at home, be that
// this host, a local account, a service, a component or a remote domain.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "server/core/account.h"
#include "server/core/delivery_queue.h"
#include "server/core/envelope.h"
#include "server/core/iq_table.h"

namespace clarion::core {

class Account;
class Core;
class Session;

class Router {
public:
    explicit Router(Core& core) : core_(core) {}

    /// From anywhere on this shard. Never blocks, never fails: what cannot be delivered is
    /// answered.
    void route(Envelope envelope);
    void route(StanzaPtr stanza);

    /// Answers `envelope` with an error if RFC 6120 allows, through route(). Its ticket closes. A
    /// message that nobody misses (is_transient()) goes without: to its sender's client an error
    /// would look as if something that was said had been lost.
    void bounce(Envelope envelope, const StanzaError& error);
    /// The same, marked as made because the addressee's domain cannot be reached
    /// (Envelope::local_bounce).
    void bounce_unreachable(Envelope envelope, const StanzaError& error);

    // For DeliveryQueue: the rest of the way.
    void deliver_to_account(Envelope envelope);
    void deliver_to_host(Envelope envelope);
    void deliver_to_service(Envelope envelope);
    void deliver_to_component(Envelope envelope);
    void deliver_to_remote(Envelope envelope);

    /// A request to a domain of ours, to an account or to an actor of a service, by the IQ table.
    /// `owner`: the account or actor; nullptr: it is to a domain. REQUIRES: it is at home here.
    void answer_request(IqTarget target, Actor* owner, Envelope envelope);
    /// An answer to somebody of ours: to whom it may have asked (core/pending_iq.h).
    void take_answer(Envelope envelope);

    /// A message that was unacknowledged when `ended` ended: to another session, or Undelivered
    /// (ended).
    void redeliver(Account& account, Session* ended, Envelope envelope);

    /// Whether a stanza that waited may still be handed over (events::HandingOver).
    bool may_hand_over(Account& account, const Stanza& stanza);

    /// Whether a message that waited need not be sent to this session: it took it or was sent a
    /// copy when it came, was sent it since, or read it in the archive. `held_by`: the session that
    /// it waited for; nullptr: it is an offline message.
    bool has_message(Session& session, const Envelope& envelope, const Session* held_by);

    // The tables of RFC 6121 section 8.5, one file each: route_message.cpp, route_presence.cpp,
    // route_iq.cpp.
    void deliver_message(Account& account, Envelope envelope);
    void deliver_presence(Account& account, Envelope envelope);
    void deliver_iq(Account& account, Envelope envelope);

    /// A client's presence without 'to', or directed, or subscription: RFC 6121 sections 3 and 4,
    /// sender's side (presence_out.cpp).
    void send_presence(Session& session, Envelope envelope);
    /// The session ended, hibernated past its time, or is replaced: unavailable to all who saw it
    /// available.
    void send_unavailable(Session& session);

private:
    void bounce(Envelope envelope, const StanzaError& error, bool local);
    void queue_at_home(std::string_view key, DeliveryQueue::To to, Envelope envelope);
    void deliver_to_unknown(Envelope envelope, const Error& error);
    void deliver_to_account(Account& account, Envelope envelope);
    bool send_to_full(Account& account, Envelope& envelope);
    void send_to_bare(Account& account, Envelope envelope);
    using Takers = std::vector<Session*>;
    void send_to_takers(Account& account, Envelope envelope, const Takers& takers);
    bool refuse_message(const Account& account, Envelope& envelope);
    static void unspool_unless_acknowledged(Account& account, Envelope& envelope,
                                            const Takers& takers);
    void keep_for_holders(Account& account, Envelope envelope);
    void spool_until_acknowledged(Account& account, Envelope& envelope);
    void refuse_request(IqTarget target, const IqTable::Entry* entry, Envelope envelope);
    void answer_stranger(Envelope envelope);
    void run_request(const IqTable::Entry& entry, IqTarget target, Actor* owner, Envelope envelope);
    void run_waiting_request(const IqTable::Entry& entry, IqTarget target, Actor* owner,
                             Envelope envelope);
    void answer(const Envelope& envelope, IqAnswer answer);
    Task<> run_slow_requests(AccountPin account, std::uint64_t session);
    Task<> run_slow_request(const IqTable::Entry& entry, IqTarget target, Actor* owner,
                            Envelope envelope);
    Core& core_;
};

}  // namespace clarion::core
