// Homes: where each partition of all addresses is at home: the one place that knows.
//
// Whatever has an address (an account, a component or remote domain that is one actor) lives on the
// shard that is the home of its partition (proto/partition.h), and is only ever touched there.
// Nobody else computes with numbers of shards. Any thread reads; what a thread has read it never
// reads older again. Only a move changes it (core/setup/partition_moves.h);
// docs/design/003-homes.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "proto/partition.h"

namespace clarion::core {

/// Where a partition is, and since which move of it: 1 at the start, one more with each.
struct Home {
    unsigned shard = 0;
    std::uint32_t epoch = 0;
    bool operator==(const Home&) const = default;
};

class Homes {
public:
    /// Spreads the partitions evenly. REQUIRES: at least one shard.
    explicit Homes(unsigned shards);

    Home of(Partition partition) const {
        const std::uint64_t packed =
            homes_[PartitionSet::index(partition)].load(std::memory_order_acquire);
        return {static_cast<unsigned>(packed & shard_mask),
                static_cast<std::uint32_t>(packed >> epoch_shift)};
    }
    unsigned shard_of(Partition partition) const { return of(partition).shard; }
    /// Of a bare JID, or of a domain that is one actor; prepared.
    unsigned shard_of(std::string_view address) const { return shard_of(partition_of(address)); }
    /// The partitions that are at home on that shard.
    PartitionSet partitions_of(unsigned shard) const;

    /// From now on that shard is the home of these, each in its next epoch. For whose turn it is.
    void move(const PartitionSet& partitions, unsigned shard);

    // Whose turn it is: one move, or one loss, at a time in the whole process. From any thread.
    /// False: somebody else is moving or losing partitions. Who got true calls end_change().
    bool begin_change() { return !turn_->taken.exchange(true); }
    void end_change() { turn_->taken.store(false); }
    /// A loss has come, and waits for its turn: whoever moves partitions does not wait for
    /// anything any more. Until it calls end_loss().
    void begin_loss() { ++turn_->losses; }
    void end_loss() { --turn_->losses; }
    bool loss_has_come() const { return turn_->losses > 0; }

private:
    static constexpr unsigned epoch_shift = 32;
    static constexpr std::uint64_t shard_mask = (std::uint64_t{1} << epoch_shift) - 1;
    static std::uint64_t pack(Home home) {
        return std::uint64_t{home.epoch} << epoch_shift | home.shard;
    }
    std::unique_ptr<std::atomic<std::uint64_t>[]> homes_;
    struct Turn {
        std::atomic<bool> taken = false;
        std::atomic<unsigned> losses = 0;  // that have come and are not over
    };
    std::unique_ptr<Turn> turn_ = std::make_unique<Turn>();
};

}  // namespace clarion::core
