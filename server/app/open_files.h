// How many files and sockets the process may have open at a time.
#pragma once

namespace clarion::app {

/// Raises the limit (RLIMIT_NOFILE) as far as the system lets us, and says how far: each connection
/// is one, and a thousand, as many systems begin with, are few.
void raise_open_files_limit();

}  // namespace clarion::app
