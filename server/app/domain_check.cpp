// The part of the self check that asks whether each domain is served by one: a host, a component,
// or a service of a module.
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "modules/all.h"
#include "proto/jid.h"
#include "server/app/self_check.h"
#include "server/core/options.h"
#include "server/core/setup/module.h"

namespace clarion::app {

namespace {

/// Where a domain is claimed, as the file has it.
struct Claim {
    std::string path;  // muc."rooms.example.org"
    std::string said;  // [muc."rooms.example.org"]
};
using Claims = std::map<std::string, std::vector<Claim>>;  // by domain

/// The section whose tables are the domains of a module.
std::string_view section_of(std::string_view module) {
    static constexpr std::pair<std::string_view, std::string_view> others[] = {
        {"pubsub_service", "pubsub"}, {"http_upload", "upload"}};
    for (const auto& [name, section] : others)
        if (name == module) return section;
    return module;
}

Claim claim_of(const core::ModuleRow& row, const std::string& domain) {
    const std::string path = std::string(section_of(row.name)) + "." + quote(domain);
    return {path, "[" + path + "]"};
}

}  // namespace

void check_served_domains(const Config& config, Findings& findings) {
    Claims claims;
    const auto hosts = served_domains(config);
    for (const auto& host : hosts) claims[host].push_back({"server.domains", "[server] domains"});
    for (const auto& [name, options] : config.named<core::ComponentOptions>()) {
        const auto domain = prepare_domain(name);
        const std::string path = "component." + quote(name);
        if (domain && !claims.contains(*domain))
            claims[*domain].push_back({path, "[" + path + "]"});
    }
    for (const core::ModuleRow& row : modules::all()) {
        if (!row.domains) continue;
        for (const core::ServiceDomain& service : row.domains(config, hosts)) {
            if (!prepare_domain(service.domain)) continue;  // said already
            const Claim claim = claim_of(row, service.domain);
            auto& others = claims[service.domain];
            if (!others.empty()) {
                const int line = config.line_of(others.front().path);
                findings.add(Finding::Weight::fatal, claim.path,
                             claim.said + ": " + service.domain + " is served already by " +
                                 others.front().said +
                                 (line > 0 ? " in line " + std::to_string(line) : "") +
                                 ". Expected a domain of its own");
            }
            others.push_back(claim);
        }
    }
}

}  // namespace clarion::app
