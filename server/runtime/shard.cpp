#include "server/runtime/shard.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>

#include "base/log.h"
#include "storage/storage.h"

namespace clarion::core {

namespace asio = boost::asio;

namespace {

constexpr Logger logger{"shard"};

/// Handlers that may share a turn, hence a batch and a flush: what batching under load is worth.
/// What they bring about waits until the turn ends, so they may not take long either.
constexpr int handlers_per_turn = 64;
constexpr std::chrono::milliseconds turn_time{2};

thread_local Shard* current_shard = nullptr;

/// Posts that arrived together, in order; a link of the inbox's stack.
struct PostNode {
    PostNode* next = nullptr;
    std::vector<UniqueFunction<void()>> fns;
};

/// Runs what must not take the shard down: a broken invariant costs the one who broke it.
template <class F>
void guarded(std::string_view what, F&& fn) {
    try {
        fn();
    } catch (const std::exception& error) {
        logger.error("handler-failed", {{"what", what}, {"error", error.what()}});
    }
}

struct PendingBatch {
    storage::Token token;
    std::vector<Ticket> holds;
    std::vector<UniqueFunction<void(const Result<>&)>> callbacks;
};

}  // namespace

/// shutdown() destroys pending handlers; an io_context alone does so only when it dies, which is
/// after the cores that the coroutines among them refer to.
struct Loop : asio::io_context {
    Loop() : asio::io_context(1) {}
    using asio::execution_context::shutdown;
};

struct Shard::Impl {
    explicit Impl(unsigned shard_count)
        : work(asio::make_work_guard(io)), timer(io), outbox(shard_count) {}

    Loop io;
    asio::executor_work_guard<asio::io_context::executor_type> work;

    Timers timers;
    asio::steady_timer timer;  // of the loop, serves them all
    SteadyTime armed_for = SteadyTime::max();

    // This turn.
    TurnWork* turn_work = nullptr;
    std::unique_ptr<storage::Batch> batch;
    std::vector<Ticket> holds;
    std::vector<UniqueFunction<void(const Result<>&)>> callbacks;
    std::vector<TurnEnd*> participants;
    std::vector<std::unique_ptr<TicketState>> closed;
    std::vector<std::vector<UniqueFunction<void()>>> outbox;  // by target shard

    // Of write_soon().
    std::vector<UniqueFunction<void()>> soon;
    SteadyTime next_soon = SteadyTime::min();

    // Submitted and undecided, in order of token.
    std::deque<PendingBatch> pending;
    std::uint64_t failures_unsaid = 0;
    SteadyTime next_failure_log = SteadyTime::min();

    // Posts from elsewhere: a lock-free stack of bundles, taken whole and reversed.
    std::atomic<PostNode*> inbox{nullptr};

