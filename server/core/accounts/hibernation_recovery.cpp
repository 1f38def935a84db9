#include "server/core/accounts/hibernation_recovery.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/next_deadline.h"
#include "server/core/accounts/session.h"
#include "server/core/accounts/session_outlet.h"
#include "server/core/context.h"
#include "server/core/events/server_events.h"
#include "server/core/events/session_events.h"
#include "server/core/internals.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

namespace asio = boost::asio;

namespace {

constexpr Logger logger{"sleep"};
constexpr std::size_t slice = 500;
/// Deadlines are looked at no more often: what is due at about the same time is dealt with
/// together.
constexpr auto look_interval = std::chrono::seconds(1);

/// An account with a live session is not evicted: those with a mark were live when the server
/// died.
void remember_ended(Account& account, const storage::AccountSnapshot& snapshot) {
    std::vector<Account::EndedSession> ended;
    for (const auto& mark : snapshot.online_records)
        if (!mark.sm_id.empty()) ended.push_back({mark.session, mark.sm_id, mark.handled_in});
    for (const auto& record : snapshot.hibernating_sessions)
        if (record.state == storage::HibernationState::gone)
            ended.push_back({record.session, record.sm_id, record.handled_in});
    std::sort(ended.begin(), ended.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
    for (auto& each : ended) account.remember_ended(std::move(each));
}

void restore_session(Account& account, const storage::HibernatingSession& record) {
    auto jid = account.jid().with_resource(record.resource);
    if (!jid) return;
    auto session =
        std::make_shared<Session>(account, record.session, std::move(*jid), record.device, nullptr);
    account.add_session(session);
    session->hibernation().restore(record);
    account.context().bus().fire(events::SessionRestored{*session, record});
}

/// Ends the session that a deadline speaks of, if its time has come. Who ends removes the deadline
/// once its queue is elsewhere; one that was ended before is left to that.
void expire(Context& context, Account& account, const storage::Deadline& deadline) {
    Session* session = account.find_session_by_number(deadline.subject);
    if (!session) return;
    if (session->is_hibernating() &&
        session->hibernation().expires_at() <= context.clock().lasting()) {
        context.refusals().tell(
            logger, account.jid().bare(), "expired",
            {{"session", session->jid().full()}, {"queued", session->hibernation().queued()}});
        session->end(SessionEnd::expired);
    } else {
        context.storage().deadlines().remove(context.shard().batch(), deadline);  // it has another
    }
}

/// Wakes the client of the session that a deadline speaks of, if it still is to be woken.
void wake(Context& context, Account& account, const storage::Deadline& deadline) {
    Session* session = account.find_session_by_number(deadline.subject);
    if (session && session->is_hibernating() && session->hibernation().wake_at() == deadline.at)
        return session->hibernation().on_wake_time();
    context.storage().deadlines().remove(context.shard().batch(), deadline);
}

void on_deadline(Context& context, Account* account, const storage::Deadline& deadline) {
    if (account && deadline.kind == storage::DeadlineKind::hibernation_expires)
        return expire(context, *account, deadline);
    if (account && deadline.kind == storage::DeadlineKind::wake)
        return wake(context, *account, deadline);
    auto& batch = context.shard().batch();
    if (account && deadline.kind == storage::DeadlineKind::forget_gone)
        context.storage().sessions().remove(batch, account->id(), deadline.subject);
    context.storage().deadlines().remove(batch, deadline);
}

/// Of whom a deadline speaks is loaded for it. Storage errors: it is still due.
Task<Result<>> deal_with(Context& context, storage::Deadline deadline) {
    auto name = co_await context.storage().owners().address_of(deadline.account);
    if (!name) co_return name.error();
    if (!name->has_value()) {
        on_deadline(context, nullptr, deadline);
        co_return Result<>{};
    }
    auto pin = co_await context.accounts().load(std::move(**name));
    if (pin)
        on_deadline(context, &**pin, deadline);
    else if (pin.error().is(error_code::item_not_found))
        on_deadline(context, nullptr, deadline);
    else if (!pin.error().is(error_code::moved))
        co_return pin.error();
    co_return Result<>{};
}

/// Who cannot be read keeps no other waiting; the error is the last one's.
Task<Result<>> expire_due(Context& context) {
    co_await context.shard().committed();  // those that were noted here
    const LastingTime now = context.clock().lasting();
    auto due = co_await context.storage().deadlines().due(context.partitions(), now, slice);
    if (!due) co_return due.error();
    Result<> outcome;
    for (const auto& deadline : *due) {
        Result<> done = co_await deal_with(context, deadline);
        if (!done) outcome = std::move(done);
    }
    co_return outcome;
}

/// The earliest deadline of an account at home here, as storage has it.
Task<Result<LastingTime>> read_next_deadline(Context& context) {
    co_await context.shard().committed();  // those that were dealt with are gone
    const auto first =
        co_await context.storage().deadlines().due(context.partitions(), LastingTime::max(), 1);
    if (!first) co_return first.error();
    co_return first->empty() ? LastingTime::max() : first->front().at;
}

/// Deals with what is due, and notes when the next is. Storage errors.
Task<Result<>> look_at_deadlines(Context& context) {
    context.internals().next_deadline.forget();
    const Result<> expired = co_await expire_due(context);
    if (!expired) co_return expired;
    const auto next = co_await read_next_deadline(context);
    if (!next) co_return next.error();
    context.internals().next_deadline.note(*next);
    co_return Result<>{};
}

/// What cannot be read is not "nothing there": whoever must know tries again, and the log says why
/// it is late.
Task<> pause_unreadable(Context& context, std::string_view what, const Error& error) {
    logger.error("unreadable", {{"what", what}, {"error", error.text}});
    co_await context.shard().sleep(unreadable_pause);
}

bool told_anybody_at(Session& session, const Jid& jid) {
    const auto& told = session.directed_presence();
    return std::any_of(told.begin(), told.end(),
                       [&](const Jid& to) { return to.bare() == jid.bare(); }) ||
           (session.available() && session.account().roster().shares_presence_with(jid.bare()));
}

/// What a lost session said of itself and the one that has its resource now did not say again. In a
/// room it may have another nickname.
storage::OnlineRecord unsaid(const storage::OnlineRecord& mark, Session& successor) {
    storage::OnlineRecord rest = mark;
    rest.available = mark.available && !successor.available();
    std::erase_if(rest.directed_presence, [&](const std::string& to) {
        return told_anybody_at(successor, Jid::trusted(to));
    });
    return rest;
}

/// Tells whom the lost session told of itself that it has gone.
void send_final_presence(Session& lost, const storage::OnlineRecord& mark) {
    const Account& account = lost.account();
    lost.enter(SessionState::ended);
    for (const auto& to : mark.directed_presence)
        lost.directed_presence().push_back(Jid::trusted(to));
    if (mark.available)
        lost.restore_presence(
            Stanza::make(StanzaKind::presence, StanzaType::available, lost.jid(), account.jid()));
    account.context().internals().outlet.send_unavailable(lost);
}

/// Keeps for a day how far the stanzas of such a session were handled. REQUIRES: it has no record
/// in storage.
void remember_crashed(Session& lost, const storage::OnlineRecord& mark) {
    if (mark.sm_id.empty()) return;
    lost.restore_sm(mark.sm_id, 0, 0, mark.handled_in);
    lost.hibernation().remember_ended();
}

/// `remembered`: it has a record, because it hibernated before. Who ends that one's hibernation
/// writes down that it is gone, when its queue is elsewhere.
void clean_up(Account& account, const storage::OnlineRecord& mark, bool remembered) {
    auto jid = account.jid().with_resource(mark.resource);
    if (!jid) return;
    const auto lost = std::make_shared<Session>(account, mark.session, *jid, mark.device, nullptr);
    Session* const successor = account.find_session(mark.resource);
    send_final_presence(*lost, successor ? unsaid(mark, *successor) : mark);
    if (!remembered) remember_crashed(*lost, mark);
    account.context().bus().fire(events::SessionLost{lost});
}

Task<> clean_up_account(Context& context, std::string jid) {
    auto pin = co_await context.accounts().load(std::move(jid));
    if (!pin) co_return;
    auto snapshot = co_await context.storage().accounts().load(std::string((*pin)->jid().bare()));
    if (!snapshot || !snapshot->has_value() || !pin->alive()) co_return;
    for (const auto& mark : (*snapshot)->online_records) {
        if ((*pin)->find_session_by_number(mark.session)) continue;  // it came back, or is new
        context.storage().sessions().remove_online(context.shard().batch(), (*pin)->id(),
                                                   mark.session);
        context.storage().sessions().remove_all_directed(context.shard().batch(), (*pin)->id(),
                                                         mark.session);
        const auto& records = (*snapshot)->hibernating_sessions;
        const bool remembered =
            std::any_of(records.begin(), records.end(),
                        [&](const auto& record) { return record.session == mark.session; });
        clean_up(**pin, mark, remembered);
    }
}

/// Accounts in these partitions with sessions that were live when their home died.
Task<Result<std::vector<std::string>>> read_lost(Context& context, PartitionSet partitions) {
    std::vector<std::string> names;
    storage::AccountId after = storage::AccountId::none;
    while (true) {
        auto accounts = co_await context.storage().sessions().accounts_with_online_records(
            partitions, after, slice);
        if (!accounts) co_return accounts.error();
        if (accounts->empty()) break;
        after = accounts->back();
        for (const auto id : *accounts) {
            auto name = co_await context.storage().owners().address_of(id);
            if (!name) co_return name.error();
            if (name->has_value()) names.push_back(std::move(**name));
        }
    }
    co_return names;
}

}  // namespace

void restore_sessions(Account& account, const storage::AccountSnapshot& snapshot) {
    const LastingTime now = account.context().clock().lasting();
    remember_ended(account, snapshot);
    for (const auto& record : snapshot.hibernating_sessions) {
        if (record.state == storage::HibernationState::gone) continue;
        restore_session(account, record);
        Session* session = account.find_session_by_number(record.session);
        if (!session) continue;
        // A crash left it woken: it was live, so it cannot be resumed; what remains goes by the
        // rules.
        if (record.state == storage::HibernationState::resumed || record.expires_at <= now)
            session->end(SessionEnd::expired);
    }
}

Task<Result<HibernatingPage>> read_hibernating(Context& context, PartitionSet partitions,
                                               std::optional<storage::Deadline> after) {
    HibernatingPage page;
    auto deadlines =
        co_await context.storage().deadlines().due(partitions, LastingTime::max(), slice, after);
    if (!deadlines) co_return deadlines.error();
    for (const auto& deadline : *deadlines) {
        if (deadline.kind != storage::DeadlineKind::hibernation_expires) continue;
        auto name = co_await context.storage().owners().address_of(deadline.account);
        if (!name) co_return name.error();
        if (name->has_value()) page.accounts.push_back(std::move(**name));
    }
    if (deadlines->size() == slice) page.next = deadlines->back();
    co_await asio::post(context.shard().executor(), asio::use_awaitable);  // others first
    co_return page;
}

Task<> learn_hibernating(Context& context, PartitionSet partitions) {
    HibernatingPage page;
    do {
        auto read = co_await read_hibernating(context, partitions, page.next);
        while (!read && !context.stopping()) {
            co_await pause_unreadable(context, "who hibernates", read.error());
            read = co_await read_hibernating(context, partitions, page.next);
        }
        if (!read) co_return;
        page = std::move(*read);
        for (const auto& name : page.accounts) context.accounts().note_hibernating(name);
    } while (page.next && !context.stopping());
    PartitionSet known;
    partitions.for_each([&](Partition each) {  // some may have left meanwhile
        if (context.partitions().contains(each)) known.add(each);
    });
    context.accounts().set_hibernating_known(known);
}

Task<> watch_deadlines(Context& context) {
    while (!context.stopping()) {
        const Result<> looked = co_await look_at_deadlines(context);
        if (!looked) {
            co_await pause_unreadable(context, "deadlines", looked.error());
            continue;
        }
        co_await context.shard().sleep(look_interval);
        co_await context.internals().next_deadline.wait(context.shard());
    }
}

Task<> clean_up_crashed_sessions(Context& context, PartitionSet partitions) {
    context.internals().awaiting_lost_sessions.add(partitions);
    auto lost = co_await read_lost(context, partitions);
    while (!lost && !context.stopping()) {
        co_await pause_unreadable(context, "sessions that were live", lost.error());
        lost = co_await read_lost(context, partitions);
    }
    if (!lost) co_return;
    if (!lost->empty())
        co_await context.shard().sleep(context.options<SmacksOptions>().unavailable_grace);
    for (auto& jid : *lost) co_await clean_up_account(context, std::move(jid));
    context.internals().awaiting_lost_sessions.remove(partitions);
}

Task<> hibernate_everybody(Context& context) {
    co_await context.shard().committed();
    context.bus().fire(events::ServerStopping{context});
    context.accounts().for_each([](Account& account) {
        const auto sessions = account.sessions();  // who cannot hibernate leaves the list
        for (const auto& session : sessions) session->shut_down(SessionEnd::shutdown);
    });
    co_await context.shard().committed();
}

}  // namespace clarion::core
