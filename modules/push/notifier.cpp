#include "modules/push/notifier.h"

#include <algorithm>

#include "modules/push/counters.h"
#include "modules/push/notification.h"
#include "modules/push/publish_log.h"
#include "modules/push/push.h"
#include "modules/push/queue_rules.h"
#include "modules/push/registrations.h"
#include "modules/push/sender.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "storage/storage.h"

namespace clarion::push {

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
    return facts;
}

// ---- The rules ---------------------------------------------------------------------------------

void Notifier::on_undelivered(const events::Undelivered& event) {
    using Why = events::Undelivered::Why;
    if (event.why == Why::hibernating)
        return push_.queue_rules->on_queued(*event.session, event.envelope);
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
    const AccountPush* mine = push_.accounts.find(account);
    if (!mine || mine->registrations.empty()) return;
    const Stanza& stanza = *envelope.stanza;
    Cause cause = cause_of(account, envelope);
    if (!base.stored) cause.meta.offline_seq = 0;
    const SessionPush* queue = session ? push_.sessions.find(*session) : nullptr;
    for (const auto seq : push_.registrations->all(account)) {
        Registration* registration = push_.accounts.of(account).find(seq);
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
            push_.note(account, *registration, verdict.reason);
        else if (base.trigger == Trigger::ended)
            add_pending_for_ended(account, *registration, cause, verdict);
        else
            add_pending(account, *registration, cause, verdict);
    }
}

void Notifier::on_ping(const events::PushPing& event) {
    for (const auto seq : push_.registrations->all(event.account)) {
        Registration* registration = push_.accounts.of(event.account).find(seq);
        if (!registration) continue;
        const auto& record = registration->record;
        if (!event.service.empty() && event.service != record.service) continue;
        if (!event.node.empty() && event.node != record.node) continue;
        add_pending(event.account, *registration, {.meta = {.received = push_.core.clock().wall()}},
                    {true, false, Reason::ping});
    }
}

