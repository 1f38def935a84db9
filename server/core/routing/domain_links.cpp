#include "server/core/routing/domain_links.h"

namespace clarion::core {

ServicePort* DomainLinks::service(std::string_view domain) const {
    const auto at = services_.find(domain);
    return at == services_.end() ? nullptr : at->second;
}

void DomainLinks::attach_component(std::string domain, ComponentPort* port) {
    const std::vector<Envelope> held = give_up(domain);
    components_[std::move(domain)] = port;
    for (const Envelope& envelope : held) port->deliver(envelope);
}

std::vector<std::string> DomainLinks::part_with(const PartitionSet& partitions, bool at_once) {
    std::vector<std::string> domains;
    for (const auto& [domain, port] : components_)
        if (partitions.contains(partition_of(domain))) domains.push_back(domain);
    for (const std::string& domain : domains) {
        ComponentPort* const port = component(domain);
        port->leave(at_once);
        detach_component(domain, port);
    }
    return domains;
}

void DomainLinks::hold(Envelope envelope) {
    const std::string domain(envelope.stanza->to().domain());
    held_[domain].push_back(std::move(envelope));
    ++held_count_;
}

std::vector<Envelope> DomainLinks::give_up(std::string_view domain) {
    const auto at = held_.find(domain);
    if (at == held_.end()) return {};
    std::vector<Envelope> held = std::move(at->second);
    held_.erase(at);
    held_count_ -= held.size();
    return held;
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
