// Whether the page of some site may connect: browsers say whose page it is (Origin, RFC 6454).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace clarion::net {

/// `origins`: the sites that may, "https://chat.example.org"; none: all may. A client that is no
/// browser says no origin, and could say any: it may.
bool may_connect(std::string_view origin, std::span<const std::string> origins);

}  // namespace clarion::net
