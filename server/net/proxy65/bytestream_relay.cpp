#include "server/net/proxy65/bytestream_relay.h"

#include <algorithm>

#include "base/clock.h"
#include "base/metrics.h"
#include "proto/partition.h"
#include "server/core/routing/domain_links.h"
#include "server/net/listener_types.h"
#include "server/net/proxy65/bytestream_connection.h"
#include "server/net/proxy65/bytestream_options.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace {

/// Each moves 32 KB, which takes some ten microseconds: together less than a millisecond.
constexpr int steps_per_turn = 16;

struct Streams {
    Gauge& active = metrics().gauge("clarion_bytestreams", "Bytestreams that are active");
    Counter& activated =
        metrics().counter("clarion_bytestreams_activated_total", "Bytestreams activated");
};
Streams& counters() {
    static Streams all;
    return all;
}

}  // namespace

BytestreamRelay::BytestreamRelay(ShardNet& net)
    : net_(net), context_(net.context()), turns_(context_.shard(), steps_per_turn) {
    net_.attach(this);
    context_.links().set_bytestreams(this);
}

BytestreamRelay::~BytestreamRelay() {
    context_.links().set_bytestreams(nullptr);
    net_.attach<BytestreamRelay>(nullptr);
}

std::uint16_t BytestreamRelay::port() const {
    for (const ListenOptions& options : context_.config().list<ListenOptions>()) {
        const auto type = find_listener_type(options.type);
        if (!type || (*type)->accept != BytestreamConnection::accept) continue;
        return options.port != 0 ? static_cast<std::uint16_t>(options.port) : (*type)->usual_port;
    }
    return 0;
}

/// Not the address's home (core::Homes), which may change: a stream stays where its connections are,
/// and is gone with them.
unsigned BytestreamRelay::meeting_shard(std::string_view address) const {
    return static_cast<unsigned>(partition_of(address)) % context_.shards().count();
}

Result<> BytestreamRelay::activate(std::string_view address, const std::string& account) {
    const auto found = streams_.find(address);
    if (found == streams_.end()) return fail(error_code::item_not_found, "no such stream");
    Bytestream& stream = *found->second;
    if (stream.is_active()) return {};
    const auto is_there = [](const BytestreamConnection* end) { return end && end->is_open(); };
    if (!std::all_of(stream.ends.begin(), stream.ends.end(), is_there))
        return fail("not-allowed", "only one end is connected");
    const SteadyTime now = context_.clock().steady();
    const auto& options = context_.options<BytestreamOptions>();
    auto place =
        quota_->admit(account, {options.max_streams, options.max_streams_per_account}, now);
    if (!place) return fail(error_code::resource_constraint, "too many streams are active");
    stream.place.emplace(std::move(*place));
    stream.moved_at = now;
    for (BytestreamConnection* end : stream.ends) end->on_activated();
    counters().active.add(1);
    counters().activated.add();
    return {};
}

std::shared_ptr<Bytestream> BytestreamRelay::join(BytestreamConnection& connection,
                                                  const std::string& address) {
    auto& stream = streams_[address];
    if (!stream) stream = std::make_shared<Bytestream>(Bytestream{address});
    // Who comes when one end of an active stream has left is not the one that was meant.
    const auto free = std::find(stream->ends.begin(), stream->ends.end(), nullptr);
    if (free == stream->ends.end() || stream->is_active()) return nullptr;
    *free = &connection;
    return stream;
}

void BytestreamRelay::leave(BytestreamConnection& connection, Bytestream& stream) {
    BytestreamConnection* const other = stream.other(connection);
    std::replace(stream.ends.begin(), stream.ends.end(), &connection,
                 static_cast<BytestreamConnection*>(nullptr));
    if (other) return other->on_other_left();
    if (stream.is_active()) counters().active.add(-1);
    streams_.erase(stream.address);
}

}  // namespace clarion::net
