// The queue of a hibernating session: how stanzas get into storage, and back from it.
#include "base/log.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/archive_id.h"
#include "server/core/core.h"
#include "server/core/message_rules.h"
#include "server/core/options.h"
#include "server/core/session.h"
#include "server/events/undelivered_events.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"sleep"};
constexpr auto store_again = std::chrono::seconds(5);

storage::KeptStanza kept(const UnackedStanza& sent) {
    return {sent.meta,
            sent.meta.in_archive() ? std::string() : xml::to_string(sent.stanza->root())};
}

storage::KeptStanza kept(Envelope& envelope) {
    return {envelope.meta, envelope.meta.in_archive() ? std::string() : *envelope.kept_xml()};
}

/// A stanza read back from storage: what the log keeps is without the owner's stanza-id. Without
/// its stanza if that cannot be read.
UnackedStanza revive(const storage::KeptStanza& kept, const Account& owner) {
    UnackedStanza sent;
    auto parsed = Stanza::from_stored(xml::parse_element(kept.xml, ns::client));
    if (!parsed) return sent;
    if (kept.meta.logged() && kept.meta.archived())
        add_stanza_id(**parsed, owner, kept.meta.archive_id);
    sent.stanza = std::move(*parsed);
    sent.meta = kept.meta;
    sent.meta.is_copy = is_carbon(*sent.stanza) || is_archive_page(*sent.stanza);
    return sent;
}

}  // namespace

// ---- Into storage ------------------------------------------------------------------------------

/// Writes queue and record. Until that is durable the queue is in memory too: if the disk is full,
/// it is tried again, and lost only if the server dies meanwhile.
void Session::store_queue() {
    Shard& shard = core().shard();
    put_unstored();
    write_record(storage::HibernationState::hibernating);
    shard.after_commit(
        [self = weak_from_this(), stanzas = unstored_.stanzas](const Result<>& done) {
            const auto session = self.lock();
            if (!session || session->unstored_.stanzas != stanzas) return;
            if (done) {
                session->unstored_ = {};
            } else if (session->state_ == SessionState::hibernating) {
                session->store_timer_ = session->core().shard().after(store_again, [self] {
                    if (const auto again = self.lock(); again && again->is_hibernating())
                        again->store_queue();
                });
            }
        });
}

void Session::put_unstored() {
    if (!unstored_.stanzas) return;
    storage::Batch& batch = core().shard().batch();
    const auto& stanzas = *unstored_.stanzas;
    for (std::uint32_t i = unstored_.first; i < stanzas.size(); ++i) {
        core().storage().sessions().put_queued(batch, account_.id(), number_,
                                               {sm_->queue.acked() + i + 1, kept(stanzas[i])});
        if (stanzas[i].meta.spooled)  // the queue keeps it now
            core().storage().offline().remove(batch, account_.id(), stanzas[i].meta.offline_seq);
    }
}

void Session::queue_hibernating(Envelope envelope) {
    const auto limit = core().options<SmacksOptions>(account_.host()).max_queue_size;
    if (queued_hibernating_ >= static_cast<std::uint32_t>(limit)) {
        logger.warning("queue-full", {{"session", jid_.full()}, {"stanzas", queued_hibernating_}});
        waiting_.push_back(std::move(envelope));  // goes where those before it go
        return end(SessionEnd::expired);
    }
    if (Trace* trace = core().trace())
        trace->on_element(traced(), TraceEvent::queued, envelope.stanza->root());
    Shard& shard = core().shard();
    const std::uint32_t place = queued_hibernating_++;
    const storage::QueuedStanza entry{sm_->queue.acked() + queued_hibernating_, kept(envelope)};
    core().storage().sessions().put_queued(shard.batch(), account_.id(), number_, entry);
    if (envelope.meta.spooled) account_.remove_offline(envelope.meta.offline_seq);
    if (state_ == SessionState::hibernating) return tell_queued(envelope);
    envelope.ticket.release();
    arrived_.emplace_back(place, std::move(envelope));  // told of if it does not wake after all
}

void Session::tell_queued(Envelope& envelope) {
    events::Undelivered event{account_, this, envelope, events::Undelivered::Why::hibernating};
    core().bus().fire(event);
}

// ---- Back --------------------------------------------------------------------------------------

/// One for each stanza that was sent and not acknowledged; without its stanza where storage has
/// none: it could not be stored, or was acknowledged before a crash.
Task<Result<std::vector<UnackedStanza>>> Session::read_queue() {
    co_await core().shard().committed();  // our own writes too
    auto entries =
        co_await core().storage().sessions().read_queue(account_.id(), number_, sm_->queue.acked());
    if (!entries) co_return entries.error();
    std::vector<UnackedStanza> queue(queued_hibernating_);
    for (const auto& entry : *entries) {
        const std::uint32_t place = entry.seq - sm_->queue.acked() - 1;
        if (place < queued_hibernating_) queue[place] = revive(entry.stanza, account_);
    }
    if (unstored_.stanzas)
        for (std::size_t i = unstored_.first; i < unstored_.stanzas->size(); ++i)
            if (!queue[i].stanza) queue[i] = (*unstored_.stanzas)[i];
    co_return queue;
}

/// An empty message in the place of one that has a number, because the client counts, and cannot be
/// sent.
StanzaPtr Session::make_filler() const {
    return Stanza::make(StanzaKind::message, StanzaType::normal, Jid::trusted(account_.host()),
                        jid_);
}

void Session::fill_gaps(std::vector<UnackedStanza>& queue) const {
    for (UnackedStanza& sent : queue)
        if (!sent.stanza) sent.stanza = make_filler();
}

}  // namespace clarion::core
