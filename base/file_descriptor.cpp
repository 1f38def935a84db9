#include "base/file_descriptor.h"

#include <unistd.h>

namespace clarion {

void FileDescriptor::reset() {
    if (const int fd = std::exchange(fd_, -1); fd >= 0) ::close(fd);
}

}  // namespace clarion
