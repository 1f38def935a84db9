#include "server/core/homes.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace clarion;
using namespace clarion::core;

TEST_CASE("every partition is at home on exactly one shard, and addresses where theirs is") {
    for (const unsigned shards : {1u, 2u, 3u, 64u}) {
        const Homes homes(shards);
        std::size_t all = 0;
        std::size_t most = 0;
        std::size_t least = partition_count;
        for (unsigned shard = 0; shard < shards; ++shard) {
            const PartitionSet mine = homes.partitions_of(shard);
            all += mine.size();
            most = std::max(most, mine.size());
            least = std::min(least, mine.size());
            for (const auto address : {"juliet@example.org", "rooms.example.org"})
                CHECK(mine.contains(partition_of(address)) == (homes.shard_of(address) == shard));
        }
        CHECK(all == partition_count);
        CHECK(most - least <= 1);
    }
}
