// The part of the self check that asks whether each domain is served by one: a host, a component,
// or a service of a module.
#include <algorithm>
#include <map>
#include <string>
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

/// A service's domain is that of a table of the file, whose section the module's row has not; so the
/// table is looked for by its name.
Claim claim_of(const Config& config, const core::ModuleRow& row, const std::string& domain,
               const Claims& known) {
    static constexpr std::string_view sections[] = {"muc", "pubsub", "proxy65", "upload"};
    for (const std::string_view section : sections) {
        const std::string path = std::string(section) + "." + quote(domain);
        if (config.line_of(path) == 0) continue;
        const auto claims = known.find(domain);
        const bool is_taken = claims != known.end() &&
                              std::any_of(claims->second.begin(), claims->second.end(),
                                          [&](const Claim& each) { return each.path == path; });
        if (!is_taken) return {path, "[" + path + "]"};
    }
    return {"", "the module " + std::string(row.name)};
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
            const Claim claim = claim_of(config, row, service.domain, claims);
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
