// Core: everything of one shard that connections and modules may reach. One per shard, on its
// thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "server/core/account_directory.h"
#include "server/core/account_registry.h"
#include "server/core/archive_id.h"
#include "server/core/c2s_stream.h"
#include "server/core/delivery.h"
#include "server/core/delivery_queue.h"
#include "server/core/domain_links.h"
#include "server/core/domains.h"
#include "server/core/features.h"
#include "server/core/homes.h"
#include "server/core/iq_table.h"
#include "server/core/login_throttle.h"
#include "server/core/module_data.h"
#include "server/core/next_deadline.h"
#include "server/core/partition_scopes.h"
#include "server/core/partitions.h"
#include "server/core/pending_iq.h"
#include "server/core/pending_logins.h"
#include "server/core/refusal_log.h"
#include "server/core/router.h"
#include "server/core/strays.h"
#include "server/core/trace.h"
#include "server/core/writer_room.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"
#include "server/runtime/slots.h"
#include "storage/storage.h"

namespace clarion::core {

class Core;

/// What all cores share; owned by App, outlives them.
struct Shared {
    ShardSet& shards;
    Clock& clock;
    storage::Storage& storage;
    const Domains& domains;
    std::string scram_secret;                    // makes fake salts for unknown accounts
    std::string dialback_secret;                 // XEP-0220/0185
    std::string archive_secret;                  // makes archive ids unpredictable
    std::vector<std::unique_ptr<Core>> cores{};  // by shard
    Homes homes{shards.count()};
};

class Core {
public:
    Core(Shared& shared, unsigned index, std::shared_ptr<const Config> config);
    ~Core();

    Shared& shared() const { return shared_; }
    Shard& shard() const { return shard_; }
    Clock& clock() const { return shared_.clock; }
    storage::Storage& storage() const { return shared_.storage; }
    const Domains& domains() const { return shared_.domains; }
    const Config& config() const { return *config_; }
    /// Swapped at reload, on this shard.
    void set_config(std::shared_ptr<const Config> config) { config_ = std::move(config); }
    /// Options of a section for a host: `core.options<SmacksOptions>(account.host())`.
    template <class Options>
    const Options& options(std::string_view host = {}) const {
        return config_->get<Options>(host);
    }

    EventBus& bus() { return bus_; }
    Router& router() { return router_; }
    DeliveryQueue& deliveries() { return deliveries_; }
    Delivery& delivery() { return delivery_; }
    SessionOutlet& outlet() { return delivery_; }
    Strays& strays() { return strays_; }
    AccountDirectory& accounts() { return accounts_; }
    /// All directories of actors on this shard: that of accounts and those of services.
    std::vector<ActorTable*>& directories() { return directories_; }
    AccountRegistry& account_registry() { return account_registry_; }
    IqTable& iqs() { return iqs_; }
    PendingIqs& pending() { return pending_; }
    DomainLinks& links() { return links_; }
    Features& features() { return features_; }
    std::vector<StreamHandlerEntry>& stream_handlers() { return stream_handlers_; }
    SlotCounts& slot_counts() { return slot_counts_; }
    BoundedModules& bounded_modules() { return bounded_modules_; }
    const BoundedModules& bounded_modules() const { return bounded_modules_; }
    Scope& scope() { return scope_; }
    /// For what acts for one account: ends when it leaves this shard.
    Scope& scope_of(storage::OwnerId owner) { return scopes_.of(storage::partition_of(owner)); }
    PartitionScopes& scopes() { return scopes_; }
    WriterRoom& writer_room() { return writer_room_; }
    NextDeadline& next_deadline() { return next_deadline_; }
    LoginThrottle& login_throttle() { return login_throttle_; }
    PendingLogins& pending_logins() { return pending_logins_; }
    RefusalLog& refusals() { return refusals_; }
    /// Who watches what is said on this shard; nullptr, almost always: nobody.
    Trace* trace() const { return trace_; }
    void set_trace(Trace* trace) { trace_ = trace; }

    /// The partitions that are here: what this shard may load, write and send for.
    const PartitionSet& partitions() const { return partition_table_.here(); }
    /// How far it is with those that come and go.
    Partitions& partition_table() { return partition_table_; }
    const Partitions& partition_table() const { return partition_table_; }
    /// Notified when one of them has come or gone, or may have become free to go: nothing is under
    /// way for one of its accounts any more.
    Signal& partitions_changed() { return partitions_changed_; }
    /// Whether the account or domain is at home on this shard now.
    bool is_home(std::string_view key) const {
        return partition_table_.delivers(partition_of(key));
    }
    /// Runs `fn` at the home of `key`: inline if that is here, else when it has come there, behind
    /// what this shard sent there before.
    void on_home_shard(std::string_view key, UniqueFunction<void(Core&)> fn) {
        on_home_shard(partition_of(key), std::move(fn));
    }
    void on_home_shard(Partition partition, UniqueFunction<void(Core&)> fn);
    /// Into the delivery queue of the home of its partition. REQUIRES: it goes by that.
    void deliver_at_home(DeliveryQueue::Delivery delivery);
    /// Runs `fn` on every shard.
    void everywhere(const std::function<void(Core&)>& fn);

    /// The ids of an owner's archive as clients see them.
    ArchiveIds archive_ids(storage::OwnerId owner) const { return {archive_cipher_, owner}; }

    /// The server is stopping: nothing new is begun.
    bool stopping() const { return stopping_; }
    void set_stopping() { stopping_ = true; }
    /// Those whose sessions that were live when their last home died may come back yet ([smacks]
    /// unavailable_grace).
    PartitionSet& awaiting_lost_sessions() { return awaiting_lost_sessions_; }

    /// Keeps a module's per-shard state alive as long as the core.
    void keep(std::shared_ptr<void> state) { kept_.push_back(std::move(state)); }

private:
    void take_post(std::uint32_t epoch, DeliveryQueue::Delivery delivery);

    Shared& shared_;
    Shard& shard_;
    Partitions partition_table_;
    Signal partitions_changed_;
    PartitionSet awaiting_lost_sessions_;
    std::vector<ActorTable*> directories_;
    std::shared_ptr<const Config> config_;
    std::vector<std::shared_ptr<void>> kept_;
    EventBus bus_;
    Features features_;
    std::vector<StreamHandlerEntry> stream_handlers_;
    SlotCounts slot_counts_;
    BoundedModules bounded_modules_;
    IqTable iqs_;
    DomainLinks links_;
    Scope scope_;
    PartitionScopes scopes_;
    LoginThrottle login_throttle_;
    NextDeadline next_deadline_;
    WriterRoom writer_room_;
    PendingLogins pending_logins_;
    RefusalLog refusals_;
    PendingIqs pending_;
    Router router_;
    Strays strays_;
    Delivery delivery_;
    DeliveryQueue deliveries_;
    AccountDirectory accounts_;
    AccountRegistry account_registry_;
    ArchiveCipher archive_cipher_;
    Trace* trace_ = nullptr;
    bool stopping_ = false;
};

}  // namespace clarion::core
