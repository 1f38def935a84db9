#include "server/net/transport/descriptor_use.h"

#include <sys/resource.h>

#include <algorithm>

namespace clarion::net {

bool leaves_enough(const FileDescriptor& descriptor, DescriptorUse use) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;
    const rlim_t kept = use == DescriptorUse::client ? std::min<rlim_t>(64, limit.rlim_cur / 16)
                                                     : std::min<rlim_t>(256, limit.rlim_cur / 4);
    return static_cast<rlim_t>(descriptor.get()) < limit.rlim_cur - kept;
}

}  // namespace clarion::net
