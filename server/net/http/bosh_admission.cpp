// Whether a request for a session gets one.
#include "base/clock.h"
#include "base/log.h"
#include "proto/jid.h"
#include "server/core/address/domains.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/net/c2s/client_admission.h"
#include "server/net/http/bosh_connection.h"
#include "server/runtime/scope.h"

namespace clarion::net {

using bosh::Condition;

namespace {

struct Refused {
    Condition condition;
    std::string_view why;
};

/// nullopt: it may have one.
std::optional<Refused> check(const core::Context& context, const BoshRequest& request,
                             std::string_view host) {
    if (request.head.to.empty()) return Refused{Condition::improper_addressing, "no 'to'"};
    if (!context.domains().is_host(host))
        return Refused{Condition::host_unknown, "this server does not serve that domain"};
    if (context.options<core::C2sOptions>(host).require_encryption && !request.peer.encrypted)
        return Refused{Condition::policy_violation, "encryption is required"};
    const auto most = context.options<ConnectionLimits>().unauthenticated_bytes;
    if (request.text.size() > static_cast<std::size_t>(most))
        return Refused{Condition::policy_violation, "too much before the login"};
    return std::nullopt;
}

void turn_down(core::Context& context, BoshRequest request, const Refused& refused) {
    context.refusals().on_stream({"bosh", {}, {}, request.peer.address}, request.peer.network,
                                 request.peer.address, bosh::name(refused.condition), refused.why);
    request.reply.give(bosh::refusal(refused.condition, request.head.is_legacy()),
                       bosh::content_type(request.head.content));
}

}  // namespace

void BoshConnection::begin(ShardNet& net, std::string sid, BoshRequest request) {
    auto host = prepare_domain(request.head.to);
    const std::string name = host ? std::move(*host) : std::string();
    if (const auto refused = check(net.context(), request, name))
        return turn_down(net.context(), std::move(request), *refused);
    auto place = admit_client(net, request.peer.network);
    if (!place) {
        request.reply.give(bosh::refusal(Condition::policy_violation, request.head.is_legacy()),
                           bosh::content_type(request.head.content));
        return;
    }
    request.head.to = name;
    auto self = std::make_unique<BoshConnection>(net, std::move(sid), std::move(request),
                                                 std::move(*place));
    net.scope().spawn("bosh", drive(std::move(self), Step::read));
}

}  // namespace clarion::net
