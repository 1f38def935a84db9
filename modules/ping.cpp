#include "modules/ping.h"

#include "proto/ns.h"

namespace clarion::ping {

namespace {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;

/// XEP-0199, 4.2: an empty result is the pong.
IqAnswer answer_for_host(IqRequest& request) { return make_result(*request.stanza); }

/// Strangers must not learn which accounts exist (RFC 6121, 8.5.1): they get what an unknown name
/// gives.
IqAnswer answer_for_account(IqRequest& request) {
    if (!request.from_owner &&
        !request.account->roster().shares_presence_with(request.from.bare())) {
        return StanzaError(StanzaErrorCondition::service_unavailable);
    }
    return make_result(*request.stanza);
}

}  // namespace

void install(core::ModuleSetup& setup) {
    setup.host_feature(ns::ping);
    setup.account_feature(ns::ping);
    setup.serve(IqTarget::host, StanzaType::get, ns::ping, "ping", answer_for_host);
    setup.serve(IqTarget::account, StanzaType::get, ns::ping, "ping", answer_for_account);
}

}  // namespace clarion::ping
