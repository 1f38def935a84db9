#include "server/core/accounts/send_room.h"

#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/runtime/shard.h"

namespace clarion::core {

Task<Session*> wait_for_send_room(Account& account, std::uint64_t session_number) {
    Shard& shard = account.context().shard();
    while (true) {
        Session* const session = account.find_session_by_number(session_number);
        if (!session || !session->is_live() || !session->port()) co_return nullptr;
        if (session->port()->has_send_room()) co_return session;
        session->port()->tell_send_room();
        const auto kept = session->shared_from_this();  // it may end while it is waited for
        co_await kept->changed().wait(shard);
    }
}

}  // namespace clarion::core
