// DescriptorUse: who goes before whom when descriptors run out.
#pragma once

#include "base/file_descriptor.h"

namespace clarion::net {

/// Who needs descriptors: the server itself (its data, the administrator's socket, DNS) before
/// clients, and clients before servers and components, which come in any number.
enum class DescriptorUse { client, other };

/// Whether a descriptor of that number leaves those that go before `use` enough. The lowest free
/// number is given out, so as many are in use, and RLIMIT_NOFILE is what there is.
bool leaves_enough(const FileDescriptor& descriptor, DescriptorUse use);

}  // namespace clarion::net
