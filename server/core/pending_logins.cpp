#include "server/core/pending_logins.h"

#include <vector>

#include "server/core/c2s_stream.h"

namespace clarion::core {

void PendingLogins::revoke(std::string_view bare_jid, SessionEnd why) {
    const std::vector<C2sStream*> streams(streams_.begin(), streams_.end());
    for (C2sStream* stream : streams)
        if (stream->account().bare() == bare_jid) stream->revoke(why);
}

}  // namespace clarion::core
