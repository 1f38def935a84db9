#include "modules/push/notifier.h"

#include <algorithm>

#include "modules/push/counters.h"
#include "modules/push/notification.h"
#include "modules/push/push.h"
#include "modules/push/queue_rules.h"
#include "modules/push/registrations.h"
#include "modules/push/sender.h"

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
    facts.wants_calls = registration.wants_calls;
    facts.reflected = is_reflected(account, stanza);
    return facts;
}

// ---- The rules ---------------------------------------------------------------------------------

void Notifier::on_unreached(const events::Unreached& event) {
    using Why = events::Unreached::Why;
    if (event.why == Why::asleep)
        return push_.queue_rules->on_queued(*event.session, event.transit);
    Facts base;
    base.trigger = event.why == Why::no_session ? Trigger::no_session : Trigger::ended;
    base.archived = event.transit.archive_id != storage::ArchiveId::none;
    base.stored = event.stored || base.archived;
    judge_all(event.account, event.transit, base, event.session);
}

void Notifier::on_archived(const events::Archived& event) {
    Facts base;
    base.trigger = Trigger::archived;
    base.archived = base.stored = true;
    judge_all(event.account, event.transit, base, nullptr);
}

void Notifier::on_receiving(const events::MessageReceiving& event) {
    if (!is_incoming_call(*event.transit.stanza, event.account.jid().bare())) return;
    Facts base;
    base.trigger = Trigger::receiving;
    judge_all(event.account, event.transit, base, nullptr);
}

void Notifier::on_sending(const events::MessageSending& event) {
    if (!is_answered_call(*event.transit.stanza, event.account.jid().bare())) return;
    Facts base;
    base.trigger = Trigger::sending;
    judge_all(event.account, event.transit, base, &event.session);
}

void Notifier::judge_all(core::Account& account, const core::Transit& transit, Facts base,
                         core::Session* session) {
    const AccountPush* mine = push_.accounts.find(account);
    if (!mine || mine->registrations.empty()) return;
    const Stanza& stanza = *transit.stanza;
    const Cause cause{&stanza,
                      identity(stanza, account.jid().bare(), transit.archive_id, transit.log_id,
                               transit.received),
                      transit.received};
    const SessionPush* queue = session ? push_.sessions.find(*session) : nullptr;
    for (const auto seq : push_.registrations->all(account)) {
        Registration* registration = push_.accounts.of(account).find(seq);
        if (!registration) continue;
        Facts all = facts(account, *registration, base.trigger, stanza);
        all.archived = base.archived;
        all.stored = base.stored;
        all.held_back = transit.held_back;
        all.same_device = session && session->device() == registration->record.device;
        all.covered =
            registration->notified.contains(cause.identity) ||
            (all.same_device && queue && queue->covers(seq, transit.received, stanza, all));
        const Verdict verdict = should_push(stanza, all);
        if (!verdict.push)
            push_.counters->count(verdict.reason);
        else if (base.trigger == Trigger::ended)
            owe_ended(account, *registration, cause, verdict);
        else
            owe(account, *registration, cause, verdict);
    }
}

void Notifier::on_ping(const events::PushPing& event) {
    for (const auto seq : push_.registrations->all(event.account)) {
        Registration* registration = push_.accounts.of(event.account).find(seq);
        if (!registration) continue;
        const auto& record = registration->record;
        if (!event.service.empty() && event.service != record.service) continue;
        if (!event.node.empty() && event.node != record.node) continue;
        owe(event.account, *registration, {nullptr, 0, push_.core.clock().wall()},
            {true, false, Reason::ping});
    }
}

// ---- Owing -------------------------------------------------------------------------------------

xml::Document Notifier::compose(core::Account& account, const Registration& registration,
                                const Stanza* stanza, bool important) const {
    const PushOptions& options = push_.options(account.host());
    Summary summary;
    if (options.message_count == "unread")
        summary.message_count = std::max<std::uint64_t>(1, registration.unread);
    if (!stanza || !stanza->is_message()) return make_notification(summary);
    const Carried inner = carried(*stanza, account.jid().bare());
    if (options.notification_with_sender) summary.last_message_sender = inner.sender();
    if (important)
        summary.last_message_body = options.notification_with_body && !inner.body().empty()
                                        ? inner.body()
                                        : std::string_view(options.notification_important_body);
    return make_notification(summary);
}

NotificationPtr Notifier::owe(core::Account& account, Registration& registration,
                              const Cause& cause, Verdict verdict) {
    if (verdict.important) ++registration.unread;
    xml::Document document = compose(account, registration, cause.stanza, verdict.important);
    events::PushSending event{account, registration.record, cause.stanza, verdict.important,
                              document.root()};
    if (push_.core.bus().fire(event) == core::Flow::stop) {
        push_.counters->count(Reason::filtered);
        return nullptr;
    }
    push_.counters->count(verdict.reason);
    registration.notified.add(cause.identity);
    auto notification = std::make_shared<Notification>();
    notification->account = account.jid().bare();
    notification->account_id = account.id();
    notification->registration = registration.record.seq;
    notification->number = ++last_number_;
    notification->publish =
        make_publish(account.host(), registration.service, registration.record, document.root());
    notification->important = verdict.important;
    notification->urgent =
        verdict.reason == Reason::call || verdict.reason == Reason::call_answered;
    notification->caused = cause.received;
    ++push_.accounts.of(account).busy;
    push_.core.shard().after_commit(
        [this, notification](const Result<>& result) { committed(notification, result); });
    return notification;
}

/// Everything left of an ended session's queue is one notification.
void Notifier::owe_ended(core::Account& account, Registration& registration, const Cause& cause,
                         Verdict verdict) {
    const NotificationPtr first = registration.last_of_ended.lock();
    if (first && (first->important || !verdict.important)) {
        push_.counters->count(Reason::covered);
        registration.notified.add(cause.identity);
        return;
    }
    const NotificationPtr owed = owe(account, registration, cause, verdict);
    if (!owed) return;
    if (first) first->publish = nullptr;  // the important one takes its place
    registration.last_of_ended = owed;
}

void Notifier::committed(const NotificationPtr& notification, const Result<>& result) {
    core::Account* account = push_.account_of(*notification);
    if (!account) return;
    AccountPush& mine = push_.accounts.of(*account);
    --mine.busy;
    if (!result) {
        push_.counters->count(Reason::storage_failed);
        push_.queue_rules->undo(*account, *notification);
        return;
    }
    Registration* registration = mine.find(notification->registration);
    if (!registration || !notification->publish) return;
    registration->last_of_ended.reset();
    push_.sender->submit(*account, *registration, notification);
}

}  // namespace clarion::push
