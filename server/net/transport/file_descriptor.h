// FileDescriptor: owns a descriptor and closes it. Moves between threads freely.
#pragma once

#include <utility>

namespace clarion::net {

class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileDescriptor() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void reset();

private:
    int fd_ = -1;
};

/// Who needs descriptors: the server itself (its data, the administrator's socket, DNS) before
/// clients, and clients before servers and components, which come in any number.
enum class DescriptorUse { client, other };

/// Whether a descriptor of that number leaves those that go before `use` enough. The lowest free
/// number is given out, so as many are in use, and RLIMIT_NOFILE is what there is.
bool leaves_enough(const FileDescriptor& descriptor, DescriptorUse use);

}  // namespace clarion::net
