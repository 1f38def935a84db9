#include "modules/muc/refusing.h"

#include <utility>

#include "base/clock.h"
#include "modules/muc/room_metrics.h"
#include "proto/ns.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"

namespace clarion::muc {

void refuse_presence(core::Context& context, const core::Envelope& envelope,
                     const StanzaError& error) {
    note_refusal(error);
    context.refusals().on_stanza(*envelope.stanza, error);
    auto refusal = make_error(*envelope.stanza, error);
    for (xml::Element* child = refusal->root().first_child(); child; child = child->next_sibling())
        if (child->is(ns::client, "error")) child->set_attr("by", envelope.stanza->to().bare());
    core::Envelope answer;
    answer.stanza = std::move(refusal);
    answer.meta.received = context.clock().wall();
    answer.own_answer = true;
    context.router().route(std::move(answer));
}

}  // namespace clarion::muc
