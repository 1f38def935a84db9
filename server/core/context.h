// Context: what code that runs on one shard may reach there. One per shard; it lasts as long as the
// shard.
//
// A module, net and core itself get it when they are made, and actors have it. It names its parts
// and does not define them: who uses one includes that one's header. What core keeps to itself is
// behind internals().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/config.h"
#include "proto/partition.h"
#include "server/runtime/unique_function.h"
#include "storage/ids.h"

namespace clarion {
class Clock;
}
namespace clarion::storage {
class Storage;
}

namespace clarion::core {

class AccountDirectory;
class AccountRegistry;
class ArchiveIds;
class DeliveryQueue;
class DomainLinks;
class Domains;
class EventBus;
class Features;
class Homes;
class HttpRoutes;
class DecoyIterations;
class LoginThrottle;
class Partitions;
class PendingIqs;
class RefusalLog;
class Router;
class Scope;
class Shard;
class ShardSet;
class Signal;
class Strays;
class Trace;
struct Internals;

/// Kept in storage from the first start on; nobody is told.
struct Secrets {
    std::string scram;     // makes fake salts for unknown accounts
    std::string dialback;  // XEP-0220/0185
    std::string archive;   // makes archive ids unpredictable
};

class Context {
public:
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    Shard& shard() const { return *parts_.shard; }
    Clock& clock() const { return *parts_.clock; }
    storage::Storage& storage() const { return *parts_.storage; }
    const Domains& domains() const { return *parts_.domains; }
    const Homes& homes() const { return *parts_.homes; }
    const Secrets& secrets() const { return *parts_.secrets; }
    const Config& config() const { return *config_; }
    /// Options of a section for a host: `context.options<SmacksOptions>(account.host())`.
    template <class Options>
    const Options& options(std::string_view host = {}) const {
        return config_->get<Options>(host);
    }
    /// The server is stopping: nothing new is begun.
    bool stopping() const { return stopping_; }

    EventBus& bus() const { return *parts_.bus; }
    Router& router() const { return *parts_.router; }
    DeliveryQueue& deliveries() const { return *parts_.deliveries; }
    AccountDirectory& accounts() const { return *parts_.accounts; }
    AccountRegistry& account_registry() const { return *parts_.account_registry; }
    PendingIqs& pending() const { return *parts_.pending; }
    DomainLinks& links() const { return *parts_.links; }
    /// Who answers what comes over HTTP.
    HttpRoutes& http_routes() const { return *parts_.http_routes; }
    Features& features() const { return *parts_.features; }
    LoginThrottle& login_throttle() const { return *parts_.login_throttle; }
    DecoyIterations& decoy_iterations() const { return *parts_.decoy_iterations; }
    RefusalLog& refusals() const { return *parts_.refusals; }
    /// Who watches what is said on this shard; nullptr, almost always: nobody.
    Trace* trace() const { return trace_; }

    Scope& scope() const { return *parts_.scope; }
    /// For what acts for one account: ends when it leaves this shard.
    Scope& scope_of(storage::OwnerId owner) const;
    /// The ids of an owner's archive as clients see them.
    ArchiveIds archive_ids(storage::OwnerId owner) const;

    /// The partitions that are here: what this shard may load, write and send for.
    const PartitionSet& partitions() const;
    /// How far it is with those that come and go.
    Partitions& partition_table() const { return *parts_.partition_table; }
    /// Notified when one of them has come or gone, or may have become free to go: nothing is under
    /// way for one of its accounts any more.
    Signal& partitions_changed() const { return *parts_.partitions_changed; }
    /// What came for those that are not.
    Strays& strays() const { return *parts_.strays; }
    /// Whether the account or domain is at home on this shard now.
    bool is_home(std::string_view key) const;

    ShardSet& shards() const { return *parts_.shards; }
    /// That of another shard, on whose thread alone it may be used.
    Context& at(unsigned shard) const;
    /// Runs `fn` at the home of `key`: inline if that is here, else when it has come there, behind
    /// what this shard sent there before.
    void on_home_shard(std::string_view key, UniqueFunction<void(Context&)> fn) {
        on_home_shard(partition_of(key), std::move(fn));
    }
    void on_home_shard(Partition partition, UniqueFunction<void(Context&)> fn);
    /// Runs `fn` on every shard.
    void everywhere(const std::function<void(Context&)>& fn) const;

    /// For core only.
    const Internals& internals() const { return *parts_.internals; }

protected:
    /// Outlive it, but need not be there yet when it is made.
    struct Parts {
        Shard* shard;
        ShardSet* shards;
        Clock* clock;
        storage::Storage* storage;
        const Domains* domains;
        const Homes* homes;
        const Secrets* secrets;
        EventBus* bus;
        Router* router;
        DeliveryQueue* deliveries;
        AccountDirectory* accounts;
        AccountRegistry* account_registry;
        PendingIqs* pending;
        DomainLinks* links;
        HttpRoutes* http_routes;
        Features* features;
        LoginThrottle* login_throttle;
        DecoyIterations* decoy_iterations;
        RefusalLog* refusals;
        Scope* scope;
        Partitions* partition_table;
        Signal* partitions_changed;
        Strays* strays;
        const Internals* internals;
    };
    Context(Parts parts, std::shared_ptr<const Config> config)
        : parts_(parts), config_(std::move(config)) {}
    ~Context() = default;

    Parts parts_;
    std::shared_ptr<const Config> config_;
    Trace* trace_ = nullptr;
    bool stopping_ = false;
};

}  // namespace clarion::core
