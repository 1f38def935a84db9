#include "modules/push/queue_rules.h"

#include <algorithm>

#include "base/clock.h"
#include "modules/push/counters.h"
#include "modules/push/hibernation.h"
#include "modules/push/push.h"
#include "modules/push/registrations.h"
#include "proto/ns.h"
#include "server/core/address/partitions.h"
#include "server/core/options.h"
#include "server/core/routing/message_rules.h"
#include "server/runtime/scope.h"
#include "storage/storage.h"

namespace clarion::push {

namespace {

QueueRules::Entry entry(const core::UnackedStanza& sent, std::uint32_t number) {
    return {sent.stanza, number, sent.meta};
}

std::vector<QueueRules::Entry> live_queue(core::Session& session) {
    std::vector<QueueRules::Entry> entries;
    const core::StreamManagement& sm = *session.sm();
    entries.reserve(sm.unacked_count());
    for (std::uint32_t i = 0; i < sm.unacked_count(); ++i)
        entries.push_back(entry(sm.unacked(i), sm.acked() + i + 1));
    return entries;
}

std::uint64_t identity_of(const core::Session& session, const QueueRules::Entry& entry) {
    return identity(*entry.stanza, session.account().jid().bare(), entry.meta);
}

Notifier::Cause cause_of(const core::Session& session, const QueueRules::Entry& entry) {
    Notifier::Cause cause;
    cause.stanza = entry.stanza.get();
    cause.identity = identity_of(session, entry);
    cause.meta = entry.meta;
    if (!entry.meta.spooled) cause.meta.offline_seq = 0;
    cause.in_queue = session.is_hibernating();
    return cause;
}

/// Whether its client is to hear of what it left behind: not where the server meant it to go.
bool is_notified(core::SessionEnd why) {
    using core::SessionEnd;
    return why == SessionEnd::closed || why == SessionEnd::lost || why == SessionEnd::expired;
}

}  // namespace

// ---- R3 and R5: the whole queue ----------------------------------------------------------------

void QueueRules::on_hibernated(const events::SessionHibernated& event) {
    core::Session& session = event.session;
    SessionPush& mine = sessions_.of(session);
    // At a planned stop or move nothing is notified: whoever begins there does it.
    const Partition partition = storage::partition_of(session.account().id());
    mine.settled = !context_.stopping() && context_.partition_table().is_here(partition);
    mine.sent = mine.decided;  // by R5, and in the publish log if not yet sent
    if (!registrations_.has_any(session.account(), session.device())) return;
    std::vector<Entry> queue;
    queue.reserve(event.unacked.size());
    std::uint32_t number = session.sm()->acked();
    for (const core::UnackedStanza& sent : event.unacked) queue.push_back(entry(sent, ++number));
    const bool before = notified_important(session, queue);
    if (mine.settled) notify(session, queue, Trigger::unacked);
    hibernation_.hibernated(session, before);
}

void QueueRules::on_ack_delayed(const events::AckDelayed& event) {
    notify(event.session, live_queue(event.session), Trigger::unacked);
}

void QueueRules::on_ended(const events::SessionEnded& event) {
    core::Session& session = event.session;
    if (!session.sm() || session.sm()->unacked_count() == 0) return;
    SessionPush& mine = sessions_.of(session);
    if (is_notified(event.why)) {
        const auto queue = live_queue(session);
        notify(session, queue,
               event.why == core::SessionEnd::lost ? Trigger::unacked : Trigger::ended);
        notify_others(session, queue);
    }
    mine.settled = true;
}

void QueueRules::notify(core::Session& session, const std::vector<Entry>& queue, Trigger trigger) {
    if (queue.empty()) return;
    core::Account& account = session.account();
    for (const auto seq : registrations_.of_device(account, session.device()))
        if (Registration* registration = accounts_.of(account).find(seq))
            notify_one(session, *registration, queue, trigger);
}

QueueRules::Finding QueueRules::scan(core::Session& session, Registration& registration,
                                     const Coverage& coverage, const std::vector<Entry>& queue,
                                     Trigger trigger) {
    Finding found;
    Facts facts;
    for (const Entry& each : queue) {
        facts = notifier_.facts(session.account(), registration, trigger, *each.stanza);
        facts.session = session.jid().full();
        facts.same_device = true;
        facts.archived = each.meta.archived();
        // Only a queue may have had it; where it goes from there is decided later.
        facts.stored =
            facts.archived || each.meta.spooled || core::may_be_kept_offline(*each.stanza);
        facts.held_back = each.meta.held_back;
        const bool important = judge(*each.stanza, facts.account, facts.reflected).important;
        facts.covered =
            coverage.covers_number(each.number) ||
            coverage.covers_time(each.meta.received, important) ||
            registration.was_notified_of(identity_of(session, each), each.meta.archive_id);
        const Verdict verdict = should_push(*each.stanza, facts);
        if (!verdict.push) {
            counters_.note(session.account(), registration.record, verdict.reason);
            continue;
        }
        found.important += verdict.important ? 1 : 0;
        if (found.cause && found.verdict.important && !verdict.important) continue;
        found.cause = &each;
        found.verdict = verdict;
    }
    return found;
}

void QueueRules::notify_one(core::Session& session, Registration& registration,
                            const std::vector<Entry>& queue, Trigger trigger) {
    Coverage& coverage = sessions_.of(session).decided_for(registration.record.seq);
    const Finding found = scan(session, registration, coverage, queue, trigger);
    if (!found.cause) return;
    if (found.important > 1) registration.record.unread += found.important - 1;
    const NotificationPtr pending = notifier_.add_pending(
        session.account(), registration, cause_of(session, *found.cause), found.verdict);
    coverage.cover_queue(queue.back().number, pending ? pending->stored.number : 0);
    for (const Entry& each : queue) registration.notified.add(identity_of(session, each));
    if (!pending) return;
    pending->share = {session.number(), coverage};
}

/// A session's end leaves messages among the offline ones: the other devices learn of them too
/// (R1). Those in the archive they know already.
void QueueRules::notify_others(core::Session& session, const std::vector<Entry>& queue) {
    core::Account& account = session.account();
    for (const auto seq : registrations_.all(account)) {
        Registration* registration = accounts_.of(account).find(seq);
        if (!registration || registration->record.device == session.device()) continue;
        std::vector<Entry> kept;
        std::copy_if(queue.begin(), queue.end(), std::back_inserter(kept),
                     [](const Entry& each) { return each.meta.spooled && !each.meta.archived(); });
        const Finding found = scan(session, *registration, Coverage{}, kept, Trigger::ended);
        if (found.cause)
            notifier_.add_pending(account, *registration, cause_of(session, *found.cause),
                                  found.verdict);
    }
}

/// Whether an important stanza of the queue was notified before it began to hibernate.
bool QueueRules::notified_important(core::Session& session, const std::vector<Entry>& queue) {
    core::Account& account = session.account();
    const std::string_view bare = account.jid().bare();
    for (const auto seq : registrations_.of_device(account, session.device())) {
        const Registration* registration = accounts_.of(account).find(seq);
        const Coverage& coverage = sessions_.of(session).decided_for(seq);
        for (const Entry& each : queue) {
            if (!judge(*each.stanza, bare, is_reflected(account, *each.stanza)).important) continue;
            if (coverage.covers_number(each.number) || is_incoming_call(*each.stanza, bare) ||
                registration->was_notified_of(identity_of(session, each), each.meta.archive_id))
                return true;
        }
    }
    return false;
}

// ---- R3 after a crash --------------------------------------------------------------------------

Task<> QueueRules::learn_last_run() {
    const auto newest = co_await context_.storage().archive().newest_log_time();
    if (newest) last_run_ = *newest;
}

void QueueRules::on_lost(const events::SessionLost& event) {
    const core::Session& session = *event.session;
    if (!registrations_.has_any(session.account(), session.device()) ||
        has_session(session.account(), session.device()))
        return;
    context_.scope_of(session.account().id()).spawn("push-lost", notify_lost(event.session));
}

/// Nobody knows what its client had acknowledged; but R5 took care of all that waited longer.
Task<> QueueRules::notify_lost(std::shared_ptr<core::Session> session) {
    const core::AccountPin pin(session->account());  // deleted meanwhile, it has no registration
    const Duration delay =
        context_.options<core::SmacksOptions>(session->account().host()).max_ack_delay;
    const WallTime since = std::max(WallTime{}, WallTime{last_run_ - delay});
    std::vector<Entry> latest = co_await read_latest(session->account().id(), since);
    if (!pin.alive()) co_return;
    std::erase_if(latest, [&](const Entry& each) {
        return each.stanza->from().bare() == session->account().jid().bare();
    });
    notify(*session, latest, Trigger::unacked);
}

Task<std::vector<QueueRules::Entry>> QueueRules::read_latest(storage::AccountId account,
                                                             WallTime since) {
    constexpr storage::PageSize enough{.count = 50};
    std::vector<Entry> entries;
    const auto add = [&](const std::string& text, Entry entry) {
        auto parsed = Stanza::from_document(xml::parse_element(text, ns::client));
        if (!parsed) return;
        entry.stanza = std::move(*parsed);
        entries.push_back(std::move(entry));
    };
    storage::ArchiveQuery query;
    query.owner = account;
    query.start = since;
    query.from_end = true;
    query.limit = enough.count;
    query.max_bytes = enough.bytes;
    const auto archived = co_await context_.storage().archive().query(std::move(query));
    if (archived)
        for (const auto& each : archived->messages)
            add(each.xml,
                {.meta = {.log_id = each.log_id, .archive_id = each.id, .received = each.time}});
    const auto kept = co_await context_.storage().offline().read(account, 0, enough);
    if (kept)
        for (const auto& [seq, stanza] : kept->messages) {
            if (stanza.meta.received < since || stanza.meta.archived()) continue;
            Entry entry{.meta = stanza.meta};
            entry.meta.offline_seq = seq;
            entry.meta.spooled = true;
            add(stanza.xml, std::move(entry));
        }
    co_return entries;
}

// ---- R4: one more stanza -----------------------------------------------------------------------

void QueueRules::on_undelivered(const events::Undelivered& event) {
    if (event.why != events::Undelivered::Why::hibernating) return;
    core::Session& session = *event.session;
    core::Account& account = session.account();
    for (const auto seq : registrations_.of_device(account, session.device()))
        if (Registration* registration = accounts_.of(account).find(seq))
            queue_one(session, *registration, event.envelope);
}

void QueueRules::queue_one(core::Session& session, Registration& registration,
                           const core::Envelope& envelope) {
    core::Account& account = session.account();
    const Stanza& stanza = *envelope.stanza;
    Notifier::Cause cause = Notifier::cause_of(account, envelope);
    cause.in_queue = true;
    cause.meta.offline_seq = 0;  // only its place, if it must go there
    Facts facts = notifier_.facts(account, registration, Trigger::queued, stanza);
    facts.session = session.jid().full();
    facts.same_device = true;
    facts.covered = registration.was_notified_of(cause.identity, cause.meta.archive_id);
    const Verdict verdict = should_push(stanza, facts);
    if (!verdict.push) return counters_.note(account, registration.record, verdict.reason);

    Clock& clock = context_.clock();
    SessionPush& mine = sessions_.of(session);
    Coverage& coverage = mine.decided_for(registration.record.seq);
    if (coverage.covers_now(clock.steady(), verdict.important)) {
        if (verdict.important) ++registration.record.unread;
        return counters_.note(account, registration.record, Reason::covered);
    }
    const NotificationPtr pending = notifier_.add_pending(account, registration, cause, verdict);
    if (!pending) return;
    // Just after a restart what was queued before may still have to be notified: only the window
    // counts.
    if (mine.settled) coverage.number = session.sm()->acked() + session.hibernation().queued();
    coverage.open_window(clock.steady(), clock.wall(),
                         context_.options<PushOptions>(account.host()).coalesce_time,
                         verdict.important, pending->stored.number);
    pending->share = {session.number(), coverage};
}

}  // namespace clarion::push
