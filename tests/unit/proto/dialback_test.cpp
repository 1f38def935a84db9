#include "proto/dialback.h"

#include <doctest/doctest.h>

using namespace clarion::dialback;

namespace {

constexpr auto secret = "s3cr3tf0rd14lb4ck";
constexpr auto key = "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643";

}  // namespace

TEST_CASE("the key of XEP-0185's example") {
    CHECK(dialback_key(secret, "xmpp.example.com", "example.org", "D60000229F") == key);
}

TEST_CASE("a key is valid for its two domains, their direction and its stream only") {
    CHECK(verify_dialback_key(key, secret, "xmpp.example.com", "example.org", "D60000229F"));
    CHECK_FALSE(verify_dialback_key(key, secret, "example.org", "xmpp.example.com", "D60000229F"));
    CHECK_FALSE(verify_dialback_key(key, secret, "xmpp.example.com", "example.org", "D60000229G"));
    CHECK_FALSE(verify_dialback_key(key, "other", "xmpp.example.com", "example.org", "D60000229F"));
    CHECK_FALSE(verify_dialback_key("", secret, "xmpp.example.com", "example.org", "D60000229F"));
}

TEST_CASE("the space keeps names apart") {
    CHECK(dialback_key(secret, "example.in", "form.example.org", "1") !=
          dialback_key(secret, "example.info", "rm.example.org", "1"));
}
