#include "server/net/listener.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <set>
#include <string>

#include "server/net/transport/socket_address.h"
#include "tests/unit/net/loop.h"

using namespace clarion;
using namespace clarion::net;

namespace {

ListenOptions at(const std::string& address, std::int64_t port = 0) {
    ListenOptions options;
    options.address = address;
    options.port = port;
    return options;
}

FileDescriptor connect_to(const char* ip, std::uint16_t port) {
    const auto address = SocketAddress::parse(ip, port);
    FileDescriptor fd(::socket(address->is_ipv6() ? AF_INET6 : AF_INET, SOCK_STREAM, 0));
    const auto* raw = reinterpret_cast<const sockaddr*>(address->storage.data());
    if (::connect(fd.get(), raw, address->size) != 0) return {};
    return fd;
}

}  // namespace

TEST_SUITE("net/listener") {
    TEST_CASE("a port in use is reported, although shards share theirs") {
        const auto first = open_port(at("127.0.0.1"), 3, true);
        REQUIRE(first.ok());
        CHECK(first->sockets.size() == 3);
        CHECK(first->port != 0);
        const auto second = open_port(at("127.0.0.1", first->port), 1);
        REQUIRE(!second.ok());
        CHECK(second.error().code == "port-in-use");
        CHECK(second.error().text == "port in use: 127.0.0.1:" + std::to_string(first->port));
    }

    TEST_CASE("what cannot be listened on") {
        CHECK(open_port(at("localhost"), 1, true).error().code == "bad-address");
        CHECK(open_port(at("192.0.2.1"), 1, true).error().code == "listen-failed");
        CHECK(open_port({.type = "gopher"}, 1, true).error().code == "bad-listen-type");
    }

    TEST_CASE("listener types: each row is complete, and no two have a name or port in common") {
        std::set<std::string_view> names;
        std::set<std::uint16_t> ports;
        for (const ListenerType& type : listener_types()) {
            CAPTURE(type.name);
            CHECK(names.insert(type.name).second);
            CHECK(ports.insert(type.usual_port).second);
            CHECK_FALSE(type.who.empty());
            const bool takes_sockets = type.accept != nullptr;
            CHECK(takes_sockets);
            const bool needs_certificate = type.needs_certificate != nullptr;
            CHECK(needs_certificate != type.without_certificate.empty());
            CHECK(find_listener_type(type.name).value() == &type);
        }
        CHECK(names == std::set<std::string_view>{"c2s", "c2s-tls", "s2s", "s2s-tls", "component",
                                                  "proxy65", "http", "https"});
        CHECK(find_listener_type("c2s-tls").value()->usual_port == 5223);
        CHECK(find_listener_type("component").value()->usual_port == 5347);
    }

    TEST_CASE("connections are accepted, over IPv4 also on ::") {
        test::Loop loop;
        auto open = open_port(at("::"), 1, true);
        REQUIRE(open.ok());
        std::vector<std::string> peers;
        Listener listener(loop.poller(), std::move(open->sockets[0]), [&](FileDescriptor fd) {
            peers.push_back(SocketAddress::peer_of(fd.get()).ip());
        });
        REQUIRE(listener.start().ok());
        const FileDescriptor client = connect_to("127.0.0.1", open->port);
        REQUIRE(client);
        loop.run_until([&] { return !peers.empty(); });
        CHECK(peers[0] == "127.0.0.1");
    }

    TEST_CASE("addresses as text") {
        CHECK(SocketAddress::parse("127.0.0.1", 5222)->text() == "127.0.0.1:5222");
        CHECK(SocketAddress::parse("2001:db8::1", 1)->text() == "[2001:db8::1]:1");
        CHECK(SocketAddress::parse("::ffff:192.0.2.1", 7)->ip() == "192.0.2.1");
        CHECK(!SocketAddress::parse("example.org", 1).ok());
    }
}
