#include "modules/push/hibernation.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "modules/push/hibernation_times.h"
#include "modules/push/pending_notification.h"
#include "modules/push/push.h"
#include "modules/push/queue_rules.h"
#include "modules/push/registrations.h"
#include "proto/ns.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/hibernation_recovery.h"
#include "server/core/options.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
constexpr std::string_view part_name = "push";
/// So much of a queue is read at a time: others have their turn in between.
constexpr std::size_t read_slice = 256 * 1024;

/// Calls `fn` for the hibernating sessions of a device.
template <class Fn>
void for_hibernating(core::Account& account, std::string_view device, Fn fn) {
    for (const auto& session : account.sessions())
        if (session->is_hibernating() && session->device() == device) fn(*session);
}

}  // namespace

void Hibernation::hibernated(core::Session& session, bool notified_important) {
    SessionPush& mine = sessions_.of(session);
    mine.important_at.reset();
    mine.push_ended_at.reset();
    mine.wake_called = false;
    if (notified_important) mine.important_at = session.hibernation().since();
    set_end(session, mine);
}

void Hibernation::on_resumed(const events::SessionResumed& event) {
    core::Session& session = event.session;
    SessionPush* mine = sessions_.find(session);
    if (!mine) return;
    // Each hibernation starts afresh, but what was notified stays notified. (Unsettled: it came
    // back right after a restart, before anything was.)
    const std::uint32_t newest = session.sm()->sent();
    if (mine->settled)
        for (Coverage& coverage : mine->decided)
            coverage = {.registration = coverage.registration, .number = newest};
    mine->sent = mine->decided;
    mine->important_at.reset();
    mine->push_ended_at.reset();
    mine->settled = false;
}

void Hibernation::set_end(core::Session& session, SessionPush& mine) {
    const std::string_view host = session.account().host();
    const bool registered = registrations_.has_any(session.account(), session.device());
    if (!registered && !mine.push_ended_at && !mine.important_at) return;  // core's own time
    HibernationFacts facts;
    facts.hibernating_since = session.hibernation().since();
    facts.ordinary = context_.options<core::SmacksOptions>(host).hibernation_time;
    facts.until_important = context_.options<PushOptions>(host).max_hibernation_timeout;
    facts.asked_seconds = session.sm()->max_seconds();
    facts.registered = registered;
    facts.important_at = mine.important_at;
    facts.push_ended_at = mine.push_ended_at;
    const LastingTime end = hibernation_ends_at(facts);
    session.hibernation().set_expiry(end, wake_time(host, mine, end));
}

/// [push] wake_before_timeout: once in a hibernation. Zero: never.
LastingTime Hibernation::wake_time(std::string_view host, const SessionPush& mine,
                                   LastingTime end) const {
    const Duration before = context_.options<PushOptions>(host).wake_before_timeout;
    const LastingTime at = end - before;
    const bool wanted = before != Duration::zero() && !mine.wake_called;
    return wanted && at > context_.clock().lasting() ? at : LastingTime{};
}

void Hibernation::on_expiring(const events::SessionExpiring& event) {
    sessions_.of(event.session).wake_called = true;
}

void Hibernation::on_device_changed(const DeviceChanged& event) {
    const bool registered = registrations_.has_any(event.account, event.device);
    for_hibernating(event.account, event.device, [&](core::Session& session) {
        SessionPush& mine = sessions_.of(session);
        if (registered)
            mine.push_ended_at.reset();
        else if (!mine.push_ended_at)
            mine.push_ended_at = context_.clock().lasting();
        set_end(session, mine);
    });
}

void Hibernation::on_removed(const RegistrationRemoved& event) {
    const std::uint64_t gone = event.registration.seq;
    for (const auto& session : event.account.sessions()) {
        SessionPush* mine = sessions_.find(*session);
        if (!mine) continue;
        for (auto* list : {&mine->decided, &mine->sent}) {
            if (event.successor == 0)
                std::erase_if(*list, [&](const auto& each) { return each.registration == gone; });
            for (Coverage& coverage : *list)
                if (coverage.registration == gone) coverage.registration = event.successor;
        }
    }
}

void Hibernation::sent(core::Account& account, const Registration& registration,
                       const PendingNotification& notification) {
    for_hibernating(account, registration.record.device, [&](core::Session& session) {
        SessionPush& mine = sessions_.of(session);
        const bool covers = notification.share.session == session.number();
        if (covers) mine.note_sent(notification.share.coverage);
        const LastingTime before = session.hibernation().expires_at();
        if (notification.stored.important && !mine.important_at) {
            mine.important_at = context_.clock().lasting();
            mine.important_by = notification.stored.number;
            set_end(session, mine);
        }
        if (covers && session.hibernation().expires_at() == before)
            session.hibernation().save_soon();
    });
}

void Hibernation::kept(core::Account& account, const PendingNotification& notification) {
    if (notification.share.session == 0) return;
    core::Session* session = account.find_session_by_number(notification.share.session);
    if (!session || !session->is_hibernating()) return;
    sessions_.of(*session).note_sent(notification.share.coverage);
    session->hibernation().save_soon();
}

void Hibernation::not_sent(core::Account& account, const Registration& registration,
                           const PendingNotification& notification) {
    for_hibernating(account, registration.record.device, [&](core::Session& session) {
        SessionPush& mine = sessions_.of(session);
        if (!mine.important_at || mine.important_by != notification.stored.number) return;
        mine.important_at.reset();
        mine.important_by = 0;
        set_end(session, mine);
    });
}

