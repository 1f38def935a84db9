#include "server/core/accounts/send_room.h"

#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {

bool any_room(const Session&) { return true; }

bool has_queue_room(const Session& session) {
    if (!session.sm()) return true;
    const auto& limits = session.context().options<SmacksOptions>(session.account().host());
    return limits.has_queue_room(2 * std::size_t{session.sm()->unacked_count()},
                                 2 * std::size_t{session.sm()->unacked_bytes()});
}

Task<Session*> wait_for_room(Account& account, std::uint64_t session_number,
                             bool (*is_enough)(const Session&)) {
    Shard& shard = account.context().shard();
    while (true) {
        Session* const session = account.find_session_by_number(session_number);
        if (!session || !session->is_live() || !session->port()) co_return nullptr;
        const bool has_send_room = session->port()->has_send_room();
        if (has_send_room && is_enough(*session)) co_return session;
        if (!has_send_room) session->port()->tell_send_room();
        const auto kept = session->shared_from_this();  // it may end while it is waited for
        co_await kept->changed().wait(shard);
    }
}

}  // namespace

Task<Session*> wait_for_send_room(Account& account, std::uint64_t session_number) {
    return wait_for_room(account, session_number, any_room);
}

Task<Session*> wait_for_queue_room(Account& account, std::uint64_t session_number) {
    return wait_for_room(account, session_number, has_queue_room);
}

}  // namespace clarion::core
