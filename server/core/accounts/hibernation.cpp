#include "server/core/accounts/hibernation.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/next_deadline.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/events/session_events.h"
#include "server/core/events/undelivered_events.h"
#include "server/core/internals.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/trace.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"
#include "storage/storage.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"sleep"};
constexpr auto remember_gone = std::chrono::hours(24);
constexpr auto store_again = std::chrono::seconds(5);
/// So much of a queue is read, and parsed, at a time.
constexpr std::size_t read_slice = 256 * 1024;

/// [smacks] max_sessions: the one that hibernated first goes.
void limit_hibernating(Account& account) {
    const auto& options = account.context().options<SmacksOptions>(account.host());
    std::vector<std::shared_ptr<Session>> hibernating;
    for (const auto& session : account.sessions())
        if (session->is_hibernating()) hibernating.push_back(session);
    if (hibernating.size() <= static_cast<std::size_t>(options.max_sessions)) return;
    const auto first =
        std::min_element(hibernating.begin(), hibernating.end(), [](const auto& a, const auto& b) {
            return a->hibernation().since() < b->hibernation().since();
        });
    account.context().refusals().tell(logger, account.jid().bare(), "too-many-asleep",
                                      {{"session", (*first)->jid().full()}});
    (*first)->end(SessionEnd::expired);
}

}  // namespace

Hibernation::~Hibernation() { context().shard().cancel(store_timer_); }

Context& Hibernation::context() const { return session_.context(); }

bool Hibernation::is_stored() const {
    return session_.is_hibernating() && !unstored_ && !saves_soon_;
}

// ---- Losing the connection ---------------------------------------------------------------------

void Hibernation::begin() {
    Account& account = session_.account();
    StreamManagement& sm = *session_.sm();
    session_.enter(SessionState::hibernating);
    since_ = context().clock().lasting();
    Duration limit = context().options<SmacksOptions>(account.host()).hibernation_time;
    context().bus().fire(events::HibernationLimit{account, session_, limit});
    if (sm.max_seconds() > 0)
        limit = std::min<Duration>(limit, std::chrono::seconds(sm.max_seconds()));
    expires_at_ = since_ + limit;

    for (Envelope& held : session_.take_held()) sm.push(std::move(held));
    // Queue entries that storage has already (woken and not acknowledged) stay; the others are
    // written.
    const auto unacked = std::make_shared<std::vector<UnackedStanza>>(sm.hand_over_queue());
    // What came by a page of the archive goes nowhere else: offline storage keeps it.
    for (UnackedStanza& sent : *unacked)
        if (sent.meta.is_copy) sent.meta.spooled = false;
    queued_ = static_cast<std::uint32_t>(unacked->size());
    unstored_ = unacked;
    first_unstored_ = std::exchange(stored_queue_, 0);
    note_if_full();
    store_queue();
    for (const UnackedStanza& sent : *unacked)
        if (sent.meta.spooled) account.remove_offline(sent.meta.offline_seq);
    remove_online_record();
    context().accounts().note_hibernating(account.jid().bare());
    logger.debug("slept", {{"session", session_.jid().full()}, {"queued", queued_}});
    if (Trace* trace = context().trace())
        trace->on_note(session_.traced(), "the connection is gone; the session hibernates");
    context().bus().fire(events::SessionHibernated{session_, *unacked});
    session_.send_waiting();  // joins the hibernating queue
    limit_hibernating(account);
}

// ---- The queue, into storage and back ----------------------------------------------------------

/// Writes queue and record. Until that is durable the queue is in memory too: if the disk is full,
/// it is tried again, and lost only if the server dies meanwhile.
void Hibernation::store_queue() {
    put_unstored();
    write_record(storage::HibernationState::hibernating);
    context().shard().after_commit(
        [weak = session_.weak_from_this(), stanzas = unstored_](const Result<>& done) {
            const auto session = weak.lock();
            if (!session) return;
            Hibernation& hibernation = session->hibernation();
            if (hibernation.unstored_ == stanzas) hibernation.on_queue_written(done);
        });
}

void Hibernation::on_queue_written(const Result<>& done) {
    if (done) {
        unstored_ = nullptr;
        context().partitions_changed().notify();
    } else if (session_.is_hibernating()) {
        store_timer_ = context().shard().after(store_again, [weak = session_.weak_from_this()] {
            if (const auto session = weak.lock(); session && session->is_hibernating())
                session->hibernation().store_queue();
        });
    }
}

void Hibernation::put_unstored() {
    if (!unstored_) return;
    storage::Batch& batch = context().shard().batch();
    const storage::AccountId id = session_.account().id();
    const std::uint32_t acked = session_.sm()->acked();
    for (std::uint32_t i = first_unstored_; i < unstored_->size(); ++i) {
        const UnackedStanza& sent = (*unstored_)[i];
        context().storage().sessions().put_queued(batch, id, session_.number(),
                                                  {acked + i + 1, to_kept(sent)});
        if (sent.meta.spooled)  // the queue keeps it now
            context().storage().offline().remove(batch, id, sent.meta.offline_seq);
    }
}

