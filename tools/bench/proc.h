// What the kernel says about the server under test: memory and CPU of a process and everything
// below it (/proc/PID/smaps_rollup, stat, children). Needs the same user or root.
#pragma once

#include <sys/types.h>

#include "base/result.h"

namespace clarion::bench {

/// Bytes. Anonymous memory is what the server itself allocated; file is its program and what it has
/// mapped (an LMDB file shows here: it is the page cache's, shared and given back under pressure).
struct Memory {
    double anonymous = 0;  // Pss_Anon
    double file = 0;       // Pss_File
    double shared = 0;     // Pss_Shmem
    double resident = 0;   // Rss
};

/// Error "server-pid" if the process is not there or not ours to read.
Result<Memory> memory_of(pid_t root);
/// User and system time since the start, in seconds; 0 for a process that is gone.
double cpu_seconds_of(pid_t root);

/// The CPU time of a server, or of this process, over a stretch of a run.
class CpuClock {
public:
    explicit CpuClock(pid_t root) : root_(root), start_(root ? cpu_seconds_of(root) : 0) {}
    double seconds() const { return root_ ? cpu_seconds_of(root_) - start_ : 0; }

private:
    pid_t root_;
    double start_;
};

}  // namespace clarion::bench
