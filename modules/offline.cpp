#include "modules/offline.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "proto/delay.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/send_hold.h"
#include "server/core/accounts/send_room.h"
#include "server/core/accounts/session.h"
#include "server/core/actors/archive_id.h"
#include "server/core/events/export_events.h"
#include "server/core/events/presence_events.h"
#include "server/core/events/session_events.h"
#include "server/core/events/undelivered_events.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/message_rules.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::offline {

using core::Flow;

// ---- Options -----------------------------------------------------------------------------------

void OfflineOptions::declare(OptionTable<OfflineOptions>& t) {
    t.section("offline", "Messages for users who are not there (XEP-0160).").per_host().live();
    t.add("max_messages", &OfflineOptions::max_messages)
        .min(0)
        .unit("messages")
        .doc(
            "Messages kept for one account until a client takes them; one more is returned to its "
            "sender, unless the recipient's archive holds it.");
    t.add("max_bytes", &OfflineOptions::max_bytes)
        .min(0)
        .unit("bytes")
        .doc(
            "The same by what they take on the disk together. A message that the archive holds "
            "takes "
            "a few bytes here. Once they have so many, no more are kept.");
}

void declare_options(OptionRegistry& registry) { registry.add<OfflineOptions>(); }

namespace {

constexpr Logger logger{"offline"};
constexpr std::string_view part_name = "offline";
constexpr storage::PageSize page_size{.count = 50};

// ---- State -------------------------------------------------------------------------------------

/// The flush of an account, whichever of its sessions is being sent the messages.
struct Flush {
    std::uint64_t number;      // of that session
    core::SendHold hold;       // on it
    std::uint64_t end;         // entries from this one on were not there when it began
    std::uint64_t sent_up_to;  // the last one it was sent
};

struct AccountState {
    bool flushing = false;
    /// Somebody asked for them meanwhile: what came behind the end of the flush, or back from a
    /// session that ended, is not in it.
    bool again = false;
    Flush* flush = nullptr;  // once it sends
};

bool may_take(const core::Session& session) {
    return session.is_live() && session.takes_messages();
}

using Seqs = std::unordered_set<std::uint64_t>;

/// Entries that some session was sent, has not acknowledged, and still may; or will be sent when it
/// is awake.
Seqs under_way(const core::Account& account) {
    Seqs seqs;
    for (const auto& session : account.sessions()) {
        if (!session->sm() || session->state() == core::SessionState::ended) continue;
        const core::StreamManagement& sm = *session->sm();
        for (std::uint32_t i = 0; i < sm.unacked_count(); ++i)
            if (sm.unacked(i).meta.spooled) seqs.insert(sm.unacked(i).meta.offline_seq);
        const auto insert = [&](const core::Envelope& envelope) {
            if (envelope.meta.spooled) seqs.insert(envelope.meta.offline_seq);
        };
        std::for_each(session->waiting().begin(), session->waiting().end(), insert);
        session->context().deliveries().for_each_under_way(*session, insert);
    }
    return seqs;
}

bool is_waiting(const core::Session& session, std::uint64_t seq) {
    bool found = false;
    const auto look = [&](const core::Envelope& envelope) {
        found |= envelope.meta.offline_seq == seq && !envelope.meta.is_copy;
    };
    std::for_each(session.waiting().begin(), session.waiting().end(), look);
    session.context().deliveries().for_each_under_way(session, look);
    return found;
}

/// The message, its carbon, or a copy out of an archive page, that the session has not
/// acknowledged; nullptr: it has, or does not acknowledge anything.
core::UnackedStanza* find_unacknowledged(core::Session& session,
                                         const storage::OfflineMessage& message) {
    if (!session.sm()) return nullptr;
    const storage::ArchiveId id = message.stanza.meta.archive_id;
    core::StreamManagement& sm = *session.sm();
    for (std::uint32_t i = sm.unacked_count(); i > 0; --i) {
        core::UnackedStanza& sent = sm.unacked(i - 1);
        if (sent.meta.offline_seq == message.seq) return &sent;
        const bool in_archive = id != storage::ArchiveId::none;
        if (sent.meta.is_copy && in_archive && sent.meta.archive_id == id) return &sent;
    }
    return nullptr;
}

/// The stanza as it is delivered now; nullptr: what was stored cannot be read.
std::shared_ptr<Stanza> revive(const storage::KeptStanza& kept, const core::Account& account) {
    auto parsed = Stanza::from_document(xml::parse_element(kept.xml, ns::client));
    if (!parsed) return nullptr;
    auto stanza = std::move(*parsed);
    state_delay(stanza->root(), account.host(), format_datetime(kept.meta.received),
                "Offline Storage");
    // The log is without the ids of our archives; bytes of its own are as they were delivered.
    if (kept.meta.logged() && kept.meta.archived())
        core::add_stanza_id(*stanza, account, kept.meta.archive_id);
    return stanza;
}

// ---- Export (XEP-0227, 4.5) --------------------------------------------------------------------

/// A page of <offline-messages/>, behind the message with that number.
Task<Result<events::ExportPage>> export_messages(core::Account& account, std::string after) {
    std::uint64_t seq = 0;
    std::from_chars(after.data(), after.data() + after.size(), seq);
    const auto found =
        co_await account.context().storage().offline().read(account.id(), seq, page_size);
    if (!found) co_return found.error();
    events::ExportPage page;
    if (after.empty() && found->messages.empty()) co_return page;
    if (after.empty()) page.xml = "<offline-messages>";
    for (const storage::OfflineMessage& message : found->messages) {
        const auto stanza = revive(message.stanza, account);
        if (stanza) page.xml += xml::to_string(stanza->root()) + '\n';
        seq = message.seq;
    }
    if (found->complete)
        page.xml += "</offline-messages>\n";
    else
        page.next = std::to_string(seq);
    co_return page;
}

void on_exporting(events::AccountExporting& event) {
    event.parts.push_back({"offline", export_messages});
}

/// The module on one shard.
class Offline {
public:
    explicit Offline(core::ModuleSetup& setup)
        : context_(setup.context()), account_state_(setup.account_slot<AccountState>()) {}

