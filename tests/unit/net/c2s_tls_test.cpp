// Clients with TLS, over real sockets.
#include <doctest/doctest.h>
#include <fcntl.h>

#include <array>

#include "base/clock.h"
#include "base/log.h"
#include "server/net/c2s/c2s_connection.h"
#include "tests/unit/net/loop.h"
#include "tests/unit/net/wire.h"

using namespace clarion;
using clarion::test::Loop;
using clarion::test::Wire;
using clarion::test::WireClient;

namespace {

/// A client whose end of the connection is a Transport, too.
class TlsClient {
public:
    TlsClient(Wire& wire, std::uint16_t port, std::shared_ptr<const net::TlsContexts> tls)
        : wire_(wire), tls_(std::move(tls)) {
        const auto address = net::SocketAddress::parse("127.0.0.1", port);
        FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto* raw = reinterpret_cast<const sockaddr*>(address->storage.data());
        if (::connect(fd.get(), raw, address->size) != 0) throw std::runtime_error("connect");
        ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
        transport_ = std::make_unique<net::Transport>(loop_.poller(), std::move(fd));
    }

    void send(std::string_view text) { REQUIRE(transport_->write(text).value() == text.size()); }

    std::string shake_hands(std::string alpn = {}) {
        net::TlsSettings settings;
        settings.role = net::TlsSettings::Role::connect;
        settings.contexts = tls_;
        settings.peer_name = "example.org";
        settings.alpn = std::move(alpn);
        std::string result;
        loop_.start(shake(*transport_, std::move(settings), result));
        run_until([&] { return !result.empty(); });
        return result;
    }

    std::string expect(std::string_view text) {
        run_until([&] {
            receive();
            return ended_ || received_.find(text) != std::string::npos;
        });
        const std::size_t at = received_.find(text);
        if (at == std::string::npos) throw std::runtime_error("instead came: " + received_);
        std::string result = received_.substr(0, at + text.size());
        received_.erase(0, at + text.size());
        return result;
    }
    void expect_end() {
        run_until([&] {
            receive();
            return ended_;
        });
    }
    void log_in(const std::string& user, const std::string& resource) {
        REQUIRE(shake_hands() == "ok");
        send(WireClient::header);
        expect("</stream:features>");
        send(WireClient::plain(user, "secret"));
        expect("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        send(WireClient::header);
        expect("</stream:features>");
        send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" +
             resource + "</resource></bind></iq>");
        expect("</iq>");
    }
    net::Transport& transport() { return *transport_; }

private:
    static Task<> shake(net::Transport& transport, net::TlsSettings settings, std::string& result) {
        const Result<> done = co_await transport.handshake(std::move(settings));
        result = done ? "ok" : done.error().code;
    }
    void run_until(const std::function<bool()>& done) {
        wire_.run_until([&] {
            loop_.io().restart();
            loop_.io().poll();
            return done();
        });
    }
    void receive() {
        std::array<char, 4096> buffer;
        for (;;) {
            const Result<std::size_t> n = transport_->read(buffer);
            if (!n) ended_ = true;
            if (!n || *n == 0) return;
            received_.append(buffer.data(), *n);
        }
    }

    Wire& wire_;
    std::shared_ptr<const net::TlsContexts> tls_;
    Loop loop_;
    std::unique_ptr<net::Transport> transport_;
    std::string received_;
    bool ended_ = false;
};

struct Certified {
    test::TemporaryDirectory directory;
    std::string options;
    std::shared_ptr<const net::TlsContexts> tls;

    Certified() {
        directory.make_certificate("org", "example.org");
        const std::string base = directory.path() + "/org";
        options = "[tls]\ncertificate = \"" + base + ".pem\"\nprivate_key = \"" + base +
                  ".key.pem\"\nca = \"" + base + ".pem\"\n[auth]\nscram_iterations = 4096\n";
        const auto config = test::make_config("[server]\ndomains = [\"example.org\"]\n" + options);
        tls = net::TlsContexts::load(*config, {"example.org"})->contexts;
    }
};

constexpr std::string_view starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

}  // namespace

