#include "modules/push/services.h"

#include <algorithm>

#include "base/clock.h"
#include "modules/push/push.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"

namespace clarion::push {

Service* Services::find(std::string_view jid) {
    const auto at = known_.find(jid);
    return at == known_.end() ? nullptr : &at->second;
}

const Service* Services::find(std::string_view jid) const {
    const auto at = known_.find(jid);
    return at == known_.end() ? nullptr : &at->second;
}

Service& Services::of(const Jid& jid) {
    if (Service* known = find(jid.full())) return *known;
    if (known_.size() >= clean_at_) {
        const SteadyTime now = context_.clock().steady();
        std::erase_if(known_, [now](const auto& each) {
            const Service& service = each.second;
            return service.waiting.empty() && service.intervals.idle(now) &&
                   service.unproved.idle(now) && service.renewing.empty() &&
                   service.link.outstanding() == 0 && service.link.up() && !service.retiring;
        });
        clean_at_ = std::max(idle_services, 2 * known_.size());
    }
    const bool configured = context_.domains().kind(jid.domain()) == core::DomainKind::component;
    Service& service =
        known_.try_emplace(jid.full(), counters_.of_service(jid.full(), configured)).first->second;
    service.jid = jid;
    service.proved = configured;
    service.accepts = configured && !jid.has_local();
    return service;
}

std::size_t Services::limit(std::string_view host) const {
    return static_cast<std::size_t>(
        context_.options<PushOptions>(host).max_outstanding_per_service);
}

bool Services::has_room(const Service& service, std::size_t limit) const {
    const std::size_t begun = service.renewing.size();
    if (begun >= limit || (begun > 0 && !service.link.up())) return false;
    return service.link.may_send(context_.clock().steady(), limit - begun);
}

void Services::forget(const PartitionSet& partitions) {
    for (auto& [jid, service] : known_) {
        service.waiting.remove(partitions);
        service.intervals.forget(partitions);
        service.unproved.forget(partitions);
        std::erase_if(service.renewing, [&](const RegistrationKey& key) {
            return partitions.contains(storage::partition_of(key.account));
        });
    }
}

}  // namespace clarion::push
