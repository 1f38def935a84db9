#include "server/net/transport/transport.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "tests/unit/net/loop.h"

using namespace clarion;
using namespace clarion::net;
using clarion::test::Loop;
using clarion::test::Pair;

namespace {

/// Reads until the other side closes.
Task<> read_all(Transport& transport, std::string& into, std::string& error) {
    std::array<char, 4096> buffer;
    for (;;) {
        const Result<std::size_t> n = transport.read(buffer);
        if (!n) {
            error = n.error().code;
            co_return;
        }
        into.append(buffer.data(), *n);
        if (*n < buffer.size()) co_await transport.wait();
    }
}

struct Feeder final : WritableSink {
    explicit Feeder(Transport& to, std::string text) : transport(to), rest(std::move(text)) {
        transport.set_sink(this);
    }
    void on_writable() override {
        ++calls;
        feed();
    }
    void feed() {
        const Result<std::size_t> taken = transport.write(rest);
        REQUIRE(taken.ok());
        rest.erase(0, *taken);
        if (rest.empty()) transport.shut_down();
    }
    Transport& transport;
    std::string rest;
    int calls = 0;
};

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26 + i / 26 % 7);
    return text;
}

Task<> shake(Transport& transport, TlsSettings settings, std::string& error) {
    const Result<> done = co_await transport.handshake(std::move(settings));
    error = done ? "ok" : done.error().code;
}

/// Certificates for example.org and, for SNI, other.example.
struct Tls {
    test::TemporaryDirectory directory;
    std::shared_ptr<const TlsContexts> contexts;

    explicit Tls(const std::string& min_version = "1.2", const std::string& only = {}) {
        directory.make_certificate("org", "example.org");
        directory.make_certificate("other", "other.example");
        const std::string base = directory.path() + "/";
        const auto files = [&base](const std::string& name) {
            return "certificate = \"" + base + name + ".pem\"\nprivate_key = \"" + base + name +
                   ".key.pem\"\n";
        };
        const auto config = test::make_config(
            "[server]\ndomains = [\"example.org\", \"other.example\"]\n[tls]\n" + files("org") +
            "ca = \"" + base + "org.pem\"\nmin_version = \"" + min_version +
            "\"\n[host.\"other.example\".tls]\n" + files("other") + only);
        auto loaded = TlsContexts::load(*config, {"example.org", "other.example"});
        REQUIRE(loaded.ok());
        for (const auto& certificate : loaded->certificates) CHECK(certificate.names_domain);
        contexts = loaded->contexts;
    }

    TlsSettings accept() const {
        TlsSettings settings;
        settings.contexts = contexts;
        settings.host = "example.org";
        return settings;
    }
    TlsSettings connect(std::string name) const {
        TlsSettings settings = accept();
        settings.role = TlsSettings::Role::connect;
        settings.peer_name = std::move(name);
        return settings;
    }
};

/// A certificate with these extensions, which both sides show and trust.
struct SharedCertificate {
    test::TemporaryDirectory directory;
    std::shared_ptr<const TlsContexts> contexts;

    explicit SharedCertificate(const std::vector<std::string>& extensions) {
        directory.make_certificate_with("it", extensions);
        const std::string file = directory.path() + "/it";
        const auto config = test::make_config(
            "[server]\ndomains = [\"example.org\"]\n[tls]\ncertificate = \"" + file +
            ".pem\"\nprivate_key = \"" + file + ".key.pem\"\nca = \"" + file + ".pem\"\n");
        auto loaded = TlsContexts::load(*config, {"example.org"});
        REQUIRE(loaded.ok());
        CHECK(loaded->certificates.front().names_domain);
        contexts = loaded->contexts;
    }
    TlsSettings settings(TlsSettings::Role role) const {
        TlsSettings settings;
        settings.role = role;
        settings.contexts = contexts;
        settings.host = "example.org";
        return settings;
    }
};

