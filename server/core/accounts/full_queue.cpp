#include "server/core/accounts/full_queue.h"

#include <algorithm>
#include <utility>

#include "server/core/accounts/session.h"
#include "server/core/accounts/session_outlet.h"
#include "server/core/context.h"
#include "server/core/internals.h"
#include "server/core/routing/message_rules.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"

namespace clarion::core {

namespace {

/// What the account itself says (pushes, carbons, its other devices' presence), and what becomes of
/// those of whom the client knows, contacts and rooms.
bool would_be_wrong_without(Session& session, const Stanza& stanza) {
    const Relation relation = session.account().relation_to(stanza.from());
    if (relation == Relation::owner) return true;
    if (!stanza.is_presence() && stanza.type() != StanzaType::groupchat) return false;
    const auto& told = session.directed_presence();
    return relation == Relation::contact ||
           std::any_of(told.begin(), told.end(),
                       [&](const Jid& to) { return to.bare() == stanza.from().bare(); });
}

}  // namespace

void give_to_full_queue(Session& session, Envelope envelope) {
    const Stanza& stanza = *envelope.stanza;
    Context& context = session.context();
    if (would_be_wrong_without(session, stanza)) {
        session.end(SessionEnd::expired);
        return session.redeliver(std::move(envelope));
    }
    const StanzaError full(StanzaErrorCondition::resource_constraint, StanzaErrorType::wait,
                           "too much waits for it already");
    if (stanza.is_request() || stanza.type() == StanzaType::groupchat)
        return context.router().bounce(std::move(envelope), full);
    if (!stanza.is_message() || !may_be_kept_offline(stanza))
        return context.refusals().on_stanza(stanza, full);
    session.hibernation().note_missed(envelope.meta.offline_seq);
    context.internals().outlet.redeliver(session.account(), &session, std::move(envelope));
}

}  // namespace clarion::core
