// BytestreamConnection: one of the two connections of a bytestream (XEP-0065), from accept to end.
//
// It is one coroutine: it says by SOCKS 5 which stream it wants, moves once, to the shard where that
// stream's connections meet, waits there until the stream is active, and then reads what its peer
// sends and writes it to the other connection. Nothing is read that the other cannot take, so a
// stream holds what one read brought in each direction, at most, and nothing while it is idle. What
// the peer sends before the stream is active is ignored.
//
// Owned by its coroutine. Sources: XEP-0065, 5 and 6; RFC 1928.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/task.h"
#include "proto/socks5.h"
#include "server/net/proxy65/bytestream_relay.h"
#include "server/net/shard_net.h"
#include "server/net/transport/out_buffer.h"
#include "server/net/transport/transport.h"

namespace clarion::net {

struct BytestreamOptions;

class BytestreamConnection final : public Connection, private WritableSink {
public:
    /// Takes over an accepted socket, unless a limit is reached.
    static void accept(ShardNet& net, std::unique_ptr<Transport> transport);

    BytestreamConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                         ConnectionCounts::Place place);
    ~BytestreamConnection() override;

    // Connection
    bool sweep(SteadyTime now, Duration elapsed) override;
    void shut_down(StreamErrorCondition condition) override;
    void stop_reading() override {}  // nothing of it is kept: it ends when the server does
    std::size_t memory() const override;

    // For BytestreamRelay, whose stream it has joined.
    bool is_open() const { return transport_->is_open(); }
    void on_activated();
    /// There is nobody to relay to any more: takes what is left for it, and ends.
    void on_other_left();

private:
    using Owner = std::unique_ptr<BytestreamConnection>;
    using Negotiation = socks5::ServerNegotiation;

    static Task<> run(Owner self);
    static Task<> take_part(Owner self);
    static void move(Owner self);
    Task<Negotiation::Step> negotiate();
    Task<> ignore_input(bool until_active);
    Task<> relay();
    Task<> linger();

    core::Context& context() const { return net_->context(); }
    SteadyTime now() const;
    const BytestreamOptions& options() const;
    bool is_active() const { return stream_ && stream_->is_active(); }

    /// More: a whole buffer was read.
    enum class Got : std::uint8_t { more, all, no_room, too_much, end };
    Got pass_on();
    Result<std::size_t> read(std::span<char> buffer);
    bool within_rates();
    void take(std::string_view bytes);
    void say(std::string_view bytes);
    void flush();
    void on_writable() override { flush(); }
    void end_writing();
    void cut(std::string_view why);

    ShardNet* net_;  // nullptr while it moves
    std::unique_ptr<Transport> transport_;
    ConnectionCounts::Place place_;
    Negotiation negotiation_;
    std::shared_ptr<Bytestream> stream_;  // once it has joined
    OutBuffer out_;                       // what its peer has not taken yet
    SteadyTime deadline_;
    std::uint32_t ignored_ = 0;  // bytes that belong to no stream
    bool reading_ = true;        // its peer may send more
    bool no_more_ = false;       // nothing more comes for its peer: say so behind out_
    bool said_end_ = false;      // that is said
    bool starved_ = false;       // waits for its share of bytes
};

}  // namespace clarion::net
