// Hibernation: what lets a session outlive its connection, and the process (XEP-0198, section 5;
// docs/design/001-core.md, idea 4): its record, its deadlines, its queue in storage, and waking.
//
// Owned by its Session, on the session's shard; without stream management that may be resumed it
// stays empty and costs no heap. While the session hibernates its queue is in storage: one entry
// for each stanza, numbered on from what was acknowledged, as the client will count them. In
// memory it is only until storage has it, so that a full disk loses nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "server/core/accounts/queued_events.h"
#include "server/core/accounts/unacked_stanza.h"
#include "server/core/routing/envelope.h"
#include "server/runtime/shard.h"
#include "storage/sessions.h"

namespace clarion::core {

class Context;
class Session;
class SessionPort;

class Hibernation {
public:
    explicit Hibernation(Session& session) : session_(session) {}
    ~Hibernation();
    Hibernation(const Hibernation&) = delete;
    Hibernation& operator=(const Hibernation&) = delete;

    // What it is. All of it is about a session that hibernates now.
    /// Entries of its queue in storage.
    std::uint32_t queued() const { return queued_; }
    /// Its queue holds as much as it may ([smacks] max_queue_size, max_queue_bytes): until it
    /// resumes nothing joins it any more, so that nothing overtakes what waits elsewhere.
    bool is_full() const { return full_; }
    LastingTime since() const { return since_; }
    LastingTime expires_at() const { return expires_at_; }
    /// When SessionExpiring is fired; zero: never.
    LastingTime wake_at() const { return wake_at_; }
    /// The session hibernates, and nothing of it is in memory only.
    bool is_stored() const;

    // Deadlines and record.
    /// Moves the end of hibernation (push does: docs/push-rules.md, "Hibernation"), but not past
    /// what the client asked for; and when SessionExpiring is fired before it (zero: never).
    /// Written soon. No-op unless hibernating.
    void set_expiry(LastingTime at, LastingTime wake_at = {});
    /// That time has come: SessionExpiring is fired, once.
    void on_wake_time();
    /// Writes its record again, after a module's part changed: now, or within a moment, together
    /// with whatever else changes it until then. No-ops unless hibernating.
    void save();
    void save_soon();

    // The online record, while it is live: it lets a restarted server say goodbye for it.
    /// Written when it is bound, and again after it changed what it says.
    void write_online_record();
    void remove_online_record();

    // Waking.
    /// What a client that resumed it must be told (XEP-0198, section 5). `id` is the session's.
    struct Resumed {
        std::string_view id;
        std::uint32_t handled;  // the h of <resumed/>
    };
    /// Takes over a connection, also from one that still looks alive. Who asked tells the client so
    /// and calls Session::send_unacknowledged(), both before its next co_await. Errors:
    /// "item-not-found" (it ended meanwhile), "handled-count-too-high", "internal-server-error"
    /// (storage; it hibernates on).
    Task<Result<Resumed>> resume(SessionPort& port, std::uint32_t client_handled);

    // For its session.
    /// The connection is gone: writes record and queue, and states SessionHibernated.
    /// REQUIRES: the session may be resumed, and has no port any more.
    void begin();
    /// A stanza joins the queue in storage, or takes the place there of one that it makes obsolete
    /// (QueuedEvents). REQUIRES: it is not full.
    void queue(Envelope envelope);
    /// A message with this offline_seq would have, but waits elsewhere. REQUIRES: it is full.
    void note_missed(std::uint64_t offline_seq);
    /// The mark that it was resumed is on its way to storage: nothing may join the queue any more.
    bool is_closed() const { return resumption_marked_; }
    /// The client acknowledged stanza `number`: storage need not have it any more.
    void on_acked(std::uint32_t number);
    /// More of what was received is handled: the record has an older h until the turn ends.
    void on_handled();
    /// The turn ends. True: the record was out of date, and is written if there still is one.
    bool save_if_stale();
    /// Writes now what save_soon() put off.
    void flush();

    // For its session, which ends.
    /// True: the queue is in storage, and redeliver_stored() must follow. Until that is done record
    /// and deadline stay, so that a crash in between finds them.
    bool keep_until_redelivered();
    /// Takes the queue out of storage; its stanzas go by the rules for undelivered ones. `self`
    /// keeps the session, which its account has forgotten already.
    Task<> redeliver_stored(std::shared_ptr<Session> self);
    void remove_deadlines();
    /// After waking: storage has some of the queue until the client acknowledges it.
    bool has_stored_queue() const { return stored_queue_ > 0; }
    /// The client may still come back and ask: for a day it is told how far its stanzas were
    /// handled. Takes the place of its record.
    void remember_ended();

    // For loading.
    /// REQUIRES: the session is new.
    void restore(const storage::HibernatingSession& record);

private:
    Context& context() const;
    void write_record(storage::HibernationState state);
    void put_deadlines();
    void remove_record();
    void store_queue();
    void on_queue_written(const Result<>& done);
    void put_unstored();
    void note_if_full();
    std::uint32_t take_place(const Envelope& envelope);
    Task<Result<std::vector<UnackedStanza>>> read_queue();
    void tell_queued(Envelope& envelope);
    Task<Result<Resumed>> wake(SessionPort& port, std::uint32_t client_handled);
    void load(std::vector<UnackedStanza> queue);
    void stay_hibernating();
    Resumed take_over(SessionPort& port);

    Session& session_;
    std::uint32_t queued_ = 0;        // entries of its queue in storage, while hibernating
    std::uint32_t stored_queue_ = 0;  // after waking: at the head of the queue, also in storage
    /// The queue of one that began to hibernate until storage has it: those from
    /// `first_unstored_` on.
    std::shared_ptr<const std::vector<UnackedStanza>> unstored_;
    std::uint32_t first_unstored_ = 0;
    bool saves_soon_ : 1 = false;  // its record is about to be written
    bool stale_ : 1 = false;       // its record has an older h
    bool resumption_marked_ : 1 = false;
    bool has_online_record_ : 1 = false;
    bool full_ : 1 = false;
    bool has_missed_ : 1 = false;  // since it is full
    /// Waking: what joined the queue while storage was read, by its place there.
    std::vector<std::pair<std::uint32_t, Envelope>> arrived_;
    /// Of what joined the queue while it hibernates; nullptr: no node's notification did.
    std::unique_ptr<QueuedEvents> events_;
    TimerId store_timer_{};
    LastingTime since_{};
    LastingTime expires_at_{};
    LastingTime wake_at_{};
    LastingTime stored_expires_at_{};  // the deadlines that storage has; zero: none
    LastingTime stored_wake_at_{};
};

}  // namespace clarion::core
