// BytestreamRelay: where the connections of one shard that ask for the same bytestream find each
// other (XEP-0065, 6).
//
// The target and the requester of a stream connect by TCP, on whatever shard, and ask for the same
// address by SOCKS 5. That address says on which shard they meet; there the stream waits until the
// requester has it activated (core::BytestreamPort), and from then on each connection passes on to
// the other what it reads (BytestreamConnection).
//
// One per shard, made by App after ShardNet, destroyed before it; without one, connections are
// closed.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "server/core/routing/bytestream_port.h"
#include "server/net/proxy65/bytestream_quota.h"
#include "server/net/shard_net.h"
#include "server/net/transport/turn_queue.h"

namespace clarion::net {

class BytestreamConnection;

/// One stream. Each of its connections shares it; the relay knows it while there is one.
struct Bytestream {
    bool is_active() const { return place.has_value(); }
    /// The connection that `one` is relayed to; nullptr: there is none, yet or any more.
    BytestreamConnection* other(const BytestreamConnection& one) const {
        return ends[0] == &one ? ends[1] : ends[0];
    }

    const std::string address;
    std::array<BytestreamConnection*, 2> ends{};
    std::optional<BytestreamQuota::Place> place{};  // once it is active
    ByteMeter meter{};
    SteadyTime moved_at{};  // when something last passed through
};

class BytestreamRelay final : public core::BytestreamPort {
public:
    explicit BytestreamRelay(ShardNet& net);
    ~BytestreamRelay() override;

    /// The relays of every shard, this one among them; before the first connection: they count
    /// together.
    void set_peers(const std::vector<BytestreamRelay*>& peers) { quota_ = peers.front()->quota_; }

    // core::BytestreamPort
    std::uint16_t port() const override;
    unsigned meeting_shard(std::string_view address) const override;
    Result<> activate(std::string_view address, const std::string& account) override;

    // For connections.
    /// nullptr: both ends are there already. Whoever joined must leave() before it dies.
    std::shared_ptr<Bytestream> join(BytestreamConnection& connection, const std::string& address);
    void leave(BytestreamConnection& connection, Bytestream& stream);
    /// Where those wait that have more to pass on than a turn should take.
    TurnQueue& turns() { return turns_; }
    /// Of this shard, waiting or active.
    std::size_t streams() const { return streams_.size(); }

private:
    ShardNet& net_;
    core::Context& context_;
    TurnQueue turns_;
    std::shared_ptr<BytestreamQuota> quota_ = std::make_shared<BytestreamQuota>();
    std::unordered_map<std::string, std::shared_ptr<Bytestream>, TextHash, std::equal_to<>>
        streams_;
};

}  // namespace clarion::net
