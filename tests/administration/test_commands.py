"""clarionctl as somebody meets it who types: mistakes, questions, words instead of JSON."""
import json
import os
import pty
import re
import socket
import subprocess
import time
import unittest

from test_administration import CLARIONCTL, PATIENCE, Case
from test_check import make_certificate
from xmpp_client import Client


class Typed(Case):
    def setUp(self):
        super().setUp()
        config = self.server.config.read_text()
        self.server.config.write_text(config.replace("[c2s]", "[c2s]\nallow_plain_without_encryption = true"))
        self.server.start()

    def add(self, name):
        done = self.server.ctl("user", "add", f"{name}@example.test", "--password", "secret")
        self.assertEqual(done.returncode, 0, done.stderr)

    def type(self, *arguments, lines):
        """At a terminal: exit code and all that was shown."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([CLARIONCTL, "--config", self.server.config, *arguments],
                                   stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown, answers = b"", list(lines)
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if answers and re.search(rb"(\[y/N\]|Password:|again:) $", shown):
                os.write(ours, answers.pop(0).encode() + b"\n")
        os.close(ours)
        return process.wait(30 * PATIENCE), shown.decode()

    def users(self):
        return self.server.ask("user", "list")


class Mistakes(Typed):
    def test_the_nearest_is_named(self):
        for words, meant in (("statsu", '"status"'), ("usr list", '"user"'), ("user lst", '"user list"'),
                             ("user remove x@example.test", '"user'), ("passwd x@example.test", '"user passwd"'),
                             ("session lsit", '"session list"'), ("archive prge x", '"archive purge"'),
                             ("user list --disable", "--disabled"), ("status --jsn", "--json"),
                             ("stop --wiat", "--wait"), ("--confg x status", "--config"),
                             ("--json user pawsswd x@example.test", '"user passwd"')):
            with self.subTest(words=words):
                done = self.server.ctl(*words.split())
                self.assertEqual(done.returncode, 2)
                if words != "user remove x@example.test":
                    self.assertIn("did you mean " + meant, done.stderr)
                else:
                    self.assertIn("known of user: add passwd delete", done.stderr)

    def test_what_is_near_nothing_gets_the_list(self):
        done = self.server.ctl("frobnicate")
        self.assertEqual(done.returncode, 2)
        self.assertIn("known:", done.stderr)
        self.assertIn(" archive", done.stderr)

    def test_every_command_has_help(self):
        done = self.server.ctl("--help")
        self.assertEqual(done.returncode, 0)
        for words in (("user", "delete"), ("user", "disable"), ("stop",), ("session", "list"), ("archive", "purge")):
            done = self.server.ctl(*words, "--help")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("--yes", self.server.ctl("user", "delete", "--help").stdout)
        self.assertIn("--wait", self.server.ctl("stop", "--help").stdout)


class Help(Typed):
    def post(self, command):
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(str(self.server.directory / "admin.sock"))
            asked.sendall(f"POST /v1/{command} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                          "Content-Length: 0\r\n\r\n".encode())
            answer = b"".join(iter(lambda: asked.recv(65536), b""))
        return json.loads(answer.partition(b"\r\n\r\n")[2])["result"]

    def complete(self, *words):
        """As bash asks: with all words so far."""
        return subprocess.run([CLARIONCTL, "completion", "--", "--config", self.server.config, *words],
                              capture_output=True, text=True).stdout.split()

    def test_it_comes_from_the_server(self):
        told = self.post("commands")
        shown = self.server.ctl("help").stdout
        for group in told["groups"]:
            self.assertIn(group["help"], shown)
        for command in told["commands"]:
            with self.subTest(command=command["name"]):
                words = command["name"].split()
                done = self.server.ctl("help", *words)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(command["help"], done.stdout)
                self.assertIn(f"clarionctl {command['name']} [OPTIONS]", done.stdout)
                for argument in command["arguments"]:
                    self.assertIn(argument["help"], done.stdout)
                self.assertEqual(self.server.ctl(*words, "--help").returncode, 0)

    def test_of_a_group_and_of_what_there_is_not(self):
        push = self.server.ctl("help", "push").stdout
        for word in ("list", "show", "ping", "test", "remove", "stats"):
            self.assertRegex(push, rf"(?m)^  {word} ")
        done = self.server.ctl("help", "psh")
        self.assertEqual(done.returncode, 2)
        self.assertIn('did you mean "push"', done.stderr)

    def test_completion(self):
        self.assertEqual(self.complete("pu"), ["pubsub", "push"])
        self.assertEqual(self.complete("push", "p"), ["ping"])
        self.assertEqual(self.complete("archive", "purge", "--o"), ["--older-than"])
        self.assertEqual(self.complete("--js"), ["--json"])
        self.assertEqual(self.complete("--json", "stat"), ["status"])
        self.assertEqual(self.complete("archive", "purge", "--before", "--"), [], "a value")
        self.assertEqual(self.complete("nonsense", ""), [])
        self.assertIn("complete -o default -F _clarionctl clarionctl", self.server.ctl("completion").stdout)

    def test_a_table_has_the_declared_columns(self):
        self.add("romeo")
        romeo = Client(self.server.port, "romeo", PATIENCE).bind("orchard")
        titles, row = self.server.ctl("session", "list").stdout.splitlines()
        self.assertRegex(titles, "^jid +state +available +priority +stream management +address +tls$")
        self.assertRegex(row, "^romeo@example.test/orchard +connected +no +0 +no +127.0.0.1 ")
        romeo.cut()


class WithoutServer(Case):
    def test_help_says_what_can_be_done(self):
        for words in ((), ("help",), ("--help",)):
            with self.subTest(words=words):
                done = self.server.ctl(*words)
                shown = done.stdout + done.stderr
                if words:
                    self.assertEqual(done.returncode, 0, shown)
                    for word in ("restore", "check", "help"):
                        self.assertRegex(shown, rf"(?m)^  {word} ")
                    self.assertIn("Only what needs no server is listed", shown)
                    self.assertIn("Is clariond running?", shown)
                else:
                    self.assertEqual(done.returncode, 2)
        self.assertIn("--force", self.server.ctl("help", "restore").stdout)

    def test_what_needs_it_says_so(self):
        for words in (("push", "list"), ("help", "push"), ("stauts",), ("user", "list", "--help")):
            with self.subTest(words=words):
                done = self.server.ctl(*words)
                self.assertEqual(done.returncode, 1)
                self.assert_refused(done, "cannot reach the server", "admin.sock", "Is clariond running?")

    def test_check(self):
        self.assertIn("the configuration is good", self.server.ctl("check").stdout)
        self.server.write_config("[smacks]\nhibernation_tme = 4\n")
        self.assert_refused(self.server.ctl("check"), "clarion.toml:", "hibernation_time")


class Questions(Typed):
    def test_a_deletion_is_asked_about(self):
        self.add("romeo")
        code, shown = self.type("user", "delete", "romeo@example.test", lines=["n"])
        self.assertEqual(code, 1)
        self.assertIn("Delete romeo@example.test", shown)
        self.assertEqual(self.users(), ["romeo@example.test"])
        code, shown = self.type("user", "delete", "romeo@example.test", lines=[""])
        self.assertEqual(self.users(), ["romeo@example.test"])
        code, shown = self.type("user", "delete", "romeo@example.test", lines=["y"])
        self.assertEqual(code, 0, shown)
        self.assertEqual(self.users(), [])

    def test_yes_and_a_script_are_not_asked(self):
        self.add("romeo")
        code, shown = self.type("user", "delete", "romeo@example.test", "--yes", lines=[])
        self.assertEqual(code, 0, shown)
        self.assertNotIn("y/N", shown)
        self.add("romeo")
        self.assertEqual(self.server.ctl("user", "delete", "romeo@example.test", stdin="").returncode, 0)
        self.assertEqual(self.users(), [])

    def test_a_purge_is_asked_about(self):
        self.add("romeo")
        code, shown = self.type("archive", "purge", "romeo@example.test", "--older-than", "90d", lines=["n"])
        self.assertEqual(code, 1)
        self.assertIn("messages older than 90d from the archive of romeo@example.test", shown)
        code, shown = self.type("archive", "purge", "romeo@example.test", lines=["y"])
        self.assertEqual(code, 0, shown)

    def test_a_typed_password_is_asked_for_twice(self):
        code, shown = self.type("user", "add", "romeo@example.test", lines=["secret", "secrte"])
        self.assertEqual(code, 1)
        self.assertIn("differ", shown)
        self.assertNotIn("secr", shown)
        self.assertEqual(self.users(), [])
        code, shown = self.type("user", "add", "romeo@example.test", lines=["secret", "secret"])
        self.assertEqual(code, 0, shown)
        done = self.server.ctl("user", "passwd", "romeo@example.test", stdin="other\n")
        self.assertEqual(done.returncode, 0, "from a pipe once")


class Words(Typed):
    def test_empty_lists_say_so(self):
        for words, said in (("session list", "no sessions"), ("user list", "no accounts"),
                            ("push list", "no push registrations"), ("s2s list", "no connections")):
            self.assertIn(said, self.server.ctl(*words.split()).stdout)

    def test_reload_says_what_it_applied(self):
        make_certificate(self.server.directory, "a", "example.test")
        tls = '[tls]\ncertificate = "a.pem"\nprivate_key = "a.key.pem"\n'
        self.server.write_config(tls + "[smacks]\nhibernation_time = 77\n[storage]\ndurability = 'process'\n")
        said = self.server.ctl("reload").stdout
        self.assertIn("applied: smacks.hibernation_time = 77, was 600", said)
        self.assertIn("certificate of example.test loaded anew", said)
        self.assertRegex(said, r"a\.pem, expires 20\d\d-")
        self.assertIn('needs a restart: storage.durability = "process", was "full"', said)
        again = self.server.ctl("reload").stdout
        self.assertIn("certificates: the same as before", again)
        self.assertIn('needs a restart: storage.durability = "process", was "full"', again)
        self.assertNotIn("applied", again)

    def test_an_account_is_disabled_and_enabled(self):
        self.add("romeo")
        self.add("juliet")
        romeo = Client(self.server.port, "romeo", PATIENCE).bind("orchard")
        self.assertEqual(self.server.ctl("user", "disable", "romeo@example.test").returncode, 0)
        romeo.expect("the account was disabled")
        self.assertTrue(self.server.ask("user", "show", "romeo@example.test")["disabled"])
        self.assertRegex(self.server.ctl("user", "list").stdout, r"romeo@example.test +disabled")
        self.assertNotRegex(self.server.ctl("user", "list").stdout, r"juliet@example.test +disabled")
        self.assertEqual(self.server.ask("user", "list", "--disabled"), ["romeo@example.test"])
        refused = Client.__new__(Client)
        with self.assertRaises(TimeoutError):  # of its login it hears a failure, and nothing more
            refused.__init__(self.server.port, "romeo", 0.1 * PATIENCE)
        self.assertIn("<account-disabled/>", refused.text)
        refused.cut()
        self.assertEqual(self.server.ctl("user", "enable", "romeo@example.test").returncode, 0)
        Client(self.server.port, "romeo", PATIENCE).bind("orchard")
        self.assertEqual(self.server.ask("user", "list", "--disabled"), [])


    def test_an_account_is_made_an_administrator(self):
        self.add("romeo")
        self.add("juliet")
        self.assertEqual(self.server.ctl("user", "admin", "romeo@example.test", "on").returncode, 0)
        administrator = lambda jid: self.server.ask("user", "show", jid)["administrator"]
        self.assertEqual(administrator("romeo@example.test"), "of example.test (`user admin`)")
        self.assertEqual(administrator("juliet@example.test"), "no")
        self.server.write_config("[administration]\nadmins = ['romeo@example.test']\n")
        self.server.ask("reload")
        self.assertEqual(administrator("romeo@example.test"),
                         "of example.test (configuration); of example.test (`user admin`)")
        self.server.write_config("[administration]\nadmins = ['juliet@example.test']\n")
        self.server.ask("reload")
        self.assertEqual(administrator("juliet@example.test"), "of example.test (configuration)")
        self.server.write_config()
        self.server.ask("reload")
        self.assertEqual(self.server.ask("user", "list", "--admins"), ["romeo@example.test"])
        self.assertRegex(self.server.ctl("user", "list").stdout, r"romeo@example.test +administrator")
        self.assertEqual(self.server.ctl("user", "admin", "romeo@example.test", "off").returncode, 0)
        self.assertEqual(self.server.ask("user", "list", "--admins"), [])
        refused = self.server.ctl("user", "admin", "romeo@example.test", "maybe")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("expected on or off", refused.stderr)


class Stopping(Typed):
    def order(self, client, name):
        """An administrator's client runs a command that stops the server at once (XEP-0133)."""
        command = f"<command xmlns='http://jabber.org/protocol/commands' node='http://jabber.org/protocol/admin#{name}'"
        form = client.iq("set", command + "/>")
        session = re.search(r"sessionid=['\"]([^'\"]+)", form).group(1)
        done = client.iq("set", command + f" sessionid='{session}'><x xmlns='jabber:x:data' type='submit'>"
                         "<field var='delay'><value>0</value></field></x></command>")
        self.assertIn("completed", done)

    def test_an_administrator_restarts_and_stops_it_from_a_client(self):
        self.add("romeo")
        config = self.server.config.read_text().replace("[server]", '[server]\nadmins = ["romeo@example.test"]')
        self.server.config.write_text(config + "[administration]\nallow_stop = true\n")
        self.server.ask("reload")
        before = len((self.server.directory / "log").read_text())
        self.order(Client(self.server.port, "romeo", PATIENCE).bind("globe"), "restart")
        self.server.wait_for_log("server ready", before)
        self.assertEqual(self.users(), ["romeo@example.test"])
        self.order(Client(self.server.port, "romeo", PATIENCE).bind("globe"), "shutdown")
        self.assertEqual(self.server.wait(), 0)
        log = (self.server.directory / "log").read_text()
        self.assertIn("commands admin-command account=romeo@example.test/globe", log)

    def test_stop_waits_and_is_quick_with_clients_that_do_not_close(self):
        self.add("romeo")
        clients = [Client(self.server.port, "romeo", PATIENCE).bind(f"r{i}") for i in range(3)]
        clients[0].enable()
        half = socket.create_connection(("127.0.0.1", self.server.port))  # says nothing at all
        began = time.monotonic()
        done = self.server.ctl("stop", "--wait")
        took = time.monotonic() - began
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("stopped", done.stdout)
        self.assertLess(took, 2 * PATIENCE)
        self.assertEqual(self.server.process.wait(1), 0, "it is gone when the command returns")
        self.server.process = None
        half.close()
        for client in clients:
            client.cut()

    def test_a_session_that_sleeps_on_disk_is_listed(self):
        self.add("romeo")
        phone = Client(self.server.port, "romeo", PATIENCE).bind("phone")
        phone.enable()
        phone.cut()
        self.assertEqual(self.server.ctl("stop", "--wait").returncode, 0)
        self.server.wait()
        self.server.start()  # nothing has loaded the account since
        self.assertEqual(self.server.ask("status")["accounts_loaded"], 0)
        listed = self.server.ask("session", "list")
        self.assertEqual([(one["jid"], one["state"]) for one in listed], [("romeo@example.test/phone", "asleep")])
        self.assertEqual(self.server.ask("status")["accounts_loaded"], 0)


