"""clarion_memory_bytes: the server knows what it holds in memory, and what for."""
import re
import ssl
import subprocess
import unittest
from pathlib import Path

from test_administration import PATIENCE, Server, free_port
from xmpp_client import Client

TOOLS = Path(__file__).resolve().parents[2] / "tools"
SANITIZED = PATIENCE > 1  # its allocator is another
ACCOUNTS, MESSAGES = 75, 20


class Memory(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        subprocess.run([TOOLS / "dev_cert.sh", self.server.directory, "example.test"], check=True,
                       capture_output=True)
        self.port = free_port()
        self.server.write_config(f"""
[[listen]]
type = "c2s-tls"
address = "127.0.0.1"
port = {self.port}
[tls]
certificate = "cert.pem"
private_key = "key.pem"
""")
        self.server.start()
        for i in range(ACCOUNTS):
            added = self.server.ctl("user", "add", f"user{i}@example.test", "--password-stdin",
                                    stdin="secret\n")
            self.assertEqual(added.returncode, 0, added.stderr)

    def memory(self):
        text = self.server.ask("metrics")
        return {what: int(number) for what, number in
                re.findall(r'^clarion_memory_bytes\{what="([a-z]+)"\} (\d+)', text, re.M)}

    def log_in(self, name):
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        client = Client(self.port, name, PATIENCE, tls=trusting).bind("phone")
        client.enable()
        client.send("<presence/>")
        client.synchronise()
        return client

    @unittest.skipIf(SANITIZED, "the allocator of a sanitizer does not say what it has given out")
    def test_four_fifths_of_what_is_allocated_are_told_apart(self):
        before = self.memory()
        clients = [self.log_in(f"user{i}") for i in range(ACCOUNTS)]
        for i in range(ACCOUNTS):  # nobody acknowledges anything
            for number in range(MESSAGES):
                clients[0].send(f"<message to='user{i}@example.test' type='chat' id='{number}'><body>"
                                + "x" * 2000 + "</body></message>")
        clients[0].synchronise()
        grown = {what: bytes - before[what] for what, bytes in self.memory().items()}
        grown.pop("anonymous")  # all that the system has given, and not what for
        allocated = grown.pop("allocated")
        told = ", ".join(f"{what} {bytes:,}" for what, bytes in grown.items()) + f" of {allocated:,}"
        for what in ("accounts", "sessions", "connections", "tls"):
            self.assertGreater(grown[what], 0, told)
        self.assertGreater(sum(grown.values()), 0.8 * allocated, told)
        self.assertLess(sum(grown.values()), 1.2 * allocated, told)
        for client in clients:
            client.cut()


if __name__ == "__main__":
    unittest.main()
