#include <doctest/doctest.h>

#include "proto/websocket.h"
#include "tests/unit/net/loop.h"
#include "tests/unit/net/wire.h"

using namespace clarion;
using clarion::test::Wire;
using clarion::test::WireClient;

namespace {

const std::string request_head =
    "GET /ws HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: keep-alive, "
    "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string handshake = request_head + "Sec-WebSocket-Protocol: foo, xmpp\r\n\r\n";
const std::string open_tag =
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>";

std::string masked(unsigned first, const std::string& payload) {
    const std::string mask = "\x21\x43\x65\x07";
    std::string out(1, static_cast<char>(first));
    if (payload.size() < 126) {
        out += static_cast<char>(payload.size() | 0x80);
    } else {
        out += static_cast<char>(126 | 0x80);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xff);
    }
    out += mask;
    for (std::size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(payload[i] ^ mask[i & 3]);
    return out;
}
std::string text(const std::string& message) { return masked(0x81, message); }

struct Web : Wire {
    explicit Web(const std::string& config = {}, const std::string& base = test::insecure)
        : Wire(base + config) {
        world.add_account("romeo@example.org", "secret");
        world.add_account("juliet@example.org", "secret");
        port = listen("http");
    }
    std::uint16_t port = 0;
};

struct Socket : WireClient {
    explicit Socket(Web& web, const char* from = "127.0.0.1") : WireClient(web, web.port, from) {
        ask(handshake, "\r\n\r\n");
    }
    void authenticate(const std::string& user) {
        ask(text(open_tag), "</features>");
        ask(text(plain(user, "secret")), "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        ask(text(open_tag), "</features>");
    }
    void log_in(const std::string& user) {
        authenticate(user);
        ask(text("<iq xmlns='jabber:client' type='set' id='b'><bind "
                 "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>"),
            "</iq>");
    }
};

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a stream over WebSocket: open, log in, bind, talk, close") {
    Web web;
    WireClient client(web, web.port);
    const std::string head = client.ask(handshake, "\r\n\r\n");
    CHECK(has(head, "HTTP/1.1 101 "));
    CHECK(has(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    CHECK(has(head, "Sec-WebSocket-Protocol: xmpp\r\n"));
    CHECK_FALSE(has(head, "Sec-WebSocket-Extensions"));
    const std::string opened = client.ask(text(open_tag), "</features>");
    CHECK(has(opened, "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org'"));
    CHECK(has(opened, "<features xmlns='http://etherx.jabber.org/streams'>"));
    CHECK_FALSE(has(opened, "starttls"));
    client.ask(text(WireClient::plain("romeo", "secret")), "<success");
    client.ask(text("<?xml version='1.0'?>" + open_tag), "</features>");
    client.ask(text("<iq xmlns='jabber:client' type='set' id='b'><bind "
                    "xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"),
               "</iq>");
    // Each message stands alone, and says its namespace.
    const std::string answer = client.ask(text("<iq xmlns='jabber:client' type='get' id='p'><ping "
                                               "xmlns='urn:xmpp:ping'/></iq>"),
                                          "</iq>");
    CHECK(has(answer, "<iq xmlns='jabber:client'"));
    client.send(masked(0x89, "are you there"));
    client.expect(
        "\x8a\x0d"
        "are you there");
    const std::string end = client.ask(text("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"),
                                       "\x88\x02\x03\xe8");
    CHECK(has(end, "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"));
    client.expect_end();
}

TEST_CASE("what came behind the handshake, in fragments, or byte by byte, is the same stream") {
    Web web;
    WireClient client(web, web.port);
    client.send(handshake + text(open_tag));
    client.expect("</features>");
    const std::string auth = WireClient::plain("romeo", "secret");
    client.send(masked(0x01, auth.substr(0, 10)) + masked(0x00, auth.substr(10, 1)));
    web.settle();
    for (const char c : masked(0x80, auth.substr(11))) {
        client.send({&c, 1});
        web.settle();
    }
    client.expect("<success");
    // Sent at once, as nobody must wait for the answer.
    client.send(text(open_tag) +
                text("<iq xmlns='jabber:client' type='set' id='b'><bind "
                     "xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>") +
                text("<iq xmlns='jabber:client' type='get' id='p'><ping "
                     "xmlns='urn:xmpp:ping'/></iq>"));
    client.expect("id='p'");
}

TEST_CASE("messages that are no element, or not one, end the stream as RFC 7395 and RFC 6120 say") {
    struct Row {
        std::string message, error;
    };
    const std::string stanza = "<presence xmlns='jabber:client'/>";
    const std::vector<Row> rows{
        {stanza + stanza, "bad-format"},
        {"<presence xmlns='jabber:client'>", "not-well-formed"},
        {"hello", "bad-format"},
        {"<a></b>", "not-well-formed"},
        {"<!DOCTYPE a><a/>", "not-well-formed"},
        {"<!-- a --><a/>", "restricted-xml"},
        {open_tag, "bad-format"},
        {"<features xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", "invalid-namespace"},
        {"<a>\xff</a>", "not-well-formed"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.message);
        Web web;
        Socket client(web);
        client.log_in("romeo");
        client.send(text(row.message));
        client.expect_end();
        CHECK(has(client.received, "<" + row.error + " "));
        CHECK(has(client.received, "<error xmlns='http://etherx.jabber.org/streams'>"));
        CHECK(has(client.received, "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"));
        const bool is_text = row.message.find('\xff') == std::string::npos;
        CHECK(client.received.ends_with(is_text ? "\x03\xe8" : "\x03\xef"));  // 1000, 1007
    }
}

TEST_CASE("a stream must be opened by <open/>") {
    Web web;
    for (const std::string first :
         {"<open to='example.org' version='1.0'/>",
          "<stream:stream xmlns='jabber:client' "
          "xmlns:stream='http://etherx.jabber.org/streams' to='example.org' version='1.0'/>",
          "<presence xmlns='jabber:client'/>"}) {
        CAPTURE(first);
        Socket client(web);
        client.send(text(first));
        client.expect_end();
        CHECK(has(client.received, "<open "));  // our half comes before an error
        CHECK(has(client.received,
                  first.starts_with("<open") ? "<invalid-namespace" : "<bad-format"));
    }
}

TEST_CASE("frames that break the rules close the WebSocket, without an end of the stream") {
    Web web;
    Socket client(web);
    client.log_in("romeo");
    client.send("\x81\x04<a/>");  // not masked
    client.expect("\x88\x02\x03\xea");
    client.expect_end();
    CHECK_FALSE(has(client.received, "<close"));
}

TEST_CASE("a peer that closes the WebSocket alone gets no end of the stream") {
    Web web;
    Socket client(web);
    client.log_in("romeo");
    client.send(masked(0x88, "\x03\xe9"));
    const std::string before = client.expect("\x88\x02\x03\xe9");
    CHECK_FALSE(has(before, "<close"));
    client.expect_end();
}

TEST_CASE("handshakes that are none are refused as RFC 6455 says") {
    Web web("[websocket]\norigins = [\"https://chat.example.org\"]\n");
    struct Row {
        std::string request, status;
    };
    const auto without = [](std::string from, const std::string& line) {
        return from.erase(from.find(line), line.size());
    };
    const std::vector<Row> rows{
        {"GET /ws HTTP/1.1\r\nHost: example.org\r\n\r\n", "426"},
        {without(handshake, "Sec-WebSocket-Version: 13\r\n"), "426"},
        {without(handshake, "Upgrade: websocket\r\n"), "426"},
        {without(handshake, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), "400"},
        {request_head + "\r\n", "400"},
        {request_head + "Sec-WebSocket-Protocol: mqtt\r\n\r\n", "400"},
        {request_head + "Sec-WebSocket-Protocol: xmpp\r\nOrigin: https://evil.example\r\n\r\n",
         "403"},
        {"POST" + handshake.substr(3), "405"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.request);
        WireClient client(web, web.port);
        client.send(row.request);
        client.expect_end();
        CHECK(client.received.substr(9, 3) == row.status);
    }
    WireClient client(web, web.port);
    client.ask(
        request_head + "Sec-WebSocket-Protocol: xmpp\r\nOrigin: https://chat.example.org\r\n\r\n",
        "HTTP/1.1 101 ");
}

TEST_CASE("in the clear nobody logs in where encryption is required; behind a proxy it counts") {
    Web web("[http]\ntrusted_proxies = [\"127.0.0.9\"]\n", "[auth]\nscram_iterations = 4096\n");
    Socket clear(web);
    clear.send(text(open_tag));
    CHECK(has(clear.expect("\x88\x02\x03\xe8"), "<policy-violation"));
    WireClient proxied(web, web.port, "127.0.0.9");
    proxied.send(request_head +
                 "Sec-WebSocket-Protocol: xmpp\r\nX-Forwarded-For: 192.0.2.1\r\n"
                 "X-Forwarded-Proto: https\r\n\r\n" +
                 text(open_tag));
    const std::string features = proxied.expect("</features>");
    CHECK(has(features, "SCRAM-SHA-256<"));
    CHECK_FALSE(has(features, "-PLUS"));
    CHECK_FALSE(has(features, "channel-binding"));
}
