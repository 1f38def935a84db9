#include "server/net/http/page_origin.h"

#include <algorithm>

#include "base/text.h"

namespace clarion::net {

bool may_connect(std::string_view origin, std::span<const std::string> origins) {
    if (origins.empty() || origin.empty()) return true;
    return std::any_of(origins.begin(), origins.end(),
                       [&](const std::string& each) { return equal_ignoring_case(each, origin); });
}

}  // namespace clarion::net
