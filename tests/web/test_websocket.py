"""XMPP over WebSocket (RFC 7395), byte by byte: log in, hibernate, resume over another transport, restart; and XMPP
that shares the port by ALPN (XEP-0368)."""
import base64
import os
import re
import socket
import sys
import unittest

from web_server import HERE, PATIENCE, WebCase

sys.path.insert(0, str(HERE.parent / "administration"))
from xmpp_client import Client

FRAMING, SASL, SM = ("urn:ietf:params:xml:ns:xmpp-framing", "urn:ietf:params:xml:ns:xmpp-sasl", "urn:xmpp:sm:3")
HANDSHAKE = ("GET /ws HTTP/1.1\r\nHost: example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: xmpp\r\n{}\r\n")
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8a


class WebSocket:
    """One connection; each say() is a message."""

    def __init__(self, server, encrypted=True, fields=""):
        plain = socket.create_connection(("127.0.0.1", server.https_port if encrypted else server.http_port),
                                         timeout=20 * PATIENCE)
        self.socket = server.tls().wrap_socket(plain, server_hostname="example.test") if encrypted else plain
        self.buffer = b""
        self.socket.sendall(HANDSHAKE.format(fields).encode())
        while b"\r\n\r\n" not in self.buffer:
            self.read()
        self.head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")

    def read(self):
        got = self.socket.recv(65536)
        if not got:
            raise ConnectionError("the server closed")
        self.buffer += got

    def say(self, text, first=TEXT):
        payload, mask = text.encode(), os.urandom(4)
        size = (bytes([len(payload) | 0x80]) if len(payload) < 126
                else bytes([126 | 0x80]) + len(payload).to_bytes(2, "big"))
        self.socket.sendall(bytes([first]) + size + mask
                            + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def take(self, size):
        while len(self.buffer) < size:
            self.read()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def hear(self):
        """The next frame: its first byte, and its payload."""
        first, size = self.take(2)
        if size > 125:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        return first, self.take(size)

    def expect(self, text):
        """Messages until one has that; this one."""
        while True:
            first, payload = self.hear()
            assert first == TEXT, (first, payload)
            if text in payload.decode():
                return payload.decode()

    def ask(self, text, answer):
        self.say(text)
        return self.expect(answer)

    def open(self):
        return self.ask(f"<open xmlns='{FRAMING}' to='example.test' version='1.0'/>", "<features")

    def log_in(self, user):
        self.open()
        secret = base64.b64encode(f"\0{user}\0secret".encode()).decode()
        self.ask(f"<auth xmlns='{SASL}' mechanism='PLAIN'>{secret}</auth>", "<success")
        self.open()
        return self

    def bind(self, resource):
        self.ask("<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                 f"<resource>{resource}</resource></bind></iq>", "<jid>")
        return self

    def enable(self):
        return re.search(r" id='([^']*)'", self.ask(f"<enable xmlns='{SM}' resume='true'/>", "<enabled")).group(1)

    def resume(self, previous):
        return self.ask(f"<resume xmlns='{SM}' previd='{previous}' h='0'/>", "<resumed")

    def cut(self):
        self.socket.close()


class OverWebSocket(WebCase):
    options = """
[host."example.test".c2s]
allow_plain_without_encryption = true
"""

    def setUp(self):
        super().setUp()
        for user in ("romeo", "juliet"):
            self.server.ask("user", "add", f"{user}@example.test", "--password", "secret")

    def sessions(self):
        return self.server.ctl("session", "list").stdout

    def tcp(self, user):
        client = Client(self.server.port, user, PATIENCE)
        self.addCleanup(client.socket.close)
        return client

    def web(self, user):
        client = WebSocket(self.server)
        self.addCleanup(client.cut)
        return client.log_in(user)

    def misses(self):
        self.tcp("juliet").bind("balcony").message("romeo@example.test/orchard", "missed")

    def test_talks_and_closes(self):
        romeo, juliet = self.web("romeo").bind("orchard"), self.tcp("juliet").bind("balcony")
        self.assertIn("orchard", self.sessions())
        juliet.message("romeo@example.test/orchard", "hello")
        self.assertIn("<message xmlns='jabber:client'", romeo.expect("<body>hello</body>"))
        romeo.say("<message xmlns='jabber:client' type='chat' to='juliet@example.test/balcony'><body>"
                  + "good night " * 100 + "</body></message>")
        juliet.expect("good night")
        romeo.say("are you there", PING)
        self.assertEqual(romeo.hear(), (PONG, b"are you there"))
        romeo.say(f"<close xmlns='{FRAMING}'/>")
        romeo.expect("<close")
        self.assertEqual(romeo.hear(), (CLOSE, b"\x03\xe8"))
        self.server.wait_until(lambda: "orchard" not in self.sessions(), "the session ends")

    def test_hibernates_and_is_resumed_over_tcp(self):
        romeo = self.web("romeo").bind("orchard")
        previous = romeo.enable()
        romeo.cut()
        self.server.wait_until(lambda: "asleep" in self.sessions(), "it hibernates")
        self.misses()
        again = self.tcp("romeo")
        self.assertIn("<resumed", again.resume(previous, 0))
        again.expect("<body>missed</body>")

    def test_what_began_over_tcp_is_resumed(self):
        romeo = self.tcp("romeo").bind("orchard")
        previous = romeo.enable()
        romeo.cut()
        self.misses()
        again = self.web("romeo")
        again.resume(previous)
        again.expect("<body>missed</body>")

    def test_a_page_that_is_closed_hibernates(self):
        romeo = self.web("romeo").bind("orchard")
        previous = romeo.enable()
        romeo.socket.sendall(b"\x88\x82\0\0\0\0\x03\xe9")
        self.assertEqual(romeo.hear(), (CLOSE, b"\x03\xe9"))
        self.server.wait_until(lambda: "asleep" in self.sessions(), "it hibernates")
        self.web("romeo").resume(previous)

    def test_a_planned_restart_says_no_end(self):
        romeo = self.web("romeo").bind("orchard")
        previous = romeo.enable()
        self.server.process.terminate()
        self.assertEqual(self.server.wait(), 0)
        with self.assertRaises(ConnectionError):
            while True:
                self.assertNotIn(b"<close", romeo.hear()[1])
        self.server.start()
        self.web("romeo").resume(previous)

    def test_xmpp_shares_the_port(self):
        context = self.server.tls()
        context.set_alpn_protocols(["xmpp-client"])
        with socket.create_connection(("127.0.0.1", self.server.https_port), timeout=20 * PATIENCE) as plain:
            with context.wrap_socket(plain, server_hostname="example.test") as stream:
                self.assertEqual(stream.selected_alpn_protocol(), "xmpp-client")
                stream.sendall(b"<stream:stream xmlns='jabber:client' to='example.test' version='1.0' "
                               b"xmlns:stream='http://etherx.jabber.org/streams'>")
                got = b""
                while b"</stream:features>" not in got:
                    got += stream.recv(65536)
        self.assertIn(b"<mechanism>SCRAM-SHA-256-PLUS</mechanism>", got)
        self.assertNotIn(b"starttls", got)


class Required(WebCase):
    options = """
[host."example.test".c2s]
require_encryption = true
"""

    def test_in_the_clear_nobody_logs_in(self):
        stranger = WebSocket(self.server, encrypted=False)
        self.addCleanup(stranger.cut)
        stranger.say(f"<open xmlns='{FRAMING}' to='example.test' version='1.0'/>")
        stranger.expect("<policy-violation")


class BehindProxy(WebCase):
    options = """
[http]
trusted_proxies = ["127.0.0.1"]
"""

    def test_what_the_proxy_says_counts(self):
        client = WebSocket(self.server, encrypted=False,
                           fields="X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n")
        self.addCleanup(client.cut)
        features = client.open()
        self.assertIn("SCRAM-SHA-256<", features)
        self.assertNotIn("-PLUS", features)
        self.assertNotIn("channel-binding", features)


if __name__ == "__main__":
    unittest.main()
