#include "modules/http_upload/slot.h"

#include <doctest/doctest.h>

#include <chrono>
#include <set>

#include "base/text.h"
#include "proto/crypto.h"

namespace clarion::http_upload {
namespace {

using namespace std::chrono_literals;

constexpr auto key = "a key of this installation";

Slot sample() {
    return {.id = std::string(2 * id_bytes, 'a'),
            .account = "romeo@example.org",
            .domain = "upload.example.org",
            .size = 23456,
            .name = "très cool.jpg",
            .type = "image/jpeg",
            .purpose = Purpose::ephemeral,
            .expire_before = WallTime(1'700'000'000s),
            .ends = LastingTime(1'600'000'000s)};
}

TEST_CASE("slot: what was signed is read again") {
    const Slot slot = sample();
    const std::string value = make_authorization(slot, key);
    CHECK(value.starts_with("Bearer "));
    const auto read = read_authorization(value, key);
    REQUIRE(read);
    CHECK(*read == slot);
    Slot plain = slot;
    plain.expire_before.reset();
    CHECK(*read_authorization(make_authorization(plain, key), key) == plain);
    CHECK(read_authorization("bearer" + value.substr(6), key));  // RFC 9110, 11.1
}

TEST_CASE("slot: what nobody signed, or somebody changed, is none") {
    const std::string value = make_authorization(sample(), key);
    CHECK_FALSE(read_authorization(value, "another key"));
    CHECK_FALSE(read_authorization("", key));
    CHECK_FALSE(read_authorization("Bearer ", key));
    CHECK_FALSE(read_authorization("Bearer .", key));
    CHECK_FALSE(read_authorization("Basic " + value.substr(7), key));
    CHECK_FALSE(read_authorization(value + ".x", key));
    CHECK_FALSE(read_authorization(value.substr(0, value.find('.')), key));
    for (std::size_t i = 7; i < value.size(); i += 5) {
        std::string changed = value;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CHECK_FALSE(read_authorization(changed, key));
    }
    // Signed, but no slot: of a later version, say.
    const std::string bytes = "\x02";
    CHECK_FALSE(read_authorization("Bearer " + base64url_encode(bytes) + "." +
                                       base64url_encode(crypto::hmac_sha256(key, bytes)),
                                   key));
}

TEST_CASE("slot: ids are long and none is like another") {
    std::set<std::string> ids;
    for (int i = 0; i < 100; ++i) {
        const std::string id = make_id();
        CHECK(is_id(id));
        CHECK(id_bytes * 8 >= 128);
        CHECK(ids.insert(id).second);
    }
    CHECK_FALSE(is_id(""));
    CHECK_FALSE(is_id(std::string(2 * id_bytes, 'A')));
    CHECK_FALSE(is_id(std::string(2 * id_bytes, '/')));
    CHECK_FALSE(is_id(std::string(2 * id_bytes + 1, 'a')));
}

TEST_CASE("slot: the path of a file") {
    const std::string id(2 * id_bytes, 'a');
    CHECK(path_of(sample()) == "/upload/" + id + "/tr%C3%A8s%20cool.jpg");
    const std::string path = "/upload/" + id + "/très cool.jpg";
    const auto parsed = parse_path(path);
    REQUIRE(parsed);
    CHECK(parsed->id == id);
    CHECK(parsed->name == "très cool.jpg");
    for (const std::string& other :
         {"/upload/" + id, "/upload/" + id + "/", "/upload/" + id + "/a/b",
          "/download/" + id + "/a", "/upload/../" + id + "/a", std::string("/upload/x/a"),
          std::string("/upload/"), std::string()})
        CHECK_FALSE(parse_path(other));
}

TEST_CASE("slot: addresses at another server") {
    const Slot slot = sample();
    const auto urls = external_urls(slot, "https://files.example.org/up", "s3cret");
    const std::string get = "https://files.example.org/up/" + slot.id + "/tr%C3%A8s%20cool.jpg";
    CHECK(urls.get == get);
    std::string text = slot.id + "/très cool.jpg";
    text.append(
        "\0"
        "23456"
        "\0"
        "image/jpeg",
        17);
    CHECK(urls.put == get + "?v2=" + hex_encode(crypto::hmac_sha256("s3cret", text)));
    Slot untyped = slot;
    untyped.type.clear();
    untyped.name = "a";
    std::string other = slot.id + "/a";
    other.append(
        "\0"
        "23456"
        "\0"
        "application/octet-stream",
        31);
    CHECK(external_urls(untyped, "https://files.example.org/up/", "s3cret").put ==
          "https://files.example.org/up/" + slot.id +
              "/a?v2=" + hex_encode(crypto::hmac_sha256("s3cret", other)));
}

}  // namespace
}  // namespace clarion::http_upload
