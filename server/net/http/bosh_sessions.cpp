#include "server/net/http/bosh_sessions.h"

#include "base/id.h"
#include "base/text.h"
#include "server/core/context.h"
#include "server/net/http/bosh_connection.h"
#include "server/net/http/bosh_endpoint.h"
#include "server/net/http/bosh_options.h"
#include "server/net/shard_net.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace {

/// A session that moves is away for some milliseconds; its client has three requests at most.
constexpr std::size_t max_waiting = 16;

/// The shard that knows of the session: "1-…". nullopt: it is no id of ours.
std::optional<unsigned> shard_of(std::string_view sid, unsigned shards) {
    const auto number = parse_int(sid.substr(0, sid.find('-')));
    if (!number || *number < 0 || *number >= std::int64_t{shards}) return std::nullopt;
    return static_cast<unsigned>(*number);
}

}  // namespace

void begin_bosh(ShardNet& net, std::shared_ptr<HttpExchange> exchange) {
    net.part<BoshSessions>().begin(std::move(exchange));
}

std::size_t max_bosh_body(const core::Context& context) {
    return static_cast<std::size_t>(context.options<BoshOptions>().max_body);
}

// --- requests -----------------------------------------------------------------------------------

void BoshSessions::begin(std::shared_ptr<HttpExchange> exchange) {
    core::Context& context = net_.context();
    BoshReply reply(context, exchange);
    if (net_.stopping() || context.stopping()) return reply.give({503, {}});
    std::string text = std::move(exchange->request().body);
    Result<bosh::Head> head = bosh::read_head(text);
    if (!head) return reply.give(bosh::refusal(bosh::Condition::bad_request, false));
    const bosh::Ticket ticket = (bosh::Ticket{context.shard().index()} << 48) | ++last_ticket_;
    BoshRequest request{.head = std::move(*head),
                        .text = std::move(text),
                        .peer = exchange->request().peer,
                        .ticket = ticket,
                        .reply = std::move(reply)};
    begin(std::move(request), *exchange);
}

void BoshSessions::begin(BoshRequest request, HttpExchange& exchange) {
    const bool is_new = request.head.sid.empty();
    std::string sid = is_new ? make_sid() : request.head.sid;
    exchange.on_gone([this, sid, ticket = request.ticket] {
        deliver(sid, [ticket](BoshStream* session) {
            if (session) session->gone(ticket);
        });
    });
    if (is_new) return BoshConnection::begin(net_, std::move(sid), std::move(request));
    deliver(std::move(sid), [request = std::move(request)](BoshStream* session) mutable {
        if (session) return session->take(std::move(request));
        request.reply.give(bosh::refusal(bosh::Condition::item_not_found, false));
    });
}

void BoshSessions::on_shard(unsigned shard, UniqueFunction<void(BoshSessions&)> what) {
    if (shard == net_.context().shard().index()) return what(*this);
    ShardNet& there = net_.peer(shard);
    net_.context().shards().post(
        shard, [&there, what = std::move(what)]() mutable { what(there.part<BoshSessions>()); });
}

/// Wherever it is.
void BoshSessions::deliver(std::string sid, Delivery what) {
    const auto shard = shard_of(sid, net_.context().shards().count());
    if (!shard) return what(nullptr);
    on_shard(*shard, [sid = std::move(sid), what = std::move(what)](BoshSessions& there) mutable {
        there.route(std::move(sid), std::move(what));
    });
}

/// On the shard where it began.
void BoshSessions::route(std::string sid, Delivery what) {
    const auto found = homes_.find(sid);
    if (found == homes_.end()) return what(nullptr);
    Home& home = found->second;
    if (home.moving) {
        if (home.waiting.size() == max_waiting) return what(nullptr);
        return home.waiting.push_back(std::move(what));
    }
    on_shard(home.shard,
             [sid = std::move(sid), what = std::move(what)](BoshSessions& there) mutable {
                 there.hand_over(std::move(sid), std::move(what));
             });
}

/// On the shard where it is, or was a moment ago.
void BoshSessions::hand_over(std::string sid, Delivery what) {
    const auto found = here_.find(sid);
    if (found != here_.end()) return what(found->second);
    deliver(std::move(sid), std::move(what));
}

// --- sessions -----------------------------------------------------------------------------------

std::string BoshSessions::make_sid() const {
    return std::to_string(net_.context().shard().index()) + "-" + random_token(16);
}

void BoshSessions::began(const std::string& sid, BoshStream& session) {
    here_.emplace(sid, &session);
    homes_.emplace(sid, Home{.shard = net_.context().shard().index()});
}

void BoshSessions::departed(const std::string& sid, std::uint32_t moves) {
    here_.erase(sid);
    if (const auto shard = shard_of(sid, net_.context().shards().count()))
        on_shard(*shard, [sid, moves](BoshSessions& there) { there.note_departure(sid, moves); });
}

void BoshSessions::arrived(const std::string& sid, std::uint32_t moves, BoshStream& session) {
    here_.emplace(sid, &session);
    const unsigned here = net_.context().shard().index();
    if (const auto shard = shard_of(sid, net_.context().shards().count()))
        on_shard(*shard,
                 [sid, moves, here](BoshSessions& there) { there.note_arrival(sid, moves, here); });
}

void BoshSessions::ended(const std::string& sid) {
    here_.erase(sid);
    if (const auto shard = shard_of(sid, net_.context().shards().count()))
        on_shard(*shard, [sid](BoshSessions& there) { there.note_end(sid); });
}

void BoshSessions::note_departure(std::string_view sid, std::uint32_t moves) {
    const auto found = homes_.find(sid);
    if (found == homes_.end() || found->second.moves >= moves) return;
    found->second.moves = moves;
    found->second.moving = true;
}

void BoshSessions::note_arrival(const std::string& sid, std::uint32_t moves, unsigned shard) {
    const auto found = homes_.find(sid);
    if (found == homes_.end() || found->second.moves > moves) return;
    Home& home = found->second;
    home.moves = moves;
    home.shard = shard;
    home.moving = false;
    for (Delivery& what : std::exchange(home.waiting, {})) route(sid, std::move(what));
}

void BoshSessions::note_end(std::string_view sid) {
    const auto found = homes_.find(sid);
    if (found == homes_.end()) return;
    std::vector<Delivery> waiting = std::exchange(found->second.waiting, {});
    homes_.erase(found);
    for (Delivery& what : waiting) what(nullptr);
}

}  // namespace clarion::net