    // ---- Storing -------------------------------------------------------------------------------

    void on_undelivered(events::Undelivered& event) const {
        using Why = events::Undelivered::Why;
        core::Envelope& envelope = event.envelope;
        if (event.stored || event.why == Why::hibernating || envelope.meta.is_copy) return;
        if (envelope.meta.spooled)
            event.stored = true;  // it is here since it was sent
        else if (core::may_be_kept_offline(*envelope.stanza))
            event.stored = store(event.account, envelope);
    }

    // ---- What sessions have --------------------------------------------------------------------

    void on_recording(events::SessionRecording& event) const {
        event.record.parts.emplace_back(part_name,
                                        event.session.seen().to_text(event.session.account()));
    }
    void on_restored(const events::SessionRestored& event) const {
        for (const auto& [name, value] : event.record.parts)
            if (name == part_name) event.session.seen().restore(value, event.session.account());
    }

    // ---- Delivering ----------------------------------------------------------------------------

    void on_available(const events::AvailabilityChanged& event) const { begin(event.session); }
    /// A session that was cut off in the middle goes on where it was.
    void on_resumed(const events::SessionResumed& event) const { begin(event.session); }
    /// What an ended session did not acknowledge is here: the others take it.
    void on_ended(const events::SessionEnded& event) const {
        core::Session* const other = find_taker(event.session.account(), event.session.number());
        if (!other) return;
        take_back(event.session);
        begin(*other);
    }

