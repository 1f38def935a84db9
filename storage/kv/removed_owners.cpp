#include "storage/kv/removed_owners.h"

#include <optional>
#include <utility>

#include "storage/kv/keys.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

bool writes(OpCode code) {
    return code == OpCode::put || code == OpCode::put_if_new || code == OpCode::put_if_there ||
           code == OpCode::put_numbered || code == OpCode::put_counted;
}

/// The owner that an entry is kept for, where its table is by owner.
std::optional<std::uint64_t> owner(const Op& op) {
    switch (op.table) {
        case Table::owners:
        case Table::archive:
        case Table::offline:
        case Table::queues:
        case Table::module_data: return key_u64(op.key, 0);
        case Table::online:
        case Table::pending_publishes: return key_u64(op.key, 2);
        case Table::deadlines: return static_cast<std::uint64_t>(key_deadline(op.key).account);
        case Table::names: {
            const auto name = decode_name(op.value);
            return name ? std::optional(static_cast<std::uint64_t>(name->id)) : std::nullopt;
        }
        default: return std::nullopt;
    }
}

}  // namespace

bool RemovedOwners::refuses(const Op& op) {
    if (!writes(op.code)) return false;
    if (op.table == Table::deleting) {
        const std::uint64_t id = key_u64(op.key, 0);
        if (ids_.insert(id).second) fresh_.push_back(id);
        return false;
    }
    return concerns(op);
}

bool RemovedOwners::concerns(const Op& op) const {
    if (ids_.empty()) return false;
    const auto id = owner(op);
    return id && ids_.contains(*id);
}

void RemovedOwners::forget() {
    for (const std::uint64_t id : std::exchange(fresh_, {})) ids_.erase(id);
}

}  // namespace clarion::storage
