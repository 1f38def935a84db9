// report list, report dismiss: what users reported (reports.h), for whoever looks after the server.
#pragma once

#include "server/core/setup/admin_command.h"

namespace clarion::blocking {

const core::AdminArea& admin_area();

}  // namespace clarion::blocking
