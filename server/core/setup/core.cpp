#include "server/core/setup/core.h"

namespace clarion::core {

// ---- What a Context does, but does not define --------------------------------------------------

Scope& Context::scope_of(storage::OwnerId owner) const {
    return internals().scopes.of(storage::partition_of(owner));
}

ArchiveIds Context::archive_ids(storage::OwnerId owner) const {
    return {internals().archive_cipher, owner};
}

const PartitionSet& Context::partitions() const { return partition_table().here(); }

bool Context::is_home(std::string_view key) const {
    return partition_table().delivers(partition_of(key));
}

Context& Context::at(unsigned shard) const { return *internals().cores[shard]; }

void Context::on_home_shard(Partition partition, UniqueFunction<void(Context&)> fn) {
    if (partition_table().delivers(partition)) return fn(*this);
    deliveries().push_at_home(
        {.task = std::move(fn), .partition = partition, .to = DeliveryQueue::To::task_at_home});
}

void Context::everywhere(const std::function<void(Context&)>& fn) const {
    for (unsigned shard = 0; shard < shards().count(); ++shard)
        shards().post(shard, [target = &at(shard), fn] { fn(*target); });
}

// ---- Core --------------------------------------------------------------------------------------

Context::Parts Core::parts(Shared& shared, unsigned index) {
    return {.shard = &shared.shards.at(index),
            .shards = &shared.shards,
            .clock = &shared.clock,
            .storage = &shared.storage,
            .domains = &shared.domains,
            .homes = &shared.homes,
            .secrets = &shared.secrets,
            .bus = &bus_,
            .router = &router_,
            .deliveries = &deliveries_,
            .accounts = &accounts_,
            .account_registry = &account_registry_,
            .pending = &pending_,
            .links = &links_,
            .http_routes = &http_routes_,
            .features = &features_,
            .login_throttle = &login_throttle_,
            .decoy_iterations = &decoy_iterations_,
            .refusals = &refusals_,
            .scope = &scope_,
            .partition_table = &partition_table_,
            .partitions_changed = &partitions_changed_,
            .strays = &strays_,
            .internals = &internals_};
}

Core::Core(Shared& shared, unsigned index, std::shared_ptr<const Config> config)
    : Context(parts(shared, index), std::move(config)),
      internals_{.outlet = delivery_,
                 .delivery = delivery_,
                 .iqs = iqs_,
                 .stream_handlers = stream_handlers_,
                 .pending_logins = pending_logins_,
                 .writer_room = writer_room_,
                 .next_deadline = next_deadline_,
                 .owner_maker = owner_maker_,
                 .scopes = scopes_,
                 .directories = directories_,
                 .bounded_modules = bounded_modules_,
                 .archive_cipher = archive_cipher_,
                 .awaiting_lost_sessions = awaiting_lost_sessions_,
                 .cores = shared.cores,
                 .homes = shared.homes},
      partition_table_(shared.homes, index),
      owner_maker_(*this),
      scope_(shard().executor()),
      scopes_(shard()),
      writer_room_(*this),
      pending_logins_(bus_),
      refusals_(*this),
      pending_(*this),
      router_(*this),
      strays_(*this),
      delivery_(*this),
      deliveries_(*this, delivery_),
      accounts_(*this),
      account_registry_(*this),
      archive_cipher_(shared.secrets.archive) {
    shard().set_turn_work(&deliveries_);
}

Core::~Core() { shard().set_turn_work(nullptr); }

}  // namespace clarion::core
