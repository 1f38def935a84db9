// clarionctl room ...: what an administrator sees of rooms, and may do with them.
#pragma once

#include "server/core/setup/admin_command.h"

namespace clarion::muc {

const core::AdminArea& admin_area();

}  // namespace clarion::muc
