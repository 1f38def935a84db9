#include "server/net/transport/socket_address.h"

#include <doctest/doctest.h>

using namespace clarion;
using net::SocketAddress;

TEST_SUITE("net/socket_address") {
    TEST_CASE("which addresses are public") {
        const auto is_public = [](const char* ip) {
            return SocketAddress::parse(ip, 5269).value().is_public();
        };
        for (const char* ip :
             {"192.0.2.1",       "1.1.1.1",      "9.255.255.255",    "11.0.0.1",
              "100.63.255.255",  "100.128.0.1",  "126.0.0.1",        "128.0.0.1",
              "169.253.0.1",     "172.15.0.1",   "172.32.0.1",       "192.0.1.1",
              "192.169.0.1",     "198.17.0.1",   "198.20.0.1",       "223.255.255.255",
              "2001:db8::1",     "2a00:1450::1", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1",
              "2002:c000:201::1"}) {
            CAPTURE(ip);
            CHECK(is_public(ip));
        }
        for (const char* ip : {"0.0.0.0",
                               "0.1.2.3",
                               "10.0.0.1",
                               "10.255.255.255",
                               "100.64.0.1",
                               "100.127.255.255",
                               "127.0.0.1",
                               "127.255.255.255",
                               "169.254.169.254",
                               "172.16.0.1",
                               "172.31.255.255",
                               "192.0.0.1",
                               "192.168.0.1",
                               "198.18.0.1",
                               "198.19.255.255",
                               "224.0.0.1",
                               "240.0.0.1",
                               "255.255.255.255",
                               "::",
                               "::1",
                               "::127.0.0.1",
                               "fc00::1",
                               "fdff::1",
                               "fe80::1",
                               "febf::1",
                               "fec0::1",
                               "ff02::1",
                               "::ffff:127.0.0.1",
                               "::ffff:10.0.0.1",
                               "64:ff9b::10.0.0.1",
                               "64:ff9b:1::1",
                               "2002:a00:1::1",
                               "2002:7f00:1::1"}) {
            CAPTURE(ip);
            CHECK_FALSE(is_public(ip));
        }
        CHECK_FALSE(SocketAddress{}.is_public());
    }
}