    void begin(core::Session& session) const {
        core::Account& account = session.account();
        if (!may_take(session) || account.offline_count() == 0) return;
        AccountState& state = account_state_.of(account);
        const bool first = !std::exchange(state.flushing, true);
        if (!first) state.again = true;
        // What was sent to it before, its own presence for one, stays before it.
        context_.deliveries().push([this, account = core::AccountPin(account), first,
                                    number = session.number()](core::Context&) mutable {
            if (first)
                begin_flush(std::move(account), number);
            else
                offer(*account, number);
        });
    }

private:
    /// What the ended session has got of a flush is sent again with the rest of it, and before
    /// that: it does not go on by itself.
    void take_back(core::Session& ended) const {
        const AccountState* const state = account_state_.find(ended.account());
        core::StreamManagement* const sm = ended.sm();
        if (!sm || !state || !state->flush || state->flush->number != ended.number()) return;
        for (std::uint32_t i = 0; i < sm->unacked_count(); ++i)
            if (sm->unacked(i).meta.spooled) sm->unacked(i).stanza = nullptr;
    }

    bool is_full(const core::Account& account) const {
        const auto& options = context_.options<OfflineOptions>(account.host());
        return account.offline_count() >= static_cast<std::uint64_t>(options.max_messages) ||
               account.offline_bytes() >= static_cast<std::uint64_t>(options.max_bytes);
    }

    bool store(core::Account& account, core::Envelope& envelope) const {
        if (is_full(account)) return envelope.meta.archived();
        account.add_offline(envelope);
        return true;
    }

    void begin_flush(core::AccountPin account, std::uint64_t number) const {
        core::Session* const session = find_taker(*account, number);
        if (!session) return end_flush(*account);
        Flush begun = from_first(*session);
        core::Scope& scope = context_.scope_of(account->id());
        scope.spawn("offline-flush", flush(std::move(account), std::move(begun)));
    }

    /// Numbers from `end` on are given from now on: to messages that queue behind, or go to other
    /// sessions.
    static Flush from_first(core::Session& session) {
        return {.number = session.number(),
                .hold = core::SendHold(session),
                .end = session.account().next_offline_seq(),
                .sent_up_to = 0};
    }

    /// This session can take them, too. It does if the one that was being sent them is gone, and
    /// from now on, before the flush notices, nothing overtakes them.
    void offer(core::Account& account, std::uint64_t number) const {
        Flush* const flush = account_state_.of(account).flush;
        core::Session* const session = account.find_session_by_number(number);
        if (!flush || !session || !may_take(*session)) return;
        core::Session* const taker = account.find_session_by_number(flush->number);
        if (!taker || !may_take(*taker)) *flush = from_first(*session);
    }

    /// Coroutine: the pin keeps the account, the session is looked up again by its number.
    Task<> flush(core::AccountPin account, Flush begun) const {
        AccountState& state = account_state_.of(*account);
        struct Known {  // to begin() and offer(), as long as it is there
            AccountState& state;
            Known(AccountState& known_to, Flush& flush) : state(known_to) { state.flush = &flush; }
            ~Known() { state.flush = nullptr; }
        } const known(state, begun);
        while (true) {
            const std::uint64_t number = begun.number;
            const bool done = co_await send_some(*account, begun);
            core::Session* const next = find_taker(*account, begun.number);
            if (!next || (done && !state.again)) break;
            if (next->number() == number && !state.again) continue;
            // What the last one did not acknowledge, or somebody left, comes before the rest.
            state.again = false;
            begun = from_first(*next);
        }
        end_flush(*account);
    }

    void end_flush(core::Account& account) const {
        AccountState& state = account_state_.of(account);
        state.flushing = state.again = false;
    }

