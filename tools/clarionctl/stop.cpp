#include "tools/clarionctl/stop.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <thread>

namespace clarion::ctl {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto patience = std::chrono::minutes(1);

/// A descriptor for the process, which tells of its end and of no other's that gets its number;
/// -1: there is no such process here (another namespace), or the kernel is too old.
int open_process(int pid) {
    return pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1;
}

bool wait_for_process(int descriptor) {
    pollfd ended{descriptor, POLLIN, 0};
    constexpr auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
    const int outcome = ::poll(&ended, 1, static_cast<int>(limit.count()));
    ::close(descriptor);
    return outcome == 1;
}

/// All that can be seen without the process: its socket answers no more.
bool wait_for_silence(const AdminClient& client) {
    const auto until = Clock::now() + patience;
    while (client.server_process()) {
        if (Clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return true;
}

}  // namespace

Result<> stop_and_wait(const AdminClient& client) {
    const auto process = client.server_process();
    if (!process) return process.error();
    const int descriptor = open_process(*process);
    if (const auto told = client.ask("stop", {}); !told) {
        if (descriptor >= 0) ::close(descriptor);
        return told.error();
    }
    const bool gone = descriptor >= 0 ? wait_for_process(descriptor) : wait_for_silence(client);
    if (gone) return {};
    return fail("timeout",
                "the server was told to stop, and runs still after a minute. Its log "
                "says more");
}

}  // namespace clarion::ctl
