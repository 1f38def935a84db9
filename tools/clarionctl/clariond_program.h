// What needs no server, the clariond program does; here it is found and started.
#pragma once

#include <string>

#include "base/result.h"

namespace clarion::ctl {

struct RestoreOrder {
    std::string config;  // of the server; empty: where a packaged or quick-started server has it
    std::string socket;  // nobody may answer there
    std::string file;    // absolute
    bool force = false;
    bool as_json = false;
};

/// Becomes `clariond --restore`: returns only if that cannot be. The clariond beside this program,
/// else the one in PATH. Errors: what to do.
Error restore(const RestoreOrder& order);

/// Becomes `clariond --check`, likewise. `config` as above.
Error check(const std::string& config);

}  // namespace clarion::ctl
