#include "server/core/streams/pending_logins.h"

#include <vector>

#include "server/core/accounts/account.h"
#include "server/core/events/account_events.h"
#include "server/core/streams/c2s_stream.h"

namespace clarion::core {

PendingLogins::PendingLogins(EventBus& bus) {
    using namespace events;
    bus.on<LoginsRevoked>(
        LoginsRevoked::Stage::forget, "streams",
        [this](const LoginsRevoked& event) { revoke(event.account.jid().bare(), event.why); });
    bus.on<AccountDeleted>(AccountDeleted::Stage::drop, "streams",
                           [this](const AccountDeleted& event) {
                               revoke(event.account.jid().bare(), SessionEnd::deleted);
                           });
}

void PendingLogins::revoke(std::string_view bare_jid, SessionEnd why) {
    const std::vector<C2sStream*> streams(streams_.begin(), streams_.end());
    for (C2sStream* stream : streams)
        if (stream->account().bare() == bare_jid) stream->revoke(why);
}

}  // namespace clarion::core
