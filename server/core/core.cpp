#include "server/core/core.h"

#include "server/core/module.h"

#include <atomic>

namespace clarion::core {

Core::Core(Shared& shared, unsigned index, std::shared_ptr<const Config> config)
    : shared_(shared),
      shard_(shared.shards.at(index)),
      config_(std::move(config)),
      scope_(shard_.executor()),
      pending_(*this),
      router_(*this),
      accounts_(*this) {}

Core::~Core() = default;

void Core::at_home(std::string_view key, UniqueFunction<void(Core&)> fn) {
    const unsigned home = shared_.shards.owner_of(key);
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

std::size_t ModuleSetup::next_slot() {
    static std::atomic<std::size_t> next{0};
    return next++;
}

}  // namespace clarion::core
