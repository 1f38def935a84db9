#include "modules/registration/early_requests.h"

#include <string>

#include "server/core/context.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/streams/c2s_stream.h"

namespace clarion::registration {

Result<> check_early(const core::C2sStream& stream, const xml::Element& iq) {
    const auto to = iq.attr("to");
    if (!to.empty() && prepare_domain(to).value_or("") != stream.host())
        return fail("not-allowed", "log in to talk to others");
    if (iq.attr("id").empty()) return fail("bad-request", "an id is needed");
    return {};
}

void answer_early(core::Context& context, core::C2sStream& stream, const xml::Element& iq,
                  const Result<>& outcome, const std::function<void(Stanza&)>& fill) {
    const Jid from = iq.has_attr("to") ? Jid::trusted(stream.host()) : Jid();
    const auto type = outcome ? StanzaType::result : StanzaType::error;
    auto stanza = Stanza::make(StanzaKind::iq, type, from, {}, iq.attr("id"));
    if (!outcome) {
        const StanzaError error = to_stanza_error(outcome.error());
        context.refusals().on_element(std::string(stream.port().info().address), iq, error);
        add_error(stanza->root(), error);
    } else if (fill) {
        fill(*stanza);
    }
    stream.port().write(*stanza);
}

}  // namespace clarion::registration
