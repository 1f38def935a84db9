// Listening on a Unix socket: for whoever may open its path, and nobody else (mode 0600).
#pragma once

#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace clarion::net {

/// Binds `path`, replacing a socket that nobody answers on, and listens. Errors: "admin-socket",
/// names the path and what is wrong.
Result<FileDescriptor> listen_on_unix_socket(const std::string& path);

}  // namespace clarion::net
