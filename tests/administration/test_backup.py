"""clarionctl backup, restore, clariond --verify and --check, as an operator uses them."""
import json
import re
import subprocess
import threading
import unittest

from test_administration import CLARIOND, CLARIONCTL, PATIENCE, Case, Server
from xmpp_client import Client

PLAIN = "[c2s]\nrequire_encryption = false\nallow_plain_without_encryption = true\n"


def new_server():
    """As in test_administration, but clients may use PLAIN."""
    server = Server()
    text = server.config.read_text().replace("[c2s]\nrequire_encryption = false\n", PLAIN)
    server.config.write_text(text)
    return server


class BackupCase(Case):
    """A server with two accounts."""

    def setUp(self):
        self.server = new_server()
        self.addCleanup(self.server.remove)
        self.server.start()
        for name in ("alice", "bob"):
            done = self.server.ctl("user", "add", f"{name}@example.test", "--password", "secret")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.file = self.server.directory / "backup"

    def stop(self):
        self.assertEqual(self.server.ctl("stop").returncode, 0)
        self.assertEqual(self.server.wait(), 0)

    def login(self, name):
        return self.connect(name, self.server).bind("phone")

    def connect(self, name, server):
        client = Client(server.port, name, PATIENCE)
        self.addCleanup(client.cut)
        return client

    def restored(self):
        """Another server, of the backup."""
        other = new_server()
        self.addCleanup(other.remove)
        done = other.ctl("restore", str(self.file))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("restored", done.stdout)
        checked = other.run("--check")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        other.start()
        return other