void Hibernation::note_if_full() {
    const auto& limits = context().options<SmacksOptions>(session_.account().host());
    const std::uint32_t bytes = session_.sm()->unacked_bytes();
    if (limits.has_queue_room(queued_, bytes)) return;
    full_ = true;
    if (context().refusals().admit(session_.account().jid().bare(), "hibernating-queue-full"))
        logger.warning(
            "hibernating-queue-full",
            {{"session", session_.jid().full()}, {"stanzas", queued_}, {"bytes", bytes}});
}

/// Behind all others, unless it makes one of them obsolete.
std::uint32_t Hibernation::take_place(const Envelope& envelope) {
    const NodeEvent event = read_node_event(*envelope.stanza);
    if (event.node.empty()) return queued_++;
    if (!events_) events_ = std::make_unique<QueuedEvents>();
    const auto older = events_->admit(envelope, event, queued_);
    if (!older) return queued_++;
    session_.sm()->note_replaced(older->cost);
    return older->place;
}

void Hibernation::queue(Envelope envelope) {
    Account& account = session_.account();
    StreamManagement& sm = *session_.sm();
    sm.note_queued(envelope);
    if (Trace* trace = context().trace())
        trace->on_element(session_.traced(), TraceEvent::queued, envelope.stanza->root());
    const std::uint32_t place = take_place(envelope);
    context().storage().sessions().put_queued(context().shard().batch(), account.id(),
                                              session_.number(),
                                              {sm.acked() + place + 1, to_kept(envelope)});
    if (envelope.meta.spooled) account.remove_offline(envelope.meta.offline_seq);
    note_if_full();
    if (full_) save();
    if (session_.is_hibernating()) {
        tell_queued(envelope);
    } else {  // told of if it does not wake after all
        envelope.ticket.release();
        arrived_.emplace_back(place, std::move(envelope));
    }
}

void Hibernation::note_missed(std::uint64_t offline_seq) {
    session_.seen().note_missed(offline_seq, has_missed_);
    has_missed_ = true;
    save();
}

void Hibernation::tell_queued(Envelope& envelope) {
    events::Undelivered event{session_.account(), &session_, envelope,
                              events::Undelivered::Why::hibernating};
    context().bus().fire(event);
}

void Hibernation::on_acked(std::uint32_t number) {
    if (stored_queue_ == 0) return;
    context().storage().sessions().remove_queued(context().shard().batch(), session_.account().id(),
                                                 session_.number(), number);
    if (--stored_queue_ == 0) remove_record();
}

/// One for each stanza that was sent and not acknowledged; without its stanza where storage has
/// none: it could not be stored, or was acknowledged before a crash. Read in slices: others have
/// their turn in between.
Task<Result<std::vector<UnackedStanza>>> Hibernation::read_queue() {
    const Account& account = session_.account();
    const std::uint32_t acked = session_.sm()->acked();
    std::vector<UnackedStanza> queue(queued_);
    std::uint32_t read = 0;
    while (read < queue.size()) {  // what comes meanwhile is in arrived_ as well
        co_await context().shard().committed();  // our own writes too
        const auto slice = co_await context().storage().sessions().read_queue(
            account.id(), session_.number(), acked, read, read_slice);
        if (!slice) co_return slice.error();
        const std::uint32_t up_to = slice->empty() ? 0 : slice->back().seq - acked;
        if (up_to <= read) break;  // nothing more, or nothing that belongs to it
        read = up_to;
        for (const auto& entry : *slice) {
            const std::uint32_t place = entry.seq - acked - 1;
            if (place < queue.size()) queue[place] = from_kept(entry.stanza, account);
        }
    }
    queue.resize(queued_);  // what came meanwhile: see arrived_
    if (unstored_)
        for (std::size_t i = first_unstored_; i < unstored_->size(); ++i)
            if (!queue[i].stanza) queue[i] = (*unstored_)[i];
    co_return queue;
}

// ---- Waking ------------------------------------------------------------------------------------

Task<Result<Hibernation::Resumed>> Hibernation::resume(SessionPort& port,
                                                       std::uint32_t client_handled) {
    // A client whose connection broke again tries again, while the server still wakes the session
    // for a connection that nobody reads. The newest wins.
    const auto self = session_.shared_from_this();
    co_await session_.handle_received();
    while (session_.state() == SessionState::resuming)
        co_await session_.changed().wait(context().shard());
    if (session_.is_live()) {  // it still looked alive: the newer connection wins
        if (SessionPort* const old = session_.detach())
            old->close(StreamErrorCondition::conflict, "resumed by another connection");
        if (auto acked = session_.sm()->on_ack(client_handled); !acked) {
            begin();
            co_return acked.error();
        }
        co_return take_over(port);
    }
    if (!session_.is_hibernating())
        co_return fail(error_code::item_not_found, "it ended meanwhile");
    co_return co_await wake(port, client_handled);
}

