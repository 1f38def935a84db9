"""BOSH (XEP-0124, XEP-0206) as clients of it meet it: sessions made of HTTP requests, beside clients that
come over TCP. Python's standard library only."""
import base64
import hashlib
import hmac
import re
import secrets
import socket
import threading
import unittest

from web_server import PATIENCE, WebCase
from xmpp_client import Client

HTTPBIND = "http://jabber.org/protocol/httpbind"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
SM = "urn:xmpp:sm:3"


def attribute(text, name):
    return re.search(rf"\b{name}='([^']*)'", text).group(1)


class ScramClient:
    """SCRAM-SHA-1 (RFC 5802), without channel binding."""

    def __init__(self, user, password):
        self.password = password.encode()
        self.first = f"n={user},r={secrets.token_hex(12)}"

    def initial(self):
        return base64.b64encode(f"n,,{self.first}".encode()).decode()

    def respond(self, challenge):
        server_first = base64.b64decode(challenge).decode()
        parts = dict(part.split("=", 1) for part in server_first.split(","))
        salted = hashlib.pbkdf2_hmac("sha1", self.password, base64.b64decode(parts["s"]), int(parts["i"]))
        without_proof = f"c=biws,r={parts['r']}"
        message = f"{self.first},{server_first},{without_proof}".encode()
        client_key = hmac.digest(salted, b"Client Key", "sha1")
        signature = hmac.digest(hashlib.sha1(client_key).digest(), message, "sha1")
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self.verifier = hmac.digest(hmac.digest(salted, b"Server Key", "sha1"), message, "sha1")
        final = f"{without_proof},p={base64.b64encode(proof).decode()}"
        return base64.b64encode(final.encode()).decode()

    def is_proved_by(self, success):
        return base64.b64decode(success) == b"v=" + base64.b64encode(self.verifier)