void Hibernation::on_limit(const events::HibernationLimit& event) const {
    const std::string_view host = event.session.account().host();
    event.limit =
        longest_hibernation(registrations_.has_any(event.session.account(), event.session.device()),
                            context_.options<core::SmacksOptions>(host).hibernation_time,
                            context_.options<PushOptions>(host).max_hibernation_timeout);
}

// ---- Across restarts ---------------------------------------------------------------------------

void Hibernation::on_recording(const events::SessionRecording& event) {
    const SessionPush* mine = sessions_.find(event.session);
    if (!mine || (mine->sent.empty() && !mine->important_at && !mine->wake_called)) return;
    const HibernationPart part{mine->important_at, mine->wake_called, mine->sent};
    event.record.parts.emplace_back(part_name, part.encode());
}

void Hibernation::on_restored(const events::SessionRestored& event) {
    const storage::HibernatingSession& record = event.record;
    SessionPush& mine = sessions_.of(event.session);
    const auto at = std::find_if(record.parts.begin(), record.parts.end(),
                                 [](const auto& part) { return part.first == part_name; });
    if (at != record.parts.end()) {
        HibernationPart part = HibernationPart::decode(at->second);
        mine.important_at = part.important_at;
        mine.wake_called = part.wake_called;
        mine.sent = std::move(part.coverage);
        mine.decided = mine.sent;
    }
    const std::uint32_t newest = record.acked_out + static_cast<std::uint32_t>(record.queued);
    mine.settled = std::all_of(mine.sent.begin(), mine.sent.end(),
                               [&](const Coverage& c) { return c.covers_number(newest); });
    mine.settled = record.queued == 0 || (mine.settled && !mine.sent.empty());
}

void Hibernation::before_evict(core::Account& account,
                               const std::function<bool(const Registration&)>& waits) {
    for (const auto& session : account.sessions()) {
        SessionPush* mine = sessions_.find(*session);
        if (!mine || !session->is_hibernating() || !mine->settled) continue;
        const std::uint32_t newest = session->sm()->acked() + session->hibernation().queued();
        bool changed = false;
        for (const Coverage& coverage : mine->decided) {
            Registration* registration = accounts_.of(account).find(coverage.registration);
            if (!registration || waits(*registration)) continue;
            Coverage complete = coverage;
            if (complete.covers_number(newest)) continue;
            complete.number = newest;
            mine->note_sent(complete);
            changed = true;
        }
        mine->decided = mine->sent;
        if (changed) session->hibernation().save();
    }
}

Task<> Hibernation::sweep_acquired(QueueRules& rules, PartitionSet partitions) {
    co_await context_.shard().sleep(context_.options<PushOptions>().restart_grace);
    core::HibernatingPage page;
    for (bool more = true; more;) {
        if (context_.stopping()) co_return;  // the next run does it
        auto read = co_await core::read_hibernating(context_, partitions, page.next);
        if (!read) {  // who sleeps is not known, and may have to be told
            logger.error("unreadable", {{"error", read.error().text}});
            co_await context_.shard().sleep(core::unreadable_pause);
            continue;
        }
        page = std::move(*read);
        for (auto& bare_jid : page.accounts) co_await sweep_account(rules, std::move(bare_jid));
        more = page.next.has_value();
    }
}

Task<> Hibernation::sweep_account(QueueRules& rules, std::string bare_jid) {
    const bool was_loaded = context_.accounts().find(bare_jid) != nullptr;
    auto pin = co_await context_.accounts().load(bare_jid);
    if (!pin) co_return;
    core::Account& account = **pin;
    // A hundred thousand must not stay loaded.
    if (!was_loaded) context_.accounts().evict_soon(std::move(bare_jid));
    std::vector<std::uint64_t> numbers;
    for (const auto& session : account.sessions())
        if (session->is_hibernating() && registrations_.has_any(account, session->device()))
            numbers.push_back(session->number());
    for (const auto number : numbers) co_await sweep_session(rules, account, number);
}

/// R3 for one session whose queue is in storage only.
Task<> Hibernation::sweep_session(QueueRules& rules, core::Account& account, std::uint64_t number) {
    core::Session* session = account.find_session_by_number(number);
    if (!session || !session->is_hibernating() || sessions_.of(*session).settled) co_return;
    const std::uint32_t acked = session->sm()->acked();
    std::vector<QueueRules::Entry> entries;
    for (std::uint32_t read = 0;;) {
        co_await context_.shard().committed();
        const auto slice = co_await context_.storage().sessions().read_queue(
            account.id(), number, acked, read, read_slice);
        session = account.find_session_by_number(number);  // it may have come back meanwhile
        if (!slice || !session || !session->is_hibernating() || context_.stopping()) co_return;
        const std::uint32_t up_to = slice->empty() ? 0 : slice->back().seq - acked;
        if (up_to <= read) break;  // nothing more, or nothing that belongs to it
        read = up_to;
        for (const auto& stored : *slice) {
            auto stanza = Stanza::from_document(xml::parse_element(stored.stanza.xml, ns::client));
            if (!stanza) continue;
            entries.push_back({std::move(*stanza), stored.seq, stored.stanza.meta});
        }
    }
    logger.debug("after-restart", {{"session", session->jid().full()}, {"queued", entries.size()}});
    rules.notify(*session, entries, Trigger::unacked);
    sessions_.of(*session).settled = true;
}

}  // namespace clarion::push