class Invitations(Typed):
    def test_created_listed_revoked(self):
        self.add("romeo")
        made = self.server.ask("invite", "create", "example.test", "--name", "Juliet", "--expires", "2d")
        self.assertRegex(made["uri"], r"^xmpp:juliet@example\.test\?register;preauth=[a-z2-9]{26}$")
        self.assertRegex(made["id"], r"^[0-9a-f]{10}$")
        self.assertNotIn("url", made, "nothing listens for browsers")
        contact = self.server.ask("invite", "create", "romeo@example.test", "--contact", "--uses", "3")
        self.assertNotIn("ibr=y", contact["uri"])
        reset = self.server.ask("invite", "create", "romeo@example.test", "--reset")
        self.assertTrue(reset["uri"].startswith("xmpp:romeo@example.test?register;preauth="))

        listed = {row["id"]: row for row in self.server.ask("invite", "list")}
        self.assertEqual(set(listed), {made["id"], contact["id"], reset["id"]})
        self.assertEqual(listed[made["id"]]["account"], "juliet")
        self.assertEqual(listed[contact["id"]]["uses"], "0/3")
        self.assertEqual(listed[contact["id"]]["inviter"], "romeo@example.test")
        self.assertEqual([row["kind"] for row in listed.values()], ["account", "contact", "reset"])
        token = made["uri"].split("preauth=")[1]
        self.assertNotIn(token, json.dumps(list(listed.values())))
        self.assertNotIn(token, (self.server.directory / "log").read_text())

        self.assertEqual(self.server.ask("invite", "revoke", made["id"])["host"], "example.test")
        self.assertEqual(self.server.ctl("invite", "revoke", made["id"]).returncode, 1)
        self.assertIn("romeo@example.test", self.server.ctl("invite", "list", "example.test").stdout)

    def test_what_cannot_be(self):
        self.add("romeo")
        for words, meant in (("romeo@example.test", "--contact"), ("romeo@example.test --contact --reset", "--contact"),
                             ("example.test --contact", "say whom"), ("example.test --expires never", "7d"),
                             ("romeo@example.test --reset --uses 2", "used once"),
                             ("romeo@example.test --contact --name x", "make an account"),
                             ("example.test --name romeo", "already"), ("nobody@example.test --reset", "no such account"),
                             ("nobody@example.test --contact", "does not exist"), ("example.com", "not a domain")):
            with self.subTest(words=words):
                done = self.server.ctl("invite", "create", *words.split())
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(meant, done.stderr)


if __name__ == "__main__":
    unittest.main()
