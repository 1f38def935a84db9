#include "server/core/delivery/service.h"

#include "proto/stanza_error.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/delivery/delivery.h"
#include "server/core/internals.h"
#include "server/core/routing/router.h"
#include "server/runtime/shard.h"

namespace clarion::core {

void Service::deliver(Envelope envelope) {
    const Jid& to = envelope.stanza->to();
    if (!to.has_local()) return deliver_to_domain(std::move(envelope));
    // Where the domain is one actor, nobody else is in it.
    if (context().domains().find(to.domain()).home == HomeBy::domain)
        return on_absent(std::move(envelope), not_there());
    const std::string_view address = to.bare();
    if (Actor* loaded = find_actor(address)) return deliver_to_actor(*loaded, std::move(envelope));
    with_actor(address, [this, envelope = std::move(envelope)](Result<Actor*> found) mutable {
        if (!found && found.error().is(error_code::moved))
            return context().router().route(std::move(envelope));
        if (!found) return on_absent(std::move(envelope), found.error());
        deliver_to_actor(**found, std::move(envelope));
    });
}

void Service::deliver_to_domain(Envelope envelope) {
    if (!envelope.stanza->is_iq()) return on_domain_stanza(std::move(envelope));
    if (!envelope.stanza->is_request()) return context().router().take_answer(std::move(envelope));
    context().internals().delivery.answer_request(IqTarget::service, nullptr, std::move(envelope));
}

void Service::deliver_to_actor(Actor& actor, Envelope envelope) {
    const WriteHold hold(context().shard(), envelope.ticket);
    actor.touch();
    const Stanza& stanza = *envelope.stanza;
    if (stanza.is_message()) return on_message(actor, std::move(envelope));
    if (stanza.is_presence()) return on_presence(actor, std::move(envelope));
    if (stanza.to().is_full()) return on_iq_to_resource(actor, std::move(envelope));
    if (!stanza.is_request()) return context().router().take_answer(std::move(envelope));
    context().internals().delivery.answer_request(IqTarget::actor, &actor, std::move(envelope));
}

void Service::on_iq_to_resource(Actor&, Envelope envelope) {
    context().router().bounce(std::move(envelope), {StanzaErrorCondition::service_unavailable});
}

void Service::on_domain_stanza(Envelope envelope) {
    if (envelope.stanza->is_presence()) return;
    context().router().bounce(std::move(envelope), {StanzaErrorCondition::service_unavailable});
}

void Service::on_absent(Envelope envelope, const Error& why) {
    context().router().bounce(std::move(envelope), to_stanza_error(why));
}

}  // namespace clarion::core
