#include "server/core/accounts/inbound_stanza.h"

#include <utility>

#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/accounts/session_outlet.h"
#include "server/core/context.h"
#include "server/core/events/iq_events.h"
#include "server/core/events/message_events.h"
#include "server/core/internals.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"

namespace clarion::core {

bool is_called_like_a_stanza(const xml::Element& element) {
    return element.name() == "message" || element.name() == "presence" || element.name() == "iq";
}

bool is_stanza(const xml::Element& element) {
    return element.ns() == ns::client && is_called_like_a_stanza(element);
}

bool is_address_of(const Session& session, const Jid& jid) {
    return jid == session.jid() || jid.full() == session.jid().bare() ||
           (session.was_resumed() && jid.bare() == session.jid().bare());
}

void refuse_stanza(Session& session, const xml::Element& element, const Error& error) {
    const Jid& jid = session.jid();
    if (const auto from = element.find_attr("from")) {
        const auto claimed = Jid::parse(*from);
        if (!claimed || !is_address_of(session, *claimed))
            return session.fail_stream(StreamErrorCondition::invalid_from, wrong_from);
    }
    const auto answer = make_refusal(element, error);
    if (!answer) return;
    session.context().refusals().on_element(jid.full(), element, read_error(answer->root()));
    answer->set_to(jid);
    if (!element.has_attr("to")) answer->set_from(jid.to_bare());
    session.send(answer);
}

void dispatch_stanza(Session& session, Envelope envelope) {
    Context& context = session.context();
    const WriteHold hold(context.shard(), envelope.ticket);
    const bool to_nobody = envelope.stanza->to().empty();
    switch (envelope.stanza->kind()) {
        case StanzaKind::presence:
            return context.internals().outlet.send_presence(session, std::move(envelope));
        case StanzaKind::iq:
            if (to_nobody) envelope.edit().set_to(session.jid().to_bare());  // RFC 6120, 10.3.3
            if (context.bus().fire(events::IqSending{session.account(), session, envelope}) ==
                Flow::next)
                context.router().route(std::move(envelope));
            return;
        case StanzaKind::message:
            if (to_nobody) envelope.edit().set_to(session.jid().to_bare());  // RFC 6120, 10.3.1
            events::MessageSending event{session.account(), session, envelope};
            if (context.bus().fire(event) == Flow::next)
                context.router().route(std::move(envelope));
            return;
    }
}

}  // namespace clarion::core
