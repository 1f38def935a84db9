#include "modules/push/notifier.h"

#include <algorithm>

#include "base/clock.h"
#include "modules/push/composer.h"
#include "modules/push/counters.h"
#include "modules/push/publish_log.h"
#include "modules/push/registrations.h"
#include "modules/push/sender.h"
#include "proto/xml_writer.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"

namespace clarion::push {

Notifier::Notifier(core::Context& context, core::AccountSlot<AccountPush> accounts,
                   core::SessionSlot<SessionPush> sessions, const Counters& counters,
                   Registrations& registrations, Composer& composer, PublishLog& publish_log,
                   Sender& sender)
    : context_(context),
      accounts_(accounts),
      sessions_(sessions),
      counters_(counters),
      registrations_(registrations),
      composer_(composer),
      publish_log_(publish_log),
      sender_(sender) {}

bool is_reflected(const core::Account& account, const Stanza& stanza) {
    if (stanza.type() != StanzaType::groupchat || !stanza.is_message()) return false;
    return std::any_of(
        account.sessions().begin(), account.sessions().end(), [&](const auto& session) {
            const auto& joined = session->directed_presence();
            return std::find(joined.begin(), joined.end(), stanza.from()) != joined.end();
        });
}

Facts Notifier::facts(core::Account& account, const Registration& registration, Trigger trigger,
                      const Stanza& stanza) const {
    Facts facts;
    facts.trigger = trigger;
    facts.account = account.jid().bare();
    facts.account_has_session =
        std::any_of(account.sessions().begin(), account.sessions().end(),
                    [](const auto& s) { return s->state() != core::SessionState::ended; });
    facts.device_has_session = has_session(account, registration.record.device);
    facts.wants_calls = registration.wishes.call_answers;
    facts.reflected = is_reflected(account, stanza);
    const bool of_room = stanza.is_message() && stanza.type() == StanzaType::groupchat;
    if (of_room && !registration.wishes.rooms_are_filtered) judge_room(account, stanza, facts);
    return facts;
}

void Notifier::judge_room(core::Account& account, const Stanza& message, Facts& facts) const {
    using Judging = events::PushRoomJudging;
    Judging judging{account, message};
    context_.bus().fire(judging);
    facts.room_muted = judging.verdict == Judging::Verdict::muted;
    facts.not_mentioned = judging.verdict == Judging::Verdict::not_mentioned;
}

// ---- The rules ---------------------------------------------------------------------------------

void Notifier::on_undelivered(const events::Undelivered& event) {
    using Why = events::Undelivered::Why;
    if (event.why == Why::hibernating) return;
    Facts base;
    base.trigger = event.why == Why::no_session ? Trigger::no_session : Trigger::ended;
    base.archived = event.envelope.meta.archived();
    base.stored = event.stored || base.archived;
    judge_all(event.account, event.envelope, base, event.session);
}

void Notifier::on_archived(const events::Archived& event) {
    Facts base;
    base.trigger = Trigger::archived;
    base.archived = base.stored = true;
    judge_all(event.account, event.envelope, base, nullptr);
}

void Notifier::on_receiving(const events::MessageReceiving& event) {
    if (!is_incoming_call(*event.envelope.stanza, event.account.jid().bare())) return;
    Facts base;
    base.trigger = Trigger::receiving;
    judge_all(event.account, event.envelope, base, nullptr);
}

void Notifier::on_sending(const events::MessageSending& event) {
    if (!is_answered_call(*event.envelope.stanza, event.account.jid().bare())) return;
    Facts base;
    base.trigger = Trigger::sending;
    judge_all(event.account, event.envelope, base, &event.session);
}

Notifier::Cause Notifier::cause_of(const core::Account& account, const core::Envelope& envelope) {
    Cause cause;
    cause.stanza = envelope.stanza.get();
    cause.identity = identity(*envelope.stanza, account.jid().bare(), envelope.meta);
    cause.meta = envelope.meta;
    return cause;
}

void Notifier::judge_all(core::Account& account, const core::Envelope& envelope, Facts base,
                         core::Session* session) {
    const AccountPush* mine = accounts_.find(account);
    if (!mine || mine->registrations.empty()) return;
    const Stanza& stanza = *envelope.stanza;
    Cause cause = cause_of(account, envelope);
    if (!base.stored) cause.meta.offline_seq = 0;
    const SessionPush* queue = session ? sessions_.find(*session) : nullptr;
    for (const auto seq : registrations_.all(account)) {
        Registration* registration = accounts_.of(account).find(seq);
        if (!registration) continue;
        Facts all = facts(account, *registration, base.trigger, stanza);
        all.archived = base.archived;
        all.stored = base.stored;
        all.held_back = envelope.meta.held_back;
        all.same_device = session && session->device() == registration->record.device;
        all.covered =
            registration->was_notified_of(cause.identity, cause.meta.archive_id) ||
            (all.same_device && queue && queue->covers(seq, envelope.meta.received, stanza, all));
        const Verdict verdict = should_push(stanza, all);
        cause.away = !all.device_has_session && base.trigger != Trigger::receiving;
        if (!verdict.push)
            counters_.note(account, registration->record, verdict.reason);
        else if (base.trigger == Trigger::ended)
            add_pending_for_ended(account, *registration, cause, verdict);
        else
            add_pending(account, *registration, cause, verdict);
    }
}

void Notifier::on_ping(const events::PushPing& event) {
    for (const auto seq : registrations_.all(event.account)) {
        Registration* registration = accounts_.of(event.account).find(seq);
        if (!registration) continue;
        const auto& record = registration->record;
        if (!event.service.empty() && event.service != record.service) continue;
        if (!event.node.empty() && event.node != record.node) continue;
        ping(event.account, *registration);
    }
}

void Notifier::ping(core::Account& account, Registration& registration) {
    add_pending(account, registration, {.meta = {.received = context_.clock().wall()}},
                {true, false, Reason::ping});
}

void Notifier::on_requested(const events::PushRequested& event) {
    core::Account& account = event.account;
    Cause cause;
    cause.meta.received = context_.clock().wall();
    if (event.envelope) cause = cause_of(account, *event.envelope);
    cause.clear = event.clear;
    cause.in_queue =
        true;  // or nowhere: who asks does so beside the rules, which keep what they must
    for (const auto seq : registrations_.all(account)) {
        Registration* registration = accounts_.of(account).find(seq);
        if (!registration || !event.wants(registration->record)) continue;
        if (registration->was_notified_of(cause.identity, cause.meta.archive_id)) {
            counters_.note(account, registration->record, Reason::covered);
            continue;
        }
        Verdict verdict{true, false, Reason::ping};
        if (cause.stanza) {
            const auto judged =
                judge(*cause.stanza, account.jid().bare(), is_reflected(account, *cause.stanza));
            verdict = {true, judged.important, judged.reason};
        }
        add_pending(account, *registration, cause, verdict);
    }
}

void Notifier::on_expiring(const events::SessionExpiring& event) {
    const core::Session& session = event.session;
    core::Account& account = session.account();
    for (const auto seq : registrations_.of_device(account, session.device()))
        if (Registration* registration = accounts_.of(account).find(seq))
            ping(account, *registration);
}

// ---- Pending -----------------------------------------------------------------------------------

NotificationPtr Notifier::add_pending(core::Account& account, Registration& registration,
                                      const Cause& cause, Verdict verdict) {
    if (verdict.important) ++registration.record.unread;
    if (cause.clear) registration.record.unread = 0;
    StoredNotification stored;
    stored.key = {account.id(), registration.record.seq};
    stored.number = composer_.next_number();
    stored.caused = cause.meta.received;
    stored.log_id = cause.meta.log_id;
    stored.offline_seq = cause.meta.offline_seq;
    stored.important = verdict.important;
    stored.urgent = verdict.reason == Reason::call || verdict.reason == Reason::call_answered;
    stored.clear = cause.clear;
    auto notification = composer_.compose(account, registration, cause.stanza, std::move(stored));
    if (!notification) return nullptr;
    counters_.note(account, registration.record, verdict.reason);
    registration.notified.add(cause.identity);
    if (cause.away)
        registration.record.notified_up_to =
            std::max(registration.record.notified_up_to, cause.meta.archive_id);
    registration.unsaved = true;
    enter(notification->stored, cause);
    ++accounts_.of(account).busy;
    context_.shard().after_commit(
        [this, notification](const Result<>& result) { committed(notification, result); });
    return notification;
}

/// What must go out also after a crash is stored with its stanza; a queue says so itself.
void Notifier::enter(const StoredNotification& stored, const Cause& cause) {
    const bool is_stored = stored.log_id != storage::LogId::none || stored.offline_seq != 0;
    if (cause.in_queue || !is_stored) return;
    // Kept by somebody else only, the sender say.
    const bool brings =
        cause.meta.logged() && !cause.meta.archived() && cause.meta.offline_seq == 0;
    publish_log_.add_pending(stored,
                             brings && cause.stanza ? xml::to_string(cause.stanza->root()) : "");
}

/// Everything left of an ended session's queue is one notification.
void Notifier::add_pending_for_ended(core::Account& account, Registration& registration,
                                     const Cause& cause, Verdict verdict) {
    const NotificationPtr first = registration.last_of_ended.lock();
    if (first && (first->stored.important || !verdict.important)) {
        counters_.note(account, registration.record, Reason::covered);
        registration.notified.add(cause.identity);
        return;
    }
    const NotificationPtr pending = add_pending(account, registration, cause, verdict);
    if (!pending) return;
    if (first)
        first->publish = nullptr;  // the important one takes its place, in the publish log too
    registration.last_of_ended = pending;
}

void Notifier::committed(const NotificationPtr& notification, const Result<>& result) {
    core::Account* account = account_of(context_, *notification);
    if (!account) return;
    AccountPush& mine = accounts_.of(*account);
    if (--mine.busy == 0) context_.partitions_changed().notify();
    const StoredNotification& stored = notification->stored;
    if (!result) {
        counters_.count(Reason::storage_failed);
        publish_log_.settle(stored.key, stored.number);
        return undo(*account, *notification);
    }
    Registration* registration = mine.find(stored.key.registration);
    if (!registration || !notification->publish) return;
    registration->last_of_ended.reset();
    sender_.submit(*account, *registration, notification);
}

/// It will never be sent: it covers nothing of its queue.
void Notifier::undo(core::Account& account, const PendingNotification& notification) {
    if (notification.share.session == 0) return;
    core::Session* session = account.find_session_by_number(notification.share.session);
    SessionPush* mine = session ? sessions_.find(*session) : nullptr;
    if (mine)
        mine->decided_for(notification.stored.key.registration).undo(notification.stored.number);
}

}  // namespace clarion::push
