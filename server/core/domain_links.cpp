#include "server/core/domain_links.h"

namespace clarion::core {

ServicePort* DomainLinks::service(std::string_view domain) const {
    const auto at = services_.find(domain);
    return at == services_.end() ? nullptr : at->second;
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
