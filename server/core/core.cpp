#include "server/core/core.h"

#include <algorithm>
#include <set>

#include "server/core/module.h"
#include "server/core/options.h"

namespace clarion::core {

Core::Core(Shared& shared, unsigned index, std::shared_ptr<const Config> config)
    : shared_(shared),
      shard_(shared.shards.at(index)),
      partition_table_(shared.homes, index),
      config_(std::move(config)),
      scope_(shard_.executor()),
      scopes_(shard_),
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
      archive_cipher_(shared.archive_secret) {
    shard_.set_turn_work(&deliveries_);
}

Core::~Core() { shard_.set_turn_work(nullptr); }

void Core::on_home_shard(Partition partition, UniqueFunction<void(Core&)> fn) {
    if (partition_table_.delivers(partition)) return fn(*this);
    deliver_at_home(
        {.task = std::move(fn), .partition = partition, .to = DeliveryQueue::To::task_at_home});
}

void Core::deliver_at_home(DeliveryQueue::Delivery delivery) {
    const Home home = shared_.homes.of(delivery.partition);
    if (home.shard == shard_.index()) return deliveries_.push(std::move(delivery));
    Core* const target = shared_.cores[home.shard].get();
    shared_.shards.post(home.shard,
                        [target, epoch = home.epoch, delivery = std::move(delivery)]() mutable {
                            target->take_post(epoch, std::move(delivery));
                        });
}

/// `epoch`: as the sender knew it. Of another time, it goes to whom Homes names now.
void Core::take_post(std::uint32_t epoch, DeliveryQueue::Delivery delivery) {
    const Partition partition = delivery.partition;
    if (partition_table_.delivers(partition) && shared_.homes.of(partition).epoch != epoch)
        return deliver_at_home(std::move(delivery));
    deliveries_.push(std::move(delivery));
}

void Core::everywhere(const std::function<void(Core&)>& fn) {
    for (const auto& core : shared_.cores) {
        Core* const target = core.get();
        shared_.shards.post(target->shard().index(), [target, fn] { fn(*target); });
    }
}

ModuleSetup::ModuleSetup(Core& core, std::string_view name) : core_(core), name_(name) {
    std::set<std::string, std::less<>> off;
    for (const auto& host : core.domains().hosts()) {
        const auto& disabled = core.options<ModulesOptions>(host).disabled;
        if (std::find(disabled.begin(), disabled.end(), name) != disabled.end()) off.insert(host);
    }
    if (!off.empty())
        off_ = std::make_shared<const std::set<std::string, std::less<>>>(std::move(off));
}

Result<> declare_services(std::span<const ModuleRow> rows, const Config& config, Domains& domains) {
    const auto hosts = domains.hosts();
    for (const ModuleRow& row : rows) {
        if (!row.domains) continue;
        for (ServiceDomain& service : row.domains(config, hosts)) {
            const std::string domain = service.domain;
            if (!domains.add_service(std::move(service), row.name))
                return fail(error_code::config, "module " + std::string(row.name) +
                                                    ": the domain " + domain +
                                                    " is served otherwise already");
        }
    }
    return {};
}

std::vector<std::string> ModuleSetup::services() const {
    std::vector<std::string> mine;
    for (const ServiceDomain& service : core_.domains().services())
        if (service.module == name_) mine.push_back(service.domain);
    return mine;
}

void ModuleSetup::leave_out(const std::function<bool(const ServiceDomain&)>& leaves) {
    std::set<std::string, std::less<>> off;
    if (off_) off = *off_;
    for (const ServiceDomain& service : core_.domains().services())
        if (leaves(service)) off.insert(service.domain);
    if (!off.empty())
        off_ = std::make_shared<const std::set<std::string, std::less<>>>(std::move(off));
}

std::string_view ModuleSetup::whose(IqTarget target) const {
    const bool of_service = target == IqTarget::service || target == IqTarget::actor;
    return of_service && !services().empty() ? name_ : std::string_view();
}

}  // namespace clarion::core
