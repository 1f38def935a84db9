#include "modules/registration/invitations/stream_tokens.h"

#include <algorithm>

#include "modules/registration/early_requests.h"
#include "modules/registration/invitations/invitations.h"
#include "proto/ns.h"
#include "server/core/options.h"

namespace clarion::registration::invitations {

using core::C2sStream;
using core::Context;

namespace {

/// It takes the module that makes accounts.
bool makes_accounts(const Context& here, std::string_view host) {
    const auto& off = here.options<core::ModulesOptions>(host).disabled;
    return std::find(off.begin(), off.end(), "registration") == off.end();
}

}  // namespace

Task<C2sStream::Next> StreamTokens::on_preauth(C2sStream& stream, Context& here,
                                               const xml::Element& iq) const {
    const auto type = iq.attr("type");
    if (type != "get" && type != "set") co_return C2sStream::Next::read;
    Result<> outcome = check_early(stream, iq);
    if (outcome && (type == "get" || !makes_accounts(here, stream.host())))
        outcome = fail("service-unavailable");
    if (outcome) {
        Presented presented{stream.host(), std::string(iq.first_child()->attr("token")),
                            stream.port().info().network};
        const auto key = co_await check_presented(here, std::move(presented));
        if (key)
            presented_.of(stream) = *key;
        else
            outcome = key.error();
    }
    if (!outcome && outcome.error().is(error_code::item_not_found))
        outcome = fail(error_code::item_not_found, "The provided token is invalid or expired");
    answer_early(here, stream, iq, outcome);
    co_return C2sStream::Next::read;
}

/// Conversations and its kin look for the namespace of an earlier version of XEP-0401, and offer to
/// register only where XEP-0077 is announced, which [auth] registration does not do where it is off.
void StreamTokens::offer(events::LoginFeatures& event) const {
    if (!makes_accounts(event.context, event.stream.host)) return;
    event.features.add("register", ns::ibr_token);
    event.features.add("register", ns::invite);
    if (!event.context.options<RegistrationOptions>(event.stream.host).registration)
        event.features.add("register", ns::register_feature);
}

}  // namespace clarion::registration::invitations
