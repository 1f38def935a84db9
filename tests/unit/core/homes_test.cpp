#include "server/core/address/homes.h"

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

TEST_CASE("a move gives partitions another home, in their next epoch") {
    Homes homes(2);
    PartitionSet some;
    some.add(Partition{4});
    some.add(Partition{1023});
    CHECK(homes.of(Partition{4}) == Home{0, 1});
    homes.move(some, 1);
    CHECK(homes.of(Partition{4}) == Home{1, 2});
    CHECK(homes.of(Partition{1023}) == Home{1, 2});
    CHECK(homes.of(Partition{2}) == Home{0, 1});
    homes.move(some, 0);
    CHECK(homes.of(Partition{4}) == Home{0, 3});
    CHECK(homes.partitions_of(0).contains(Partition{1023}));
    CHECK(homes.partitions_of(0).size() + homes.partitions_of(1).size() == partition_count);
}
