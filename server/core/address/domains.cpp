#include "server/core/address/domains.h"

#include "proto/delay.h"

namespace clarion::core {

void Domains::add(const std::string& domain, Entry entry) {
    entries_[domain] = entry;
    ours_.push_back(domain);
}

void Domains::add_host(std::string domain) {
    add(domain, {.kind = DomainKind::host, .home = HomeBy::bare_jid});
    hosts_.push_back(std::move(domain));
}

void Domains::add_component(std::string domain) {
    add(domain, {.kind = DomainKind::component});
    components_.push_back(std::move(domain));
}

bool Domains::add_service(ServiceDomain service, std::string_view module) {
    if (is_ours(service.domain)) return false;
    service.module = module;
    const ServiceDomain& added = services_.emplace_back(std::move(service));
    add(added.domain, {.kind = DomainKind::service, .home = added.home, .service = &added});
    return true;
}

const Domains::Entry& Domains::find(std::string_view domain) const {
    static const Entry remote;
    const auto at = entries_.find(domain);
    return at == entries_.end() ? remote : at->second;
}

std::string_view Domains::module_of(std::string_view domain) const {
    const Entry& entry = find(domain);
    return entry.service ? entry.service->module : std::string_view();
}

const std::string& Domains::host_over(std::string_view service) const {
    const std::string* longest = nullptr;
    for (const std::string& host : hosts_) {
        const bool is_under = service.size() > host.size() && service.ends_with(host) &&
                              service[service.size() - host.size() - 1] == '.';
        if (is_under && (!longest || host.size() > longest->size())) longest = &host;
    }
    return longest ? *longest : hosts_.front();
}

void strip_forged_delays(Stanza& stanza, const Domains& domains, std::string_view component) {
    if (!has_delay(stanza.root())) return;
    clarion::strip_forged_delays(stanza.root(), stanza.from(), [&](std::string_view domain) {
        return domain != component && domains.is_ours(domain);
    });
}

}  // namespace clarion::core
