#include "server/app/tracing.h"

#include <algorithm>
#include <atomic>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <deque>
#include <functional>

#include "base/log.h"
#include "base/text.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/session.h"
#include "server/core/options.h"
#include "server/core/setup/core.h"
#include "server/core/setup/remote_call.h"

namespace clarion::app {

namespace json = boost::json;
using core::Context;
using core::Core;
using core::TracedStream;
using core::TraceEvent;

namespace {

constexpr Logger logger{"trace"};
/// How long a reader that has all lines waits for more, and how often it looks.
constexpr int looks = 10;
constexpr auto look_again = std::chrono::milliseconds(25);
/// Sent to a reader at a time.
constexpr std::size_t piece_size = 65536;

std::string_view name(TraceEvent event) {
    switch (event) {
        case TraceEvent::received: return "received";
        case TraceEvent::sent: return "sent";
        case TraceEvent::queued: return "queued";
    }
    return "";
}

std::string time_of(const Context& context) {
    return format_datetime(std::chrono::floor<std::chrono::milliseconds>(context.clock().wall()));
}

}  // namespace

// ---- Feed: one trace ---------------------------------------------------------------------------

/// Shared by its Reader and the Watchers. Lines go to shard 0 as posts; how much is on its way is
/// known on all shards, so that what nobody reads is not made.
class Tracing::Feed : public std::enable_shared_from_this<Feed> {
public:
    Feed(core::Shared& shared, TraceOrder order, std::size_t limit)
        : shared_(shared), order_(std::move(order)), limit_(limit) {}

    const TraceOrder& order() const { return order_; }

    bool wants(const TracedStream& stream) const {
        if (!order_.domain.empty() && stream.domain == order_.domain) return true;
        if (order_.jid.empty() || stream.account != order_.jid.bare()) return false;
        const bool is_session = stream.name.find('@') != std::string_view::npos;
        return order_.jid.is_bare() || !is_session || stream.name == order_.jid.full();
    }

    /// Any shard. False: what comes now is lost.
    bool has_room() {
        if (waiting_.load(std::memory_order_relaxed) < limit_) return true;
        lost_.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    void add(json::object line) {
        std::string text = json::serialize(line);
        text += '\n';
        waiting_.fetch_add(text.size(), std::memory_order_relaxed);
        shared_.shards.post(0, [feed = shared_from_this(), text = std::move(text)]() mutable {
            feed->lines_.push_back(std::move(text));
        });
    }

    /// Shard 0: the next lines, up to piece_size.
    std::string take() {
        std::string piece;
        while (!lines_.empty() && piece.size() < piece_size) {
            waiting_.fetch_sub(lines_.front().size(), std::memory_order_relaxed);
            piece += lines_.front();
            lines_.pop_front();
        }
        if (const auto lost = lost_.exchange(0, std::memory_order_relaxed); lost > 0) {
            piece += json::serialize(json::object{
                {"time", time_of(*shared_.cores[0])}, {"event", "lost"}, {"lines", lost}});
            piece += '\n';
        }
        return piece;
    }

private:
    core::Shared& shared_;
    const TraceOrder order_;
    const std::size_t limit_;
    std::atomic<std::size_t> waiting_{0};  // bytes
    std::atomic<std::uint64_t> lost_{0};   // lines
    std::deque<std::string> lines_;        // shard 0's
};

// ---- Watcher: all traces of one shard ----------------------------------------------------------

class Tracing::Watcher final : public core::Trace {
public:
    explicit Watcher(Core& core) : core_(core) {}

    void add(std::shared_ptr<Feed> feed) {
        feeds_.push_back(std::move(feed));
        core_.set_trace(this);
    }
    void remove(const std::shared_ptr<Feed>& feed) {
        std::erase(feeds_, feed);
        if (feeds_.empty()) core_.set_trace(nullptr);
    }

    void on_element(const TracedStream& stream, TraceEvent event,
                    const xml::Element& element) override {
        for (const auto& feed : feeds_) {
            if (!feed->wants(stream) || !feed->has_room()) continue;
            std::string text;
            xml::write(text, redact(element, feed->order().bodies).root(), ns::client);
            tell(*feed, stream, name(event), "xml", text);
        }
    }

    void on_text(const TracedStream& stream, TraceEvent event, std::string_view xml) override {
        for (const auto& feed : feeds_) {
            if (!feed->wants(stream) || !feed->has_room()) continue;
            for (const std::string& text : redact_stream_text(xml, feed->order().bodies))
                tell(*feed, stream, name(event), "xml", text);
        }
    }

    void on_note(const TracedStream& stream, std::string_view what) override {
        for (const auto& feed : feeds_)
            if (feed->wants(stream) && feed->has_room()) tell(*feed, stream, "note", "text", what);
    }

