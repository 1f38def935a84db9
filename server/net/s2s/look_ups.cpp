#include "server/net/s2s/look_ups.h"

namespace clarion::net {

namespace {

/// What may come at once: the servers of all contacts of somebody who logs in.
constexpr std::int64_t seconds_at_once = 20;
constexpr std::int64_t seconds_at_once_of_all = 4;
/// No network has this name.
constexpr std::string_view all_strangers = "*";

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
    t.add("strangers_domains_per_second", &LookUpLimits::strangers_domains_per_second)
        .min(0)
        .doc(
            "The same for the dialback keys of all networks together, as anybody may have many of "
            "those; four seconds' worth may come at once.");
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

bool LookUps::take_for_stranger(std::string_view network, SteadyTime now,
                                const LookUpLimits& limits) {
    const std::lock_guard lock(mutex_);
    return allowances_.take(network, now, {limits.new_domains_per_second, seconds_at_once}) &&
           allowances_.take(all_strangers, now,
                            {limits.strangers_domains_per_second, seconds_at_once_of_all});
}

}  // namespace clarion::net
