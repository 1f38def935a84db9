// Domains: which domains are ours, and of what kind each is: a virtual host, a service that a
// module serves, or the domain of a component that may attach. All others are remote.
//
// Immutable after start, shared by all shards. Who is there for a domain on a shard is known to its
// DomainLinks.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "proto/stanza.h"

namespace clarion::core {

enum class DomainKind : std::uint8_t { remote, host, service, component };

/// What has a home: each bare JID of a domain, or the domain with all that is in it.
enum class HomeBy : std::uint8_t { bare_jid, domain };

/// A domain that a module serves, as its row declares it (ModuleRow::domains).
struct ServiceDomain {
    std::string domain;  // prepared
    HomeBy home = HomeBy::bare_jid;
    /// Its actors have archives (XEP-0313).
    bool archives = false;
    std::string_view module{};  // whose it is; Domains::add_service() sets it
};

class Domains {
public:
    struct Entry {
        DomainKind kind = DomainKind::remote;
        HomeBy home = HomeBy::domain;
        const ServiceDomain* service = nullptr;  // of a service
    };

    void add_host(std::string domain);
    void add_component(std::string domain);
    /// `module` must last. False, and nothing changed: the domain is taken.
    bool add_service(ServiceDomain service, std::string_view module);

    /// What is known of a domain; of a remote one, nothing.
    const Entry& find(std::string_view domain) const;
    DomainKind kind(std::string_view domain) const { return find(domain).kind; }
    bool is_host(std::string_view domain) const { return kind(domain) == DomainKind::host; }
    bool is_ours(std::string_view domain) const { return kind(domain) != DomainKind::remote; }
    /// The name of the module that serves the domain; empty: none does.
    std::string_view module_of(std::string_view domain) const;

    /// The host to which a service belongs: that whose subdomain it is, or else the first. REQUIRES:
    /// there is a host.
    const std::string& host_over(std::string_view service) const;

    const std::vector<std::string>& hosts() const { return hosts_; }
    const std::vector<std::string>& components() const { return components_; }
    const std::deque<ServiceDomain>& services() const { return services_; }
    /// All of them.
    const std::vector<std::string>& ours() const { return ours_; }

private:
    void add(const std::string& domain, Entry entry);

    std::vector<std::string> hosts_, components_, ours_;
    std::deque<ServiceDomain> services_;  // entries refer to them
    std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> entries_;
};

/// What arrives from outside says nothing of delays in our name (XEP-0203, Security
/// Considerations): of a domain of ours, or somebody in it, only what the sender says of itself
/// stays. `component`: where the sender is one, its domain, for all of which it speaks.
void strip_forged_delays(Stanza& stanza, const Domains& domains, std::string_view component = {});

}  // namespace clarion::core
