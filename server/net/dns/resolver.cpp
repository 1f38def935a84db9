#include "server/net/dns/resolver.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "base/id.h"
#include "base/metrics.h"
#include "proto/jid.h"
#include "proto/srv_order.h"
#include "server/core/options.h"
#include "server/net/dns/dns_channel.h"
#include "server/net/dns/ttl_cache.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t default_port = 5269;
constexpr Duration negative_ttl = 60s;

/// Both services as they were answered; the order is drawn anew each time.
struct SrvAnswer {
    std::vector<srv::SrvRecord> starttls, direct_tls;
};

std::optional<std::string> ip_literal(std::string_view domain) {
    if (domain.size() > 2 && domain.front() == '[' && domain.back() == ']') {
        domain = domain.substr(1, domain.size() - 2);
    }
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(std::string(domain), error);
    if (error) return std::nullopt;
    return address.to_string();
}

std::uint32_t random_up_to(std::uint32_t bound) {
    return static_cast<std::uint32_t>(random_u64() % (std::uint64_t{bound} + 1));
}

Duration ttl_of(const std::vector<srv::SrvRecord>& records) {
    Duration least = records.empty() ? negative_ttl : Duration::max();
    for (const auto& record : records)
        least = std::min<Duration>(least, std::chrono::seconds(record.ttl));
    return least;
}

Counter& lookups(bool cached) {
    static Counter& asked =
        metrics().counter("clarion_dns_lookups_total", "DNS lookups", "from=\"network\"");
    static Counter& kept =
        metrics().counter("clarion_dns_lookups_total", "DNS lookups", "from=\"cache\"");
    return cached ? kept : asked;
}

}  // namespace

struct Resolver::Impl {
    Impl(core::Shard& on, const core::DnsOptions& options)
        : shard(on),
          max_ttl(options.max_cache_time),
          channel(on, options),
          srv(static_cast<std::size_t>(options.cache_entries)),
          hosts(static_cast<std::size_t>(options.cache_entries)) {}

    Task<Result<std::vector<srv::SrvRecord>>> ask_srv(std::string name);
    Task<Result<SrvAnswer>> srv_of(std::string domain);
    std::vector<Target> targets_of(const SrvAnswer& answer, const std::string& domain) const;

    core::Shard& shard;
    const Duration max_ttl;
    DnsChannel channel;
    TtlCache<SrvAnswer> srv;
    TtlCache<Result<DnsAddresses>> hosts;
};

Resolver::Resolver(core::Shard& shard, const core::DnsOptions& options)
    : impl_(std::make_unique<Impl>(shard, options)) {}
Resolver::~Resolver() = default;

Task<Result<std::vector<srv::SrvRecord>>> Resolver::Impl::ask_srv(std::string name) {
    const auto raw = co_await channel.srv(std::move(name));
    if (raw) co_return srv::parse_srv_answer(*raw);
    if (raw.error().is(error_code::not_found)) co_return std::vector<srv::SrvRecord>{};
    co_return raw.error();
}

Task<Result<SrvAnswer>> Resolver::Impl::srv_of(std::string domain) {
    if (const auto* kept = srv.find(domain, shard.clock().steady())) {
        lookups(true).add();
        co_return *kept;
    }
    lookups(false).add();
    auto starttls = co_await ask_srv("_xmpp-server._tcp." + domain);
    auto direct = co_await ask_srv("_xmpps-server._tcp." + domain);
    if (!starttls && !direct) co_return starttls.error();
    const bool complete = starttls.ok() && direct.ok();
    SrvAnswer answer{std::move(starttls).value_or({}), std::move(direct).value_or({})};
    if (complete) {
        const Duration ttl = std::min(ttl_of(answer.starttls), ttl_of(answer.direct_tls));
        srv.put(domain, answer, shard.clock().steady(), std::min(ttl, max_ttl));
    }
    co_return answer;
}

std::vector<Target> Resolver::Impl::targets_of(const SrvAnswer& answer,
                                               const std::string& domain) const {
    srv::Plan plan = srv::plan(answer.starttls, answer.direct_tls, random_up_to);
    std::vector<Target> targets;
    if (plan.use_domain_itself) targets.push_back({domain, default_port, false, {}});
    for (auto& record : plan.targets) {
        targets.push_back({std::move(record.target), record.port, record.direct_tls, {}});
    }
    return targets;
}

Task<Result<std::vector<Target>>> Resolver::resolve(std::string domain) {
    if (const auto literal = ip_literal(domain)) {
        std::vector<Target> only(1);
        only.front() = {*literal, default_port, false, {*literal}};
        co_return only;
    }
    const Result<std::string> ascii = domain_to_ascii(domain);
    if (!ascii) co_return fail(error_code::not_found, "not a domain name: " + domain);
    // Without an answer the domain itself is tried, as without records (RFC 6120, 3.2.1, item 9).
    const Result<SrvAnswer> answer = co_await impl_->srv_of(*ascii);
    auto targets = impl_->targets_of(answer.value_or({}), *ascii);
    if (targets.empty())
        co_return fail(error_code::not_found, "the domain says that it has no XMPP server");
    co_return targets;
}

Task<Result<std::vector<srv::SrvRecord>>> Resolver::records(std::string name) {
    lookups(false).add();
    return impl_->ask_srv(std::move(name));
}

Task<Result<std::vector<std::string>>> Resolver::addresses(std::string host) {
    if (const auto literal = ip_literal(host)) co_return std::vector<std::string>(1, *literal);
    const SteadyTime now = impl_->shard.clock().steady();
    if (const auto* kept = impl_->hosts.find(host, now)) {
        lookups(true).add();
        if (!*kept) co_return kept->error();
        co_return (*kept)->addresses;
    }
    lookups(false).add();
    const Result<DnsAddresses> found = co_await impl_->channel.addresses(host);
    const bool negative = !found && found.error().is(error_code::not_found);
    if (found || negative) {
        const Duration ttl = negative ? negative_ttl : Duration(std::chrono::seconds(found->ttl));
        impl_->hosts.put(host, found, impl_->shard.clock().steady(), std::min(ttl, impl_->max_ttl));
    }
    if (!found) co_return found.error();
    co_return found->addresses;
}

}  // namespace clarion::net
