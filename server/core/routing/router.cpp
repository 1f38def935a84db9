#include "server/core/routing/router.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/domain_links.h"
#include "server/core/routing/message_rules.h"
#include "server/core/routing/pending_iq.h"
#include "server/core/routing/refusal_log.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {
constexpr Logger logger{"router"};
}  // namespace

Envelope Router::envelope_for(StanzaPtr stanza) {
    Envelope envelope;
    envelope.stanza = std::move(stanza);
    envelope.meta.received = context_.clock().wall();
    if (const Ticket* cause = context_.shard().cause()) {
        envelope.ticket = *cause;
        cause->charge(envelope.stanza->cost());
    }
    return envelope;
}

void Router::route(Envelope envelope) {
    using To = DeliveryQueue::To;
    const Jid& to = envelope.stanza->to();
    const Domains::Entry& domain = context_.domains().find(to.domain());
    switch (domain.kind) {
        case DomainKind::host:
            if (to.has_local()) return queue_at_home(to.bare(), To::account, std::move(envelope));
            return context_.deliveries().push_to_host(std::move(envelope));
        case DomainKind::service: {
            const bool by_jid = domain.home == HomeBy::bare_jid;
            return queue_at_home(by_jid ? to.bare() : to.domain(), To::service,
                                 std::move(envelope));
        }
        case DomainKind::component:
            return queue_at_home(to.domain(), To::component, std::move(envelope));
        case DomainKind::remote: return queue_at_home(to.domain(), To::remote, std::move(envelope));
    }
}

void Router::queue_at_home(std::string_view key, DeliveryQueue::To to, Envelope envelope) {
    const Partition partition = partition_of(key);
    context_.deliveries().push_at_home(
        {.envelope = std::move(envelope), .partition = partition, .to = to});
}

void Router::bounce(Envelope envelope, const StanzaError& error) {
    bounce(std::move(envelope), error, false);
}

void Router::bounce_unreachable(Envelope envelope, const StanzaError& error) {
    bounce(std::move(envelope), error, true);
}

void Router::bounce(Envelope envelope, const StanzaError& error, bool local) {
    if (!may_answer_with_error(*envelope.stanza) || envelope.stanza->from().empty()) return;
    if (is_transient(*envelope.stanza)) return;
    context_.refusals().on_stanza(*envelope.stanza, error);
    Envelope answer;
    answer.stanza = make_error(*envelope.stanza, error);
    answer.meta.received = context_.clock().wall();
    answer.local_bounce = local;
    answer.own_answer = true;
    route(std::move(answer));
}

bool Router::bounce_beyond_limit(Envelope& envelope, std::size_t held) {
    const auto most =
        static_cast<std::size_t>(context_.options<PartitionsOptions>().max_held_stanzas);
    if (held < most || !may_answer_with_error(*envelope.stanza)) return false;
    bounce(std::move(envelope), {StanzaErrorCondition::resource_constraint, StanzaErrorType::wait,
                                 "too much waits while addresses move"});
    return true;
}

void Router::deliver_to_service(Envelope envelope) {
    const WriteHold hold(context_.shard(), envelope.ticket);
    if (ServicePort* port = context_.links().service(envelope.stanza->to().domain()))
        return port->deliver(std::move(envelope));
    bounce(std::move(envelope), {StanzaErrorCondition::service_unavailable});
}

void Router::deliver_to_component(Envelope envelope) {
    if (ComponentPort* port = context_.links().component(envelope.stanza->to().domain()))
        return port->deliver(std::move(envelope));
    if (context_.links().is_expected(envelope.stanza->to().domain())) {
        if (!bounce_beyond_limit(envelope, context_.links().held()))
            context_.links().hold(std::move(envelope));
        return;
    }
    bounce_unreachable(std::move(envelope),
                       {StanzaErrorCondition::service_unavailable, StanzaErrorType::wait,
                        "the component is not connected"});
}

void Router::deliver_to_remote(Envelope envelope) {
    if (RemotePort* port = context_.links().remote()) return port->deliver(std::move(envelope));
    bounce_unreachable(std::move(envelope), {StanzaErrorCondition::remote_server_not_found,
                                             "this server does not talk to others"});
}

void Router::take_answer(Envelope envelope) {
    const auto asker = PendingIqs::asker_of(envelope.stanza->id());
    if (!asker) return;
    auto take = [envelope = std::move(envelope)](Context& home) {
        if (!home.pending().on_answer(*envelope.stanza, envelope.local_bounce))
            logger.debug("unexpected-answer", {{"from", envelope.stanza->from().full()}});
    };
    context_.deliveries().push_at_home(
        {.task = std::move(take), .partition = *asker, .to = DeliveryQueue::To::answer});
}

}  // namespace clarion::core
