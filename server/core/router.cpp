#include "server/core/router.h"

#include "base/log.h"
#include "server/core/core.h"
#include "server/core/message_rules.h"
#include "server/core/presence.h"
#include "server/core/session.h"

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
    Transit transit;
    transit.stanza = std::move(stanza);
    transit.received = core_.clock().wall();
    route(std::move(transit));
}

void Router::route(Transit transit) {
    const Jid& to = transit.stanza->to();
    switch (core_.hosts().kind(to.domain())) {
        case DomainKind::host:
            if (!to.has_local()) return deliver_to_host(std::move(transit));
            if (core_.is_home(to.bare())) return deliver_local(std::move(transit));
            return core_.at_home(to.bare(), [transit = std::move(transit)](Core& home) mutable {
                home.router().deliver_local(std::move(transit));
            });
        case DomainKind::component:
            return core_.at_home(to.domain(), [transit = std::move(transit)](Core& home) mutable {
                home.router().deliver_to_component(std::move(transit));
            });
        case DomainKind::remote:
            return core_.at_home(to.domain(), [transit = std::move(transit)](Core& home) mutable {
                home.router().deliver_to_remote(std::move(transit));
            });
    }
}

void Router::bounce(Transit transit, const StanzaError& error) {
    bounce(std::move(transit), error, false);
}

void Router::bounce_unreachable(Transit transit, const StanzaError& error) {
    bounce(std::move(transit), error, true);
}

void Router::bounce(Transit transit, const StanzaError& error, bool local) {
    if (!may_answer_with_error(*transit.stanza) || transit.stanza->from().empty()) return;
    if (is_transient(*transit.stanza)) return;
    core_.refusals().on_stanza(*transit.stanza, error);
    Transit answer;
    answer.stanza = make_error(*transit.stanza, error);
    answer.received = core_.clock().wall();
    answer.local_bounce = local;
    route(std::move(answer));
}

void Router::deliver_to_component(Transit transit) {
    if (ComponentPort* port = core_.links().component(transit.stanza->to().domain()))
        return port->deliver(std::move(transit));
    bounce_unreachable(std::move(transit),
                       {StanzaErrorCondition::service_unavailable, StanzaErrorType::wait,
                        "the component is not connected"});
}

void Router::deliver_to_remote(Transit transit) {
    if (RemotePort* port = core_.links().remote()) return port->deliver(std::move(transit));
    bounce_unreachable(std::move(transit), {StanzaErrorCondition::remote_server_not_found,
                                            "this server does not talk to others"});
}

void Router::deliver_local(Transit transit) {
    const std::string_view account = transit.stanza->to().bare();
    if (Account* loaded = core_.accounts().find(account))
        return deliver_to_account(*loaded, std::move(transit));
    // Nobody is there to see presence, and it must not cost a load (docs/design/001-core.md, idea
    // 2). A probe needs the roster, but it must not keep the account in memory either.
    const bool has_nobody = !core_.accounts().may_have_sleepers(account);
    if (has_nobody && is_notification(*transit.stanza)) return;
    const bool brief = has_nobody && is_probe(*transit.stanza);
    core_.accounts().with(
        account, [this, brief, transit = std::move(transit)](Result<Account*> found) mutable {
            if (!found) return deliver_to_unknown(std::move(transit), found.error());
            if (brief) core_.accounts().let_go(std::string((*found)->jid().bare()));
            deliver_to_account(**found, std::move(transit));
        });
}

void Router::deliver_to_account(Account& account, Transit transit) {
    account.touch();
    switch (transit.stanza->kind()) {
        case StanzaKind::message: return deliver_message(account, std::move(transit));
        case StanzaKind::presence: return deliver_presence(account, std::move(transit));
        case StanzaKind::iq: return deliver_iq(account, std::move(transit));
    }
}

void Router::deliver_to_unknown(Transit transit, const Error& error) {
    if (error.code != "item-not-found") {
        const auto condition = error.code == "resource-constraint"
                                   ? StanzaErrorCondition::resource_constraint
                                   : StanzaErrorCondition::internal_server_error;
        return bounce(std::move(transit), {condition, StanzaErrorType::wait, error.text});
    }
    // RFC 6121, 8.5.1: a probe as if from a stranger, all else silently.
    if (is_probe(*transit.stanza)) return route(refuse_probe(*transit.stanza));
    if (transit.stanza->is_presence()) return;
    if (transit.stanza->type() == StanzaType::headline) return;
    if (transit.stanza->is_request()) return answer_stranger(std::move(transit));
    bounce(std::move(transit), {StanzaErrorCondition::service_unavailable});
}

void Router::deliver_to_host(Transit transit) {
    const Stanza& stanza = *transit.stanza;
    if (stanza.is_presence()) return;
    if (stanza.is_message())
        return bounce(std::move(transit), {StanzaErrorCondition::service_unavailable});
    if (stanza.is_request()) return answer_request(IqTarget::host, nullptr, std::move(transit));
    const unsigned home = PendingIqs::shard_of(stanza.id(), core_.shared().shards.count());
    if (home >= core_.shared().shards.count()) return;
    Core* const asked = core_.shared().cores[home].get();
    auto take = [asked, transit = std::move(transit)] {
        if (!asked->pending().on_answer(*transit.stanza, transit.local_bounce))
            logger.debug("unexpected-answer", {{"from", transit.stanza->from().full()}});
    };
    if (asked == &core_) return take();
    core_.shared().shards.post(home, std::move(take));
}

}  // namespace clarion::core
