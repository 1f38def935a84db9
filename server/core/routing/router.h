// Router: the one place that asks "local or remote?" (RFC 6120, section 10).
//
// One per shard. route() takes a stanza that is complete (it has a 'from' that was checked) and
// takes it one step: into the delivery queue of the shard where its addressee is at home, be that
// this host, a local account, a service, a component or a remote domain. What becomes of it there:
// core/delivery/delivery.h.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/envelope.h"

namespace clarion::core {

class Context;

class Router {
public:
    explicit Router(Context& context) : context_(context) {}

    /// From anywhere on this shard. Never blocks, never fails: what cannot be delivered is
    /// answered.
    void route(Envelope envelope);
    void route(StanzaPtr stanza) { route(envelope_for(std::move(stanza))); }
    /// For what the server says itself, now. If it does because of a stanza (Shard::cause()), that
    /// waits until this has come to those whom it is for, and is charged what it costs.
    Envelope envelope_for(StanzaPtr stanza);

    /// Answers `envelope` with an error if RFC 6120 allows, through route(). Its ticket closes. A
    /// message that nobody misses (is_transient()) goes without: to its sender's client an error
    /// would look as if something that was said had been lost.
    void bounce(Envelope envelope, const StanzaError& error);
    /// The same, marked as made because the addressee's domain cannot be reached
    /// (Envelope::local_bounce).
    void bounce_unreachable(Envelope envelope, const StanzaError& error);

    /// For who holds stanzas while partitions move, and has `held` by now: bounces one more than
    /// [partitions] max_held_stanzas. False: it is to be held; an answer always is.
    bool bounce_beyond_limit(Envelope& envelope, std::size_t held);

    /// An answer to somebody of ours: to whom it may have asked (core/routing/pending_iq.h).
    void take_answer(Envelope envelope);

    // To whoever is linked to the domain of its address (core/routing/domain_links.h). REQUIRES: it
    // is at home here.
    void deliver_to_service(Envelope envelope);
    void deliver_to_component(Envelope envelope);
    void deliver_to_remote(Envelope envelope);

private:
    void bounce(Envelope envelope, const StanzaError& error, bool local);
    void queue_at_home(std::string_view key, DeliveryQueue::To to, Envelope envelope);

    Context& context_;
};

}  // namespace clarion::core
