"""clarionctl user export, client list and sign-out: an account's data and clients, as its operator meets them."""
import os
import stat
import unittest
import xml.etree.ElementTree as ElementTree

from test_administration import Case
from test_archive import Client

PIE = "{urn:xmpp:pie:0}"
SCRAM = "{urn:xmpp:pie:0#scram}scram-credentials"
RESULT = "{urn:xmpp:pie:0#mam}archive/{urn:xmpp:mam:2}result"


class UserData(Case):
    def setUp(self):
        super().setUp()
        config = self.server.config.read_text()
        self.server.config.write_text(config.replace("[c2s]", "[c2s]\nallow_plain_without_encryption = true"))
        self.server.start()
        for name in ("romeo", "juliet"):
            self.server.ask("user", "add", f"{name}@example.test", "--password", "secret")
        self.romeo = Client(self.server.port, "romeo")
        self.addCleanup(self.romeo.socket.close)

    def export(self, *options):
        file = self.server.directory / "romeo.xml"
        done = self.server.ctl("user", "export", "romeo@example.test", str(file), *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("bytes written", done.stderr)
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        root = ElementTree.parse(file).getroot()
        self.assertEqual(root.tag, PIE + "server-data")
        self.assertEqual(root.find(PIE + "host").get("jid"), "example.test")
        users = root.findall(f"{PIE}host/{PIE}user")
        self.assertEqual([user.get("name") for user in users], ["romeo"])
        return users[0]

    def test_an_export_is_a_file_of_ones_own_with_the_whole_archive(self):
        self.romeo.say("juliet@example.test", [f"message {n} &amp; more" for n in range(1000)])
        user = self.export()
        texts = [result.findtext(".//{jabber:client}body") for result in user.findall(RESULT)]
        self.assertEqual(texts, [f"message {n} & more" for n in range(1000)])
        self.assertEqual(user.findall(SCRAM), [])
        self.assertIsNotNone(user.find("{jabber:iq:roster}query"))

    def test_credentials_are_for_who_asks(self):
        found = {each.get("mechanism"): each for each in self.export("--with-credentials").findall(SCRAM)}
        self.assertEqual(sorted(found), ["SCRAM-SHA-1", "SCRAM-SHA-256"])
        self.assertEqual(found["SCRAM-SHA-1"].findtext("{urn:xmpp:pie:0#scram}iter-count"), "4096")

    def test_standard_output_and_nobody(self):
        told = self.server.ctl("user", "export", "juliet@example.test")
        self.assertEqual(ElementTree.fromstring(told.stdout.encode()).tag, PIE + "server-data")
        self.assert_refused(self.server.ctl("user", "export", "nobody@example.test", "x.xml"), "no such account")
        self.assertFalse((self.server.directory / "x.xml").exists())

    def test_a_client_is_signed_out(self):
        clients = self.server.ask("client", "list", "romeo@example.test")
        self.assertEqual([(each["state"], each["addresses"]) for each in clients], [("connected", ["127.0.0.1"])])
        self.assertIn(clients[0]["id"], self.server.ctl("client", "list", "romeo@example.test").stdout)
        self.assert_refused(self.server.ctl("client", "sign-out", "romeo@example.test", "nonsense"), "no such client")
        done = self.server.ask("client", "sign-out", "romeo@example.test", clients[0]["id"])
        self.assertEqual(done, {"sessions_ended": 1, "registrations_removed": 0})
        self.assertIn(b"not-authorized", self.romeo.ask(b" ", b"</stream:stream>"))
        self.assertEqual(self.server.ask("client", "list", "romeo@example.test"), [])
        self.assertIn("no client", self.server.ctl("client", "list", "romeo@example.test").stdout)


if __name__ == "__main__":
    unittest.main()