    /// True if the inbox was empty: whoever finds it so wakes the loop, later posts ride along.
    bool push(PostNode* node);
};

Shard::Shard(ShardSet& set, unsigned index, Clock& clock, storage::Storage& storage)
    : set_(set),
      index_(index),
      clock_(clock),
      storage_(storage),
      impl_(std::make_unique<Impl>(set.count())) {
    storage_.set_commit_listener(
        index, [this](storage::CommitReport report) { on_commit(std::move(report)); });
}

Shard::~Shard() { discard(); }

bool Shard::discard() {
    Impl& impl = *impl_;
    PostNode* posts = impl.inbox.exchange(nullptr);
    const bool any = posts || (impl.turn_work && !impl.turn_work->empty()) ||
                     !impl.timers.empty() || !impl.pending.empty() || !impl.callbacks.empty() ||
                     !impl.holds.empty() || !impl.closed.empty();
    while (posts) delete std::exchange(posts, posts->next);
    impl.io.shutdown();
    if (impl.turn_work) impl.turn_work->discard();
    // Each is taken out first: what dies may still set or cancel timers, and release tickets.
    impl.timers.discard();
    { const auto dying = std::exchange(impl.pending, {}); }
    { const auto dying = std::exchange(impl.callbacks, {}); }
    { const auto dying = std::exchange(impl.holds, {}); }
    { const auto dying = std::exchange(impl.closed, {}); }
    for (auto& fns : impl.outbox) const auto dying = std::exchange(fns, {});
    return any;
}

asio::any_io_executor Shard::executor() { return impl_->io.get_executor(); }

Shard* Shard::current() { return current_shard; }

// ---- Time --------------------------------------------------------------------------------------

TimerId Shard::after(Duration delay, UniqueFunction<void()> fn) {
    const SteadyTime at = clock_.steady() + std::max(delay, Duration::zero());
    const TimerId id = impl_->timers.add(at, std::move(fn));
    arm(at);
    return id;
}

void Shard::write_soon(UniqueFunction<void()> write) {
    constexpr Duration moment = std::chrono::milliseconds(5);
    const SteadyTime now = clock_.steady();
    const bool timer_runs = !impl_->soon.empty();
    impl_->soon.push_back(std::move(write));
    if (timer_runs) return;
    const auto write_all = [this, moment] {
        impl_->next_soon = clock_.steady() + moment;
        for (auto& each : std::exchange(impl_->soon, {})) each();
    };
    if (now >= impl_->next_soon) return write_all();
    after(std::chrono::ceil<Duration>(impl_->next_soon - now), write_all);
}

void Shard::arm(SteadyTime at) {
    if (at >= impl_->armed_for) return;
    impl_->armed_for = at;
    impl_->timer.expires_after(at - clock_.steady());
    impl_->timer.async_wait([this](boost::system::error_code error) {
        if (!error) run_due_timers();
    });
}

bool Shard::run_due_timers() {
    const SteadyTime now = clock_.steady();
    impl_->armed_for = SteadyTime::max();
    bool ran = false;
    while (auto fn = impl_->timers.take_due(now)) {
        guarded("timer", fn);
        ran = true;
    }
    if (!impl_->timers.empty()) arm(impl_->timers.next());
    return ran;
}

bool Shard::cancel(TimerId timer) { return impl_->timers.cancel(timer); }

Task<> Shard::sleep(Duration delay) {
    using Code = boost::system::error_code;
    auto start = [this, delay](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        const TimerId timer = after(
            delay, [this, shared] { asio::post(impl_->io, [shared] { (*shared)(Code()); }); });
        auto slot = asio::get_associated_cancellation_slot(*shared);
        if (!slot.is_connected()) return;
        // Weak: the slot belongs to the coroutine, which belongs to the handler.
        slot.assign([this, timer, weak = std::weak_ptr(shared)](asio::cancellation_type) {
            const auto sleeping = weak.lock();
            if (!sleeping || !cancel(timer)) return;
            asio::post(impl_->io, [sleeping] { (*sleeping)(asio::error::operation_aborted); });
        });
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void(Code)>(start,
                                                                             asio::use_awaitable);
}

// ---- The unit of work --------------------------------------------------------------------------

storage::Batch& Shard::batch() {
    if (!impl_->batch) impl_->batch = storage_.begin();
    return *impl_->batch;
}

void Shard::hold(const Ticket& ticket) {
    if (ticket && impl_->batch && !impl_->batch->empty()) impl_->holds.push_back(ticket);
}

std::size_t Shard::written() const { return impl_->batch ? impl_->batch->bytes() : 0; }

void Shard::after_commit(UniqueFunction<void(const Result<>&)> fn) {
    impl_->callbacks.push_back(std::move(fn));
}

Task<Result<>> Shard::committed() {
    auto start = [this](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        after_commit([this, shared](const Result<>& result) {
            asio::post(impl_->io, [shared, result] { (*shared)(result); });
        });
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<>)>(
        start, asio::use_awaitable);
}

bool Shard::submit_batch() {
    auto& impl = *impl_;
    const bool writes = impl.batch && !impl.batch->empty();
    if (!writes && impl.callbacks.empty()) return false;
    auto callbacks = std::exchange(impl.callbacks, {});  // those that run may add more
    if (writes) {
        const storage::Token token = storage_.submit(index_, std::move(impl.batch));
        impl.pending.push_back({token, std::exchange(impl.holds, {}), std::move(callbacks)});
    } else if (!impl.pending.empty()) {
        // Nothing written now, but what was written before is undecided: wait for the newest of it.
        auto& list = impl.pending.back().callbacks;
        std::move(callbacks.begin(), callbacks.end(), std::back_inserter(list));
    } else {
        for (auto& fn : callbacks) guarded("after-commit", [&fn] { fn(Result<>{}); });
    }
    return true;
}

void Shard::on_commit(storage::CommitReport report) {
    accept_post([this, report = std::move(report)] { decide(report); });
}

/// A full disk fails thousands of batches a second: one line a second says so.
void Shard::log_failure(const Error& error) {
    const SteadyTime now = clock_.steady();
    ++impl_->failures_unsaid;
    if (now < impl_->next_failure_log) return;
    impl_->next_failure_log = now + std::chrono::seconds(1);
    logger.error("commit-failed", {{"error", error.code},
                                   {"text", error.text},
                                   {"batches", std::exchange(impl_->failures_unsaid, 0)}});
}

void Shard::decide(const storage::CommitReport& report) {
    auto& pending = impl_->pending;
    while (!pending.empty() && pending.front().token <= report.up_to) {
        PendingBatch batch = std::move(pending.front());
        pending.pop_front();
        const auto failure = std::find_if(report.failures.begin(), report.failures.end(),
                                          [&](const auto& f) { return f.token == batch.token; });
        const bool failed = failure != report.failures.end();
        if (failed) {
            log_failure(failure->error);
            for (auto& ticket : batch.holds) ticket.fail(failure->error);
        }
        const Result<> result = failed ? Result<>(failure->error) : Result<>();
        for (auto& fn : batch.callbacks) guarded("after-commit", [&] { fn(result); });
    }
}

// ---- Turns -------------------------------------------------------------------------------------

void Shard::set_turn_work(TurnWork* work) { impl_->turn_work = work; }

bool Shard::work(bool (TurnWork::*step)()) {
    bool did = false;
    if (impl_->turn_work) guarded("delivery", [&] { did = (impl_->turn_work->*step)(); });
    return did;
}

bool Shard::begin_turn() { return work(&TurnWork::begin_turn); }
bool Shard::finish_work() { return work(&TurnWork::run); }

void Shard::at_turn_end(TurnEnd& who) {
    if (std::exchange(who.queued_, true)) return;
    impl_->participants.push_back(&who);
}

void Shard::forget(TurnEnd& who) {
    if (!who.queued_) return;
    who.queued_ = false;
    std::replace(impl_->participants.begin(), impl_->participants.end(), &who,
                 static_cast<TurnEnd*>(nullptr));
}

bool Shard::settle_tickets() {
    if (impl_->closed.empty()) return false;
    const auto closed = std::exchange(impl_->closed, {});
    for (const auto& ticket : closed) {
        const auto sink = ticket->sink.lock();
        if (!sink) continue;
        if (!ticket->failed.load(std::memory_order_acquire)) {
            sink->settle(ticket->number, nullptr, ticket->origin);
            continue;
        }
        const StanzaError error(ticket->out_of_room.load()
                                    ? StanzaErrorCondition::resource_constraint
                                    : StanzaErrorCondition::internal_server_error,
                                StanzaErrorType::wait);
        sink->settle(ticket->number, &error, ticket->origin);
    }
    return true;
}

void Shard::send_posts() {
    for (unsigned target = 0; target < impl_->outbox.size(); ++target) {
        auto& fns = impl_->outbox[target];
        if (fns.empty()) continue;
        if (set_.at(target).impl_->push(new PostNode{nullptr, std::exchange(fns, {})}))
            set_.at(target).wake();
    }
}

bool Shard::flush_participants() {
    if (impl_->participants.empty()) return false;
    for (std::size_t i = 0; i < impl_->participants.size(); ++i) {  // the list may grow meanwhile
        TurnEnd* who = impl_->participants[i];
        if (!who) continue;
        who->queued_ = false;
        guarded("end-turn", [who] { who->end_turn(); });
    }
    impl_->participants.clear();
    return true;
}

void Shard::end_turn() {
    bool more = true;
    while (more) {
        more = false;
        while (finish_work() | settle_tickets()) more = true;
        more |= submit_batch();
        send_posts();
        more |= flush_participants();
    }
}

bool Shard::Impl::push(PostNode* node) {
    PostNode* top = inbox.load(std::memory_order_relaxed);
    do {
        node->next = top;  // not read from `node` afterwards: it may be run and gone by then
    } while (!inbox.compare_exchange_weak(top, node, std::memory_order_release,
                                          std::memory_order_relaxed));
    return top == nullptr;
}

void Shard::wake() {
    asio::post(impl_->io, [this] { run_posts(); });
}

void Shard::accept_post(UniqueFunction<void()> fn) {
    auto* node = new PostNode;
    node->fns.push_back(std::move(fn));
    if (impl_->push(node)) wake();
}

void Shard::post_at_turn_end(unsigned target, UniqueFunction<void()> fn) {
    impl_->outbox[target].push_back(std::move(fn));
}

void Shard::run_posts() {
    PostNode* newest = impl_->inbox.exchange(nullptr, std::memory_order_acquire);
    PostNode* oldest = nullptr;
    while (newest) {
        PostNode* next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        const std::unique_ptr<PostNode> node(std::exchange(oldest, oldest->next));
        for (auto& fn : node->fns) guarded("post", fn);
    }
}

void Shard::close_ticket(TicketState* state) {
    std::unique_ptr<TicketState> owned(state);
    if (is_current()) {
        impl_->closed.push_back(std::move(owned));
        return;
    }
    set_.post(index_, [this, owned = std::move(owned)]() mutable {
        impl_->closed.push_back(std::move(owned));
    });
}

void Shard::run() {
    current_shard = this;
    while (!impl_->io.stopped()) {
        const bool busy = begin_turn() || (impl_->turn_work && !impl_->turn_work->empty());
        guarded("handler", [this, busy] {
            if (!busy) impl_->io.run_one();  // waits
            const auto began = std::chrono::steady_clock::now();
            for (int i = 1; i < handlers_per_turn && impl_->io.poll_one() != 0; ++i) {
                if (std::chrono::steady_clock::now() - began >= turn_time) break;
            }
        });
        end_turn();
    }
    current_shard = nullptr;
}

void Shard::stop() { impl_->io.stop(); }
bool Shard::run_ready() {
    struct Restore {
        Shard* before = current_shard;
        ~Restore() { current_shard = before; }
    } const restore;
    current_shard = this;
    impl_->io.restart();
    const bool worked = begin_turn();
    if (impl_->timers.next() <= clock_.steady())
        asio::post(impl_->io, [this] { run_due_timers(); });
    const bool ran = impl_->io.poll() > 0;
    end_turn();
    return ran || worked || (impl_->turn_work && !impl_->turn_work->empty());
}

bool Shard::quiet() const {
    const auto& impl = *impl_;
    const bool posts = std::any_of(impl.outbox.begin(), impl.outbox.end(),
                                   [](const auto& f) { return !f.empty(); });
    return impl.pending.empty() && !posts && impl.closed.empty() && impl.participants.empty() &&
           impl.inbox.load() == nullptr && (!impl.batch || impl.batch->empty()) &&
           (!impl.turn_work || impl.turn_work->empty());
}

Task<> Shard::offload(UniqueFunction<void()> work, std::string cause) {
    auto start = [this, work = std::move(work), cause = std::move(cause)](auto handler) mutable {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto guard = asio::make_work_guard(impl_->io);
        set_.on_worker(std::move(cause), [this, work = std::move(work), shared, guard]() mutable {
            guarded("offload", work);
            asio::post(impl_->io, [shared] { (*shared)(); });
        });
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(std::move(start),
                                                                         asio::use_awaitable);
}

}  // namespace clarion::core
