#include "storage/module_data.h"

#include "base/text.h"
#include "proto/crypto.h"

namespace clarion::storage {

std::string data_key(std::string_view text) {
    if (text.size() < max_data_key) return std::string(text);
    constexpr std::size_t hash_size = 32;  // 24 bytes as base64url
    const std::string hash = base64url_encode(crypto::sha256(text).substr(0, 24));
    return std::string(text.substr(0, max_data_key - hash_size)) + hash;
}

}  // namespace clarion::storage
