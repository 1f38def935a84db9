"""The server as its operator meets it: configuration errors, commands, start, stop, reload, crash."""
import base64
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from ports import free_port

CLARIOND = os.environ["CLARIOND"]
CLARIONCTL = os.environ["CLARIONCTL"]
PATIENCE = float(os.environ.get("CLARION_PATIENCE", "1"))


class Server:
    """One clariond in a directory of its own."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="clarion-admin-"))
        self.config = self.directory / "clarion.toml"
        self.port = free_port()
        self.process = None
        self.prefix = []  # of the command that starts it
        self.write_config()

    def write_config(self, extra="", domains='["example.test"]'):
        self.config.write_text(f"""
[server]
domains = {domains}
data_dir = "data"
admin_socket = "admin.sock"
[c2s]
require_encryption = false
[auth]
scram_iterations = 4096
[[listen]]
type = "c2s"
address = "127.0.0.1"
port = {self.port}
{extra}""")

    def run(self, *arguments):
        """clariond in the foreground until it ends by itself."""
        return subprocess.run([CLARIOND, "--config", self.config, *arguments], capture_output=True,
                              text=True, timeout=30 * PATIENCE)

    def start(self):
        with open(self.directory / "log", "a") as log:
            before = log.tell()
            self.process = subprocess.Popen([*self.prefix, CLARIOND, "--config", self.config], stderr=log)
        self.wait_for_log("server ready", before)

    def wait_for_log(self, text, since=0):
        end = time.monotonic() + 20 * PATIENCE
        while time.monotonic() < end:
            if text in (self.directory / "log").read_text()[since:]:
                return
            if self.process.poll() is not None:
                raise AssertionError("ended: " + (self.directory / "log").read_text()[since:])
            time.sleep(0.02)
        raise AssertionError(f"'{text}' was not logged: " + (self.directory / "log").read_text()[since:])

    def wait(self):
        code = self.process.wait(30 * PATIENCE)
        self.process = None
        return code

    def ctl(self, *arguments, stdin=None):
        return subprocess.run([CLARIONCTL, "--config", self.config, *arguments], input=stdin,
                              capture_output=True, text=True, timeout=60 * PATIENCE)

    def ask(self, *arguments):
        done = self.ctl("--json", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def remove(self):
        """A sanitizer tells of leaks, and of races that harmed nobody, by how the server ends."""
        try:
            if self.process:
                self.process.terminate()
                code = self.process.wait(30 * PATIENCE)
                assert code == 0, f"exit code {code}: " + (self.directory / "log").read_text()
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.directory)


class Case(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)

    def assert_refused(self, done, *words):
        self.assertNotEqual(done.returncode, 0)
        for word in words:
            self.assertIn(word, done.stderr)


class Configuration(Case):
    def test_an_unknown_key_names_line_and_nearest(self):
        self.server.write_config("[smacks]\nhibernation_tme = 4\n")
        line = 1 + self.server.config.read_text().splitlines().index("hibernation_tme = 4")
        self.assert_refused(self.server.run(), f"clarion.toml:{line}:", "hibernation_time")

    def test_a_wrong_type_says_what_was_expected(self):
        self.server.write_config('[smacks]\nmax_queue_size = "many"\n')
        self.assert_refused(self.server.run(), "clarion.toml:", "max_queue_size", "whole number")

    def test_an_impossible_value_is_refused(self):
        self.server.write_config("[mam]\nmax_page = 0\n")
        self.assert_refused(self.server.run(), "clarion.toml:", "max_page")

    def test_all_mistakes_of_a_file_are_told_at_once(self):
        self.server.write_config("[push]\nmax_erors = 1\n[log]\nlevl = 'info'\n")
        self.assert_refused(self.server.run("--check"), "max_errors", "level")

    def test_an_unknown_module_is_told_with_the_nearest(self):
        self.server.write_config('[modules]\ndisabled = ["carbon"]\n')
        self.assert_refused(self.server.run("--check"), "carbons")

    def test_a_host_table_needs_a_domain_of_ours(self):
        self.server.write_config('[host."other.test".smacks]\nhibernation_time = 4\n')
        self.assert_refused(self.server.run("--check"), "other.test")

    def test_a_missing_certificate_is_named(self):
        self.server.write_config('[tls]\ncertificate = "no.pem"\nprivate_key = "no.key"\n')
        self.assert_refused(self.server.run("--check"), "no.pem")

    def test_a_good_file_is_called_good(self):
        self.assertEqual(self.server.run("--check").returncode, 0)

    def test_a_missing_file_is_named(self):
        done = subprocess.run([CLARIOND, "--config", "/nowhere.toml"], capture_output=True, text=True)
        self.assert_refused(done, "/nowhere.toml")

    def test_describe_knows_the_options_of_the_modules(self):
        described = json.loads(subprocess.run([CLARIOND, "--describe", "--json"],
                                              capture_output=True, text=True).stdout)
        self.assertIn("max_hibernation_timeout", json.dumps(described))


class Starting(Case):
    def test_a_port_in_use_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.server.port))
            taken.listen()
            self.assert_refused(self.server.run(), f"127.0.0.1:{self.server.port}")

    def test_as_many_files_as_the_system_allows(self):
        for hard, few in ((9000, False), (1000, True)):
            self.server.prefix = ["sh", "-c", f'ulimit -n {hard}; ulimit -Sn 256; exec "$@"', "sh"]
            self.server.start()
            limits = Path(f"/proc/{self.server.process.pid}/limits").read_text()
            self.assertRegex(limits, rf"Max open files +{hard} +{hard} ")
            log = (self.server.directory / "log").read_text()
            self.assertIn(f"open-files limit={hard}", log)
            self.assertEqual("few-open-files" in log, few)
            self.server.process.terminate()
            self.assertEqual(self.server.wait(), 0)

    def test_one_server_per_data_directory(self):
        self.server.start()
        self.assert_refused(self.server.run(), "another server is using", "data")

    def test_a_damaged_database_is_told_and_kept(self):
        self.server.start()
        self.assertEqual(self.server.ctl("stop").returncode, 0)
        self.assertEqual(self.server.wait(), 0)
        data = next((self.server.directory / "data" / "db").glob("*data*"))
        data.write_bytes(b"")
        self.assert_refused(self.server.run(), str(data.parent))
        self.assertEqual(data.read_bytes(), b"")

    def test_sigterm_stops_in_order(self):
        self.server.start()
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(), 0)
        self.assertIn("server stopped", (self.server.directory / "log").read_text())

    def test_no_server_says_what_to_do(self):
        self.assert_refused(self.server.ctl("status"), "admin.sock", "Is clariond running?")


class Commands(Case):
    def setUp(self):
        super().setUp()
        self.server.start()

    def add(self, name, password="secret"):
        return self.server.ctl("user", "add", f"{name}@example.test", "--password", password)

    def test_status(self):
        status = self.server.ask("status")
        self.assertEqual(status["domains"], ["example.test"])
        self.assertEqual(status["sessions_connected"], 0)
        self.assertIn("uptime seconds:", self.server.ctl("status").stdout)

    def test_who_connects_and_says_nothing_is_not_waited_for(self):
        with socket.socket(socket.AF_UNIX) as silent:
            silent.settimeout(25 * PATIENCE)
            silent.connect(str(self.server.directory / "admin.sock"))
            begun = time.monotonic()
            self.assertEqual(silent.recv(1), b"")
            self.assertGreater(time.monotonic() - begun, 4)
            self.assertLess(time.monotonic() - begun, 20 * PATIENCE)

    def test_the_life_of_an_account(self):
        self.assertEqual(self.add("romeo").returncode, 0)
        self.assert_refused(self.add("romeo"), "exists already")
        self.assertEqual(self.server.ask("user", "list"), ["romeo@example.test"])
        self.assertEqual(self.server.ask("user", "show", "romeo@example.test")["contacts"], 0)
        changed = self.server.ctl("user", "passwd", "romeo@example.test", "--password-stdin",
                                  stdin="other\n")
        self.assertEqual(changed.returncode, 0, changed.stderr)
        self.assertEqual(self.server.ctl("user", "delete", "romeo@example.test").returncode, 0)
        self.assert_refused(self.server.ctl("user", "show", "romeo@example.test"), "no such account")
        self.assertEqual(self.server.ask("user", "list"), [])
        self.assertEqual(self.add("romeo").returncode, 0, "the name is free again")

    def test_addresses_are_prepared_and_checked(self):
        self.assertEqual(self.add("Juliet").returncode, 0)
        self.assertEqual(self.server.ask("user", "list"), ["juliet@example.test"])
        self.assert_refused(self.server.ctl("user", "add", "a@other.test", "--password", "x"),
                            "other.test is not a domain")
        self.assert_refused(self.server.ctl("user", "add", "example.test", "--password", "x"),
                            "LOCALPART@DOMAIN")
        self.assert_refused(self.server.ctl("user", "add", "a b@example.test", "--password", "x"),
                            "jid")

    def test_import_reports_lines_and_goes_on(self):
        (self.server.directory / "users").write_text(
            "".join(f"u{i}@example.test\tpw{i}\n" for i in range(300))
            + "broken line\nx@other.test\tpw\nu1@example.test\tpw\n")
        done = self.server.ctl("user", "import", str(self.server.directory / "users"))
        self.assertIn("300 accounts created", done.stdout)
        for word in ("users:301:", "other.test is not a domain", "u1@example.test: exists already"):
            self.assertIn(word, done.stderr)
        self.assertEqual(len(self.server.ask("user", "list", "example.test")), 300)

    def test_json_errors_are_json_too(self):
        done = self.server.ctl("--json", "session", "kick", "nobody@example.test")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout)["ok"], False)

    def test_push_commands_without_registrations(self):
        self.add("romeo")
        self.assertEqual(self.server.ask("push", "list"), [])
        self.assert_refused(self.server.ctl("push", "ping", "romeo@example.test"), "no such")
        self.assert_refused(self.server.ctl("push", "remove", "romeo@example.test", "push.test"),
                            "no such")
        tested = self.server.ctl("push", "test", "romeo@example.test")
        self.assertNotEqual(tested.returncode, 0)
        self.assertIn("no client of this account has enabled push", tested.stdout)

    def test_s2s_commands_of_a_server_that_knows_nobody(self):
        self.assertEqual(self.server.ask("s2s", "list"), [])
        self.assert_refused(self.server.ctl("s2s", "test", "example.test"), "of this server")

    def test_metrics_are_prometheus_text(self):
        text = self.server.ctl("metrics").stdout
        self.assertTrue(re.search(r"^# HELP clarion_\w+ ", text, re.M), text[:200])

    def test_unknown_commands_and_levels_are_refused(self):
        self.assertNotEqual(self.server.ctl("usr", "list").returncode, 0)
        self.assert_refused(self.server.ctl("log", "level", "loud"), "level")
        self.assertEqual(self.server.ctl("log", "level", "debug").returncode, 0)

    def test_the_newest_lines_of_the_log(self):
        lines = self.server.ask("log", "tail", "--lines", "10000")
        ready = [line for line in lines if line["text"].startswith("ready")]
        self.assertEqual(len(ready), 1, lines)
        self.assertEqual((ready[0]["level"], ready[0]["area"]), ("info", "server"))
        self.assertRegex(ready[0]["time"], r"^20\d\d-\d\d-\d\dT")
        self.assertEqual(len(self.server.ask("log", "tail", "--lines", "2")), 2)
        self.assertRegex(self.server.ctl("log", "tail").stdout, r"(?m)^20\S+ +info +server +ready ")
        self.server.write_config("[log]\ntail_lines = 0\n")
        self.assertEqual(self.server.ctl("reload").returncode, 0)
        self.assertEqual(self.server.ask("log", "tail"), [])
        self.assertIn("tail_lines", self.server.ctl("log", "tail").stdout)

    def test_history_has_figures_from_the_first_minute_on(self):
        told = self.server.ask("history")
        self.assertIn("messages", told["names"])
        self.assertEqual([each["name"] for each in told["figures"]], told["names"])
        one = self.server.ask("history", "memory")
        self.assertEqual((one["name"], one["unit"], one["step"], one["until"], one["values"]),
                         ("memory", "bytes", 60, None, []))
        self.assertIn("push_delay_p99", self.server.ctl("history").stdout)
        self.assertIn("nothing yet", self.server.ctl("history", "memory").stdout)
        self.assert_refused(self.server.ctl("history", "nonsense"), "no such figure")

    def test_reload_says_what_it_applied_and_what_waits(self):
        self.server.write_config("[smacks]\nhibernation_time = 77\n")
        told = self.server.ask("reload")
        self.assertEqual([one["option"] for one in told["applied"]], ["smacks.hibernation_time"])
        self.server.write_config("[storage]\ndurability = 'process'\n[smacks]\nhibernation_time = 77\n")
        told = self.server.ask("reload")
        self.assertEqual([one["option"] for one in told["need_restart"]], ["storage.durability"])
        self.server.write_config("[smacks]\nhibernation_tme = 1\n")
        self.assert_refused(self.server.ctl("reload"), "hibernation_time")
        self.assertEqual(self.server.ctl("status").returncode, 0, "it runs on with what it had")

    def test_standard_output_that_is_full_is_a_failure(self):
        self.add("romeo")
        for words in (("status",), ("user", "list"), ("metrics",), ("--help",), ("completion",),
                      ("user", "export", "romeo@example.test")):
            with self.subTest(words=words), open("/dev/full", "w") as full:
                done = subprocess.run([CLARIONCTL, "--socket", self.server.directory / "admin.sock", *words],
                                      stdout=full, stderr=subprocess.PIPE, text=True, timeout=30 * PATIENCE)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("standard output", done.stderr)
                self.assertNotIn("bytes written", done.stderr)
        for words in (("--describe",), ("--version",), ("--help",)):
            with self.subTest(words=words), open("/dev/full", "w") as full:
                done = subprocess.run([CLARIOND, *words], stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual(done.returncode, 1)
                self.assertIn("standard output", done.stderr)

    def test_a_disk_with_little_room_is_an_alarm(self):
        alarms = lambda: [one["what"] for one in self.server.ask("status")["alarms"] if "bytes left" in one["what"]]
        self.assertEqual(alarms(), [])
        self.server.write_config(f"[storage]\nfree_space_warning = {1 << 60}\n")
        self.server.ask("reload")
        self.assertEqual(len(alarms()), 1)
        self.assertIn("bytes left", self.server.run("--check").stdout)

    def test_federation_lists_are_about_others(self):
        self.add("romeo")
        for ours in ("example.test", "romeo@example.test"):
            for command in ("block", "allow"):
                self.assert_refused(self.server.ctl("federation", command, ours), "is a domain of this server")
        self.assert_refused(self.server.ctl("federation", "unblock", "exmple.com"), "exmple.com is not on the blacklist")
        self.assertIn("nobody here talks", self.server.ask("federation", "block", "evil.example")["now"])
        self.assertEqual(self.server.ask("federation", "allow", "friend.example")["now"],
                         "only the 1 on the whitelist are let in")
        self.assertIn("everybody", self.server.ask("federation", "disallow", "friend.example")["now"])
        self.assertEqual([one["address"] for one in self.server.ask("federation", "list")], ["evil.example"])

    def test_an_option_of_a_room_without_a_value_is_shown(self):
        self.server.ctl("stop", "--wait")
        self.server.wait()
        self.server.write_config("[muc.'rooms.example.test']\n")
        self.server.start()
        self.add("romeo")
        room = "verona@rooms.example.test"
        config = lambda *words: self.server.ask("room", "config", room, *words)
        self.assert_refused(self.server.ctl("room", "create", room, "nobody@example.test"), "does not exist")
        self.server.ask("room", "create", room, "romeo@example.test")
        self.assert_refused(self.server.ctl("room", "affiliation", room, "romeo", "outcast"), "romeo@example.test")
        config("roomname", "Fair Verona")
        self.assertEqual(config("roomname"), {"roomname": "Fair Verona"})
        self.assertEqual(config("muc#roomconfig_roomname"), {"roomname": "Fair Verona"})
        self.assertEqual(config()["roomname"], "Fair Verona")
        self.assert_refused(self.server.ctl("room", "config", room, "membersonly", "yes"), "1 or 0")
        self.assert_refused(self.server.ctl("room", "config", room, "slow mode duration", "-"))
        self.assert_refused(self.server.ctl("room", "config", room, "colour"), "no option colour")
        self.assertEqual(config("roomname", "")["roomname"], "")

    def test_a_login_has_the_hash_of_what_was_offered(self):
        """XEP-0474, over a connection: a client compares what reached it with what was sent."""
        self.add("romeo")
        for mechanism, algorithm in (("SCRAM-SHA-1", "sha1"), ("SCRAM-SHA-256", "sha256")):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=10 * PATIENCE) as client:
                def until(end):
                    text = ""
                    while end not in text:
                        text += client.recv(4096).decode()
                    return text
                client.sendall(b"<stream:stream xmlns='jabber:client' version='1.0' to='example.test' "
                               b"xmlns:stream='http://etherx.jabber.org/streams'>")
                features = until("</stream:features>")
                self.assertNotIn("channel-binding", features)
                offered = "\x1e".join(sorted(re.findall("<mechanism>(.*?)</mechanism>", features)))
                first = base64.b64encode(b"n,,n=romeo,r=abc").decode()
                client.sendall(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{mechanism}'>"
                               f"{first}</auth>".encode())
                challenge = base64.b64decode(re.search("<challenge.*?>(.*?)<", until("</challenge>")).group(1))
                wanted = base64.b64encode(hashlib.new(algorithm, offered.encode()).digest()).decode()
                self.assertTrue(challenge.decode().endswith(",h=" + wanted), challenge)

    def test_a_reload_compares_with_what_runs(self):
        server = self.server
        waiting = lambda: [one for one in server.ask("status")["alarms"] if "wait for a restart" in one["what"]]
        server.write_config("[storage]\ndurability = 'process'\n[muc.'rooms.example.test']\n")
        for _ in range(2):  # what awaits a restart still does
            told = server.ask("reload")
            self.assertEqual([one["option"] for one in told["need_restart"]],
                             ["storage.durability", 'muc."rooms.example.test"'])
            self.assertIn("storage.durability", waiting()[0]["what"])
        server.write_config()
        told = server.ask("reload")
        self.assertEqual((told["need_restart"], told["applied"]), ([], []), "it runs with these")
        self.assertEqual(waiting(), [])

    def test_sighup_reloads(self):
        self.server.write_config("[log]\nlevel = 'debug'\n")
        self.server.process.send_signal(signal.SIGHUP)
        self.server.wait_for_log("option-changed")

    def test_a_signal_and_a_command_reload_in_turn(self):
        self.server.write_config("[smacks]\nhibernation_time = 77\n")
        for _ in range(10):
            self.server.process.send_signal(signal.SIGHUP)
            self.assertEqual(self.server.ctl("reload").returncode, 0)
        self.assertEqual(self.server.ctl("stop").returncode, 0)
        self.assertEqual(self.server.wait(), 0)
        log = (self.server.directory / "log").read_text()
        self.assertEqual(log.count("option-changed"), 1, "each finds what the one before left")

    def test_accounts_survive_kill_9(self):
        self.assertEqual(self.add("romeo").returncode, 0)
        self.server.process.kill()
        self.server.wait()
        self.server.start()
        self.assertEqual(self.server.ask("user", "list"), ["romeo@example.test"])

    def test_stop(self):
        self.assertEqual(self.server.ctl("stop").returncode, 0)
        self.assertEqual(self.server.wait(), 0)
        self.assertFalse((self.server.directory / "admin.sock").exists())


if __name__ == "__main__":
    unittest.main()
