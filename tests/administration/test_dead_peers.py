"""Peers whose network is gone without a word: the server finds out, in the time its options say.

Server and peers live in two network namespaces with a cable (veth) between them, which is cut. That
takes root; without it the tests are skipped.
"""
import contextlib
import ctypes
import hashlib
import os
import re
import socket
import subprocess
import time
import unittest

from test_administration import PATIENCE, Server
from xmpp_client import Client

HERE, THERE = "192.0.2.1", "192.0.2.2"
KEEPALIVE = "keepalive_idle = 1\nkeepalive_interval = 1\nkeepalive_count = 2\nuser_timeout = 3\n"
NEVER = "keepalive_idle = 0\n"
LIBC = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network of its own, as long as a process sleeps in it."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "600"], stderr=subprocess.DEVNULL)
        own = os.readlink("/proc/self/ns/net")
        end = time.monotonic() + 10
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == own:
            if self.holder.poll() is not None or time.monotonic() > end:
                self.close()
                raise unittest.SkipTest("network namespaces need root")
            time.sleep(0.01)

    @property
    def prefix(self):
        return ["nsenter", "--target", str(self.holder.pid), "--net"]

    def ip(self, *arguments):
        subprocess.run([*self.prefix, "ip", *arguments], check=True)

    @contextlib.contextmanager
    def entered(self):
        """Sockets that this thread opens meanwhile belong there, for ever."""
        with open("/proc/self/ns/net") as own, open(f"/proc/{self.holder.pid}/ns/net") as other:
            assert LIBC.setns(other.fileno(), 0) == 0
            try:
                yield
            finally:
                assert LIBC.setns(own.fileno(), 0) == 0

    def close(self):
        self.holder.kill()
        self.holder.wait()


class Component:
    def __init__(self, port, domain):
        self.socket = socket.create_connection((HERE, port), timeout=10 * PATIENCE)
        self.socket.sendall(f"<stream:stream xmlns='jabber:component:accept' to='{domain}' "
                            "xmlns:stream='http://etherx.jabber.org/streams'>".encode())
        header = self.receive(r"<stream:stream[^>]*>")
        secret = re.search(r"id='([^']+)'", header).group(1) + "secret"
        self.socket.sendall(f"<handshake>{hashlib.sha1(secret.encode()).hexdigest()}</handshake>".encode())
        self.receive(r"<handshake/>")

    def receive(self, pattern):
        text = ""
        while not re.search(pattern, text):
            received = self.socket.recv(65536)
            assert received, text
            text += received.decode()
        return text


@unittest.skipUnless(os.geteuid() == 0, "network namespaces need root")
class DeadPeers(unittest.TestCase):
    def setUp(self):
        self.here = Namespace()
        self.addCleanup(self.here.close)
        self.there = Namespace()
        self.addCleanup(self.there.close)
        self.here.ip("link", "add", "cable0", "type", "veth", "peer", "name", "cable1", "netns",
                     str(self.there.holder.pid))
        for namespace, device, address in ((self.here, "cable0", HERE), (self.there, "cable1", THERE)):
            namespace.ip("addr", "add", f"{address}/24", "dev", device)
            for each in (device, "lo"):  # lo: what it sends to itself
                namespace.ip("link", "set", each, "up")
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.prefix = self.here.prefix

    def start(self, c2s="", component="", smacks=""):
        text = f"""
[server]
domains = ["example.test"]
data_dir = "data"
admin_socket = "admin.sock"
[c2s]
require_encryption = false
allow_plain_without_encryption = true
{c2s}
[smacks]
{smacks}
[auth]
scram_iterations = 4096
[[listen]]
type = "c2s"
address = "{HERE}"
port = 5222
[[listen]]
type = "component"
address = "{HERE}"
port = 5347
[component."gateway.example.test"]
secret = "secret"
{component}"""
        self.server.config.write_text(text)
        self.server.start()
        for name in ("juliet", "romeo"):
            assert self.server.ctl("user", "add", f"{name}@example.test", "--password", "secret").returncode == 0

    def connect(self, name, resource):
        with self.there.entered():
            return Client(5222, name, PATIENCE, HERE).bind(resource)

    def cut_the_cable(self):
        self.there.ip("link", "set", "cable1", "down")

    def states(self):
        return {one["jid"].split("/")[1]: one["state"] for one in self.server.ask("session", "list")}

    def until(self, states, limit):
        end = time.monotonic() + limit * PATIENCE
        while self.states() != states:
            self.assertLess(time.monotonic(), end, f"{self.states()} instead of {states}")
            time.sleep(0.1)

    def test_idle_clients_that_are_gone_are_found_out_and_others_left_alone(self):
        self.start(c2s=KEEPALIVE)
        phone, tablet = self.connect("juliet", "phone"), self.connect("juliet", "tablet")
        phone.enable()
        time.sleep(5)  # longer than a dead one would have
        self.assertEqual(self.states(), {"phone": "connected", "tablet": "connected"})
        self.cut_the_cable()
        self.until({"phone": "asleep"}, 8)
        del tablet

    def test_a_client_that_confirms_nothing_is_found_out_without_keepalive(self):
        self.start(c2s=NEVER + "user_timeout = 2\n")
        tablet = self.connect("juliet", "tablet")
        with self.here.entered():
            romeo = Client(5222, "romeo", PATIENCE, HERE).bind("orchard")
        self.cut_the_cable()
        romeo.send("<message to='juliet@example.test/tablet' type='headline'><body>hi</body></message>")
        self.until({"orchard": "connected"}, 15)
        del tablet

    def test_stream_management_finds_out_by_itself(self):
        self.start(c2s=NEVER + "user_timeout = 0\n", smacks="ack_timeout = 2\n")
        phone = self.connect("juliet", "phone")
        phone.enable()
        with self.here.entered():
            romeo = Client(5222, "romeo", PATIENCE, HERE).bind("orchard")
        self.cut_the_cable()
        romeo.send("<message to='juliet@example.test/phone' type='chat'><body>hi</body></message>")
        self.until({"orchard": "connected", "phone": "asleep"}, 8)

    def test_a_component(self):
        self.start(component=KEEPALIVE)
        with self.there.entered():
            component = Component(5347, "gateway.example.test")
        self.cut_the_cable()
        self.server.wait_for_log("component detached")
        del component


if __name__ == "__main__":
    unittest.main()
