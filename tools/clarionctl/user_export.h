// user export: all that is kept of an account, as one XML document (XEP-0227), asked for and written
// piece by piece.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "tools/clarionctl/admin_client.h"

namespace clarion::ctl {

struct UserExportOrder {
    std::string jid;
    std::string file;  // empty or "-": standard output
    bool with_credentials = false;
};

/// How many bytes it has. Errors: what the server says, or the file cannot be written.
Result<std::uint64_t> export_user(const AdminClient& client, const UserExportOrder& order);

}  // namespace clarion::ctl
