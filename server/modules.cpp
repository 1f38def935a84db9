#include "modules/all.h"

namespace clarion::modules {

std::span<const core::ModuleRow> all() { return standard(); }

}  // namespace clarion::modules
