#include "storage/kv/archive_tails.h"

#include <string>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/records.h"

namespace clarion::storage {

void ArchiveTails::put(WriteTransaction& transaction, std::string_view archive_key,
                       std::string_view value) {
    const OwnerId owner{key_u64(archive_key, 0)};
    Tail& tail = tail_of(transaction, key_u64(archive_key, 0));
    ArchiveIndexRecord record = decoded(decode_archive_index(value));
    if (record.time < tail.time)
        transaction.put(Table::owners, archive_step_key(owner, ArchiveId{key_u64(archive_key, 8)}),
                        encode(ArchiveStep{.from = tail.time, .to = record.time}));
    tail = {.ordinal = tail.ordinal + 1, .bytes = tail.bytes + record.bytes, .time = record.time};
    record.ordinal = tail.ordinal;
    record.bytes = tail.bytes;
    transaction.put(Table::archive, archive_key, encode(record));
}

ArchiveTails::Tail& ArchiveTails::tail_of(WriteTransaction& transaction, std::uint64_t owner) {
    if (const auto known = tails_.find(owner); known != tails_.end()) return known->second;
    if (tails_.size() == max_remembered) forget();
    Tail tail;
    const KeyRange range = owner_range(OwnerId{owner});
    if (const auto newest = transaction.last(Table::archive, range.from, range.to)) {
        const auto record = decoded(decode_archive_index(newest->value));
        tail = {.ordinal = record.ordinal, .bytes = record.bytes, .time = record.time};
    }
    return tails_[owner] = tail;
}

}  // namespace clarion::storage
