#include "storage/kv/ordinals.h"

#include <string>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/records.h"

namespace clarion::storage {

void Ordinals::put(WriteTransaction& transaction, std::string_view archive_key,
                   std::string_view value) {
    const Key ordinal = Key().u64(next(transaction, key_u64(archive_key, 0)));
    std::string numbered(value);
    numbered.replace(numbered.size() - ordinal.view().size(), std::string::npos, ordinal.view());
    transaction.put(Table::archive, archive_key, numbered);
}

std::uint64_t Ordinals::next(WriteTransaction& transaction, std::uint64_t account) {
    if (const auto known = last_.find(account); known != last_.end()) return ++known->second;
    if (last_.size() == max_remembered) forget();
    const KeyRange range = account_range(AccountId{account});
    const auto newest = transaction.last(Table::archive, range.from, range.to);
    const std::uint64_t last = newest ? decoded(decode_archive_index(newest->value)).ordinal : 0;
    return last_[account] = last + 1;
}

}  // namespace clarion::storage