class BoshClient:
    """One session; each request on a connection of its own."""

    def __init__(self, server, encrypted=True):
        self.server, self.encrypted = server, encrypted
        self.rid, self.sid = 1000 + secrets.randbelow(1000000), None

    def post(self, body):
        return self.server.get("/http-bind", method="POST", body=body, encrypted=self.encrypted)

    def body(self, attributes="", content=""):
        sid = f" sid='{self.sid}'" if self.sid else ""
        return (f"<body xmlns='{HTTPBIND}' xmlns:xmpp='urn:xmpp:xbosh' rid='{self.rid}'{sid} {attributes}>"
                f"{content}</body>")

    def again(self, attributes="", content=""):
        return self.post(self.body(attributes, content)).text

    def ask(self, attributes="", content=""):
        self.rid += 1
        return self.again(attributes, content)

    def begin(self, attributes="to='example.test' ver='1.6' wait='5' hold='1' xmpp:version='1.0'"):
        answer = self.ask(attributes)
        self.sid = attribute(answer, "sid")
        return answer

    def log_in(self, user, resource):
        self.begin()
        secret = base64.b64encode(f"\0{user}\0secret".encode()).decode()
        assert "<success" in self.ask("", f"<auth xmlns='{SASL}' mechanism='PLAIN'>{secret}</auth>")
        assert "<bind" in self.ask("xmpp:restart='true' to='example.test'")
        return self.bind(resource)

    def bind(self, resource):
        answer = self.ask("", "<iq xmlns='jabber:client' type='set' id='b'>"
                              "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                              f"<resource>{resource}</resource></bind></iq>")
        assert "<jid>" in answer, answer
        return self

    def expect(self, text):
        """Asks until that was said; all that came."""
        got = ""
        while text not in got:
            answer = self.ask()
            assert "terminate" not in answer, answer
            got += answer
        return got


def chat(to, text):
    return f"<message xmlns='jabber:client' type='chat' to='{to}'><body>{text}</body></message>"


class Bosh(WebCase):
    options = """
[bosh]
inactivity = 5
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

    def test_log_in_with_scram(self):
        romeo = BoshClient(self.server)
        created = romeo.begin()
        self.assertIn("<mechanism>SCRAM-SHA-1</mechanism>", created)
        self.assertNotIn("-PLUS", created)
        self.assertNotIn("starttls", created)
        self.assertIn("restartlogic='true'", created)
        scram = ScramClient("romeo", "secret")
        challenge = romeo.ask("", f"<auth xmlns='{SASL}' mechanism='SCRAM-SHA-1'>{scram.initial()}</auth>")
        response = scram.respond(re.search(r"<challenge[^>]*>([^<]*)<", challenge).group(1))
        success = romeo.ask("", f"<response xmlns='{SASL}'>{response}</response>")
        self.assertTrue(scram.is_proved_by(re.search(r"<success[^>]*>([^<]*)<", success).group(1)))
        self.assertIn("<bind", romeo.ask("xmpp:restart='true' to='example.test'"))
        romeo.bind("orchard")
        self.assertIn("romeo@example.test/orchard", self.sessions())

    def test_messages_go_both_ways(self):
        romeo = BoshClient(self.server, encrypted=False).log_in("romeo", "orchard")
        juliet = self.tcp("juliet").bind("balcony")
        romeo.rid += 1
        held, answers = romeo.body(), []
        thread = threading.Thread(target=lambda: answers.append(romeo.post(held).text))
        thread.start()
        juliet.message("romeo@example.test/orchard", "hello")
        thread.join(20 * PATIENCE)
        self.assertIn("<body>hello</body>", answers[0])
        self.assertIn("<message xmlns='jabber:client'", answers[0])
        romeo.ask("", chat("juliet@example.test/balcony", "good night") + chat("romeo@example.test/orchard", "note"))
        juliet.expect("<body>good night</body>")

    def test_the_same_request_again(self):
        romeo = BoshClient(self.server).log_in("romeo", "orchard")
        note = chat("romeo@example.test/orchard", "note")
        first = romeo.ask("", note)
        self.assertIn("<body>note</body>", first)
        self.assertEqual(romeo.again("", note), first)
        romeo.ask("", chat("romeo@example.test/orchard", "other"))
        self.assertIn("condition='policy-violation'", romeo.again("", note))

    def test_a_request_outside_the_window(self):
        romeo = BoshClient(self.server).log_in("romeo", "orchard")
        romeo.rid += 100
        self.assertIn("condition='item-not-found'", romeo.again())
        self.server.wait_until(lambda: "orchard" not in self.sessions(), "the session ends")

    def test_what_is_no_session(self):
        stranger = BoshClient(self.server)
        for sid in ("0-AAAAAAAAAAAAAAAAAAAAAA", "nothing"):
            stranger.sid = sid
            self.assertIn("condition='item-not-found'", stranger.ask())
        stranger.sid = None
        self.assertIn("condition='host-unknown'", stranger.ask("to='elsewhere.test' ver='1.6'"))
        self.assertIn("condition='improper-addressing'", stranger.ask("ver='1.6'"))
        self.assertIn("condition='bad-request'", stranger.post("<body/>").text)

    def test_what_browsers_ask_before(self):
        options = self.server.get("/http-bind", method="OPTIONS")
        self.assertEqual(options.status, 204)
        self.assertEqual(options.getheader("Access-Control-Allow-Origin"), "*")
        self.assertIn("POST", options.getheader("Access-Control-Allow-Methods"))
        self.assertIn("Content-Type", options.getheader("Access-Control-Allow-Headers"))
        self.assertEqual(self.server.get("/http-bind").status, 200)
        self.assertEqual(self.server.get("/http-bind", method="PUT", body="x").status, 405)
        answer = BoshClient(self.server).post("<body/>")
        self.assertEqual(answer.headers.get_all("Access-Control-Allow-Origin"), ["*"])
        self.assertEqual(answer.getheader("Content-Type"), "text/xml; charset=utf-8")
        long = self.server.get("/http-bind", method="POST", body="x" * 600000)
        self.assertEqual(long.status, 413)

    def test_a_client_that_goes_is_told_what_it_missed(self):
        romeo = BoshClient(self.server, encrypted=False).log_in("romeo", "orchard")
        romeo.rid += 1
        body = romeo.body().encode()
        with socket.create_connection(("127.0.0.1", self.server.http_port)) as gone:
            gone.sendall(b"POST /http-bind HTTP/1.1\r\nHost: example.test\r\nContent-Length: %d\r\n\r\n%s"
                         % (len(body), body))
        juliet = self.tcp("juliet").bind("balcony")
        juliet.message("romeo@example.test/orchard", "hello")
        self.assertIn("<body>hello</body>", romeo.again())

    def enable(self, romeo):
        got = romeo.ask("", f"<enable xmlns='{SM}' resume='true'/>")
        return attribute(re.search(r"<enabled[^>]*>", got).group(), "id")

    def test_a_session_hibernates_and_is_resumed_over_tcp(self):
        romeo = BoshClient(self.server).log_in("romeo", "orchard")
        previous = self.enable(romeo)
        self.server.wait_until(lambda: "asleep" in self.sessions(), "it hibernates")
        self.assertIn("condition='item-not-found'", romeo.ask())
        juliet = self.tcp("juliet").bind("balcony")
        juliet.message("romeo@example.test/orchard", "missed")
        again = self.tcp("romeo")
        self.assertIn("<resumed", again.resume(previous, 0))
        again.expect("<body>missed</body>")

    def test_a_session_of_tcp_is_resumed_over_bosh(self):
        romeo = self.tcp("romeo").bind("orchard")
        previous = romeo.enable()
        romeo.cut()
        juliet = self.tcp("juliet").bind("balcony")
        juliet.message("romeo@example.test/orchard", "missed")
        again = BoshClient(self.server)
        again.begin()
        secret = base64.b64encode(b"\0romeo\0secret").decode()
        self.assertIn("<success", again.ask("", f"<auth xmlns='{SASL}' mechanism='PLAIN'>{secret}</auth>"))
        again.ask("xmpp:restart='true' to='example.test'")
        got = again.ask("", f"<resume xmlns='{SM}' previd='{previous}' h='0'/>")
        self.assertIn("<resumed", got)
        if "missed" not in got:
            again.expect("<body>missed</body>")

    def test_the_server_restarts(self):
        romeo = BoshClient(self.server).log_in("romeo", "orchard")
        previous = self.enable(romeo)
        romeo.rid += 1
        held, answers = romeo.body(), []
        thread = threading.Thread(target=lambda: answers.append(romeo.post(held)))
        thread.start()
        self.server.wait_until(lambda: "orchard" in self.sessions(), "it is there")
        self.server.process.terminate()
        self.assertEqual(self.server.wait(), 0)
        thread.join(20 * PATIENCE)
        self.assertNotIn("terminate", answers[0].text)
        self.server.start()
        self.assertIn("condition='item-not-found'", romeo.ask())
        self.assertIn("<resumed", self.tcp("romeo").resume(previous, 0))

    def test_the_end(self):
        romeo = BoshClient(self.server).log_in("romeo", "orchard")
        answer = romeo.ask("type='terminate'", "<presence xmlns='jabber:client' type='unavailable'/>")
        self.assertIn("type='terminate'", answer)
        self.assertNotIn("condition", answer)
        self.assertIn("condition='item-not-found'", romeo.ask())


class Origins(WebCase):
    options = """
[bosh]
origins = ["https://chat.example.test"]
"""

    def test_pages_of_other_sites(self):
        for origin, status in (("https://chat.example.test", 200), ("https://evil.test", 403)):
            answer = self.server.get("/http-bind", method="POST", body="<body/>", headers={"Origin": origin})
            self.assertEqual(answer.status, status, origin)


class Required(WebCase):
    options = """
[host."example.test".c2s]
require_encryption = true
"""

    def test_nothing_begins_in_the_clear(self):
        stranger = BoshClient(self.server, encrypted=False)
        self.assertIn("condition='policy-violation'", stranger.ask("to='example.test' ver='1.6'"))
        self.assertIn("<mechanism>PLAIN</mechanism>", BoshClient(self.server).begin())


if __name__ == "__main__":
    unittest.main()
