// Server dialback keys.
//
// Pure functions, any thread. The key proves that whoever answers for the originating domain also
// made the request; nothing needs to be remembered between the two but the secret.
//
// Sources: XEP-0220 (dialback), XEP-0185 (the key).
#pragma once

#include <string>
#include <string_view>

namespace clarion::dialback {

/// The key we send in <db:result/>: 64 lower-case hexadecimal digits. `receiving` is the domain we
/// connect to, `originating` ours, `stream_id` the id of the receiving server's stream header.
std::string dialback_key(std::string_view secret, std::string_view receiving,
                         std::string_view originating, std::string_view stream_id);

/// Whether `key`, which a receiving server asks about by <db:verify/>, is one we made. Takes the
/// same time wherever they differ.
bool verify_dialback_key(std::string_view key, std::string_view secret, std::string_view receiving,
                         std::string_view originating, std::string_view stream_id);

}  // namespace clarion::dialback
