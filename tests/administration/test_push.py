"""Push as the person who runs the server meets it: test, stats, list and the alarms in status."""
import hashlib
import re
import socket
import threading
import time
import unittest

from test_administration import PATIENCE, Case, free_port
from xmpp_client import Client

GATEWAY = "push.example.test"
NODE = "a-device-token-that-is-secret"


class Gateway:
    """A push service that is a component (XEP-0114): answers each publish as it is told to."""

    def __init__(self, port, secret="s"):
        self.answer = "<iq type='result' id='{id}' from='push.example.test' to='example.test'/>"
        self.publishes = 0
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10 * PATIENCE)
        self.text = ""
        self._send("<stream:stream xmlns='jabber:component:accept' to='push.example.test' "
                   "xmlns:stream='http://etherx.jabber.org/streams'>")
        stream = re.search(r"id=['\"]([^'\"]+)", self._expect(r"<stream:stream[^>]*>")).group(1)
        self._send(f"<handshake>{hashlib.sha1((stream + secret).encode()).hexdigest()}</handshake>")
        self._expect(r"<handshake\s*/>|<handshake></handshake>")
        self.socket.settimeout(None)
        threading.Thread(target=self._serve, daemon=True).start()

    def _send(self, text):
        self.socket.sendall(text.encode())

    def _expect(self, pattern):
        while not (found := re.search(pattern, self.text, re.S)):
            received = self.socket.recv(65536)
            if not received:
                raise AssertionError(f"no {pattern} in {self.text}")
            self.text += received.decode()
        self.text = self.text[found.end():]
        return found.group()

    def _serve(self):
        try:
            while True:
                publish = self._expect(r"<iq .*?</iq>")
                self.publishes += 1
                if self.answer:
                    self._send(self.answer.format(id=re.search(r"\bid=['\"]([^'\"]+)", publish).group(1)))
        except (OSError, AssertionError):
            pass

    def refuse(self, condition, text):
        self.answer = ("<iq type='error' id='{id}' from='push.example.test' to='example.test'>"
                       f"<error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                       f"<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>{text}</text></error></iq>")

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads
        except OSError:
            return  # closed before
        self.socket.close()


class Push(Case):
    def setUp(self):
        super().setUp()
        self.component_port = free_port()
        self.server.write_config(f"""
[[listen]]
type = "component"
address = "127.0.0.1"
port = {self.component_port}
[component."{GATEWAY}"]
secret = "s"
[s2s]
require_encryption = false
""")
        config = self.server.config.read_text()
        self.server.config.write_text(
            config.replace("[c2s]\n", "[c2s]\nallow_plain_without_encryption = true\n"))
        self.server.start()
        for name in ("juliet", "romeo"):
            self.server.ctl("user", "add", f"{name}@example.test", "--password", "secret")

    def gateway(self):
        gateway = Gateway(self.component_port)
        self.addCleanup(gateway.close)
        return gateway

    def register(self, service=GATEWAY, node=NODE):
        """Juliet's phone enables push, and goes."""
        phone = Client(self.server.port, "juliet", PATIENCE).bind("phone")
        answer = phone.iq("set", f"<enable xmlns='urn:xmpp:push:0' jid='{service}' node='{node}'/>")
        self.assertNotIn("error", answer)
        phone.send("</stream:stream>")
        phone.expect("</stream:stream>")
        phone.cut()

    def say(self, count=1):
        romeo = Client(self.server.port, "romeo", PATIENCE).bind("orchard")
        for number in range(count):
            romeo.message("juliet@example.test", f"m{number}")
        romeo.iq("get", "<ping xmlns='urn:xmpp:ping'/>")
        romeo.cut()

    def until(self, condition, what):
        end = time.monotonic() + 20 * PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)

    def stats(self, service=GATEWAY):
        return next((one for one in self.server.ask("push", "stats") if one["service"] == service), None)

    def alarms(self):
        return [one["what"] for one in self.server.ask("status")["alarms"]]

    def test_a_test_that_works_says_each_step(self):
        gateway = self.gateway()
        self.register()
        done = self.server.ctl("push", "test", "juliet@example.test")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for words in (r"registration +ok +device phone, enabled 20", "last success never",
                      r"route +ok +component of this server, attached",
                      r"publish +ok +published to push.example.test",
                      r"answer +ok +answered with a result after [\d.]+ ms",
                      r"1 of 1 registrations were notified \(after [\d.]+ ms\)"):
            self.assertRegex(done.stdout, words)
        self.assertNotIn(NODE, done.stdout)
        self.assertEqual(gateway.publishes, 1)
        steps = self.server.ask("push", "test", "juliet@example.test", GATEWAY, NODE)
        self.assertEqual([one["step"] for one in steps],
                         ["registration", "route", "publish", "answer", "total"])

    def test_a_test_that_is_refused_says_why_and_ends_badly(self):
        self.gateway().refuse("item-not-found", "the device is gone")
        self.register()
        done = self.server.ctl("push", "test", "juliet@example.test")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"answer +failed +refused after [\d.]+ ms: item-not-found "
                                      r"\(cancel\): the device is gone")
        self.assertIn("0 of 1 registrations were notified", done.stdout)

    def test_a_component_that_is_not_there(self):
        self.register()
        done = self.server.ctl("push", "test", "juliet@example.test")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"route +failed +component of this server, not attached")
        self.assertRegex(done.stdout, r"publish +failed +not tried: the service is not reached")
        self.assertIsNone(self.stats(), "nobody else waits longer because of a test")
        self.gateway()
        self.assertEqual(self.server.ctl("push", "test", "juliet@example.test").returncode, 0)

    def test_a_remote_service_that_refuses_connections(self):
        self.register("127.0.0.1")
        done = self.server.ctl("push", "test", "juliet@example.test")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"route +ok +no S2S stream at the moment")
        self.assertRegex(done.stdout, r"connect +failed +127.0.0.1 port 5269")
        self.say()
        self.until(lambda: (self.stats("127.0.0.1") or {}).get("waiting") == 1, "it waits")
        self.assertIn("S2S failed", self.stats("127.0.0.1")["route"])
        self.assertIn("clarionctl s2s test 127.0.0.1", self.server.ctl("status").stdout)

    def test_a_test_of_what_is_not_there(self):
        done = self.server.ctl("push", "test", "romeo@example.test")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no client of this account has enabled push", done.stdout)
        self.register()
        done = self.server.ctl("push", "test", "juliet@example.test", "other.test")
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no such registration", done.stdout)

    def test_stats_of_a_service_that_works(self):
        self.assertIn("nothing was pushed", self.server.ctl("push", "stats").stdout)
        self.gateway()
        self.register()
        self.say(3)
        self.until(lambda: (self.stats() or {}).get("answered") == 3, "three answers")
        stats = self.stats()
        self.assertEqual((stats["sent"], stats["waiting"], stats["outstanding"]), (3, 0, 0))
        self.assertIsNone(stats["retry_in_seconds"])
        self.assertTrue(stats["route_works"])
        self.assertGreater(stats["latency_p99_ms"], 0)
        shown = self.server.ctl("push", "stats").stdout
        for words in (r"sent +3, accepted 3, unanswered 0", r"back-off +none", r"errors +none",
                      r"latency +p50 [\d.]+ ms, p99 [\d.]+ ms"):
            self.assertRegex(shown, words)
        self.assertEqual(self.alarms(), [])
        self.assertIn("no alarms", self.server.ctl("status").stdout)
        metrics = self.server.ctl("metrics").stdout
        self.assertRegex(metrics, r'clarion_push_published_total{service="push.example.test"} 3')
        self.assertRegex(metrics, r'clarion_push_answers_total{service="push.example.test",result="result"} 3')
        self.assertRegex(metrics, r'clarion_push_answer_seconds_count{service="push.example.test",result="result"} 3')
        self.assertRegex(metrics, r'clarion_push_publish_seconds_count{service="push.example.test",result="result"} 3')
        self.assertNotRegex(metrics, r'clarion_push_publish_seconds_sum{[^}]*"result"} 0\n')

    def test_an_outage_is_an_alarm_until_it_ends(self):
        gateway = self.gateway()
        self.register()
        gateway.close()
        self.until(lambda: not self.routed(), "the component is gone")
        self.say(2)
        self.until(self.alarms, "an alarm")
        self.assertRegex(self.alarms()[0], r"push service push.example.test cannot be reached since "
                                           r"20.*; notifications that wait: 1; next attempt in \d+ s")
        self.assertIn("look: clarionctl push stats", self.server.ctl("status").stdout)
        stats = self.stats()
        self.assertLessEqual(28, stats["retry_in_seconds"])
        self.assertLessEqual(stats["retry_in_seconds"], 38)
        self.assertEqual(stats["failed_in_a_row"], 1)
        self.assertRegex(self.server.ctl("push", "stats").stdout,
                         r"back-off +since 20.*, failed attempts: 1, next in \d+ s")
        registration = self.server.ask("push", "list", "juliet@example.test")[0]
        self.assertEqual((registration["errors"], registration["waiting"]), (1, True))
        again = self.gateway()
        self.until(lambda: again.publishes == 1, "the newest state")
        self.until(lambda: not self.alarms(), "the end of the alarm")

    def routed(self):
        self.server.ctl("push", "ping", "juliet@example.test")
        stats = self.stats()  # none before its first notification
        return stats is None or stats["route_works"]

    def test_a_service_that_refuses_everything_and_what_it_costs_are_alarms(self):
        self.gateway().refuse("forbidden", "")
        self.register()
        self.say(16)
        self.until(lambda: not self.server.ask("push", "list"), "disabled")
        alarms = " ".join(self.alarms())
        self.assertIn("refuses everything: 16 notifications in a row, the last with forbidden; last success: never", alarms)
        self.assertIn("registrations disabled within a day, because it refused too much or was away too long: 1", alarms)
        self.assertEqual(self.stats()["errors"], {"forbidden": 16})


del Case  # its tests are run where it is

if __name__ == "__main__":
    unittest.main()
