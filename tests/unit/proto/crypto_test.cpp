#include "proto/crypto.h"

#include "base/text.h"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace clarion;
using namespace clarion::crypto;

namespace {

std::string unhex(std::string_view text) {
    const auto bytes = hex_decode(text);
    REQUIRE(bytes.ok());
    return bytes.value();
}

}  // namespace

TEST_CASE("digests") {
    CHECK(hex_encode(sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(hex_encode(sha1("")) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(hex_encode(sha256("abc")) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(digest(Hash::sha1, "abc") == sha1("abc"));
    CHECK(digest(Hash::sha256, "abc") == sha256("abc"));
}

TEST_CASE("HMAC, RFC 2202 and RFC 4231 case 2, and with nothing at all") {
    CHECK(hex_encode(hmac_sha1("Jefe", "what do ya want for nothing?")) ==
          "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    CHECK(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex_encode(hmac_sha256({}, {})) ==
          "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("PBKDF2, RFC 6070") {
    CHECK(hex_encode(pbkdf2(Hash::sha1, "password", "salt", 1)) ==
          "0c60c80f961f0e71f3a9b524af6012062fe037a6");
    CHECK(hex_encode(pbkdf2(Hash::sha1, "password", "salt", 4096)) ==
          "4b007901b765489abead49d926f721d065a429c1");
    CHECK(hex_encode(pbkdf2(Hash::sha256, "password", "salt", 1)) ==
          "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b");
    CHECK_THROWS_AS(pbkdf2(Hash::sha256, "password", "salt", 0), std::invalid_argument);
}

TEST_CASE("AES-128-GCM, the test cases of the GCM specification") {
    const std::string zero_key(16, '\0');
    const std::string zero_iv(12, '\0');
    CHECK(hex_encode(aes_128_gcm_encrypt(zero_key, zero_iv, "")) ==
          "58e2fccefa7e3061367f1d57a4e7455a");
    CHECK(hex_encode(aes_128_gcm_encrypt(zero_key, zero_iv, std::string(16, '\0'))) ==
          "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");

    const std::string key = unhex("feffe9928665731c6d6a8f9467308308");
    const std::string iv = unhex("cafebabefacedbaddecaf888");
    const std::string plain = unhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    const std::string associated = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const std::string sealed = aes_128_gcm_encrypt(key, iv, plain, associated);
    CHECK(
        hex_encode(sealed) ==
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47");

    const auto opened = aes_128_gcm_decrypt(key, iv, sealed, associated);
    REQUIRE(opened.ok());
    CHECK(opened.value() == plain);
}

TEST_CASE("AES-128-GCM refuses what was changed, cut or sealed under another key") {
    const std::string key = random_bytes(16);
    const std::string iv = random_bytes(12);
    const std::string sealed = aes_128_gcm_encrypt(key, iv, "attack at dawn", "header");
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK_FALSE(aes_128_gcm_decrypt(key, iv, changed, "header").ok());
    }
    CHECK_FALSE(aes_128_gcm_decrypt(key, iv, sealed, "Header").ok());
    CHECK_FALSE(aes_128_gcm_decrypt(random_bytes(16), iv, sealed, "header").ok());
    CHECK(aes_128_gcm_decrypt(key, iv, sealed.substr(0, 15), "header").error().code ==
          "bad-ciphertext");
    CHECK_THROWS_AS(aes_128_gcm_encrypt("short", iv, "x"), std::invalid_argument);
    CHECK_THROWS_AS(aes_128_gcm_encrypt(key, "short", "x"), std::invalid_argument);
}

TEST_CASE("comparing, drawing and wiping") {
    CHECK(constant_time_equal("", ""));
    CHECK(constant_time_equal("same", "same"));
    CHECK_FALSE(constant_time_equal("same", "sane"));
    CHECK_FALSE(constant_time_equal("same", "same "));
    CHECK(random_bytes(32).size() == 32);
    CHECK(random_bytes(32) != random_bytes(32));
    CHECK(random_bytes(0).empty());
    std::string secret = "secret";
    wipe(secret);
    CHECK(secret.empty());
}
