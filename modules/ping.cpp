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
    setup.host_feature(ns::ping);
    setup.account_feature(ns::ping);
    setup.serve(IqTarget::host, StanzaType::get, ns::ping, "ping", answer);
    setup.serve(IqTarget::account, StanzaType::get, ns::ping, "ping", answer,
                core::IqAudience::contacts);
}

}  // namespace clarion::ping
