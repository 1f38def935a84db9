// Partitions are stored: the same in every build.
#include "proto/partition.h"

#include <doctest/doctest.h>

#include <string>

namespace clarion {
namespace {

TEST_CASE("SipHash has the values of its specification") {
    std::string text;
    for (char c = 0; c < 15; ++c) text += c;
    constexpr std::uint64_t key_low = 0x0706050403020100, key_high = 0x0f0e0d0c0b0a0908;
    CHECK(siphash(key_low, key_high, text) == 0xa129ca6149be45e5);
    CHECK(siphash(key_low, key_high, "") == 0x726fdb47dd0e0e31);
}

TEST_CASE("an address has one partition for ever") {
    struct Case {
        const char* address;
        int partition;
    };
    for (const Case& c :
         {Case{"", 245}, Case{"romeo@example.org", 525}, Case{"juliet@example.org", 515},
          Case{"example.org", 574}, Case{"x.y", 363}, Case{"guestbook.example", 500}})
        CHECK(static_cast<int>(partition_of(c.address)) == c.partition);
}

TEST_CASE("addresses are spread over all partitions") {
    std::array<int, partition_count> counts{};
    for (int n = 0; n < 100'000; ++n)
        ++counts[PartitionSet::index(partition_of("user" + std::to_string(n) + "@example.org"))];
    for (const int count : counts) {
        CHECK(count > 50);
        CHECK(count < 150);
    }
}

TEST_CASE("a set of partitions") {
    PartitionSet set;
    CHECK(set.size() == 0);
    CHECK_FALSE(set.first_from(0));
    set.add(Partition{7});
    set.add(Partition{1023});
    CHECK(set.contains(Partition{7}));
    CHECK_FALSE(set.contains(Partition{8}));
    CHECK(set.first_from(0) == Partition{7});
    CHECK(set.first_from(7) == Partition{7});
    CHECK(set.first_from(8) == Partition{1023});
    CHECK_FALSE(set.first_from(1024));
    set.remove(Partition{1023});
    CHECK_FALSE(set.first_from(8));
    CHECK(PartitionSet::all().size() == partition_count);
}

}  // namespace
}  // namespace clarion
