// user import: many accounts from a file.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "tools/clarionctl/admin_client.h"

namespace clarion::ctl {

struct Imported {
    std::int64_t created = 0;
    std::int64_t problems = 0;  // each was told on standard error
};

/// "localpart@domain<TAB>password" per line ("-": of standard input), sent in slices. Lines that
/// make no sense are told and skipped. Errors: the file cannot be read, or what the server says.
Result<Imported> import_users(const AdminClient& client, const std::string& path);

}  // namespace clarion::ctl
