// Core: owns everything of one shard that connections and modules reach through its Context. Only
// the server's main part, which makes it, and tests see it. One per shard, on its thread.
#pragma once

#include <memory>
#include <vector>

#include "base/config.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/accounts/next_deadline.h"
#include "server/core/actors/archive_id.h"
#include "server/core/actors/command_table.h"
#include "server/core/actors/features.h"
#include "server/core/actors/iq_table.h"
#include "server/core/actors/module_data.h"
#include "server/core/actors/owner_maker.h"
#include "server/core/address/domains.h"
#include "server/core/address/homes.h"
#include "server/core/address/partition_scopes.h"
#include "server/core/address/partitions.h"
#include "server/core/context.h"
#include "server/core/delivery/delivery.h"
#include "server/core/http/http_routes.h"
#include "server/core/internals.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/domain_links.h"
#include "server/core/routing/pending_iq.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/core/routing/strays.h"
#include "server/core/routing/trace.h"
#include "server/core/routing/writer_room.h"
#include "server/core/streams/c2s_stream.h"
#include "server/core/streams/decoy_iterations.h"
#include "server/core/streams/login_throttle.h"
#include "server/core/streams/pending_logins.h"
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
    Secrets secrets;
    std::vector<std::unique_ptr<Core>> cores{};  // by shard
    Homes homes{shards.count()};
};

class Core final : public Context {
public:
    Core(Shared& shared, unsigned index, std::shared_ptr<const Config> config);
    ~Core();

    /// Swapped at reload, on this shard.
    void set_config(std::shared_ptr<const Config> config) { config_ = std::move(config); }
    void set_trace(Trace* trace) { trace_ = trace; }
    void set_stopping() { stopping_ = true; }

    // For ModuleSetup.
    IqTable& iqs() { return iqs_; }
    CommandTable& commands() { return commands_; }
    std::vector<StreamHandlerEntry>& stream_handlers() { return stream_handlers_; }
    SlotCounts& slot_counts() { return slot_counts_; }
    BoundedModules& bounded_modules() { return bounded_modules_; }
    /// Keeps a module's per-shard state alive as long as the core.
    void keep(std::shared_ptr<void> state) { kept_.push_back(std::move(state)); }

    const std::vector<ActorTable*>& directories() const { return directories_; }

private:
    Parts parts(Shared& shared, unsigned index);

    Internals internals_;
    Partitions partition_table_;
    Signal partitions_changed_;
    PartitionSet awaiting_lost_sessions_;
    std::vector<ActorTable*> directories_;
    std::vector<std::shared_ptr<void>> kept_;
    EventBus bus_;
    Features features_;
    std::vector<StreamHandlerEntry> stream_handlers_;
    SlotCounts slot_counts_;
    BoundedModules bounded_modules_;
    IqTable iqs_;
    CommandTable commands_;
    DomainLinks links_;
    HttpRoutes http_routes_;
    OwnerMaker owner_maker_;
    Scope scope_;
    PartitionScopes scopes_;
    LoginThrottle login_throttle_;
    DecoyIterations decoy_iterations_;
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
};

}  // namespace clarion::core
