#include "server/net/s2s/look_ups.h"

namespace clarion::net {

namespace {

/// What may come at once: the servers of all contacts of somebody who logs in.
constexpr std::int64_t seconds_at_once = 20;

}  // namespace

void LookUpLimits::declare(OptionTable<LookUpLimits>& t) {
    t.joins("limits");
    t.add("new_domains_per_second", &LookUpLimits::new_domains_per_second)
        .min(0)
        .doc(
            "Servers without a connection that are looked for because of what one account sends, "
            "or because of the dialback keys (XEP-0220) of one IP address (of IPv6: one /64 "
            "network), on average; twenty seconds' worth may come at once. Stanzas for more are "
            "returned with resource-constraint, keys are answered with remote-server-timeout.");
}

std::string_view LookUps::cause_of(const Stanza& stanza, const core::Domains& domains) {
    const Jid& from = stanza.from();
    const bool account = from.has_local() && domains.kind(from.domain()) == core::DomainKind::host;
    return account ? from.bare() : std::string_view();
}

bool LookUps::take(std::string_view cause, SteadyTime now, const LookUpLimits& limits) {
    if (cause.empty()) return true;
    const std::lock_guard lock(mutex_);
    return allowances_.take(cause, now, {limits.new_domains_per_second, seconds_at_once});
}

}  // namespace clarion::net
