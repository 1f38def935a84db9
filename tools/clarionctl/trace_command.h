// clarionctl trace: what the streams of an account or of another server say, a line for each
// element, until it is interrupted.
#pragma once

#include <string>

#include "base/result.h"
#include "tools/clarionctl/admin_client.h"

namespace clarion::ctl {

struct TraceOrder {
    std::string jid;           // empty: no account
    std::string s2s;           // another server's domain, or a component's; empty: none
    bool with_bodies = false;  // what people wrote too; secrets never
    bool as_json = false;      // lines as the server sends them
};

/// Returns when nobody reads its output, or with an error: what the server says, or that it is
/// gone.
Result<> trace(const AdminClient& client, const TraceOrder& order);

}  // namespace clarion::ctl
