"""An operator who cannot see why a client complains: the log of refusals, and clarionctl trace."""
import base64
import hashlib
import json
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

from test_administration import CLARIONCTL, PATIENCE, Case, free_port
from xmpp_client import Client

PRIVATE = "jabber:iq:private"


class Tracer:
    """`clarionctl trace`, read by a thread of its own."""

    def __init__(self, server, *arguments):
        self.lines = []
        self.process = subprocess.Popen([CLARIONCTL, "--config", server.config, "trace", *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def text(self):
        return "".join(self.lines)

    def wait_for(self, *words):
        """The first line that has all of them."""
        end = time.monotonic() + 20 * PATIENCE
        while time.monotonic() < end:
            for line in list(self.lines):
                if all(word in line for word in words):
                    return line
            time.sleep(0.02)
        raise AssertionError(f"no line with {words} in: {self.text()}")

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Trace(Case):
    def setUp(self):
        super().setUp()
        self.gateway = free_port()
        self.server.write_config(f"""
[log]
level = "debug"
[component."gate.example.test"]
secret = "Gat3word"
[[listen]]
type = "component"
address = "127.0.0.1"
port = {self.gateway}
""")
        config = self.server.config.read_text().replace(
            "require_encryption = false", "require_encryption = false\n"
            "allow_plain_without_encryption = true")
        self.server.config.write_text(config)
        self.server.start()
        for name in ("romeo", "juliet"):
            self.server.ask("user", "add", f"{name}@example.test", "--password", "secret")

    def log(self):
        return (self.server.directory / "log").read_text()

    def trace(self, *arguments):
        tracer = Tracer(self.server, *arguments)
        self.addCleanup(tracer.end)
        tracer.wait_for('"note"' if "--json" in arguments else " -- ")
        return tracer

    def client(self, name="romeo", resource="orchard"):
        client = Client(self.server.port, name, PATIENCE).bind(resource)
        self.addCleanup(client.cut)
        return client

    def test_a_stranger_sees_why_requests_are_refused(self):
        romeo = self.client()
        tracer = Tracer(self.server, "romeo@example.test")
        self.addCleanup(tracer.end)
        tracer.wait_for("the session is connected")
        romeo.send("<iq type='get' id='1' to='juliet@example.test'>"
                   "<query xmlns='jabber:iq:roster'/></iq>")
        tracer.wait_for("<-", "id='1'", "jabber:iq:roster")
        condition = tracer.wait_for("->", "id='1'", "type='error'")
        self.server.wait_for_log("payload=jabber:iq:roster")
        log = next(l for l in self.log().splitlines() if "payload=jabber:iq:roster" in l)
        self.assertIn("info refusal stanza from=romeo@example.test/orchard to=juliet@example.test", log)
        named = log.split("condition=")[1].split()[0]
        self.assertIn(f"<{named} ", condition)
        romeo.send("<iq type='get' id='2'/>")
        tracer.wait_for("->", "id='2'", "<bad-request ")
        self.server.wait_for_log("condition=bad-request")
        romeo.send("<nonsense xmlns='urn:example:none'/>")
        tracer.wait_for("<-", "<nonsense xmlns='urn:example:none'/>")
        tracer.wait_for("->", "<unsupported-stanza-type ", "unknown element")
        self.server.wait_for_log("condition=unsupported-stanza-type")
        log = next(l for l in self.log().splitlines() if "condition=unsupported-stanza-type" in l)
        self.assertIn("info refusal stream kind=c2s peer=romeo@example.test/orchard", log)
        tracer.wait_for("--", "the session ends: closed")

    def say_secrets(self, romeo):
        romeo.message("juliet@example.test", "GentleNight")
        romeo.send(f"<iq type='set' id='p'><query xmlns='{PRIVATE}'><x xmlns='a:b'>Pr1vate</x>"
                   "</query></iq>")
        romeo.send("<iq type='set' id='r' to='example.test'><query xmlns='jabber:iq:register'>"
                   "<username>juliet</username><password>Passw0rd</password></query></iq>")
        romeo.send("<presence to='room@rooms.invalid/r'><x xmlns='http://jabber.org/protocol/muc'>"
                   "<password>R00mword</password></x></presence>")
        romeo.send("<iq type='set' id='t' to='example.test'>"
                   "<preauth xmlns='urn:xmpp:pars:0' token='T0ken'/></iq>")

    def assert_no_secret(self, text):
        for secret in ("Pr1vate", "Passw0rd", "R00mword", "T0ken",
                       base64.b64encode(b"\0romeo\0secret").decode()):
            self.assertNotIn(secret, text)

    def test_no_body_and_no_secret_is_shown_and_bodies_only_on_request(self):
        plain = self.trace("romeo@example.test")
        wide = self.trace("romeo@example.test", "--with-bodies")
        romeo = self.client()
        self.say_secrets(romeo)
        for tracer in (plain, wide):
            tracer.wait_for("<-", "id='t'", "token='[hidden]'")
            tracer.wait_for("<auth ", "mechanism='PLAIN'", "[hidden]")
            tracer.wait_for("<-", "<password>[hidden]</password>", "<username>juliet</username>")
            tracer.wait_for("->", "id='t'", "type='error'")
            self.assert_no_secret(tracer.text())
        plain.wait_for("<-", "<body>[11 characters]</body>")
        wide.wait_for("<-", "<body>GentleNight</body>")
        self.assertNotIn("GentleNight</body>", plain.text())
        self.assertIn("trace begins", self.log())
        self.assertIn("with_bodies=true", self.log())
        self.assert_no_secret(self.log())
        self.assertNotIn("GentleNight", self.log())

    def test_a_hibernating_session_shows_what_is_queued(self):
        romeo = self.client()
        previous = romeo.enable()
        romeo.send("<presence/>")
        romeo.synchronise()
        tracer = Tracer(self.server, "--json", "romeo@example.test")
        self.addCleanup(tracer.end)
        tracer.wait_for("the session is connected")
        romeo.cut()
        tracer.wait_for("hibernates")
        self.client("juliet", "balcony").message("romeo@example.test", "morning")
        queued = json.loads(tracer.wait_for('"queued"', "<body>"))
        self.assertEqual(queued["peer"], "romeo@example.test/orchard")
        self.assertIn("[7 characters]", queued["xml"])
        again = Client(self.server.port, "romeo", PATIENCE)
        self.addCleanup(again.cut)
        again.resume(previous, 0)
        tracer.wait_for("received", "<resume ")
        tracer.wait_for("sent", "<resumed ")
        self.assertNotIn("morning</body>", tracer.text())

    def test_a_component_is_traced_without_its_handshake(self):
        tracer = self.trace("--s2s", "gate.example.test", "--with-bodies")
        with socket.create_connection(("127.0.0.1", self.gateway), timeout=10 * PATIENCE) as gate:
            gate.sendall(b"<stream:stream xmlns='jabber:component:accept' to='gate.example.test' "
                         b"xmlns:stream='http://etherx.jabber.org/streams'>")
            stream_id = re.search(rb" id='([^']+)'", gate.recv(65536)).group(1)
            digest = hashlib.sha1(stream_id + b"Gat3word").hexdigest()
            gate.sendall(f"<handshake>{digest}</handshake>".encode())
            tracer.wait_for("->", "<handshake/>")
            tracer.wait_for("<-", "<handshake>[hidden]</handshake>")
            self.client().message("gate.example.test", "Knock")
            tracer.wait_for("-> component gate.example.test", "<body>Knock</body>")
            gate.sendall(b"<message from='gate.example.test'><body>lost</body></message>")
            tracer.wait_for("->", "<improper-addressing ")
        for text in (tracer.text(), self.log()):
            self.assertNotIn(digest, text)
            self.assertNotIn("Gat3word", text)

    def test_a_slow_reader_loses_lines_and_slows_nobody(self):
        tracer = self.trace("romeo@example.test", "--with-bodies")
        romeo = self.client()
        romeo.enable()
        tracer.process.send_signal(signal.SIGSTOP)
        for _ in range(40):
            romeo.send(f"<message to='juliet@example.test'><body>{'x' * 100000}</body></message>")
        romeo.synchronise()
        tracer.process.send_signal(signal.SIGCONT)
        tracer.wait_for("!!", "lines were lost")

    def test_of_login_failures_both_say_why(self):
        tracer = self.trace("romeo@example.test")
        self.server.ask("user", "passwd", "romeo@example.test", "--password", "other")
        with self.assertRaises((AssertionError, TimeoutError)):
            Client(self.server.port, "romeo", 0.2)
        tracer.wait_for("->", "<failure ", "<not-authorized")
        self.server.wait_for_log("login-failed account=romeo@example.test")
        self.assertNotIn(base64.b64encode(b"\0romeo\0secret").decode(), tracer.text() + self.log())

    def test_an_ended_reader_leaves_nothing_and_many_are_refused(self):
        tracers = [self.trace("romeo@example.test") for _ in range(4)]
        self.server_refuses("max_traces", "romeo@example.test")
        for tracer in tracers:
            tracer.end()
        end = time.monotonic() + 20 * PATIENCE
        while self.log().count("trace ends") < 4 and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(self.log().count("trace ends"), 4)
        self.trace("romeo@example.test")
        self.assertEqual(self.server.ctl("stop").returncode, 0)
        self.assertEqual(self.server.wait(), 0, "a trace does not keep the server from stopping")

    def server_refuses(self, word, *arguments):
        self.assert_refused(self.server.ctl("trace", *arguments), word)

    def test_what_cannot_be_traced_is_said(self):
        self.server_refuses("whom to trace")
        self.server_refuses("is not a domain of this server", "romeo@other.test")
        self.server_refuses("is a domain of this server", "--s2s", "example.test")

    def test_one_peer_cannot_fill_the_log(self):
        self.assertEqual(self.server.ctl("log", "level", "info").returncode, 0)
        romeo = self.client()
        for i in range(200):
            romeo.send(f"<iq type='get' id='{i}'><query xmlns='urn:example:{i}'/></iq>")
        romeo.expect("id=['\"]199['\"]")
        lines = [l for l in self.log().splitlines() if "refusal stanza" in l]
        self.assertEqual(len(lines), 10)
        self.server.wait_for_log("refusal more peer=romeo@example.test")


if __name__ == "__main__":
    unittest.main()