void Notifier::on_requested(const events::PushRequested& event) {
    core::Account& account = event.account;
    Cause cause;
    cause.meta.received = push_.core.clock().wall();
    if (event.envelope) cause = cause_of(account, *event.envelope);
    cause.clear = event.clear;
    cause.in_queue =
        true;  // or nowhere: who asks does so beside the rules, which keep what they must
    for (const auto seq : push_.registrations->all(account)) {
        Registration* registration = push_.accounts.of(account).find(seq);
        if (!registration || !event.wants(registration->record)) continue;
        if (registration->was_notified_of(cause.identity, cause.meta.archive_id)) {
            push_.note(account, *registration, Reason::covered);
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

void Notifier::on_expiring(core::Session& session) {
    core::Account& account = session.account();
    for (const auto seq : push_.registrations->of_device(account, session.device()))
        if (Registration* registration = push_.accounts.of(account).find(seq))
            add_pending(account, *registration, {.meta = {.received = push_.core.clock().wall()}},
                        {true, false, Reason::ping});
}

// ---- Owing -------------------------------------------------------------------------------------

Summary Notifier::summary(core::Account& account, const Registration& registration,
                          const Content& content) const {
    const PushOptions& options = push_.options(account.host());
    Summary summary;
    if (options.message_count == "unread")
        summary.message_count = std::max<std::uint64_t>(1, registration.record.unread);
    if (content.clear) summary.message_count = 0;
    if (content.important) summary.last_message_body = options.notification_important_body;
    if (!content.stanza || !content.stanza->is_message()) return summary;
    const Carried inner = carried(*content.stanza, account.jid().bare());
    if (options.notification_with_sender) summary.last_message_sender = inner.sender();
    if (content.important && options.notification_with_body && !inner.body().empty())
        summary.last_message_body = inner.body();
    return summary;
}

/// nullptr: a module stopped it.
NotificationPtr Notifier::make(core::Account& account, const Registration& registration,
                               const Content& content) const {
    xml::Document document = make_notification(summary(account, registration, content));
    const xml::Document asked = asked_of(registration.record);
    events::PushSending event{account,
                              registration.record,
                              asked.root(),
                              content.stanza,
                              content.important,
                              content.urgent,
                              content.clear ? 0 : registration.record.unread,
                              document.root()};
    if (push_.core.bus().fire(event) == core::Flow::stop) {
        push_.note(account, registration, Reason::filtered);
        return nullptr;
    }
    auto notification = std::make_shared<Notification>();
    notification->account = account.jid().bare();
    notification->account_id = account.id();
    notification->registration = registration.record.seq;
    notification->publish =
        make_publish(account.host(), registration.service, registration.record, document.root());
    notification->important = content.important;
    notification->urgent = content.urgent;
    notification->clear = content.clear;
    return notification;
}

NotificationPtr Notifier::add_pending(core::Account& account, Registration& registration,
                                      const Cause& cause, Verdict verdict) {
    if (verdict.important) ++registration.record.unread;
    if (cause.clear) registration.record.unread = 0;
    const bool urgent = verdict.reason == Reason::call || verdict.reason == Reason::call_answered;
    const auto notification =
        make(account, registration, {cause.stanza, verdict.important, urgent, cause.clear});
    if (!notification) return nullptr;
    push_.note(account, registration, verdict.reason);
    registration.notified.add(cause.identity);
    if (cause.away)
        registration.record.notified_up_to =
            std::max(registration.record.notified_up_to, cause.meta.archive_id);
    registration.unsaved = true;
    notification->number = next_number();
    notification->caused = cause.meta.received;
    enter(account, *notification, cause);
    ++push_.accounts.of(account).busy;
    push_.core.shard().after_commit(
        [this, notification](const Result<>& result) { committed(notification, result); });
    return notification;
}

/// What must go out also after a crash is stored with its stanza; a queue says so itself.
void Notifier::enter(core::Account& account, Notification& notification, const Cause& cause) const {
    notification.log_id = cause.meta.log_id;
    notification.offline_seq = cause.meta.offline_seq;
    const bool stored = cause.meta.log_id != storage::LogId::none || cause.meta.offline_seq != 0;
    if (cause.in_queue || !stored) return;
    // Kept by somebody else only, the sender say.
    const bool brings =
        cause.meta.logged() && !cause.meta.archived() && cause.meta.offline_seq == 0;
    push_.publish_log->add_pending(
        account.id(),
        {.registration = notification.registration,
         .important = notification.important,
         .urgent = notification.urgent,
         .log_id = cause.meta.log_id,
         .offline_seq = cause.meta.offline_seq,
         .caused = cause.meta.received},
        notification.number, brings && cause.stanza ? xml::to_string(cause.stanza->root()) : "");
}

// ---- Again -------------------------------------------------------------------------------------

Task<> Notifier::renew_stored(core::AccountPin account, std::uint64_t seq, Waiting waiting) {
    const StanzaPtr stanza =
        co_await read_stanza(account->id(), waiting.log_id, waiting.offline_seq);
    Registration* registration = push_.accounts.of(*account).find(seq);
    if (registration) renew_with(*account, *registration, waiting, stanza.get());
}

/// nullptr: it is not kept any more.
Task<StanzaPtr> Notifier::read_stanza(storage::AccountId account, storage::LogId log_id,
                                      std::uint64_t offline_seq) const {
    auto& storage = push_.core.storage();
    std::string text;
    if (log_id != storage::LogId::none) {
        auto logged = co_await storage.archive().read_log(log_id);
        if (logged && logged->has_value()) text = std::move(**logged);
    } else if (offline_seq != 0) {
        auto kept = co_await storage.offline().read(account, offline_seq - 1, 1);
        if (kept && !kept->empty() && kept->front().seq == offline_seq)
            text = std::move(kept->front().stanza.xml);
    }
    if (text.empty()) co_return nullptr;
    auto parsed = Stanza::from_document(xml::parse_element(text, ns::client));
    if (!parsed) co_return nullptr;
    co_return std::move(*parsed);
}

void Notifier::renew_with(core::Account& account, Registration& registration, Waiting& waiting,
                          const Stanza* stanza) {
    const auto notification =
        make(account, registration, {stanza, waiting.important, waiting.urgent, waiting.clear});
    if (!notification)
        return push_.publish_log->settle(account.id(), registration.record.seq, waiting.number);
    notification->number = waiting.number;
    notification->caused = waiting.caused;
    notification->log_id = waiting.log_id;
    notification->offline_seq = waiting.offline_seq;
    notification->renewed = true;
    if (waiting.queue) {
        notification->session = waiting.queue->session;
        notification->coverage = waiting.queue->coverage;
    }
    push_.sender->submit(account, registration, notification);
}

/// Everything left of an ended session's queue is one notification.
void Notifier::add_pending_for_ended(core::Account& account, Registration& registration,
                                     const Cause& cause, Verdict verdict) {
    const NotificationPtr first = registration.last_of_ended.lock();
    if (first && (first->important || !verdict.important)) {
        push_.note(account, registration, Reason::covered);
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
    core::Account* account = push_.account_of(*notification);
    if (!account) return;
    AccountPush& mine = push_.accounts.of(*account);
    --mine.busy;
    if (!result) {
        push_.counters->count(Reason::storage_failed);
        push_.publish_log->settle(notification->account_id, notification->registration,
                                  notification->number);
        return push_.queue_rules->undo(*account, *notification);
    }
    Registration* registration = mine.find(notification->registration);
    if (!registration || !notification->publish) return;
    registration->last_of_ended.reset();
    push_.sender->submit(*account, *registration, notification);
}

}  // namespace clarion::push
