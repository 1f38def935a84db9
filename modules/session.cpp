#include "modules/session.h"

#include "proto/ns.h"

namespace clarion::session {

void install(core::ModuleSetup& setup) {
    const auto agree = [](core::IqRequest& request) -> core::IqAnswer {
        return make_result(*request.stanza);
    };
    setup.serve(core::IqTarget::account, StanzaType::set, ns::session, "session", agree);
    setup.serve(core::IqTarget::host, StanzaType::set, ns::session, "session", agree);
}

}  // namespace clarion::session
