#include "server/core/core.h"

#include <algorithm>
#include <set>

#include "server/core/module.h"
#include "server/core/options.h"

namespace clarion::core {

Core::Core(Shared& shared, unsigned index, std::shared_ptr<const Config> config)
    : shared_(shared),
      shard_(shared.shards.at(index)),
      partitions_(shared.homes.partitions_of(index)),
      config_(std::move(config)),
      scope_(shard_.executor()),
      writer_room_(*this),
      refusals_(*this),
      pending_(*this),
      router_(*this),
      deliveries_(*this),
      accounts_(*this),
      account_registry_(*this),
      archive_cipher_(shared.archive_secret) {
    shard_.set_turn_work(&deliveries_);
}

Core::~Core() { shard_.set_turn_work(nullptr); }

void Core::on_home_shard(std::string_view key, UniqueFunction<void(Core&)> fn) {
    const unsigned home = shared_.homes.shard_of(key);
    if (home == shard_.index()) return fn(*this);
    Core* const target = shared_.cores[home].get();
    shared_.shards.post(home, [target, fn = std::move(fn)]() mutable { fn(*target); });
}

void Core::everywhere(const std::function<void(Core&)>& fn) {
    for (const auto& core : shared_.cores) {
        Core* const target = core.get();
        shared_.shards.post(target->shard().index(), [target, fn] { fn(*target); });
    }
}

ModuleSetup::ModuleSetup(Core& core, std::string_view name) : core_(core), name_(name) {
    std::set<std::string, std::less<>> off;
    for (const auto& host : core.hosts().hosts()) {
        const auto& disabled = core.options<ModulesOptions>(host).disabled;
        if (std::find(disabled.begin(), disabled.end(), name) != disabled.end()) off.insert(host);
    }
    if (!off.empty())
        off_ = std::make_shared<const std::set<std::string, std::less<>>>(std::move(off));
}

}  // namespace clarion::core
