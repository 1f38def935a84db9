#include "server/core/router.h"

#include "base/log.h"
#include "server/core/core.h"
#include "server/core/message_rules.h"
#include "server/core/presence.h"
#include "server/core/session.h"
#include "server/events/host_events.h"

namespace clarion::core {

namespace {
constexpr Logger logger{"router"};

bool is_probe(const Stanza& stanza) {
    return stanza.is_presence() && stanza.type() == StanzaType::probe;
}

/// Presence that only sessions hear of.
bool is_notification(const Stanza& stanza) {
    return stanza.is_presence() && !is_probe(stanza) && !is_subscription(stanza.type());
}
}  // namespace

void Router::route(StanzaPtr stanza) {
    Envelope envelope;
    envelope.stanza = std::move(stanza);
    envelope.meta.received = core_.clock().wall();
    route(std::move(envelope));
}

void Router::route(Envelope envelope) {
    using To = DeliveryQueue::To;
    const Jid& to = envelope.stanza->to();
    const Domains::Entry& domain = core_.domains().find(to.domain());
    switch (domain.kind) {
        case DomainKind::host:
            if (to.has_local()) return queue_at_home(to.bare(), To::account, std::move(envelope));
            return core_.deliveries().push_to_host(std::move(envelope));
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
    core_.deliver_at_home({.envelope = std::move(envelope), .partition = partition, .to = to});
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
    core_.refusals().on_stanza(*envelope.stanza, error);
    Envelope answer;
    answer.stanza = make_error(*envelope.stanza, error);
    answer.meta.received = core_.clock().wall();
    answer.local_bounce = local;
    route(std::move(answer));
}

void Router::deliver_to_service(Envelope envelope) {
    const WriteHold hold(core_.shard(), envelope.ticket);
    if (ServicePort* port = core_.links().service(envelope.stanza->to().domain()))
        return port->deliver(std::move(envelope));
    bounce(std::move(envelope), {StanzaErrorCondition::service_unavailable});
}

void Router::deliver_to_component(Envelope envelope) {
    if (ComponentPort* port = core_.links().component(envelope.stanza->to().domain()))
        return port->deliver(std::move(envelope));
    if (core_.links().is_expected(envelope.stanza->to().domain()))
        return core_.links().hold(std::move(envelope));
    bounce_unreachable(std::move(envelope),
                       {StanzaErrorCondition::service_unavailable, StanzaErrorType::wait,
                        "the component is not connected"});
}

void Router::deliver_to_remote(Envelope envelope) {
    if (RemotePort* port = core_.links().remote()) return port->deliver(std::move(envelope));
    bounce_unreachable(std::move(envelope), {StanzaErrorCondition::remote_server_not_found,
                                             "this server does not talk to others"});
}

void Router::deliver_to_account(Envelope envelope) {
    const std::string_view account = envelope.stanza->to().bare();
    if (Account* loaded = core_.accounts().find(account))
        return deliver_to_account(*loaded, std::move(envelope));
    // Nobody is there to see presence, and it must not cost a load (docs/design/001-core.md, idea
    // 2). A probe needs the roster, but it must not keep the account in memory either.
    const bool has_nobody = !core_.accounts().may_have_hibernating(account);
    if (has_nobody && is_notification(*envelope.stanza)) return;
    const bool brief = has_nobody && is_probe(*envelope.stanza);
    core_.accounts().with(
        account, [this, brief, envelope = std::move(envelope)](Result<Account*> found) mutable {
            if (!found) return deliver_to_unknown(std::move(envelope), found.error());
            if (brief) core_.accounts().evict_soon(std::string((*found)->jid().bare()));
            deliver_to_account(**found, std::move(envelope));
        });
}

void Router::deliver_to_account(Account& account, Envelope envelope) {
    const WriteHold hold(core_.shard(), envelope.ticket);
    account.touch();
    switch (envelope.stanza->kind()) {
        case StanzaKind::message: return deliver_message(account, std::move(envelope));
        case StanzaKind::presence: return deliver_presence(account, std::move(envelope));
        case StanzaKind::iq: return deliver_iq(account, std::move(envelope));
    }
}

void Router::deliver_to_unknown(Envelope envelope, const Error& error) {
    if (error.is(error_code::moved)) return route(std::move(envelope));  // before it was loaded
    if (!error.is(error_code::item_not_found)) {
        StanzaError answer = to_stanza_error(error);
        answer.type = StanzaErrorType::wait;
        return bounce(std::move(envelope), answer);
    }
    // RFC 6121, 8.5.1: a probe as if from a stranger, all else silently.
    if (is_probe(*envelope.stanza)) return route(refuse_probe(*envelope.stanza));
    if (envelope.stanza->is_presence()) return;
    if (envelope.stanza->type() == StanzaType::headline) return;
    if (envelope.stanza->is_request()) return answer_stranger(std::move(envelope));
    bounce(std::move(envelope), {StanzaErrorCondition::service_unavailable});
}

void Router::deliver_to_host(Envelope envelope) {
    const WriteHold hold(core_.shard(), envelope.ticket);
    events::HostReceiving event{envelope.stanza->to().domain(), envelope};
    if (core_.bus().fire(event) == Flow::stop) return;
    const Stanza& stanza = *envelope.stanza;
    if (stanza.is_presence()) return;
    if (stanza.is_message())
        return bounce(std::move(envelope), {StanzaErrorCondition::service_unavailable});
    if (stanza.is_request()) return answer_request(IqTarget::host, nullptr, std::move(envelope));
    take_answer(std::move(envelope));
}

void Router::take_answer(Envelope envelope) {
    const auto asker = PendingIqs::asker_of(envelope.stanza->id());
    if (!asker) return;
    auto take = [envelope = std::move(envelope)](Core& home) {
        if (!home.pending().on_answer(*envelope.stanza, envelope.local_bounce))
            logger.debug("unexpected-answer", {{"from", envelope.stanza->from().full()}});
    };
    core_.deliver_at_home(
        {.task = std::move(take), .partition = *asker, .to = DeliveryQueue::To::answer});
}

}  // namespace clarion::core
