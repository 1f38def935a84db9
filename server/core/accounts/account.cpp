#include "server/core/accounts/account.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/events/session_events.h"
#include "server/core/options.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

Account::Account(Context& context, storage::AccountSnapshot snapshot)
    : Actor(context, Jid::trusted(snapshot.record.jid),
            {.id = snapshot.record.id,
             .last_archive_id = snapshot.last_archive_id,
             .resident = std::move(snapshot.resident)}),
      created_(snapshot.record.created),
      disabled_(snapshot.record.disabled),
      last_offline_seq_(snapshot.last_offline_seq),
      offline_(std::move(snapshot.offline)) {
    roster_.load(std::move(snapshot.roster), snapshot.roster_version);
    for (const auto& session : snapshot.hibernating_sessions)
        last_session_number_ = std::max(last_session_number_, session.session);
    for (const auto& mark : snapshot.online_records)
        last_session_number_ = std::max(last_session_number_, mark.session);
}

Account::~Account() = default;

Relation Account::relation_to(const Jid& who) const {
    if (who.bare() == jid().bare()) return Relation::owner;
    return roster_.shares_presence_with(who.bare()) ? Relation::contact : Relation::stranger;
}

storage::AccountRecord Account::record() const {
    return {.id = id(),
            .jid = std::string(jid().bare()),
            .credentials = {},
            .created = created_,
            .disabled = disabled_};
}

void Account::skip_offline_seqs(std::uint64_t up_to) {
    last_offline_seq_ = std::max(last_offline_seq_, up_to);
}

namespace {

/// The entry with that number, or where it would be.
template <class Entries>
auto place_of(Entries& entries, std::uint64_t seq) {
    return std::lower_bound(entries.begin(), entries.end(), seq,
                            [](const storage::OfflineEntry& entry, std::uint64_t wanted) {
                                return entry.seq < wanted;
                            });
}

}  // namespace

std::uint64_t Account::offline_bytes() const {
    std::uint64_t bytes = 0;
    for (const storage::OfflineEntry& entry : offline_) bytes += entry.bytes;
    return bytes;
}

void Account::add_offline(Envelope& envelope) {
    const std::uint64_t seq = envelope.meta.offline_seq;
    storage::KeptStanza kept{{.log_id = envelope.meta.log_id,
                              .archive_id = envelope.meta.archive_id,
                              .received = envelope.meta.received},
                             {}};
    if (!kept.meta.in_archive()) kept.xml = *envelope.kept_xml();
    const std::uint32_t bytes =
        context().storage().offline().put(context().shard().batch(), id(), seq, kept);
    const auto place = place_of(offline_, seq);
    if (place != offline_.end() && place->seq == seq)
        place->bytes = bytes;
    else
        offline_.insert(place, {seq, bytes});
}

void Account::remove_offline(std::uint64_t seq) {
    const auto place = place_of(offline_, seq);
    if (place == offline_.end() || place->seq != seq) return;
    context().storage().offline().remove(context().shard().batch(), id(), seq);
    offline_.erase(place);
}

std::uint64_t Account::next_session_number() {
    // By the clock, so that no number comes back after its records are gone.
    const auto by_clock =
        static_cast<std::uint64_t>(context().clock().lasting().time_since_epoch().count());
    return last_session_number_ = std::max(by_clock, last_session_number_ + 1);
}

bool Account::may_hand_over(const Stanza& stanza) {
    return context().bus().fire(events::HandingOver{*this, stanza}) == Flow::next;
}

Session* Account::find_session(std::string_view resource) const {
    for (const auto& session : sessions_)
        if (session->resource() == resource) return session.get();
    return nullptr;
}

Session* Account::find_session_by_number(std::uint64_t number) const {
    for (const auto& session : sessions_)
        if (session->number() == number) return session.get();
    return nullptr;
}

void Account::add_session(std::shared_ptr<Session> session) {
    touch();
    sessions_.push_back(std::move(session));
}

void Account::remove_session(Session& session) {
    touch();
    std::erase_if(sessions_, [&](const auto& s) { return s.get() == &session; });
}

void Account::end_sessions(SessionEnd why, const Session* stays) {
    const auto sessions = sessions_;  // who ends leaves the list
    for (const auto& session : sessions)
        if (session.get() != stays) session->end(why);
}

bool Account::has_live_session() const {
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [](const auto& s) { return !s->is_hibernating(); });
}

std::optional<std::uint32_t> Account::ended_handled(std::string_view sm_id) const {
    for (const auto& ended : ended_)
        if (ended.sm_id == sm_id)
            return ended.settling ? ended.settling->handled_in() : ended.handled_in;
    return std::nullopt;
}

std::shared_ptr<Session> Account::settling_session(std::string_view sm_id) const {
    for (const auto& ended : ended_)
        if (ended.sm_id == sm_id) return ended.settling;
    return nullptr;
}

void Account::remember_ended(EndedSession ended) {
    const auto most =
        static_cast<std::size_t>(context().options<SmacksOptions>(host()).max_remembered);
    std::erase_if(ended_, [&](const EndedSession& old) { return old.number == ended.number; });
    while (ended_.size() >= most) {
        context().storage().sessions().remove(context().shard().batch(), id(),
                                              ended_.front().number);
        stop_settling(ended_.front());
        ended_.erase(ended_.begin());
    }
    if (deleted() || (ended.settling && ended.settling->window().is_empty()))
        ended.settling = nullptr;
    if (ended.settling) ended.settling->set_settling(true);
    ended_.push_back(std::move(ended));
}

void Account::settled(Session& session) {
    for (EndedSession& ended : ended_)
        if (ended.settling.get() == &session) return stop_settling(ended);
}

/// REQUIRES: somebody else keeps the session while this runs, if it is called by it.
void Account::stop_settling(EndedSession& ended) {
    const auto session = std::exchange(ended.settling, nullptr);
    if (!session) return;
    ended.handled_in = session->handled_in();
    session->set_settling(false);
}

bool Account::has_settling_sessions() const {
    return std::any_of(ended_.begin(), ended_.end(),
                       [](const EndedSession& ended) { return ended.settling != nullptr; });
}

void Account::set_deleted() {
    Actor::set_deleted();
    for (EndedSession& ended : ended_) stop_settling(ended);
}

void Account::set_gone() {
    Actor::set_gone();
    set_deleted();
    for (const auto& session : std::exchange(sessions_, {})) session->drop();
}

}  // namespace clarion::core
