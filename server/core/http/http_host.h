// Which host of ours a request over HTTP is for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/config.h"
#include "server/core/address/domains.h"

namespace clarion::core {

/// `name`: HttpRequest::host. The host of that name (in ASCII or not), or the only one whose [http]
/// external_url has it. nullopt: none, or several share it; of an IP address and "localhost" the
/// name alone counts, for anybody may ask by them.
std::optional<std::string> http_host(const Domains& domains, const Config& config,
                                     std::string_view name);

}  // namespace clarion::core