TEST_SUITE("net/c2s_tls") {
    TEST_CASE("STARTTLS, then login with TLS, also across shards") {
        Certified certified;
        Wire wire(certified.options, certified.tls);
        wire.world.add_account("romeo@example.org", "secret");
        for (const int shard : {0, 1}) {
            TlsClient romeo(wire, wire.listen("c2s", shard), certified.tls);
            romeo.send(WireClient::header);
            const std::string features = romeo.expect("</stream:features>");
            CHECK(features.find("<required/>") != std::string::npos);
            CHECK(features.find("<mechanism>") == std::string::npos);
            romeo.send(starttls);
            romeo.expect("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
            CHECK(romeo.shake_hands() == "ok");
            CHECK(romeo.transport().peer_valid_for("example.org"));
            romeo.send(WireClient::header);
            CHECK(romeo.expect("</stream:features>").find("-PLUS</mechanism>") !=
                  std::string::npos);
            romeo.send(WireClient::plain("romeo", "secret"));
            romeo.expect("<success");
            romeo.expect("/>");
            romeo.send(WireClient::header);
            CHECK(romeo.expect("</stream:features>").find("<bind") != std::string::npos);
            romeo.send("</stream:stream>");
            romeo.expect("</stream:stream>");
            romeo.expect_end();
        }
    }

    TEST_CASE("text sent in the clear behind starttls closes the connection") {
        Certified certified;
        Wire wire(certified.options, certified.tls);
        const std::uint16_t port = wire.listen("c2s");
        TlsClient together(wire, port, certified.tls);
        together.send(std::string(WireClient::header) + std::string(starttls) +
                      "<message xmlns='jabber:client'/>");
        together.expect("<proceed");
        together.expect_end();
        wire.run_until([&] { return wire.connections() == 0; });
    }

    TEST_CASE("white space in the clear behind starttls does no harm, wherever it is cut") {
        Certified certified;
        Wire wire(certified.options, certified.tls);
        const std::uint16_t port = wire.listen("c2s");
        constexpr std::string_view proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
        struct Case {
            std::string_view together, before_answer, before_handshake;
        };
        for (const Case& each : {Case{"\n", "", ""}, Case{" \t\r\n", "", ""}, Case{"", "\n", ""},
                                 Case{"", "", "\r\n"}, Case{"\n", " ", "\t"}}) {
            TlsClient client(wire, port, certified.tls);
            client.send(std::string(WireClient::header) + std::string(starttls) +
                        std::string(each.together));
            if (!each.before_answer.empty()) client.send(each.before_answer);
            client.expect(proceed);
            if (!each.before_handshake.empty()) client.send(each.before_handshake);
            CHECK(client.shake_hands() == "ok");
            client.send(WireClient::header);
            client.expect("</stream:features>");
        }
        for (const std::string_view other : {"\n<a/><b/>", " x<a/>", "\xC2\xA0<a/>", "\f<a/>"}) {
            TlsClient together(wire, port, certified.tls);
            together.send(std::string(WireClient::header) + std::string(starttls) +
                          std::string(other));
            together.expect(proceed);
            together.expect_end();
            TlsClient later(wire, port, certified.tls);
            later.send(std::string(WireClient::header) + std::string(starttls));
            later.expect(proceed);
            later.send(other);
            later.expect_end();
        }
    }

    TEST_CASE("TLS from the start, with ALPN or without") {
        Certified certified;
        Wire wire(certified.options, certified.tls);
        const std::uint16_t port = wire.listen("c2s-tls");
        for (const char* alpn : {"xmpp-client", ""}) {
            TlsClient client(wire, port, certified.tls);
            CHECK(client.shake_hands(alpn) == "ok");
            client.send(WireClient::header);
            const std::string features = client.expect("</stream:features>");
            CHECK(features.find("<starttls") == std::string::npos);
            CHECK(features.find("-PLUS</mechanism>") != std::string::npos);
        }
        TlsClient lost(wire, port, certified.tls);
        CHECK(lost.shake_hands("h2") == "tls-error");
    }

    TEST_CASE("what a client said last is heard, though it closed with something unread") {
        Certified certified;
        Wire wire(certified.options + "[limits]\nc2s_bytes_per_second = 1000\n", certified.tls);
        wire.world.add_account("romeo@example.org", "secret");
        wire.world.add_account("juliet@example.org", "secret");
        const std::uint16_t port = wire.listen("c2s-tls");
        TlsClient romeo(wire, port, certified.tls), juliet(wire, port, certified.tls);
        romeo.log_in("romeo", "orchard");
        juliet.log_in("juliet", "balcony");
        const std::string_view unread =
            "<message to='romeo@example.org/orchard'><body>a</body></message>";
        juliet.send(unread);
        romeo.send(std::string(5000, ' '));  // what follows is read later
        wire.settle();
        romeo.send(
            "<message to='juliet@example.org/balcony'><body>last words</body></message>"
            "</stream:stream>");
        romeo.transport().close();
        juliet.send(unread);  // into a connection that was reset
        wire.settle();
        for (int i = 0; i < 5; ++i) wire.advance(std::chrono::seconds(1));
        juliet.expect("last words");
        wire.run_until([&] { return wire.connections() == 1; });
    }

    TEST_CASE("a handshake that is never begun is cut, without a word in the clear") {
        Certified certified;
        Wire wire(certified.options, certified.tls);
        WireClient silent(wire, wire.listen("c2s-tls"));
        wire.run_until([&] { return wire.connections() == 1; });
        for (int i = 0; i < 17; ++i) wire.advance(std::chrono::seconds(1));
        silent.expect_end();
        CHECK(silent.received.empty());
        CHECK(wire.connections() == 0);
    }

    TEST_CASE("a reload changes the certificate of new connections only") {
        Certified certified, renewed;
        Wire wire(certified.options, certified.tls);
        const std::uint16_t port = wire.listen("c2s-tls");
        TlsClient before(wire, port, certified.tls);
        CHECK(before.shake_hands() == "ok");
        for (const auto& net : wire.nets) net->set_tls(renewed.tls);
        TlsClient after(wire, port, certified.tls);
        CHECK(after.shake_hands() == "ok");
        CHECK(before.transport().bindings().tls_server_end_point !=
              after.transport().bindings().tls_server_end_point);
        before.send(WireClient::header);
        before.expect("</stream:features>");
    }

    TEST_CASE("a handshake that fails is in the log with an address, also if the client is gone") {
        Certified certified;
        Wire wire(certified.options, certified.tls);
        std::vector<std::string> lines;
        WireClient gone(wire, wire.listen("c2s", 0));
        gone.ask(WireClient::header, "</stream:features>");
        gone.ask(starttls, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        set_log_level(LogLevel::info);
        set_log_sink([&](std::string_view line) {
            if (line.find(" tls-failed ") != std::string_view::npos) lines.emplace_back(line);
        });
        const linger reset{1, 0};
        ::setsockopt(gone.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        gone.close();
        wire.run_until([&] { return wire.connections() == 0; });
        set_log_sink({});
        set_log_level(LogLevel::error);
        REQUIRE(lines.size() == 1);
        CHECK(lines[0].find("address=127.0.0.1 ") != std::string::npos);
    }
}
