#include "server/core/routing/refusal_log.h"

#include <chrono>

#include "base/clock.h"
#include "base/log.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"refusal"};
constexpr Duration window = std::chrono::seconds(10);
/// Peers that are counted by themselves within a window.
constexpr std::size_t max_peers = 1000;

std::string_view name(StanzaKind kind) {
    switch (kind) {
        case StanzaKind::message: return "message";
        case StanzaKind::presence: return "presence";
        case StanzaKind::iq: return "iq";
    }
    return "";
}

std::string_view namespace_of(const xml::Element* payload) {
    return payload ? payload->ns() : std::string_view{};
}

std::string_view bare(std::string_view jid) { return jid.substr(0, jid.find('/')); }

}  // namespace

/// What a refusal of a stanza, or of what should have been one, has to say.
struct RefusalLog::Line {
    std::string_view peer;
    std::string_view from, to, kind, type, payload;
};

RefusalLog::~RefusalLog() { context_.shard().cancel(timer_); }

// ---- What is refused ---------------------------------------------------------------------------

void RefusalLog::on_stanza(const Stanza& refused, const StanzaError& error) {
    if (!logger.enabled(LogLevel::info)) return;
    write({peer_of(refused.from()), refused.from().full(), refused.to().full(),
           name(refused.kind()), refused.root().attr("type"), namespace_of(refused.payload())},
          clarion::name(error.condition), error.text);
}

void RefusalLog::on_element(std::string_view from, const xml::Element& refused,
                            const StanzaError& error) {
    if (!logger.enabled(LogLevel::info)) return;
    write({bare(from), from, refused.attr("to"), refused.name(), refused.attr("type"),
           namespace_of(refused.first_child())},
          clarion::name(error.condition), error.text);
}

void RefusalLog::on_failed(const AckSink::Origin& origin, const StanzaError& error) {
    if (!logger.enabled(LogLevel::info)) return;
    write({peer_of(origin.from), origin.from.full(), origin.to.full(), name(origin.kind), {}, {}},
          clarion::name(error.condition), error.text);
}

void RefusalLog::write(const Line& line, std::string_view condition, std::string_view text) {
    const Logger::Fields fields{
        {"from", line.from}, {"to", line.to},           {"kind", line.kind},
        {"type", line.type}, {"payload", line.payload}, {"condition", condition},
        {"text", text}};
    if (admit(line.peer, condition))
        logger.info("stanza", fields);
    else
        logger.debug("stanza", fields);
}

void RefusalLog::on_request(std::string_view from, std::string_view ns, std::string_view condition,
                            std::string_view text, std::string_view peer) {
    if (!logger.enabled(LogLevel::info)) return;
    const Logger::Fields fields{
        {"from", from}, {"payload", ns}, {"condition", condition}, {"text", text}};
    if (admit(peer.empty() ? bare(from) : peer, condition))
        logger.info("request", fields);
    else
        logger.debug("request", fields);
}

void RefusalLog::on_stream(const TracedStream& stream, std::string_view peer,
                           std::string_view address, std::string_view condition,
                           std::string_view text) {
    if (!logger.enabled(LogLevel::info)) return;
    const Logger::Fields fields{{"kind", stream.kind},
                                {"peer", stream.name},
                                {"account", stream.account},
                                {"domain", stream.domain},
                                {"address", address},
                                {"condition", condition},
                                {"text", text}};
    if (admit(peer, condition))
        logger.info("stream", fields);
    else
        logger.debug("stream", fields);
}

void RefusalLog::tell(const Logger& area, std::string_view peer, std::string_view event,
                      Logger::Fields fields) {
    if (!area.enabled(LogLevel::info)) return;
    if (admit(peer, event, Counts::by_peer))
        area.info(event, fields);
    else
        area.debug(event, fields);
}

// ---- How much of it ----------------------------------------------------------------------------

/// An account of ours counts by itself; all users of another server are one peer.
std::string_view RefusalLog::peer_of(const Jid& from) const {
    return context_.domains().kind(from.domain()) == DomainKind::host ? from.bare() : from.domain();
}

RefusalLog::Lines& RefusalLog::lines_of(std::string_view peer) {
    const auto found = peers_.find(peer);
    if (found != peers_.end()) return found->second;
    if (peers_.size() >= max_peers) return others_;
    return peers_[std::string(peer)];
}

bool RefusalLog::admit(std::string_view peer, std::string_view condition) {
    return admit(peer, condition, Counts::by_all);
}

bool RefusalLog::admit(std::string_view peer, std::string_view condition, Counts counts) {
    const SteadyTime now = context_.clock().steady();
    if (now - began_ >= window) {
        sum_up();
        began_ = now;
    }
    const auto& options = context_.options<LogOptions>();
    Lines& lines = lines_of(peer);
    const bool by_all = counts == Counts::by_all;
    if (lines.written < options.refusals_per_peer && (!by_all || written_ < options.refusals)) {
        ++lines.written;
        if (by_all) ++written_;
        return true;
    }
    ++lines.left_out;
    lines.condition = condition;
    if (timer_ == TimerId::none)
        timer_ = context_.shard().after(window, [this] {
            timer_ = TimerId::none;
            sum_up();
        });
    return false;
}

/// The window is over.
void RefusalLog::sum_up() {
    std::uint64_t lines = others_.left_out;
    std::int64_t told = 0;
    for (const auto& [peer, count] : peers_) {
        if (count.left_out == 0) continue;
        if (told++ < context_.options<LogOptions>().refusals)
            logger.info(
                "more",
                {{"peer", peer}, {"lines", count.left_out}, {"condition", count.condition}});
        else
            lines += count.left_out;
    }
    if (lines > 0) logger.info("more", {{"lines", lines}});
    peers_.clear();
    others_ = {};
    written_ = 0;
    context_.shard().cancel(std::exchange(timer_, TimerId::none));
}

}  // namespace clarion::core