Task<Result<Hibernation::Resumed>> Hibernation::wake(SessionPort& port,
                                                     std::uint32_t client_handled) {
    const auto self = session_.shared_from_this();
    const AccountPin pin(session_.account());
    const auto goes_on = [&] { return session_.state() == SessionState::resuming; };
    struct Attempt {  // however it fails, cancelled too
        Hibernation& hibernation;
        ~Attempt() {
            if (hibernation.session_.state() == SessionState::resuming)
                hibernation.stay_hibernating();
        }
    } const attempt{*this};
    session_.enter(SessionState::resuming);
    auto restored = co_await read_queue();
    if (!goes_on()) co_return fail(error_code::item_not_found, "it ended meanwhile");
    if (!restored) co_return restored.error();
    const std::uint32_t acked = session_.sm()->acked();
    const auto count = static_cast<std::uint32_t>(restored->size());
    if (client_handled - acked > count)
        co_return sm::handled_count_too_high(client_handled, acked + count);
    load(std::move(*restored));
    remove_deadlines();
    put_unstored();
    // Before <resumed/>: after a crash it must not be resumed twice. What arrives from here on is
    // no more part of the queue, and stored after this.
    write_record(storage::HibernationState::resumed);
    resumption_marked_ = true;
    write_online_record();
    const auto marked = co_await context().shard().committed();
    if (!goes_on()) co_return fail(error_code::item_not_found, "it ended meanwhile");
    if (!marked) co_return marked.error();
    resumption_marked_ = false;
    unstored_ = nullptr;
    if (count == 0) remove_record();
    if (auto done = session_.sm()->on_ack(client_handled); !done) co_return done.error();
    co_return take_over(port);
}

/// The queue is in memory again, with what arrived while storage was read, and fillers in gaps.
void Hibernation::load(std::vector<UnackedStanza> queue) {
    events_ = nullptr;
    for (auto& [place, envelope] : std::exchange(arrived_, {}))
        queue[place] = UnackedStanza(std::move(envelope));
    for (UnackedStanza& sent : queue)
        if (!sent.stanza) sent.stanza = make_filler(session_.jid());
    stored_queue_ = static_cast<std::uint32_t>(queue.size());
    queued_ = 0;
    session_.sm()->take_back_queue(std::move(queue));
}

/// Waking failed: what arrived meanwhile joins the hibernating queue.
void Hibernation::stay_hibernating() {
    session_.enter(SessionState::hibernating);
    if (stored_queue_ > 0) {
        queued_ = std::exchange(stored_queue_, 0);
        session_.sm()->take_back_queue({});
    }
    if (unstored_)
        store_queue();
    else
        write_record(storage::HibernationState::hibernating);
    remove_online_record();
    resumption_marked_ = false;
    for (auto& [place, envelope] : std::exchange(arrived_, {})) tell_queued(envelope);
    session_.send_waiting();
}

Hibernation::Resumed Hibernation::take_over(SessionPort& port) {
    full_ = has_missed_ = false;
    session_.sm()->note_resumed();
    session_.attach(port);
    return {session_.sm()->id(), session_.handled_in()};
}

// ---- The end -----------------------------------------------------------------------------------

bool Hibernation::keep_until_redelivered() {
    if (queued_ == 0 || session_.account().deleted()) return false;
    put_deadlines();
    return true;
}

Task<> Hibernation::redeliver_stored([[maybe_unused]] std::shared_ptr<Session> self) {
    const AccountPin pin(session_.account());
    auto queue = co_await read_queue();
    if (pin->gone()) co_return;  // its next home has it
    if (!queue)
        co_return logger.error("queue-unreadable",
                               {{"session", session_.jid().full()}, {"error", queue.error().text}});
    session_.redeliver_all(std::move(*queue));  // bounced, if the account was deleted meanwhile
    session_.send_waiting();
    remember_ended();
}

void Hibernation::remember_ended() {
    const Account& account = session_.account();
    if (account.deleted()) return;
    remove_record();
    remove_deadlines();
    storage::HibernatingSession gone;
    gone.session = session_.number();
    gone.sm_id = session_.sm()->id();
    gone.state = storage::HibernationState::gone;
    gone.handled_in = session_.handled_in();
    gone.expires_at = context().clock().lasting() + remember_gone;
    auto& batch = context().shard().batch();
    context().storage().sessions().put(batch, account.id(), gone);
    context().internals().next_deadline.note(gone.expires_at);
    context().storage().deadlines().put(
        batch,
        {gone.expires_at, account.id(), storage::DeadlineKind::forget_gone, session_.number()});
}

}  // namespace clarion::core