    static void tell_beginning(const Context& context, Feed& feed) {
        const std::string account(feed.order().jid.bare());
        tell(context, feed, {"all", account, feed.order().domain, account}, "note", "text",
             "the trace begins");
    }
    /// How it stands with the account that is watched.
    static Task<Result<>> tell_sessions(Context& context, std::shared_ptr<Feed> feed) {
        const std::string account(feed->order().jid.bare());
        const auto pin = co_await context.accounts().load(account);
        if (!pin && pin.error().is(error_code::moved)) co_return pin.error();
        if (!pin)
            tell(context, *feed, {"c2s", account, {}, account}, "note", "text", pin.error().text);
        if (!pin) co_return Result<>{};
        for (const auto& session : (*pin)->sessions()) {
            if (!feed->wants(session->traced())) continue;
            const std::string state = session->is_hibernating()
                                          ? "hibernates with " +
                                                std::to_string(session->hibernation().queued()) +
                                                " stanzas queued"
                                          : std::string("is connected");
            tell(context, *feed, session->traced(), "note", "text", "the session " + state);
        }
        co_return Result<>{};
    }

private:
    void tell(Feed& feed, const TracedStream& stream, std::string_view event, std::string_view key,
              std::string_view what) {
        tell(core_, feed, stream, event, key, what);
    }
    static void tell(const Context& context, Feed& feed, const TracedStream& stream,
                     std::string_view event, std::string_view key, std::string_view what) {
        feed.add({{"time", time_of(context)},
                  {"event", event},
                  {"stream", stream.kind},
                  {"peer", stream.name},
                  {"account", stream.account},
                  {"domain", stream.domain},
                  {key, what}});
    }

    Core& core_;
    std::vector<std::shared_ptr<Feed>> feeds_;
};

// ---- Reader: the answer to the request ---------------------------------------------------------

class Tracing::Reader final : public core::HttpFeed {
public:
    Reader(Tracing& tracing, std::shared_ptr<Feed> feed)
        : tracing_(tracing), feed_(std::move(feed)) {}
    ~Reader() override { tracing_.end(feed_); }

    Task<std::string> next() override {
        core::Shard& shard = tracing_.shared_.cores[0]->shard();
        std::string piece = feed_->take();
        for (int i = 0; i < looks && piece.empty(); ++i) {
            co_await shard.sleep(look_again);
            piece = feed_->take();
        }
        co_return piece;
    }

private:
    Tracing& tracing_;
    const std::shared_ptr<Feed> feed_;
};

// ---- Beginning and end -------------------------------------------------------------------------

Tracing::Tracing(core::Shared& shared) : shared_(shared) {
    for (const auto& core : shared.cores) watchers_.push_back(std::make_unique<Watcher>(*core));
}

Tracing::~Tracing() = default;

Task<Result<std::unique_ptr<core::HttpFeed>>> Tracing::begin(TraceOrder order) {
    Context& here = *shared_.cores[0];
    const auto& options = here.options<core::ServerOptions>();
    if (running_ >= static_cast<std::size_t>(options.max_traces))
        co_return fail(error_code::conflict,
                       "as many traces are running as [server] max_traces allows");
    ++running_;
    logger.info("begins", {{"by", order.asker},
                           {"account", order.jid.full()},
                           {"domain", order.domain},
                           {"with_bodies", order.bodies == Bodies::shown}});
    auto feed = std::make_shared<Feed>(shared_, std::move(order),
                                       static_cast<std::size_t>(options.trace_buffer));
    std::unique_ptr<core::HttpFeed> reader = std::make_unique<Reader>(*this, feed);
    // Streams of another server are on every shard, and an account may move.
    for (unsigned i = 0; i < shared_.shards.count(); ++i) {
        std::function<Task<>(Context&)> add = [this, i, feed](Context&) -> Task<> {
            watchers_[i]->add(feed);
            co_return;
        };
        co_await core::call_on_shard(here, i, std::move(add));
    }
    Watcher::tell_beginning(here, *feed);
    const std::string account(feed->order().jid.bare());
    if (!account.empty())
        (void)co_await core::ask_at_home<void>(
            here, account, [&](Context& home) { return Watcher::tell_sessions(home, feed); });
    co_return std::move(reader);
}

void Tracing::end(const std::shared_ptr<Feed>& feed) {
    --running_;
    logger.info("ends", {{"by", feed->order().asker},
                         {"account", feed->order().jid.full()},
                         {"domain", feed->order().domain}});
    for (unsigned i = 0; i < shared_.shards.count(); ++i)
        shared_.shards.post(i, [watcher = watchers_[i].get(), feed] { watcher->remove(feed); });
}

}  // namespace clarion::app
