#include "modules/muc/roll_call.h"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "modules/muc/leaving.h"
#include "proto/ns.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/routing/pending_iq.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/accounts.h"
#include "storage/sessions.h"
#include "storage/storage.h"

namespace clarion::muc {

namespace {

constexpr Logger logger{"muc"};
constexpr auto patience = std::chrono::minutes(2);
/// How many are looked up in one turn.
constexpr std::size_t slice_size = 16;
/// How many are asked at a time, for one room.
constexpr std::size_t at_once = 10;

/// Those who are still to be asked, from the last on.
struct RollCall {
    Rooms& rooms;
    core::ActorPin<Room> room;
    std::vector<Jid> sessions;
    std::size_t asking = 0;
};
using Call = std::shared_ptr<RollCall>;

void ask_next(const Call& call);

void done(const Call& call) {
    --call->asking;
    ask_next(call);
}

/// Whether the session is in the room and has not shown itself meanwhile.
bool is_still_asked(const Room& room, const Jid& session) {
    Occupant* const occupant = room.occupants().by_session(session);
    return occupant && occupant->session(session)->is_unverified;
}

void is_gone(const Call& call, const Jid& session) {
    Room& room = *call->room;
    if (!is_still_asked(room, session)) return;
    logger.info("missing-at-roll-call", {{"room", room.jid().full()}, {"session", session.full()}});
    remove_session(room, *room.occupants().by_session(session), session, nullptr,
                   {.codes = {status::kicked, status::error_kick}});
    call->rooms.destroy_if_over(room);
}

/// nullptr: it is not in the room any more.
OccupantSession* find(const Room& room, const Jid& session) {
    Occupant* const occupant = room.occupants().by_session(session);
    return occupant ? occupant->session(session) : nullptr;
}

void is_there(const Call& call, const Jid& session) {
    Room& room = *call->room;
    if (!is_still_asked(room, session)) return;
    Occupant& occupant = *room.occupants().by_session(session);
    OccupantSession& kept = *occupant.session(session);
    kept.is_unverified = false;
    room.keep(occupant, kept);
}

/// Unknown: there was no answer. Whom a former run of the server left is asked again when the room
/// is loaded the next time.
enum class Found : std::uint8_t { there, gone, unknown };

Found read_answer(const Stanza* answer) {
    if (!answer) return Found::unknown;
    if (!answer->is_error()) return Found::there;
    const StanzaError error = read_error(answer->root());
    const bool nobody =
        ends_session(error) || error.condition == StanzaErrorCondition::service_unavailable;
    return nobody ? Found::gone : Found::there;
}

void conclude(const Call& call, const Jid& session, Found found) {
    if (OccupantSession* const kept = find(*call->room, session)) kept->is_asked_after = false;
    if (found == Found::there) is_there(call, session);
    if (found == Found::gone) is_gone(call, session);
    done(call);
}

bool is_unserved(const Stanza* answer) {
    return answer && answer->is_error() &&
           read_error(answer->root()).condition == StanzaErrorCondition::service_unavailable;
}

// ---- Of this server -----------------------------------------------------------------------------

/// Whether one of these has that resource and has told the room that it is there.
template <class Records>
bool has_told(const Records& records, const Jid& session, const Jid& room) {
    for (const auto& record : records) {
        if (record.resource != session.resource()) continue;
        for (const std::string& address : record.directed_presence)
            if (Jid::trusted(address).bare() == room.bare()) return true;
    }
    return false;
}

Task<Result<bool>> is_in_room(core::Context& context, Jid session, Jid room) {
    std::string user(session.bare());
    const auto account = co_await context.storage().accounts().load(std::move(user));
    if (!account) co_return account.error();
    if (!*account) co_return false;
    // What a crash left of a session is told the room after a while, as for others.
    co_return has_told((*account)->hibernating_sessions, session, room) ||
        has_told((*account)->online_records, session, room);
}

/// One after the other, others first: there may be many, and nobody waits.
Task<> look_up(Call call) {
    for (std::size_t done = 1; call->room.alive() && !call->sessions.empty(); ++done) {
        if (done % slice_size == 0) {
            co_await call->room->context().shard().sleep(Duration::zero());
            continue;
        }
        const Jid session = std::move(call->sessions.back());
        call->sessions.pop_back();
        const auto there = co_await is_in_room(call->room->context(), session, call->room->jid());
        if (!call->room.alive() || !there) continue;
        *there ? is_there(call, session) : is_gone(call, session);
    }
}

// ---- Of other servers ---------------------------------------------------------------------------

std::shared_ptr<Stanza> question(const Room& room, const Jid& to, std::string_view ns,
                                 std::string_view name) {
    auto iq = Stanza::make(StanzaKind::iq, StanzaType::get, room.jid(), to);
    iq->root().add(name, ns);
    return iq;
}

/// Nobody says "service-unavailable" to both but a server for somebody who is not there: a client
/// that knows no pings knows discovery (XEP-0030), and the other way round.
enum class Question : std::uint8_t { ping, discovery };

void ask(const Call& call, const Jid& session, Question what) {
    Room& room = *call->room;
    auto iq = what == Question::ping ? question(room, session, ns::ping, "ping")
                                     : question(room, session, ns::disco_info, "query");
    room.context().pending().send(room.jid().bare(), std::move(iq), patience,
                                  [call, session, what](const Stanza* answer, bool) {
                                      if (!call->room.alive()) return;
                                      if (what == Question::ping && is_unserved(answer))
                                          return ask(call, session, Question::discovery);
                                      conclude(call, session, read_answer(answer));
                                  });
}

void ask_next(const Call& call) {
    while (call->room.alive() && call->asking < at_once && !call->sessions.empty()) {
        const Jid session = std::move(call->sessions.back());
        call->sessions.pop_back();
        ++call->asking;
        ask(call, session, Question::ping);
    }
}

}  // namespace

void call_roll(Rooms& rooms, Room& room) {
    std::vector<Jid> own, others;
    for (Jid& session : room.take_unverified()) {
        const bool is_own =
            session.has_local() && room.context().domains().is_host(session.domain());
        (is_own ? own : others).push_back(std::move(session));
    }
    const auto call = [&](std::vector<Jid> sessions) {
        return std::make_shared<RollCall>(
            RollCall{rooms, core::ActorPin<Room>(room), std::move(sessions)});
    };
    if (!own.empty())
        room.context().scope_of(room.id()).spawn("roll-call", look_up(call(std::move(own))));
    if (!others.empty()) ask_next(call(std::move(others)));
}

void ask_after(Rooms& rooms, Room& room, const Jid& session) {
    OccupantSession* const kept = find(room, session);
    if (!kept || std::exchange(kept->is_asked_after, true)) return;
    kept->is_unverified = true;
    ask_next(std::make_shared<RollCall>(RollCall{rooms, core::ActorPin<Room>(room), {session}}));
}

}  // namespace clarion::muc
