#include "server/core/hosts.h"

#include "proto/delay.h"

namespace clarion::core {

void Hosts::add_host(std::string domain) {
    kinds_[domain] = DomainKind::host;
    hosts_.push_back(std::move(domain));
}

void Hosts::add_component(std::string domain) {
    kinds_[domain] = DomainKind::component;
    components_.push_back(std::move(domain));
}

DomainKind Hosts::kind(std::string_view domain) const {
    const auto at = kinds_.find(domain);
    return at == kinds_.end() ? DomainKind::remote : at->second;
}

void strip_forged_delays(Stanza& stanza, const Hosts& hosts, std::string_view component) {
    if (!has_delay(stanza.root())) return;
    clarion::strip_forged_delays(stanza.root(), stanza.from(), [&](std::string_view domain) {
        return domain != component && hosts.kind(domain) != DomainKind::remote;
    });
}

void DomainLinks::detach_component(std::string_view domain, ComponentPort* port) {
    const auto at = components_.find(domain);
    if (at != components_.end() && at->second == port) components_.erase(at);
}

ComponentPort* DomainLinks::component(std::string_view domain) const {
    const auto at = components_.find(domain);
    return at == components_.end() ? nullptr : at->second;
}

void DomainLinks::note_attached(std::string_view domain, bool attached) {
    if (attached) {
        attached_.emplace(domain);
    } else if (const auto at = attached_.find(domain); at != attached_.end()) {
        attached_.erase(at);
    }
}

}  // namespace clarion::core