void shake_hands(Loop& loop, Pair& pair, TlsSettings accept, TlsSettings connect) {
    std::string here, there;
    loop.start(shake(*pair.a, std::move(accept), here));
    loop.start(shake(*pair.b, std::move(connect), there));
    loop.run_all();
    CHECK(here == "ok");
    CHECK(there == "ok");
}

}  // namespace

TEST_SUITE("net/transport") {
    TEST_CASE("who lives does not wait until all strangers, or all who hung up, are told") {
        constexpr int many = 300;
        bool hang_up = false;
        SUBCASE("strangers") {}
        SUBCASE("who hung up") { hang_up = true; }
        Loop loop;
        std::vector<std::unique_ptr<Pair>> pairs;
        std::vector<std::string> errors(many), read(many);
        int told = 0;
        for (int i = 0; i < many; ++i) {
            pairs.push_back(std::make_unique<Pair>(loop));
            pairs.back()->a->set_low_priority(!hang_up);
            loop.start([](Pair& pair, std::string& into, std::string& error, int& count) -> Task<> {
                co_await read_all(*pair.a, into, error);
                ++count;
            }(*pairs.back(), read[i], errors[i], told));
        }
        Pair lives(loop);
        std::string message, error;
        loop.start(read_all(*lives.a, message, error));
        loop.io().restart();
        loop.io().poll();  // all wait now
        REQUIRE(told == 0);

        REQUIRE(pairs[7]->b->write("bye").ok());
        if (hang_up) pairs[8]->b->shut_down();  // it goes twice, by halves
        for (auto& pair : pairs) {
            if (!hang_up) REQUIRE(pair->b->write("let me in").ok());
            if (hang_up) pair->b.reset();
        }
        REQUIRE(lives.b->write("hello").ok());
        const auto served = [&] {
            if (hang_up) return told;
            return static_cast<int>(std::count_if(
                read.begin(), read.end(), [](const std::string& text) { return !text.empty(); }));
        };
        loop.run_until([&] { return !message.empty(); });
        CHECK(served() < many / 2);
        if (!hang_up) loop.run_until([&] { return served() == many; });

        // One of those that wait may go at any time.
        pairs.back()->a->close();
        for (auto& pair : pairs) pair->b.reset();
        lives.b.reset();
        loop.run_until([&] { return told == many && !error.empty(); });
        CHECK(message == "hello");
        CHECK(read[7].starts_with("bye"));
    }

    TEST_CASE("a little white space may precede a handshake after STARTTLS, at either end") {
        const Tls tls;
        for (const bool from_client : {true, false}) {
            for (const std::string& text : {std::string(" \t\r\n"), std::string(65, ' ')}) {
                Loop loop;
                Pair pair(loop);
                TlsSettings accept = tls.accept(), connect = tls.connect("example.org");
                accept.after_text = connect.after_text = true;
                REQUIRE((from_client ? pair.b : pair.a)->write(text).ok());
                std::string here, there;
                loop.start(shake(*pair.a, accept, here));
                loop.start(shake(*pair.b, connect, there));
                loop.run_until([&] { return !(from_client ? here : there).empty(); });
                const std::string& met = from_client ? here : there;
                CHECK(met == (text.size() == 4 ? "ok" : "tls-error"));
                pair.a->close();
                pair.b->close();
                loop.run_all();
            }
        }
    }

    TEST_CASE("TLS from the start is preceded by nothing") {
        const Tls tls;
        Loop loop;
        Pair pair(loop);
        REQUIRE(pair.b->write(" ").ok());
        std::string here;
        loop.start(shake(*pair.a, tls.accept(), here));
        REQUIRE(pair.b->write("\x16\x03\x01 and more").ok());
        loop.run_until([&] { return !here.empty(); });
        CHECK(here == "tls-error");
    }

    TEST_CASE("more than the socket takes is written as the peer reads it") {
        Loop loop;
        Pair pair(loop);
        const std::string sent = pattern(3 << 20);
        Feeder feeder(*pair.a, sent);
        feeder.feed();
        CHECK(!feeder.rest.empty());
        std::string received, error;
        loop.start(read_all(*pair.b, received, error));
        loop.run_all();
        CHECK(received == sent);
        CHECK(error == "closed");
        CHECK(feeder.calls > 0);
        CHECK(pair.a->bytes_out() == sent.size());
        CHECK(pair.b->bytes_in() == sent.size());
    }

    TEST_CASE("a wait ends when the transport is woken or closed") {
        Loop loop;
        Pair pair(loop);
        int woken = 0;
        const auto waiter = [](Transport& transport, int& count) -> Task<> {
            co_await transport.wait();
            ++count;
            co_await transport.wait_for_wake();
            ++count;
        };
        loop.start(waiter(*pair.a, woken));
        std::array<char, 1> byte;
        CHECK(pair.a->read(byte).value() == 0);
        pair.a->wake();
        loop.run_until([&] { return woken == 1; });
        pair.a->close();
        loop.run_all();
        CHECK(woken == 2);
        CHECK(!pair.a->is_open());
        CHECK(pair.a->read(byte).error().code == "closed");
    }

    TEST_CASE("an end that came together with data is not missed") {
        Loop loop;
        Pair pair(loop);
        REQUIRE(pair.a->write("last words").ok());
        pair.a->close();
        std::string received, error;
        loop.start(read_all(*pair.b, received, error));
        loop.run_all();
        CHECK(received == "last words");
        CHECK(error == "closed");
    }

    TEST_CASE("a transport that changes its loop reads what came meanwhile") {
        Loop first, second;
        Pair pair(first);
        pair.b->leave();
        REQUIRE(pair.a->write("hello").ok());
        pair.a->shut_down();
        REQUIRE(pair.b->join(second.poller()).ok());
        std::string received, error;
        second.start(read_all(*pair.b, received, error));
        second.run_all();
        CHECK(received == "hello");
    }

    TEST_CASE("TLS 1.3: text arrives, both sides see the same bindings") {
        Loop loop;
        Pair pair(loop);
        const Tls tls("1.3");
        shake_hands(loop, pair, tls.accept(), tls.connect("example.org"));
        CHECK(pair.a->encrypted());
        CHECK(pair.a->info().tls_version == "TLSv1.3");
        CHECK(pair.a->server_name() == "example.org");
        const sasl::ChannelBindings a = pair.a->bindings(), b = pair.b->bindings();
        REQUIRE(a.tls_exporter.has_value());
        REQUIRE(a.tls_server_end_point.has_value());
        CHECK(a.tls_exporter->size() == 32);
        CHECK(a.tls_exporter == b.tls_exporter);
        CHECK(a.tls_server_end_point == b.tls_server_end_point);
        CHECK(a.tls_unique.has_value());
        CHECK(a.tls_unique == b.tls_unique);
        CHECK(!a.announces("tls-unique"));
        CHECK(a.announces("tls-exporter"));

        const std::string sent = pattern(1 << 20);
        Feeder feeder(*pair.a, sent);
        feeder.feed();
        std::string received, error;
        loop.start(read_all(*pair.b, received, error));
        loop.run_all();
        CHECK(received == sent);
        CHECK(error == "closed");
    }

    TEST_CASE("TLS moves to another loop with what OpenSSL has read ahead") {
        Loop first, second;
        Pair pair(first);
        const Tls tls;
        shake_hands(first, pair, tls.accept(), tls.connect("example.org"));
        for (const char* piece : {"one ", "two ", "three"}) REQUIRE(pair.b->write(piece).ok());
        std::array<char, 4> little;
        std::string received, error;
        first.run_until([&] {
            const auto n = pair.a->read(little);
            received.append(little.data(), *n);
            return *n > 0;
        });
        CHECK(received == "one ");
        pair.a->leave();
        pair.b->shut_down();
        REQUIRE(pair.a->join(second.poller()).ok());
        second.start(read_all(*pair.a, received, error));
        second.run_all();
        CHECK(received == "one two three");
    }

    TEST_CASE("the client's SNI chooses the certificate, the stream's domain otherwise") {
        const Tls tls;
        Loop loop;
        Pair other(loop);
        shake_hands(loop, other, tls.accept(), tls.connect("other.example"));
        CHECK(other.b->peer_problem("other.example").find("self") != std::string::npos);
        Pair unknown(loop);
        shake_hands(loop, unknown, tls.accept(), tls.connect("nobody.example"));
        CHECK(unknown.b->peer_valid_for("example.org"));
    }

    TEST_CASE("a peer is valid for the domains of its certificate only") {
        const Tls tls;
        Loop loop;
        Pair pair(loop);
        TlsSettings accept = tls.accept();
        accept.ask_for_certificate = true;
        shake_hands(loop, pair, accept, tls.connect("example.org"));
        CHECK(pair.b->peer_valid_for("example.org"));
        CHECK(pair.b->peer_valid_for("rooms.example.org"));
        CHECK(!pair.b->peer_valid_for("deep.rooms.example.org"));
        CHECK(!pair.b->peer_valid_for("other.example"));
        CHECK(pair.a->peer_valid_for("example.org"));  // it showed its own, as servers do
        Pair plain(loop);
        CHECK(!plain.a->peer_valid_for("example.org"));
    }

    TEST_CASE("a server's certificate is for TLS, and its SRV names are those of a server") {
        const std::string name = "subjectAltName=DNS:example.org";
        const std::string srv = "subjectAltName=otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-";
        struct Row {
            std::vector<std::string> extensions;
            bool from_them;  // valid when they connect to us
            bool to_them;    // when we connect to them
        };
        const std::vector<Row> rows{
            {{name}, true, true},
            {{name, "extendedKeyUsage=serverAuth"}, true, true},
            {{name, "extendedKeyUsage=serverAuth,clientAuth"}, true, true},
            {{name, "extendedKeyUsage=clientAuth"}, true, false},
            {{name, "extendedKeyUsage=emailProtection"}, false, false},
            {{name, "extendedKeyUsage=codeSigning,timeStamping"}, false, false},
            {{srv + "server.example.org"}, true, true},
            {{srv + "client.example.org"}, false, false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.extensions.back());
            const SharedCertificate both(row.extensions);
            Loop loop;
            Pair pair(loop);
            TlsSettings accept = both.settings(TlsSettings::Role::accept);
            accept.ask_for_certificate = true;
            shake_hands(loop, pair, accept, both.settings(TlsSettings::Role::connect));
            CHECK(pair.a->peer_valid_for("example.org") == row.from_them);
            CHECK(pair.b->peer_valid_for("example.org") == row.to_them);
        }
    }

    TEST_CASE("ALPN: our protocol is chosen, a foreign one refused") {
        const Tls tls;
        Loop loop;
        TlsSettings accept = tls.accept(), connect = tls.connect("example.org");
        accept.alpn = "xmpp-client";
        connect.alpn = "xmpp-client";
        Pair pair(loop);
        shake_hands(loop, pair, accept, connect);

        Pair wrong(loop);
        connect.alpn = "http/1.1";
        std::string here, there;
        loop.start(shake(*wrong.a, accept, here));
        loop.start(shake(*wrong.b, connect, there));
        loop.run_all();
        CHECK(here == "tls-error");
        CHECK(there == "tls-error");
    }

    TEST_CASE("a peer that speaks no TLS, or closes, fails the handshake") {
        const Tls tls;
        Loop loop;
        std::string error;
        Pair talker(loop);
        REQUIRE(talker.b->write("<stream:stream xmlns='jabber:client'>").ok());
        loop.start(shake(*talker.a, tls.accept(), error));
        loop.run_all();
        CHECK(error == "tls-error");
        Pair leaver(loop);
        leaver.b->close();
        loop.start(shake(*leaver.a, tls.accept(), error));
        loop.run_all();
        CHECK(error == "closed");
        Pair cut(loop);
        error.clear();
        loop.start(shake(*cut.a, tls.accept(), error));
        loop.run_until([&] { return cut.a->encrypted(); });
        cut.a->close();
        loop.run_all();
        CHECK(error == "closed");
    }
}
