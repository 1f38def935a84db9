#include "server/core/actors/module_data.h"
#include "server/core/context.h"
#include "server/core/internals.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

#include <algorithm>

namespace clarion::core {
namespace {

/// What counts towards the bound that all modules share.
std::size_t shared_bytes(const Context& context, const DataOwner& owner) {
    std::size_t sum = 0;
    const BoundedModules& bounded = context.internals().bounded_modules;
    owner.resident().for_each_module([&](std::string_view module, std::size_t bytes) {
        if (std::find(bounded.begin(), bounded.end(), module) == bounded.end()) sum += bytes;
    });
    return sum;
}

std::size_t left(std::size_t bound, std::size_t used) { return bound - std::min(bound, used); }

}  // namespace

// ---- Resident ----------------------------------------------------------------------------------

std::size_t ResidentSpace::room(const DataOwner& owner) const {
    const std::size_t used = owner.resident().bytes(module_);
    if (bound_ != 0) return left(bound_, used);
    return std::min(left(storage::max_resident_of_module, used),
                    left(storage::max_resident_of_owner, shared_bytes(*context_, owner)));
}

Result<> ResidentSpace::put(DataOwner& owner, std::string_view key, std::string_view value) const {
    using storage::ResidentData;
    const auto old = get(owner, key);
    const std::size_t freed = old ? ResidentData::entry_bytes(key.size(), old->size()) : 0;
    const std::size_t wanted = ResidentData::entry_bytes(key.size(), value.size());
    if (wanted > freed && wanted - freed > room(owner))
        return fail(error_code::resource_constraint,
                    "too much of " + std::string(module_) + " is kept");
    owner.resident_.put(module_, key, value);
    context_->storage().module_data().put(context_->shard().batch(), space(owner), key, value);
    return {};
}

void ResidentSpace::remove(DataOwner& owner, std::string_view key) const {
    owner.resident_.remove(module_, key);
    context_->storage().module_data().remove(context_->shard().batch(), space(owner), key);
}

void ResidentSpace::clear(DataOwner& owner) const {
    owner.resident_.clear(module_);
    context_->storage().module_data().clear(context_->shard().batch(), space(owner));
}

// ---- Stored ------------------------------------------------------------------------------------

Task<Result<std::optional<std::string>>> StoredSpace::get(storage::OwnerId owner,
                                                          std::string key) const {
    return context_->storage().module_data().get(space(owner), std::move(key));
}

Task<Result<storage::DataPage>> StoredSpace::read(storage::OwnerId owner,
                                                  storage::DataQuery query) const {
    return context_->storage().module_data().read(space(owner), std::move(query));
}

Task<Result<storage::DataUsage>> StoredSpace::usage(storage::OwnerId owner) const {
    return context_->storage().module_data().usage(space(owner));
}

Task<Result<>> StoredSpace::put(storage::OwnerId owner, std::string key, std::string value) const {
    (void)co_await context_->shard().committed();
    const auto usage = co_await this->usage(owner);
    if (!usage) co_return usage.error();
    const auto old = co_await get(owner, key);
    if (!old) co_return old.error();
    const bool is_new = !old->has_value();
    const std::size_t freed = is_new ? 0 : key.size() + (*old)->size();
    const std::size_t wanted = key.size() + value.size();
    const bool is_more = is_new ? usage->entries >= quota_.entries : false;
    if (is_more || (wanted > freed && usage->bytes + wanted - freed > quota_.bytes))
        co_return fail(error_code::resource_constraint,
                       "too much of " + std::string(module_) + " is kept");
    put_uncounted(owner, key, value);
    co_return Result<>{};
}

void StoredSpace::put_uncounted(storage::OwnerId owner, std::string_view key,
                                std::string_view value) const {
    context_->storage().module_data().put(context_->shard().batch(), space(owner), key, value);
}

void StoredSpace::put_new(storage::OwnerId owner, std::string_view key,
                          std::string_view value) const {
    context_->storage().module_data().put(context_->shard().batch(), space(owner), key, value,
                                          storage::DataCondition::absent());
}

void StoredSpace::remove(storage::OwnerId owner, std::string_view key) const {
    context_->storage().module_data().remove(context_->shard().batch(), space(owner), key);
}

void StoredSpace::clear(storage::OwnerId owner) const {
    context_->storage().module_data().clear(context_->shard().batch(), space(owner));
}

}  // namespace clarion::core