class Backup(BackupCase):
    def test_what_was_there_is_there_again_and_who_slept_resumes(self):
        alice, bob = self.login("alice"), self.login("bob")
        bob.iq("set", "<query xmlns='jabber:iq:roster'><item jid='juliet@capulet.lit' name='J'/></query>")
        bob.send("<presence/>")
        previous = bob.enable()
        bob.synchronise()
        bob.cut()
        alice.enable()
        alice.message("bob@example.test", "m0")
        alice.synchronise()

        acknowledged = [0]
        enough = threading.Event()

        def write():
            while not enough.is_set():
                for _ in range(20):
                    acknowledged[0] += 1
                    alice.message("bob@example.test", f"m{acknowledged[0]}")
                alice.synchronise()

        writer = threading.Thread(target=write)
        writer.start()
        while acknowledged[0] < 100:
            enough.wait(0.01)
        before = acknowledged[0] - 20
        made = self.server.ask("backup", str(self.file))
        enough.set()
        writer.join()
        self.assertEqual(made["bytes"], self.file.stat().st_size)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)

        other = self.restored()
        self.assertEqual(other.ask("user", "list"), ["alice@example.test", "bob@example.test"])
        woken = self.connect("bob", other)
        self.assertIn("<resumed", woken.resume(previous, 0))
        roster = woken.iq("get", "<query xmlns='jabber:iq:roster'/>")
        self.assertIn("juliet@capulet.lit", roster)
        archived = self.archive(woken)
        self.assertGreaterEqual(len(archived), before)
        self.assertEqual(archived, [f"m{n}" for n in range(len(archived))], "one moment, no gaps")

    def archive(self, client):
        """Bodies of all messages in the archive of a client, by pages."""
        bodies, after = [], ""
        while True:
            client.send(f"<iq type='set' id='a'><query xmlns='urn:xmpp:mam:2'><set "
                        f"xmlns='http://jabber.org/protocol/rsm'><max>50</max>{after}</set></query></iq>")
            text = client.expect(r".*?<iq[^>]*id=['\"]a['\"].*?</iq>").group()
            bodies += re.findall(r"<result .*?<body>(\w+)</body>", text, re.S)
            if re.search(r"complete=['\"]true", text):
                return bodies
            last = re.search(r"<last>(.*?)</last>", text).group(1)
            after = f"<after>{last}</after>"

    def test_the_queue_of_who_slept_is_kept(self):
        alice, bob = self.login("alice"), self.login("bob")
        bob.send("<presence/>")
        previous = bob.enable()
        bob.synchronise()
        bob.cut()
        alice.enable()
        for n in range(5):
            alice.message("bob@example.test", f"m{n}")
        alice.synchronise()
        self.server.ask("backup", str(self.file))
        other = self.restored()
        woken = self.connect("bob", other)
        woken.resume(previous, 0)
        for n in range(5):
            woken.expect(f"<body>m{n}</body>")

    def test_a_relative_path_is_where_the_operator_is(self):
        done = subprocess.run([CLARIONCTL, "--config", self.server.config, "backup", "here"],
                              cwd=self.server.directory / "data", capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.server.directory / "data" / "here").exists())
        self.assertIn("entries:", done.stdout)

    def test_an_existing_file_is_kept_unless_forced(self):
        self.file.write_text("precious")
        self.assert_refused(self.server.ctl("backup", str(self.file)), "exists already", "--force")
        self.assertEqual(self.file.read_text(), "precious")
        self.server.ask("backup", "--force", str(self.file))
        self.assertEqual(subprocess.run([CLARIOND, "--verify", self.file],
                                        capture_output=True).returncode, 0)

    def test_what_cannot_be_written_is_told(self):
        self.assert_refused(self.server.ctl("backup", str(self.server.directory / "no" / "b")),
                            "no/b", "No such file")
        self.assertEqual(self.server.ctl("status").returncode, 0)

    def test_restoring_is_refused_while_a_server_runs(self):
        self.server.ask("backup", str(self.file))
        self.assert_refused(self.server.ctl("restore", str(self.file)), "Stop it first")
        self.assert_refused(self.server.run("--restore", str(self.file)), "another server is using")

    def test_a_database_is_moved_aside_only_if_forced(self):
        self.server.ask("backup", str(self.file))
        self.server.ctl("user", "add", "late@example.test", "--password", "secret")
        self.stop()
        self.assert_refused(self.server.ctl("restore", str(self.file)), "has a database already")
        told = self.server.ask("restore", "--force", str(self.file))
        self.assertTrue((self.server.directory / told["moved_to"] / "data.mdb").exists(), told)
        self.server.start()
        self.assertEqual(self.server.ask("user", "list"), ["alice@example.test", "bob@example.test"])

    def test_what_is_no_whole_backup_touches_nothing(self):
        self.server.ask("backup", str(self.file))
        whole = self.file.read_bytes()
        self.stop()
        for content, words in ((b"<xml/>", "is not a backup"), (whole[:-1], "cut off"),
                               (whole[:100] + b"!" + whole[101:], "digest")):
            self.file.write_bytes(content)
            self.assert_refused(self.server.ctl("restore", "--force", str(self.file)), words)
            verified = subprocess.run([CLARIOND, "--verify", self.file], capture_output=True, text=True)
            self.assert_refused(verified, words)
        self.assert_refused(self.server.ctl("restore", "--force", "/nowhere"), "/nowhere")
        self.server.start()
        self.assertEqual(len(self.server.ask("user", "list")), 2)

    def test_verify_says_what_a_backup_has(self):
        self.server.ask("backup", str(self.file))
        told = json.loads(subprocess.run([CLARIOND, "--verify", self.file, "--json"],
                                         capture_output=True, text=True).stdout)
        self.assertEqual(told["tables"]["names"], 2)
        self.assertEqual(told["bytes"], self.file.stat().st_size)


class Check(BackupCase):
    def test_a_running_server_is_left_alone(self):
        checked = self.server.run("--check")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("in use by a running server", checked.stdout)

    def test_a_good_database_is_counted(self):
        self.login("bob").enable()
        self.server.process.kill()  # what a crash leaves is no damage
        self.server.wait()
        checked = self.server.run("--check")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertIn("names: 2", checked.stdout)

    def test_damage_is_told_with_its_key(self):
        self.stop()
        data = self.server.directory / "data" / "db" / "data.mdb"
        damaged = data.read_bytes().replace(b"alice@example.test", b"alias@example.test")
        data.write_bytes(damaged)
        checked = self.server.run("--check")
        self.assert_refused(checked, "the database has", "problems")
        self.assertEqual(checked.returncode, 1)
        self.assertIn('names: "example.test alice": the name is another', checked.stdout)
        self.assertEqual(data.read_bytes(), damaged, "it is only looked at")


if __name__ == "__main__":
    unittest.main()
