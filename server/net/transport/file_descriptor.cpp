#include "server/net/transport/file_descriptor.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace clarion::net {

void FileDescriptor::reset() {
    if (const int fd = std::exchange(fd_, -1); fd >= 0) ::close(fd);
}

bool leaves_enough(const FileDescriptor& descriptor, DescriptorUse use) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;
    const rlim_t kept = use == DescriptorUse::client ? std::min<rlim_t>(64, limit.rlim_cur / 16)
                                                     : std::min<rlim_t>(256, limit.rlim_cur / 4);
    return static_cast<rlim_t>(descriptor.get()) < limit.rlim_cur - kept;
}

}  // namespace clarion::net
