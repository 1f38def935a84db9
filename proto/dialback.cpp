#include "proto/dialback.h"

#include "base/text.h"
#include "proto/crypto.h"

namespace clarion::dialback {

std::string dialback_key(std::string_view secret, std::string_view receiving,
                         std::string_view originating, std::string_view stream_id) {
    std::string input;
    input.reserve(receiving.size() + originating.size() + stream_id.size() + 2);
    input.append(receiving).append(1, ' ').append(originating).append(1, ' ').append(stream_id);
    // XEP-0185 note 4: the hashed secret goes in as hexadecimal text, not as raw bytes.
    return hex_encode(crypto::hmac_sha256(hex_encode(crypto::sha256(secret)), input));
}

bool verify_dialback_key(std::string_view key, std::string_view secret, std::string_view receiving,
                         std::string_view originating, std::string_view stream_id) {
    return crypto::constant_time_equal(key,
                                       dialback_key(secret, receiving, originating, stream_id));
}

}  // namespace clarion::dialback