    /// Part of flush(): reads the next page and sends what belongs to the flush. False: there may
    /// be more, or the session went away.
    Task<bool> send_some(core::Account& account, Flush& flush) const {
        // First, so that nothing acknowledged from here on is read and taken for undelivered.
        const Seqs skip = under_way(account);
        const std::uint64_t number = flush.number;  // offer() may change it meanwhile
        (void)co_await context_.shard().committed();
        const auto page =
            co_await context_.storage().offline().read(account.id(), flush.sent_up_to, page_size);
        if (!page)
            logger.error("unreadable",
                         {{"account", account.jid().full()}, {"error", page.error().text}});
        if (!page) co_return true;
        for (const storage::OfflineMessage& message : page->messages) {
            if (message.seq >= flush.end) co_return true;
            core::Session* const session = co_await core::wait_for_queue_room(account, number);
            if (!session || flush.number != number) co_return false;
            flush.sent_up_to = message.seq;
            if (!skip.contains(message.seq)) hand_over(*session, message);
        }
        co_return page->complete;
    }

    /// The session with that number, or another, that can take offline messages; nullptr: there is
    /// none.
    static core::Session* find_taker(core::Account& account, std::uint64_t number) {
        core::Session* const session = account.find_session_by_number(number);
        if (session && may_take(*session)) return session;
        for (const auto& other : account.sessions())
            if (may_take(*other)) return other.get();
        return nullptr;
    }

    void hand_over(core::Session& session, const storage::OfflineMessage& message) const {
        core::Account& account = session.account();
        if (session.seen().has_read(message.stanza.meta.archive_id))
            return leave_out(session, message);
        auto stanza = revive(message.stanza, account);
        if (!stanza)
            logger.error("undeliverable",
                         {{"account", account.jid().full()}, {"seq", message.seq}});
        if (stanza && !account.may_hand_over(*stanza)) stanza = nullptr;
        if (!stanza) return account.remove_offline(message.seq);
        core::Envelope envelope;
        envelope.stanza = std::move(stanza);
        envelope.meta = message.stanza.meta;
        envelope.meta.offline_seq = message.seq;
        if (session.has_message(envelope, nullptr)) {
            if (!awaits_another(session, envelope)) leave_out(session, message);
            return;
        }
        envelope.meta.spooled = session.sm() != nullptr;
        if (!envelope.meta.spooled) account.remove_offline(message.seq);
        session.seen().note_delivered(message.seq);
        session.send_now(std::move(envelope));
    }

    /// A session that was bound, in the place of one that did not acknowledge the message perhaps,
    /// and did not say yet that it takes messages, lacks it; or one that missed it, because its
    /// queue was full when it came.
    bool awaits_another(const core::Session& session, const core::Envelope& envelope) const {
        const auto& all = session.account().sessions();
        return std::any_of(all.begin(), all.end(), [&](const auto& other) {
            const bool waits = (other->is_live() && !other->takes_messages()) ||
                               other->seen().missed(envelope.meta.offline_seq);
            return other.get() != &session && waits && !other->has_message(envelope, nullptr);
        });
    }

    /// The client has it, from a page of the archive, as a carbon, or from another session that
    /// held it. If that is not acknowledged, the message goes when it is.
    void leave_out(core::Session& session, const storage::OfflineMessage& message) const {
        if (is_waiting(session, message.seq)) return;
        core::UnackedStanza* const sent = find_unacknowledged(session, message);
        if (!sent) return session.account().remove_offline(message.seq);
        sent->meta.offline_seq = message.seq;
        sent->meta.spooled = true;
    }

    core::Context& context_;
    core::AccountSlot<AccountState> account_state_;
};

}  // namespace

void install(core::ModuleSetup& setup) {
    const Offline& self = setup.state<Offline>(setup);
    setup.host_feature(ns::offline_feature);
    using namespace events;
    setup.on(AccountExporting::Stage::add, &on_exporting);
    setup.on(Undelivered::Stage::store, self, &Offline::on_undelivered);
    setup.on(AvailabilityChanged::Stage::deliver_offline, self, &Offline::on_available);
    setup.on(SessionEnded::Stage::clean_up, self, &Offline::on_ended);
    setup.on(SessionRecording::Stage::add, self, &Offline::on_recording);
    setup.on(SessionRestored::Stage::read, self, &Offline::on_restored);
    setup.on(SessionResumed::Stage::go_on, self, &Offline::on_resumed);
}

}  // namespace clarion::offline
