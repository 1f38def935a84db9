#include "server/core/delivery/delivery.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/delivery/presence.h"
#include "server/core/events/unseen_presence.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"delivery"};

bool is_probe(const Stanza& stanza) {
    return stanza.is_presence() && stanza.type() == StanzaType::probe;
}

/// Presence that only sessions hear of.
bool is_notification(const Stanza& stanza) {
    return stanza.is_presence() && !is_probe(stanza) && !is_subscription(stanza.type());
}
}  // namespace

void Delivery::deliver_to_account(Envelope envelope) {
    const std::string_view account = envelope.stanza->to().bare();
    if (Account* loaded = context_.accounts().find(account))
        return deliver_to_account(*loaded, std::move(envelope));
    // Nobody is there to see presence, and it must not cost a load (docs/design/001-core.md, idea
    // 2). A probe needs the roster, but it must not keep the account in memory either.
    const bool has_nobody = !context_.accounts().may_have_hibernating(account);
    if (has_nobody && is_notification(*envelope.stanza)) {
        context_.bus().fire(
            events::PresenceUnseen{envelope.stanza->to().domain(), *envelope.stanza});
        return;
    }
    const bool brief = has_nobody && is_probe(*envelope.stanza);
    context_.accounts().with(
        account, [this, brief, envelope = std::move(envelope)](Result<Account*> found) mutable {
            if (!found) return deliver_to_unknown(std::move(envelope), found.error());
            if (brief) context_.accounts().evict_soon(std::string((*found)->jid().bare()));
            deliver_to_account(**found, std::move(envelope));
        });
}

void Delivery::deliver_to_account(Account& account, Envelope envelope) {
    const WriteHold hold(context_.shard(), envelope.ticket);
    account.touch();
    switch (envelope.stanza->kind()) {
        case StanzaKind::message: return deliver_message(account, std::move(envelope));
        case StanzaKind::presence: return deliver_presence(account, std::move(envelope));
        case StanzaKind::iq: return deliver_iq(account, std::move(envelope));
    }
}

void Delivery::deliver_to_unknown(Envelope envelope, const Error& error) {
    if (error.is(error_code::moved))
        return context_.router().route(std::move(envelope));  // before it was loaded
    if (!error.is(error_code::item_not_found)) {
        StanzaError answer = to_stanza_error(error);
        answer.type = StanzaErrorType::wait;
        return context_.router().bounce(std::move(envelope), answer);
    }
    // RFC 6121, 8.5.1: a probe as if from a stranger, all else silently.
    if (is_probe(*envelope.stanza)) return context_.router().route(refuse_probe(*envelope.stanza));
    if (envelope.stanza->is_presence()) return;
    if (envelope.stanza->type() == StanzaType::headline) return;
    if (envelope.stanza->is_request()) return answer_stranger(std::move(envelope));
    if (tries_many_names(envelope.stanza->from())) return;
    context_.router().bounce(std::move(envelope), {StanzaErrorCondition::service_unavailable});
}

/// Whether this is one message too many of another server to accounts that do not exist. Who sends
/// from here is told in any case: they have an account that pays for it.
bool Delivery::tries_many_names(const Jid& from) {
    if (context_.domains().is_ours(from.domain())) return false;
    const auto most = context_.options<LimitsOptions>().unknown_names_per_minute;
    const auto verdict = unknown_names_.count(context_.clock().steady(), from.domain(), most);
    if (verdict == UnknownNames::Verdict::ignore_first)
        context_.refusals().tell(logger, from.domain(), "many-unknown-names",
                                 {{"domain", from.domain()}});
    return verdict != UnknownNames::Verdict::answer;
}

void Delivery::deliver_to_host(Envelope envelope) {
    const WriteHold hold(context_.shard(), envelope.ticket);
    const Stanza& stanza = *envelope.stanza;
    if (stanza.is_presence()) return;
    if (stanza.is_message())
        return context_.router().bounce(std::move(envelope),
                                        {StanzaErrorCondition::service_unavailable});
    if (stanza.is_request()) return answer_request(IqTarget::host, nullptr, std::move(envelope));
    context_.router().take_answer(std::move(envelope));
}

void Delivery::deliver_to_session(Session& session, Envelope envelope) {
    const WriteHold hold(context_.shard(), envelope.ticket);
    session.deliver(std::move(envelope));
}

}  // namespace clarion::core
