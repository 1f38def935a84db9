#include "server/net/shard_net.h"
#include "base/clock.h"
#include "base/log.h"
#include "server/core/http/http_routes.h"
#include "server/core/routing/refusal_log.h"
#include "server/net/http/bosh_options.h"
#include "server/net/http/websocket_handshake.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace {

/// Two TLS records, and enough that a busy stream is worth one system call for many stanzas.
constexpr std::size_t read_buffer_size = 32 * 1024;
/// A TLS handshake has two: an answer to the hello, which is what costs, and a look at the end. No
/// option: turns are short while there is nothing else to do, so a shard that is idle makes as many
/// handshakes as it can, and in a busy one they take a few milliseconds of a turn.
constexpr int handshake_steps_per_turn = 4;
constexpr Logger logger{"listen"};
constexpr Duration sweep_interval = std::chrono::seconds(1);

/// Lists that know where each member is, so that leaving costs nothing.
void append(std::vector<Connection*>& list, Connection& member, std::size_t Connection::*position) {
    member.*position = list.size();
    list.push_back(&member);
}

void remove(std::vector<Connection*>& list, Connection& member, std::size_t Connection::*position,
            std::size_t nowhere) {
    const std::size_t at = std::exchange(member.*position, nowhere);
    if (at == nowhere) return;
    list[at] = list.back();
    list[at]->*position = at;
    list.pop_back();
    member.*position = nowhere;
}

}  // namespace

ShardNet::ShardNet(core::Context& context)
    : context_(context),
      poller_(context.shard().executor()),
      handshakes_(context.shard(), handshake_steps_per_turn),
      parsers_(std::make_shared<xml::ParserPool>()),
      read_buffer_(read_buffer_size),
      swept_(context.clock().steady()),
      scope_(context.shard().executor()) {
    follow_options();
}

ShardNet::~ShardNet() {
    if (sweep_timer_ != core::TimerId::none) context_.shard().cancel(sweep_timer_);
}

void ShardNet::follow_options() {
    const auto& limits = context_.options<ConnectionLimits>();
    poller_.set_strangers_per_turn(static_cast<std::size_t>(limits.strangers_per_turn));
    context_.http_routes().set_paths({.websocket = context_.options<WebsocketOptions>().path,
                                      .bosh = context_.options<BoshOptions>().path});
}

ShardNet& ShardNet::peer(unsigned shard) const { return *peers_[shard]; }

// --- accepting ----------------------------------------------------------------------------------

Result<> ShardNet::listen(const ListenerType& type, FileDescriptor socket) {
    auto accept = [this, &type](FileDescriptor accepted_socket) {
        accepted(type, std::move(accepted_socket));
    };
    auto listener = std::make_unique<Listener>(poller_, std::move(socket), std::move(accept));
    if (Result<> started = listener->start(); !started) return started;
    listeners_.push_back(std::move(listener));
    arm_sweep();
    return {};
}

void ShardNet::accepted(const ListenerType& type, FileDescriptor socket) {
    if (!leaves_enough(socket, type.use)) {
        if (context_.refusals().admit(type.name, "too-many-open-files"))
            logger.warning("too-many-open-files", {{"listener", type.name}});
        return;
    }
    auto transport = std::make_unique<Transport>(poller_, std::move(socket));
    if (transport->is_open() && !stopping_) type.accept(*this, std::move(transport));
}

// --- connections --------------------------------------------------------------------------------

void ShardNet::join(Connection& connection) { append(all_, connection, &Connection::position_); }

void ShardNet::leave(Connection& connection) {
    remove(all_, connection, &Connection::position_, Connection::nowhere);
    remove(watched_, connection, &Connection::watched_position_, Connection::nowhere);
}

std::size_t ShardNet::memory() const {
    std::size_t bytes = 0;
    for (const Connection* connection : all_) bytes += connection->memory();
    return bytes;
}

void ShardNet::watch(Connection& connection) {
    if (connection.watched_position_ != Connection::nowhere) return;
    append(watched_, connection, &Connection::watched_position_);
    arm_sweep();
}

void ShardNet::arm_sweep() {
    if (sweep_timer_ != core::TimerId::none) return;
    swept_ = context_.clock().steady();
    sweep_timer_ = context_.shard().after(sweep_interval, [this] { sweep(); });
}

void ShardNet::sweep() {
    sweep_timer_ = core::TimerId::none;
    follow_options();
    const SteadyTime now = context_.clock().steady();
    const auto elapsed = std::chrono::duration_cast<Duration>(now - swept_);
    for (const auto& listener : listeners_) listener->retry();
    for (std::size_t i = watched_.size(); i-- > 0;) {  // from the end: removing swaps with the last
        Connection& connection = *watched_[i];
        if (connection.sweep(now, elapsed)) continue;
        remove(watched_, connection, &Connection::watched_position_, Connection::nowhere);
    }
    if (!watched_.empty() || !listeners_.empty()) arm_sweep();
}

// --- stopping -----------------------------------------------------------------------------------

void ShardNet::stop_accepting() { listeners_.clear(); }

void ShardNet::stop_reading() {
    for (Connection* connection : all_) connection->stop_reading();
}

void ShardNet::close_all(StreamErrorCondition condition) {
    stopping_ = true;
    stop_accepting();
    for (Connection* connection : all_) connection->shut_down(condition);
}

Task<> ShardNet::joined(Duration limit) {
    const core::TimerId timer = context_.shard().after(limit, [this] { scope_.cancel(); });
    co_await scope_.joined();
    context_.shard().cancel(timer);
}

}  // namespace clarion::net
