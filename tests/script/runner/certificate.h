// A self-signed certificate for the server under test.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace clarion::script {

/// Writes a fresh key and certificate, valid for a day and for `domains`, as two PEM files.
Result<void> write_certificate(const std::vector<std::string>& domains,
                               const std::string& certificate_file, const std::string& key_file);

}  // namespace clarion::script
