// The commands `upload ...` of whoever administers the server.
#pragma once

#include "server/core/setup/admin_command.h"

namespace clarion::http_upload {

/// For the row in modules/all.cpp.
const core::AdminArea& admin_area();

}  // namespace clarion::http_upload
