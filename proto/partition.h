// Partition: the part of all addresses that one belongs to. What an actor keeps under keys that are
// found by time, or by a server that starts, begins with its partition, so that whoever is
// responsible for some partitions finds all of theirs and nothing else.
//
// A pure function of the address, the same in every build and on every machine, since it is in keys
// that are stored: SipHash-2-4 with a fixed key. Never changes. Any thread.
#pragma once

#include <bitset>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clarion {

/// 0 to partition_count - 1.
enum class Partition : std::uint16_t {};
inline constexpr std::size_t partition_count = 1024;

/// Of a bare JID, or of a domain that is one actor; prepared.
Partition partition_of(std::string_view address);

/// SipHash-2-4 of `text` with a 128-bit key, its halves little-endian.
std::uint64_t siphash(std::uint64_t key0, std::uint64_t key1, std::string_view text);

/// Some of the partitions. A value of 128 bytes.
class PartitionSet {
public:
    static PartitionSet all();
    bool contains(Partition partition) const { return bits_.test(index(partition)); }
    void add(Partition partition) { bits_.set(index(partition)); }
    void remove(Partition partition) { bits_.reset(index(partition)); }
    void add(const PartitionSet& others) { bits_ |= others.bits_; }
    void remove(const PartitionSet& others) { bits_ &= ~others.bits_; }
    std::size_t size() const { return bits_.count(); }
    bool empty() const { return bits_.none(); }
    bool intersects(const PartitionSet& others) const { return (bits_ & others.bits_).any(); }
    bool operator==(const PartitionSet&) const = default;
    /// Calls `fn` with each, in order.
    template <class Function>
    void for_each(Function fn) const {
        for (auto next = first_from(0); next; next = first_from(index(*next) + 1)) fn(*next);
    }
    /// The first one at or after `from`.
    std::optional<Partition> first_from(std::size_t from) const;

    static std::size_t index(Partition partition) { return static_cast<std::size_t>(partition); }

private:
    std::bitset<partition_count> bits_;
};

}  // namespace clarion
