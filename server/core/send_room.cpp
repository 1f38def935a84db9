#include "server/core/send_room.h"

#include "server/core/core.h"
#include "server/core/options.h"
#include "server/core/session.h"

namespace clarion::core {

Task<Session*> wait_for_send_room(Account& account, std::uint64_t session_number) {
    constexpr auto look_again = std::chrono::milliseconds(20);
    Core& core = account.core();
    const auto room =
        static_cast<std::size_t>(core.options<C2sOptions>(account.host()).max_send_buffer) / 4;
    while (true) {
        Session* session = account.find_session_by_number(session_number);
        if (!session || !session->is_live() || !session->port()) co_return nullptr;
        if (session->port()->unsent() <= room) co_return session;
        co_await core.shard().sleep(look_again);
    }
}

}  // namespace clarion::core
