"""What programs ask the server over HTTP: /metrics, /healthz, /readyz; and the dashboard that is drawn from them."""
import base64
import json
import re
import socket
import subprocess
import unittest

from web_server import HERE, PATIENCE, WebCase, free_port
from xmpp_client import Client

DASHBOARD = HERE.parents[1] / "conf/grafana-dashboard.json"


class Asking(WebCase):
    def test_as_prometheus_wants_it(self):
        answer = self.server.get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.getheader("Content-Type"), "text/plain; version=0.0.4; charset=utf-8")
        # What clarionctl measures is measured here, too.
        self.assertRegex(answer.text, r'(?m)^clarion_memory_bytes\{what="tls"\} [1-9]')
        self.assertRegex(answer.text, r'(?m)^clarion_certificate_expiry_timestamp_seconds\{domain="example.test"\} \d+')
        self.assertEqual(self.names(answer.text) - self.names(self.server.ctl("metrics").stdout), set())

    @staticmethod
    def names(text):
        return set(re.findall(r"(?m)^# TYPE (\w+) ", text))

    def test_alive_and_ready(self):
        for encrypted in (True, False):
            for path in ("/healthz", "/readyz"):
                answer = self.server.get(path, host="127.0.0.1", encrypted=encrypted)
                self.assertEqual((answer.status, answer.text.strip()), (200, "ok"))

    def test_a_proxy_that_is_not_known_passes_nobody_on(self):
        answer = self.server.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
        self.assertEqual(answer.status, 403)
        self.assertNotIn("clarion_", answer.text)


class Refusing(WebCase):
    options = '[metrics]\nallow = ["192.0.2.0/24"]\ntoken = "let-me-in"\n'

    def test_the_token_opens_and_nothing_else_does(self):
        self.assertEqual(self.server.get("/metrics").status, 403)
        wrong = self.server.get("/metrics", headers={"Authorization": "Bearer let-me"})
        self.assertEqual(wrong.status, 403)
        right = self.server.get("/metrics", headers={"Authorization": "Bearer let-me-in"})
        self.assertEqual(right.status, 200)
        self.assertIn("clarion_", right.text)
        self.assertEqual(self.server.get("/healthz").status, 200)

    def test_who_may_is_changed_without_a_restart(self):
        text = self.server.config.read_text()
        self.server.config.write_text(text.replace("192.0.2.0/24", "127.0.0.0/8"))
        self.server.ask("reload")
        self.assertEqual(self.server.get("/metrics").status, 200)
        self.assertNotIn("let-me-in", json.dumps(self.server.ask("reload")))


class Dashboard(WebCase):
    def setUp(self):
        super().setUp()
        self.use_everything()

    def prepare(self):
        self.login_port = free_port()
        self.options = ('[muc."rooms.example.test"]\n[[listen]]\ntype = "c2s-tls"\naddress = "127.0.0.1"\n'
                        f'port = {self.login_port}\n')

    def log_in(self, name):
        return Client(self.login_port, name, PATIENCE, tls=self.server.tls())

    def use_everything(self):
        """Most metrics are there only once there is something to count."""
        self.server.ctl("user", "add", "romeo@example.test", "--password", "secret")
        romeo = self.log_in("romeo").bind("orchard")
        romeo.send("<presence to='room@rooms.example.test/romeo'>"
                   "<x xmlns='http://jabber.org/protocol/muc'/></presence>")
        romeo.expect(r"<status[^>]*code=['\"]110")
        romeo.send("<message type='groupchat' to='room@rooms.example.test'><body>hello</body></message>")
        romeo.expect(r"<body>hello</body>")
        romeo.send("<message to='juliet@nowhere.test' id='lost'><body>hello</body></message>")
        romeo.expect(r"<message[^>]*type=['\"]error['\"]")
        wrong = base64.b64encode(b"\0romeo\0wrong").decode()
        self.speak(self.login_port, "<stream:stream xmlns='jabber:client' version='1.0' to='example.test' "
                   "xmlns:stream='http://etherx.jabber.org/streams'><auth mechanism='PLAIN' "
                   f"xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{wrong}</auth>", "<failure", self.server.tls())
        self.speak(self.server.s2s_port, "<stream:stream xmlns='jabber:server' version='1.0' to='example.test' "
                   "xmlns:stream='http://etherx.jabber.org/streams'>", "features")
        self.speak(self.login_port, "this is no TLS\r\n\r\n", None)
        romeo.socket.close()

    def speak(self, port, words, until, tls=None):
        """Returns when it has answered with that, or, if that is None, has ended the connection."""
        with socket.create_connection(("127.0.0.1", port), timeout=10 * PATIENCE) as plain:
            peer = tls.wrap_socket(plain) if tls else plain
            peer.sendall(words.encode())
            said = ""
            while not (until and until in said) and (piece := peer.recv(4096)):
                said += piece.decode(errors="replace")
            if tls:
                peer.close()
            self.assertTrue(until is None or until in said, said)

    def names(self):
        return set(re.findall(r"(?m)^# TYPE (\w+) ", self.server.get("/metrics").text))

    def test_it_names_metrics_that_there_are(self):
        dashboard = json.loads(DASHBOARD.read_text())
        self.assertGreater(len(dashboard["panels"]), 8)
        drawn = set(re.findall(r"clarion_\w+", json.dumps(dashboard)))
        self.assertEqual(drawn - self.names(), set())
        identifiers = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(identifiers), len(set(identifiers)))
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                self.assertEqual(target["expr"].count("("), target["expr"].count(")"), target["expr"])

    def test_promtool_has_nothing_to_say(self):
        text = self.server.get("/metrics").text
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True,
                              timeout=60 * PATIENCE)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
