#include "tools/clarionctl/private_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

namespace clarion::ctl {

Result<std::uint64_t> write_private_file(
    const std::string& file, const std::function<Result<std::uint64_t>(std::ostream&)>& write) {
    if (file.empty() || file == "-") {
        auto count = write(std::cout);
        if (count && !std::cout.flush())
            return fail("usage",
                        std::string("cannot write to standard output: ") + std::strerror(errno));
        return count;
    }
    const std::string unfinished = file + ".part";
    const mode_t before = ::umask(077);
    std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
    ::umask(before);
    if (!out) return fail("usage", "cannot write " + unfinished + ": " + std::strerror(errno));
    auto count = write(out);
    const bool written = static_cast<bool>(out);
    out.close();
    if (!count || !written || std::rename(unfinished.c_str(), file.c_str()) != 0) {
        std::remove(unfinished.c_str());
        if (count) return fail("usage", "cannot write " + file + ": " + std::strerror(errno));
    }
    return count;
}

}  // namespace clarion::ctl
