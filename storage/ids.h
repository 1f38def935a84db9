// The numbers by which storage knows things. All are 64 bits, never reused, and mean nothing
// outside.
#pragma once

#include <compare>
#include <cstdint>

#include "proto/partition.h"

namespace clarion::storage {

/// Whoever has data, an archive, queues: an account, or an actor of a service (storage/owners.h),
/// for as long as it exists. An address that is removed and created again gets a new one, so
/// nothing of the old owner can ever be found through the new. Its lowest ten bits are the partition
/// of its address, so that whoever has an id knows whose business it is.
enum class OwnerId : std::uint64_t { none = 0 };
inline constexpr int partition_bits = 10;
using clarion::partition_of;
constexpr Partition partition_of(OwnerId owner) {
    return Partition{
        static_cast<std::uint16_t>(static_cast<std::uint64_t>(owner) & (partition_count - 1))};
}
static_assert(partition_count == std::size_t{1} << partition_bits);

/// The same number where only an account can be meant: rosters, sessions, offline messages.
using AccountId = OwnerId;

/// A stanza in the log, which every archive, offline entry and hibernating queue refers to.
enum class LogId : std::uint64_t { none = 0 };

/// A message in one archive: strictly increasing per archive across clock steps, crashes and
/// restarts. Microseconds since 1970 where the clock allows, else the last one plus one.
enum class ArchiveId : std::uint64_t { none = 0 };

/// Number of a batch among those of one shard; batches of a shard commit in this order.
enum class Token : std::uint64_t { none = 0 };

}  // namespace clarion::storage
