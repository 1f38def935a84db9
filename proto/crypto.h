// Hashes, key derivation, authenticated encryption: plain functions over OpenSSL 3, so that nothing
// above proto/ sees an OpenSSL header. Bytes travel in std::string / std::string_view.
//
// Thread: any. Every function is free of shared mutable state; the algorithm handles are fetched
// once, at first use, and only read afterwards. Functions whose inputs come from a peer return a
// Result; a call that only our own code can get wrong (a key of the wrong length) throws
// std::invalid_argument, a failing library std::runtime_error.
//
// Sources: FIPS 180-4 (SHA), RFC 2104 (HMAC), RFC 8018 (PBKDF2), RFC 5869 (HKDF),
// NIST SP 800-38D (GCM).
#pragma once

#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace clarion::crypto {

/// The hash functions Clarion's protocols use. SHA-1 lives on in SCRAM-SHA-1, XEP-0115 and
/// XEP-0153.
enum class Hash : std::uint8_t { sha1, sha256 };

/// Length of the hash in bytes: 20 or 32.
constexpr std::size_t digest_size(Hash hash) { return hash == Hash::sha1 ? 20 : 32; }

/// Raw digest (not hex) of `data`.
std::string digest(Hash hash, std::string_view data);
std::string sha1(std::string_view data);
std::string sha256(std::string_view data);

/// Raw HMAC of `data` under `key`.
std::string hmac(Hash hash, std::string_view key, std::string_view data);
std::string hmac_sha1(std::string_view key, std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);

/// PBKDF2 with HMAC, as long as the hash itself: what RFC 5802 calls Hi().
/// This is slow on purpose (about 0.2 ms per 1,000 iterations).
/// REQUIRES: iterations > 0.
std::string pbkdf2(Hash hash, std::string_view password, std::string_view salt,
                   std::uint32_t iterations);

/// True when both are the same bytes. The time taken depends on the lengths only.
bool constant_time_equal(std::string_view a, std::string_view b);

/// `count` bytes from the operating system's generator, fit for keys, salts and nonces.
std::string random_bytes(std::size_t count);

/// Overwrites the bytes of a secret, then empties it. The compiler may not drop the write.
void wipe(std::string& secret);

inline constexpr std::size_t aes_128_key_size = 16;
inline constexpr std::size_t gcm_iv_size = 12;
inline constexpr std::size_t gcm_tag_size = 16;

/// AES-128-GCM; the 16 byte tag is appended to the ciphertext. Never use one iv twice with one key.
/// REQUIRES: a key of 16 and an iv of 12 bytes.
std::string aes_128_gcm_encrypt(std::string_view key, std::string_view iv,
                                std::string_view plaintext, std::string_view associated_data = {});

/// The inverse. Error "bad-ciphertext" when the tag does not fit or `sealed` is too short.
/// REQUIRES: a key of 16 and an iv of 12 bytes.
Result<std::string> aes_128_gcm_decrypt(std::string_view key, std::string_view iv,
                                        std::string_view sealed,
                                        std::string_view associated_data = {});

inline constexpr std::size_t aes_block_size = 16;

/// AES-128 on single blocks: a permutation of 16 bytes that only the key explains. No mode of
/// operation: for values that are each different, such as numbers. One thread at a time.
class Aes128 {
public:
    /// REQUIRES: a key of 16 bytes.
    explicit Aes128(std::string_view key);
    ~Aes128();
    Aes128(Aes128&&) = delete;

    using Block = std::array<unsigned char, aes_block_size>;
    Block encrypt(const Block& block) const;
    Block decrypt(const Block& block) const;

private:
    struct Contexts;
    std::unique_ptr<Contexts> contexts_;
};

}  // namespace clarion::crypto
