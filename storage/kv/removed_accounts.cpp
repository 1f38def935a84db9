#include "storage/kv/removed_accounts.h"

#include <optional>
#include <utility>

#include "storage/kv/keys.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

bool writes(OpCode code) {
    return code == OpCode::put || code == OpCode::put_if_new || code == OpCode::put_if_there ||
           code == OpCode::put_numbered;
}

/// The account that an entry is kept for, where its table is by account.
std::optional<std::uint64_t> owner(const Op& op) {
    switch (op.table) {
        case Table::accounts:
        case Table::archive:
        case Table::offline:
        case Table::queues:
        case Table::live:
        case Table::pending_publishes: return key_u64(op.key, 0);
        case Table::deadlines: return static_cast<std::uint64_t>(key_deadline(op.key).account);
        case Table::names: {
            const auto name = decode_name(op.value);
            return name ? std::optional(static_cast<std::uint64_t>(name->id)) : std::nullopt;
        }
        default: return std::nullopt;
    }
}

}  // namespace

bool RemovedAccounts::refuses(const Op& op) {
    if (!writes(op.code)) return false;
    if (op.table == Table::deleting) {
        const std::uint64_t id = key_u64(op.key, 0);
        if (ids_.insert(id).second) fresh_.push_back(id);
        return false;
    }
    if (ids_.empty()) return false;
    const auto account = owner(op);
    return account && ids_.contains(*account);
}

void RemovedAccounts::forget() {
    for (const std::uint64_t id : std::exchange(fresh_, {})) ids_.erase(id);
}

}  // namespace clarion::storage
