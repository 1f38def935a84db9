"""clarionctl archive: stats, purge and export of what a client really sent."""
import base64
import json
import socket
import unittest
import xml.etree.ElementTree as ElementTree

from test_administration import PATIENCE, Server

MAM = "{urn:xmpp:mam:2}"
FORWARD = "{urn:xmpp:forward:0}"
CLIENT = "{jabber:client}"
HEADER = (b"<stream:stream to='example.test' xmlns='jabber:client' "
          b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>")


class Client:
    """Just enough of one to send messages and know that they are stored."""

    def __init__(self, port, name, password="secret"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30 * PATIENCE)
        self.said = 0
        self.ask(HEADER, b"</stream:features>")
        secret = base64.b64encode(f"\0{name}\0{password}".encode())
        self.ask(b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + secret + b"</auth>",
                 b"<success")
        self.ask(HEADER, b"</stream:features>")
        self.ask(b"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", b"</iq>")
        self.ask(b"<enable xmlns='urn:xmpp:sm:3'/>", b"<enabled")

    def ask(self, data, until):
        self.socket.sendall(data)
        got = b""
        while until not in got:
            data = self.socket.recv(65536)
            if not data:
                raise AssertionError(f"closed: {got!r}")
            got += data
        return got

    def say(self, to, texts):
        """Returns when all are in the archive."""
        messages = "".join(f"<message type='chat' to='{to}' id='m{n}'><body>{text}</body></message>"
                           for n, text in enumerate(texts))
        self.said += len(texts)
        self.ask(messages.encode() + b"<r xmlns='urn:xmpp:sm:3'/>", b"h='%d'" % self.said)


class Archives(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        config = self.server.config.read_text()
        self.server.config.write_text(
            config.replace("[c2s]\n", "[c2s]\nallow_plain_without_encryption = true\n")
            .replace('domains = ["example.test"]', 'domains = ["example.test", "other.test"]'))
        self.server.start()
        for name in ("romeo", "juliet"):
            self.server.ask("user", "add", f"{name}@example.test", "--password", "secret")
        self.romeo = Client(self.server.port, "romeo")
        self.addCleanup(self.romeo.socket.close)

    def count(self, jid):
        return self.server.ask("archive", "stats", jid)["messages"]

    def test_stats_count_each_archive_and_each_domain(self):
        self.romeo.say("juliet@example.test", ["one", "two"])
        self.romeo.say("friend@remote.test", ["three"])
        row = self.server.ask("archive", "stats", "romeo@example.test")
        self.assertEqual(row["messages"], 3)
        self.assertGreater(row["bytes"], 3 * 100)
        self.assertLess(row["oldest"], row["newest"])
        self.assertEqual(self.count("juliet@example.test"), 2)
        rows = {row["domain"]: row for row in self.server.ask("archive", "stats")}
        self.assertEqual((rows["example.test"]["accounts"], rows["example.test"]["archives"],
                          rows["example.test"]["messages"]), (2, 2, 5))
        self.assertEqual(rows["other.test"]["messages"], 0)
        self.assertIsNone(rows["other.test"]["oldest"])

    def test_purge_takes_what_is_old_or_everything(self):
        self.romeo.say("juliet@example.test", ["one", "two"])
        old = self.server.ask("archive", "purge", "romeo@example.test", "--older-than", "1h")
        self.assertEqual(old, {"archives": 0, "messages": 0})
        old = self.server.ask("archive", "purge", "romeo@example.test", "--before", "2020-01-01")
        self.assertEqual(old["messages"], 0)
        one = self.server.ask("archive", "purge", "romeo@example.test", "--before", "2999-12-31")
        self.assertEqual(one, {"archives": 1, "messages": 2})
        self.assertEqual(self.count("romeo@example.test"), 0)
        self.assertEqual(self.count("juliet@example.test"), 2)
        self.romeo.say("juliet@example.test", ["three"])  # ids go on
        self.assertEqual(self.count("romeo@example.test"), 1)
        rest = self.server.ask("archive", "purge", "example.test")
        self.assertEqual(rest, {"archives": 2, "messages": 4})
        self.assertEqual(self.server.ask("archive", "purge", "example.test")["messages"], 0)

    def test_export_is_a_document_in_order(self):
        texts = [f"text {n} &lt;&amp;" for n in range(1200)]  # more than two pages
        for start in range(0, len(texts), 200):
            self.romeo.say("juliet@example.test", texts[start:start + 200])
        file = self.server.directory / "archive.xml"
        done = self.server.ctl("archive", "export", "juliet@example.test", file)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("1200 messages", done.stderr)
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        root = ElementTree.parse(file).getroot()
        self.assertEqual(root.tag, "{urn:xmpp:pie:0#mam}archive")
        results = root.findall(MAM + "result")
        self.assertEqual(len({result.get("id") for result in results}), len(texts))
        messages = [result.find(f"{FORWARD}forwarded/{CLIENT}message") for result in results]
        self.assertEqual([message.find(CLIENT + "body").text for message in messages],
                         [f"text {n} <&" for n in range(1200)])
        self.assertEqual({message.get("to") for message in messages}, {"juliet@example.test"})

    def test_export_as_lines_of_json(self):
        self.romeo.say("juliet@example.test", ["one", "two"])
        done = self.server.ctl("--json", "archive", "export", "romeo@example.test")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(lines), 2)
        self.assertIn("<body>one</body>", lines[0]["stanza"])
        self.assertIn("<body>two</body>", lines[1]["stanza"])
        self.assertNotEqual(lines[0]["id"], lines[1]["id"])

    def test_an_empty_archive_is_an_empty_document(self):
        done = self.server.ctl("archive", "export", "juliet@example.test")
        self.assertEqual(len(ElementTree.fromstring(done.stdout.encode())), 0)

    def test_mistakes_are_told(self):
        for arguments, words in ((("stats", "nobody@example.test"), "does not exist"),
                                 (("stats", "elsewhere.test"), "not a domain"),
                                 (("purge", "example.test", "--before", "soon"), "2026-01-31"),
                                 (("purge", "example.test", "--older-than", "long"), "90d"),
                                 (("purge", "example.test", "--before", "2020-01-01", "--older-than", "1d"),
                                  "not both"),
                                 (("export", "nobody@example.test"), "does not exist"),
                                 (("export", "juliet@example.test", "/nowhere/a.xml"), "/nowhere/a.xml")):
            done = self.server.ctl("archive", *arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr + done.stdout)


if __name__ == "__main__":
    unittest.main()
