#include "server/app/open_files.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/log.h"

namespace clarion::app {

namespace {
constexpr Logger logger{"server"};
constexpr rlim_t few = 8192;
}  // namespace

void raise_open_files_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (before != limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        logger.warning("open-files", {{"error", std::strerror(errno)}});
        limit.rlim_cur = before;
    }
    const auto number = static_cast<std::int64_t>(limit.rlim_cur);
    logger.info("open-files", {{"limit", number}});
    if (limit.rlim_cur < few) {
        logger.warning("few-open-files",
                       {{"limit", number},
                        {"text",
                         "each connection is one: raise the limit (ulimit -Hn, systemd's "
                         "LimitNOFILE)"}});
    }
}

}  // namespace clarion::app
