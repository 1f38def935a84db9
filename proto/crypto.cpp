#include "proto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <memory>
#include <stdexcept>

namespace clarion::crypto {

namespace {

void require(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL cannot do ") + what);
}

void require_argument(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
}

template <auto Function>
struct FreeWith {
    void operator()(auto* object) const { Function(object); }
};
using Digest = std::unique_ptr<EVP_MD, FreeWith<EVP_MD_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using Cipher = std::unique_ptr<EVP_CIPHER, FreeWith<EVP_CIPHER_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;

// Fetching by name takes locks and string comparisons inside OpenSSL 3: once is enough.
Digest fetch_digest(const char* algorithm) {
    Digest fetched(EVP_MD_fetch(nullptr, algorithm, nullptr));
    require(fetched != nullptr, algorithm);
    return fetched;
}

const EVP_MD* algorithm_of(Hash hash) {
    static const Digest sha1_digest = fetch_digest("SHA1");
    static const Digest sha256_digest = fetch_digest("SHA256");
    return hash == Hash::sha1 ? sha1_digest.get() : sha256_digest.get();
}

const EVP_CIPHER* aes_128_gcm() {
    static const Cipher cipher(EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr));
    require(cipher != nullptr, "AES-128-GCM");
    return cipher.get();
}

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// OpenSSL's older calls count in int; nothing we hash with them comes near.
int int_size(std::string_view text) {
    require_argument(text.size() < (std::size_t{1} << 30), "input over 1 GB");
    return static_cast<int>(text.size());
}

CipherContext gcm_context(std::string_view key, std::string_view iv, bool encrypting) {
    require_argument(key.size() == aes_128_key_size, "an AES-128 key has 16 bytes");
    require_argument(iv.size() == gcm_iv_size, "a GCM iv has 12 bytes");
    CipherContext context(EVP_CIPHER_CTX_new());
    require(context != nullptr && EVP_CipherInit_ex2(context.get(), aes_128_gcm(), bytes(key),
                                                     bytes(iv), encrypting ? 1 : 0, nullptr) == 1,
            "AES-128-GCM");
    return context;
}

// Feeds what is only authenticated, then what is also enciphered; returns the latter's other form.
std::string gcm_run(EVP_CIPHER_CTX* context, std::string_view associated, std::string_view input) {
    int length = 0;
    if (!associated.empty()) {
        require(EVP_CipherUpdate(context, nullptr, &length, bytes(associated),
                                 int_size(associated)) == 1,
                "GCM associated data");
    }
    std::string output(input.size(), '\0');
    if (!input.empty()) {
        require(
            EVP_CipherUpdate(context, bytes(output), &length, bytes(input), int_size(input)) == 1,
            "AES-128-GCM");
    }
    return output;
}

}  // namespace

std::string digest(Hash hash, std::string_view data) {
    // Kept for the next one: making it costs more than what a short text needs.
    thread_local const DigestContext context(EVP_MD_CTX_new());
    require(context != nullptr, "a digest");
    std::string out(digest_size(hash), '\0');
    require(EVP_DigestInit_ex2(context.get(), algorithm_of(hash), nullptr) == 1 &&
                EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
                EVP_DigestFinal_ex(context.get(), bytes(out), nullptr) == 1,
            "a digest");
    return out;
}

std::string sha1(std::string_view data) { return digest(Hash::sha1, data); }

std::string sha256(std::string_view data) { return digest(Hash::sha256, data); }

std::string hmac(Hash hash, std::string_view key, std::string_view data) {
    std::string out(digest_size(hash), '\0');
    const char* const key_data = key.empty() ? "" : key.data();  // nullptr would mean "no key set"
    require(HMAC(algorithm_of(hash), key_data, int_size(key), bytes(data), data.size(), bytes(out),
                 nullptr) != nullptr,
            "HMAC");
    return out;
}

std::string hmac_sha1(std::string_view key, std::string_view data) {
    return hmac(Hash::sha1, key, data);
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
    return hmac(Hash::sha256, key, data);
}

std::string pbkdf2(Hash hash, std::string_view password, std::string_view salt,
                   std::uint32_t iterations) {
    require_argument(iterations > 0 && iterations < (1U << 31), "PBKDF2 iterations out of range");
    std::string out(digest_size(hash), '\0');
    require(PKCS5_PBKDF2_HMAC(password.empty() ? "" : password.data(), int_size(password),
                              bytes(salt), int_size(salt), static_cast<int>(iterations),
                              algorithm_of(hash), static_cast<int>(out.size()), bytes(out)) == 1,
            "PBKDF2");
    return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    require(RAND_bytes(bytes(out), int_size(out)) == 1, "random bytes");
    return out;
}

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

std::string aes_128_gcm_encrypt(std::string_view key, std::string_view iv,
                                std::string_view plaintext, std::string_view associated_data) {
    const CipherContext context = gcm_context(key, iv, true);
    std::string sealed = gcm_run(context.get(), associated_data, plaintext);
    std::string tag(gcm_tag_size, '\0');
    int none = 0;
    require(EVP_CipherFinal_ex(context.get(), bytes(tag), &none) == 1 &&
                EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, gcm_tag_size,
                                    bytes(tag)) == 1,
            "a GCM tag");
    return sealed += tag;
}

Result<std::string> aes_128_gcm_decrypt(std::string_view key, std::string_view iv,
                                        std::string_view sealed, std::string_view associated_data) {
    const CipherContext context = gcm_context(key, iv, false);
    if (sealed.size() < gcm_tag_size) return fail("bad-ciphertext", "shorter than its tag");
    std::string tag(sealed.substr(sealed.size() - gcm_tag_size));
    sealed.remove_suffix(gcm_tag_size);
    std::string plaintext = gcm_run(context.get(), associated_data, sealed);
    require(
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, gcm_tag_size, bytes(tag)) == 1,
        "a GCM tag");
    int none = 0;
    if (EVP_CipherFinal_ex(context.get(), bytes(tag), &none) != 1) {
        wipe(plaintext);
        return fail("bad-ciphertext", "the tag does not fit");
    }
    return plaintext;
}

struct Aes128::Contexts {
    CipherContext encrypting, decrypting;
};

namespace {

CipherContext block_context(std::string_view key, int encrypting) {
    const Cipher cipher(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr));
    CipherContext context(EVP_CIPHER_CTX_new());
    require(cipher && context &&
                EVP_CipherInit_ex2(context.get(), cipher.get(), bytes(key), nullptr, encrypting,
                                   nullptr) == 1 &&
                EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1,
            "AES-128");
    return context;
}

Aes128::Block run_block(EVP_CIPHER_CTX* context, const Aes128::Block& block) {
    Aes128::Block out;
    int length = 0;
    require(EVP_CipherUpdate(context, out.data(), &length, block.data(), aes_block_size) == 1 &&
                length == aes_block_size,
            "AES-128");
    return out;
}

}  // namespace

Aes128::Aes128(std::string_view key) {
    require_argument(key.size() == aes_128_key_size, "an AES-128 key has 16 bytes");
    contexts_ = std::make_unique<Contexts>(Contexts{block_context(key, 1), block_context(key, 0)});
}

Aes128::~Aes128() = default;

Aes128::Block Aes128::encrypt(const Block& block) const {
    return run_block(contexts_->encrypting.get(), block);
}

Aes128::Block Aes128::decrypt(const Block& block) const {
    return run_block(contexts_->decrypting.get(), block);
}

}  // namespace clarion::crypto
