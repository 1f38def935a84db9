// What Hibernation keeps in storage of a session, beside its queue: its records, and the times at
// which something is due.
#include <algorithm>
#include <utility>

#include "proto/xml_writer.h"
#include "server/core/accounts/hibernation.h"
#include "server/core/accounts/next_deadline.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/events/session_events.h"
#include "server/core/internals.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

// ---- The record and the deadlines ---------------------------------------------------------------

void Hibernation::write_record(storage::HibernationState state) {
    storage::HibernatingSession record;
    record.session = session_.number();
    record.sm_id = session_.sm()->id();
    record.resource = std::string(session_.resource());
    record.device = session_.device();
    record.state = state;
    record.max_seconds = session_.sm()->max_seconds();
    record.handled_in = session_.handled_in();
    record.acked_out = session_.sm()->acked();
    record.hibernating_since = since_;
    record.expires_at = expires_at_;
    record.wake_at = wake_at_;
    record.full = full_;
    if (session_.available()) record.presence = xml::to_string(session_.presence()->root());
    context().bus().fire(events::SessionRecording{session_, record});
    context().storage().sessions().put(context().shard().batch(), session_.account().id(), record);
    if (state != storage::HibernationState::resumed) put_deadlines();
}

void Hibernation::restore(const storage::HibernatingSession& record) {
    session_.enter(SessionState::hibernating);
    session_.restore_sm(record.sm_id, record.max_seconds, record.acked_out, record.handled_in);
    queued_ = static_cast<std::uint32_t>(record.queued);
    since_ = record.hibernating_since;
    expires_at_ = stored_expires_at_ = record.expires_at;
    wake_at_ = stored_wake_at_ = record.wake_at;
    full_ = record.full;
    // What one that a crash left woken told of itself, its online record says, after the grace
    // (clean_up_crashed_sessions()).
    if (record.state != storage::HibernationState::hibernating) return;
    for (const auto& jid : record.directed_presence)
        session_.directed_presence().push_back(Jid::trusted(jid));
    if (record.presence.empty()) return;
    if (auto presence = Stanza::from_document(xml::parse_element(record.presence)))
        session_.restore_presence(std::move(*presence));
}

void Hibernation::remove_record() {
    context().storage().sessions().remove(context().shard().batch(), session_.account().id(),
                                          session_.number());
}

/// Brings the time index in line with the record.
void Hibernation::put_deadlines() {
    auto& batch = context().shard().batch();
    auto& deadlines = context().storage().deadlines();
    const auto id = session_.account().id();
    const auto move = [&](LastingTime& stored, LastingTime at, storage::DeadlineKind kind) {
        if (stored != LastingTime{} && stored != at)
            deadlines.remove(batch, {stored, id, kind, session_.number()});
        if (at != LastingTime{}) deadlines.put(batch, {at, id, kind, session_.number()});
        if (at != LastingTime{}) context().internals().next_deadline.note(at);
        stored = at;
    };
    move(stored_expires_at_, expires_at_, storage::DeadlineKind::hibernation_expires);
    move(stored_wake_at_, wake_at_, storage::DeadlineKind::wake);
}

void Hibernation::remove_deadlines() {
    auto& batch = context().shard().batch();
    auto& deadlines = context().storage().deadlines();
    const auto id = session_.account().id();
    const auto remove = [&](LastingTime& stored, storage::DeadlineKind kind) {
        const LastingTime at = std::exchange(stored, LastingTime{});
        if (at != LastingTime{}) deadlines.remove(batch, {at, id, kind, session_.number()});
    };
    remove(stored_expires_at_, storage::DeadlineKind::hibernation_expires);
    remove(stored_wake_at_, storage::DeadlineKind::wake);
    wake_at_ = {};
}

// ---- The online record -------------------------------------------------------------------------

void Hibernation::write_online_record() {
    storage::OnlineRecord record;
    record.session = session_.number();
    record.resource = std::string(session_.resource());
    if (const StreamManagement* sm = session_.sm()) record.sm_id = sm->id();
    record.handled_in = session_.handled_in();
    record.available = session_.available();
    record.device = session_.device();
    context().storage().sessions().put_online(context().shard().batch(), session_.account().id(),
                                              record);
    has_online_record_ = true;
}

void Hibernation::remove_online_record() {
    if (!has_online_record_) return;
    has_online_record_ = false;
    context().storage().sessions().remove_online(context().shard().batch(), session_.account().id(),
                                                 session_.number());
}

// ---- Changes while it hibernates ---------------------------------------------------------------

void Hibernation::on_wake_time() {
    const auto self = session_.shared_from_this();
    wake_at_ = {};
    context().bus().fire(events::SessionExpiring{session_});
    save();
}

void Hibernation::set_expiry(LastingTime at, LastingTime wake_at) {
    if (!session_.is_hibernating()) return;
    if (const std::uint32_t most = session_.sm()->max_seconds(); most > 0)
        at = std::min<LastingTime>(at, since_ + std::chrono::seconds(most));
    if (at == expires_at_ && wake_at == wake_at_) return;
    expires_at_ = at;
    wake_at_ = wake_at;
    save_soon();
}

void Hibernation::save() {
    saves_soon_ = false;
    if (session_.is_hibernating()) write_record(storage::HibernationState::hibernating);
}

void Hibernation::save_soon() {
    if (!session_.is_hibernating() || saves_soon_) return;
    saves_soon_ = true;
    context().shard().write_soon([weak = session_.weak_from_this()] {
        if (const auto session = weak.lock()) session->hibernation().flush();
    });
}

void Hibernation::flush() {
    if (saves_soon_) save();
}

void Hibernation::on_handled() {
    stale_ = session_.is_hibernating();
    if (stale_) context().shard().at_turn_end(session_);
}

bool Hibernation::save_if_stale() {
    if (!stale_) return false;
    stale_ = false;
    save();
    return true;
}

}  // namespace clarion::core
