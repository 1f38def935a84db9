#include "modules/ping.h"

#include "proto/ns.h"

namespace clarion::ping {

namespace {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;

/// XEP-0199, 4.2: an empty result is the pong.
IqAnswer answer(IqRequest& request) { return make_result(*request.stanza); }

}  // namespace

void install(core::ModuleSetup& setup) {
    for (const auto target :
         {IqTarget::host, IqTarget::account, IqTarget::service, IqTarget::actor}) {
        setup.feature(target, ns::ping);
        const auto audience =
            target == IqTarget::actor ? core::Relation::stranger : core::Relation::contact;
        setup.serve(target, StanzaType::get, ns::ping, "ping", answer, audience);
    }
}

}  // namespace clarion::ping
