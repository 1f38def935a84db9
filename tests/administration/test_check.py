"""What `clariond --check` finds in a configuration whose values are all possible, and that a start says the same."""
import json
import os
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from test_administration import CLARIOND, PATIENCE, Server, free_port

DEV_CERT = Path(__file__).resolve().parents[2] / "tools" / "dev_cert.sh"


def make_certificate(directory, name, *domains, days=100):
    subprocess.run([DEV_CERT, directory, *domains], check=True, capture_output=True,
                   env={**os.environ, "NAME": name, "DAYS": str(days)})


def make_dated_certificate(directory, name, domain, begins, ends):
    """Self-signed, with any dates: YYYYMMDDHHMMSSZ."""
    (directory / "ca.cnf").write_text(f"""
[ca]
default_ca = here
[here]
database = {directory}/index.txt
new_certs_dir = {directory}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:{domain}
[req]
distinguished_name = subject
[subject]
""")
    (directory / "index.txt").write_text("")
    key, request = directory / f"{name}.key.pem", directory / f"{name}.csr"
    run = lambda *words: subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
    run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config",
        directory / "ca.cnf", "-subj", f"/CN={domain}", "-keyout", key, "-out", request)
    run("ca", "-batch", "-selfsign", "-config", directory / "ca.cnf", "-keyfile", key, "-in", request,
        "-startdate", begins, "-enddate", ends, "-notext", "-out", directory / f"{name}.pem")
    key.chmod(0o600)


class Check(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.directory = self.server.directory

    def write(self, text):
        self.server.config.write_text(text)

    def usual(self, listen=None, server="", rest="", domains='["example.test"]'):
        if listen is None:
            listen = f'[[listen]]\ntype = "c2s"\naddress = "127.0.0.1"\nport = {self.server.port}\n'
        self.write(f"""[server]
domains = {domains}
data_dir = "data"
admin_socket = "admin.sock"
{server}
[c2s]
require_encryption = false
{listen}
{rest}
""")

    def tls(self, name="a", **more):
        return f'[tls]\ncertificate = "{name}.pem"\nprivate_key = "{name}.key.pem"\n'

    def line(self, text):
        return 1 + self.server.config.read_text().splitlines().index(text)

    def check(self):
        return self.server.run("--check")

    def assert_found(self, *found):
        """Each of `found` is (line or None, words...); all are told in one run, and nothing is called good."""
        done = self.check()
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertNotIn("good", done.stdout)
        for line, *words in found:
            place = "clarion.toml" + (f":{line}: " if line else ": ")
            said = [each for each in done.stderr.splitlines() if place in each]
            self.assertTrue(any(all(word in each for word in words) for each in said),
                            f"{place} {words} not in:\n{done.stderr}")
        return done

    def assert_start_says(self, *words, refused):
        if refused:
            done = self.server.run()
            self.assertEqual(done.returncode, 1)
            said = done.stderr
        else:
            self.server.start()
            said = (self.directory / "log").read_text()
        for word in words:
            self.assertIn(word, said)

    # ---- certificates

    def test_an_expired_certificate(self):
        make_dated_certificate(self.directory, "a", "example.test", "20200101000000Z", "20210101000000Z")
        self.usual(rest=self.tls())
        line = self.line('certificate = "a.pem"')
        self.assert_found((line, "a.pem", "expired on 2021-01-01", "clarionctl reload"))
        self.assert_start_says("expired on 2021-01-01", refused=False)
        alarms = self.server.ask("status")["alarms"]
        self.assertIn("expired on 2021-01-01", alarms[0]["what"])
        self.assertIn("clarionctl reload", alarms[0]["next"])
        # Renewed and reloaded, the alarm is gone, and the reload says what it loaded.
        for old in ("a.pem", "a.key.pem"):
            (self.directory / old).unlink()
        make_certificate(self.directory, "a", "example.test")
        told = self.server.ask("reload")
        self.assertEqual([one["domain"] for one in told["certificates"]], ["example.test"])
        self.assertEqual(self.server.ask("status")["alarms"], [])
        self.assertEqual(self.server.ask("reload")["certificates"], [])

    def test_a_certificate_of_the_future(self):
        make_dated_certificate(self.directory, "a", "example.test", "20480101000000Z", "20490101000000Z")
        self.usual(rest=self.tls())
        self.assert_found((self.line('certificate = "a.pem"'), "not valid before 2048-01-01"))

    def test_a_certificate_for_another_name(self):
        make_certificate(self.directory, "a", "shop.test")
        self.usual(rest=self.tls())
        line = self.line('certificate = "a.pem"')
        self.assert_found((line, "not made out to example.test", "shop.test"))
        self.assert_start_says("not made out to example.test", refused=False)
        self.assertIn("not made out", self.server.ask("status")["alarms"][0]["what"])

    def test_each_domain_is_compared_with_its_own(self):
        make_certificate(self.directory, "a", "example.test")
        make_certificate(self.directory, "b", "other.test")
        self.usual(domains='["example.test", "sub.example.test", "other.test", "wrong.test"]', rest=self.tls()
                   + '[host."other.test".tls]\ncertificate = "b.pem"\nprivate_key = "b.key.pem"\n'
                   + '[host."wrong.test".tls]\ncertificate = "b.pem"\nprivate_key = "b.key.pem"\n')
        own = len(self.server.config.read_text().splitlines()) - 2
        done = self.assert_found((own, "not made out to wrong.test"))
        # A wildcard is enough, and so is a certificate of its own.
        self.assertNotIn("sub.example.test ", done.stderr)
        self.assertNotIn("made out to other.test", done.stderr)

    def test_a_certificate_that_will_expire(self):
        make_certificate(self.directory, "a", "example.test", days=5)
        self.usual(rest=self.tls())
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"clarion.toml:{self.line('certificate = ' + chr(34) + 'a.pem' + chr(34))}: warning:",
                      done.stdout)
        self.assertIn("days", done.stdout)
        self.server.start()
        self.assertIn("expires on", self.server.ask("status")["alarms"][0]["what"])
        self.assertIn("expires on", (self.directory / "log").read_text())
        self.usual(rest=self.tls() + "expiry_warning = 3\n")
        self.server.ask("reload")
        self.assertEqual(self.server.ask("status")["alarms"], [])

    def test_files_that_cannot_be_used_are_all_told(self):
        make_certificate(self.directory, "a", "example.test")
        make_certificate(self.directory, "b", "other.test")
        self.usual(domains='["example.test", "other.test"]',
                   rest='[tls]\ncertificate = "a.pem"\nprivate_key = "b.key.pem"\n'
                   '[host."other.test".tls]\ncertificate = "none.pem"\nca = "none.ca"\n')
        self.assert_found((self.line('private_key = "b.key.pem"'), "does not belong to"),
                          (self.line('certificate = "none.pem"'), "none.pem: No such file"),
                          (self.line('ca = "none.ca"'), "none.ca: No such file"))
        self.assert_start_says("does not belong to", "none.ca", refused=True)

    def test_files_for_browsers_that_are_not_there(self):
        self.usual(rest='[web]\ndirectory = "www"\nacme_directory = "acme"\n')
        (self.directory / "acme").mkdir()
        done = self.assert_found((self.line('directory = "www"'), "www: No such file"))
        self.assertNotIn("acme", done.stderr)
        self.assert_start_says("www: No such file", refused=False)

    def test_a_key_that_everybody_may_read(self):
        make_certificate(self.directory, "a", "example.test")
        (self.directory / "a.key.pem").chmod(0o644)
        self.usual(rest=self.tls())
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("warning: private key", done.stdout)

    def test_whether_certificates_are_required_is_asked_once(self):
        make_certificate(self.directory, "a", "example.test")
        port = free_port()
        both = "".join(f'[[listen]]\ntype = "{kind}"\naddress = "127.0.0.1"\nport = {at}\n'
                       for kind, at in (("c2s", self.server.port), ("s2s", port)))
        asked = "s2s.require_valid_certificate is not set"
        self.usual(rest=self.tls())
        self.assertNotIn(asked, self.check().stdout)  # no other server comes
        for value in ("true", "false"):
            self.usual(both, rest=self.tls() + f"[s2s]\nrequire_valid_certificate = {value}\n")
            self.assertNotIn(asked, self.check().stdout)
        self.usual(both, rest=self.tls())
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("warning: " + asked, done.stdout)
        self.assert_start_says(asked, refused=False)
        self.server.process.terminate()
        self.server.wait()
        self.assertNotIn(asked, self.check().stdout)  # there is a database now

    def test_no_certificate_where_one_is_needed(self):
        port = free_port()
        self.usual(listen=f'[[listen]]\ntype = "c2s"\naddress = "127.0.0.1"\nport = {port}\n'
                   f'[[listen]]\ntype = "s2s"\naddress = "127.0.0.1"\nport = {free_port()}\n'
                   f'[[listen]]\ntype = "c2s-tls"\naddress = "127.0.0.1"\nport = {free_port()}\n')
        self.assert_found((None, "[tls] certificate", "example.test", "s2s.require_encryption"),
                          (None, "[tls] certificate", "c2s-tls"))
        self.write(self.server.config.read_text().replace("require_encryption = false",
                                                          "require_encryption = true"))
        self.assert_found((None, "c2s.require_encryption", "no client can log in"))

    def test_a_component_that_other_servers_cannot_verify(self):
        make_certificate(self.directory, "a", "example.test")
        self.usual(listen=f'[[listen]]\ntype = "s2s"\naddress = "127.0.0.1"\nport = {free_port()}\n'
                   f'[[listen]]\ntype = "component"\naddress = "127.0.0.1"\nport = {free_port()}\n',
                   rest=self.tls() + '[component."push.example.test"]\nsecret = "x"\n'
                   '[component."push.other.test"]\nsecret = "x"\n')
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("not made out to push.other.test", done.stdout)
        self.assertNotIn("push.example.test", done.stdout)

    # ---- addresses and ports

    def listeners(self, *places):
        return "".join(f'[[listen]]\ntype = "{kind}"\naddress = "{address}"\nport = {port}\n'
                       for kind, address, port in places)

    def test_no_listener(self):
        self.usual(listen="")
        self.assert_found((None, "[[listen]]", "nobody can connect"))
        self.assert_start_says("nobody can connect", refused=True)

    def test_impossible_addresses(self):
        port = self.server.port
        self.usual(listen=self.listeners(("c2s", "300.1.2.3", port), ("c2s", "192.0.2.77", port),
                                         ("component", "localhost", port)),
                   rest='[s2s]\nbind_address = "192.0.2.78"\n'
                   '[host."example.test".s2s]\nbind_address = "everywhere"\n')
        self.assert_found((self.line('address = "300.1.2.3"'), "not an IP address"),
                          (self.line('address = "192.0.2.77"'), "192.0.2.77", "address of this machine"),
                          (self.line('address = "localhost"'), "not an IP address"),
                          (self.line('bind_address = "192.0.2.78"'), "192.0.2.78"),
                          (self.line('bind_address = "everywhere"'), "not an IP address"))
        self.assert_start_says("300.1.2.3", "192.0.2.77", refused=True)

    def test_the_same_port_twice(self):
        port = self.server.port
        for one, other in (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "::"),
                           ("::", "0.0.0.0"), ("::ffff:127.0.0.1", "127.0.0.1")):
            with self.subTest(one=one, other=other):
                self.usual(listen=self.listeners(("c2s", one, port), ("component", other, port)))
                second = 1 + max(i for i, text in enumerate(self.server.config.read_text().splitlines())
                                 if text == f"port = {port}")
                self.assert_found((second, str(port), "taken by the one in line"))
        self.assert_start_says("taken by the one in line", refused=True)

    def test_usual_ports_are_compared_too(self):
        self.usual(listen='[[listen]]\ntype = "component"\naddress = "127.0.0.1"\n'
                   '[[listen]]\ntype = "c2s"\naddress = "127.0.0.1"\nport = 5347\n')
        self.assert_found((self.line("port = 5347"), "taken by the one in line"))

    def test_ports_that_do_not_meet(self):
        port, other = free_port(), free_port()
        self.usual(listen=self.listeners(("c2s", "127.0.0.1", port), ("c2s", "127.0.0.2", port),
                                         ("component", "127.0.0.1", other)))
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_port_that_another_program_has(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.server.port))
            taken.listen()
            self.usual()
            self.assert_found((self.line(f"port = {self.server.port}"), "port in use"))

    def test_the_ports_of_the_running_server_are_its_own(self):
        self.usual()
        self.server.start()
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)

    # ---- directories, domains, components

    def test_directories_that_cannot_be(self):
        (self.directory / "file").write_text("")
        for data in ("file", "file/data", "/proc/clarion/data"):
            with self.subTest(data=data):
                self.usual()
                self.write(self.server.config.read_text().replace('data_dir = "data"', f'data_dir = "{data}"'))
                self.assert_found((self.line(f'data_dir = "{data}"'), "server.data_dir"))
        self.assert_start_says("server.data_dir", refused=True)

    def test_admin_sockets_that_cannot_be(self):
        (self.directory / "file").write_text("precious")
        for path, word in (("file", "not a socket"), ("none/admin.sock", "no directory"),
                           ("x" * 120, "too long")):
            with self.subTest(path=path):
                self.usual()
                self.write(self.server.config.read_text().replace("admin.sock", path))
                self.assert_found((self.line(f'admin_socket = "{path}"'), word))
                self.assert_start_says(word, refused=True)
        self.assertEqual((self.directory / "file").read_text(), "precious")

    def test_a_check_leaves_nothing_behind(self):
        self.usual()
        self.write(self.server.config.read_text().replace('data_dir = "data"', 'data_dir = "new/deep/data"')
                   .replace("admin.sock", "new/deep/data/admin.sock"))
        before = sorted(self.directory.rglob("*"))
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(self.directory.rglob("*")), before)

    def test_domains_and_components(self):
        self.usual(domains='["example.test", "Example.TEST"]',
                   rest='[component."example.test"]\nsecret = "x"\n[component."push.test"]\nsecret = ""\n'
                   '[host."nowhere.test".mam]\ndefault = "always"\n')
        self.assert_found((self.line('domains = ["example.test", "Example.TEST"]'), "example.test", "twice"),
                          (self.line('[component."example.test"]'), "domain of [server]"),
                          (self.line('secret = ""'), "empty"),
                          (self.line('[host."nowhere.test".mam]'), "nowhere.test"))
        self.assertIn("nothing to attach to", self.check().stdout)

    def test_a_domain_is_served_once(self):
        self.usual(rest='[muc."example.test"]\n[muc."rooms.example.test"]\n[upload."Rooms.example.test"]\n'
                   '[component."pubsub.example.test"]\nsecret = "x"\n[pubsub."pubsub.example.test"]\n[muc."a b"]\n'
                   '[[listen]]\ntype = "http"\naddress = "127.0.0.1"\nport = 17777\n'
                   '[[listen]]\ntype = "component"\naddress = "127.0.0.1"\nport = 17778\n')
        self.assert_found((self.line('[muc."example.test"]'), "served already by [server] domains"),
                          (self.line('[muc."rooms.example.test"]'), "rooms.example.test is served already"),
                          (self.line('[pubsub."pubsub.example.test"]'), "served already by [component."),
                          (self.line('[muc."a b"]'), "not allowed"))
        self.assert_start_says("served already by", refused=True)

    def test_name_servers_that_cannot_be(self):
        for server in ("999.1.1.1", "dns.example.test", "1.2.3.4,5.6.7.8", ""):
            with self.subTest(server=server):
                self.usual(rest=f'[dns]\nservers = ["127.0.0.1:5353", "{server}"]\n')
                self.assert_found((self.line(f'servers = ["127.0.0.1:5353", "{server}"]'), "no name server"))
        self.assert_start_says("no name server", refused=True)
        self.usual(rest='[dns]\nservers = ["127.0.0.1", "127.0.0.1:5353", "::1", "[::1]:5353"]\n')
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_directories_of_uploads_that_cannot_be(self):
        self.usual(rest='[upload]\ndirectory = "/proc/x"\n')
        self.assert_found((self.line('directory = "/proc/x"'), "upload.directory", "/proc/x"))

    def test_a_proxy_needs_a_domain_and_a_listener(self):
        self.usual(rest='[proxy65."a b"]\n')
        self.assert_found((self.line('[proxy65."a b"]'), "not allowed"),
                          (self.line('[proxy65."a b"]'), "nothing to connect to"))
        self.usual(rest='[[listen]]\ntype = "proxy65"\naddress = "127.0.0.1"\nport = 17777\n')
        self.assertIn("no proxy that would have", self.check().stdout)

    def test_a_pubsub_service_needs_a_domain(self):
        self.usual(rest='[pubsub."pubsub.example.test"]\n[pubsub."a b"]\n')
        self.assert_found((self.line('[pubsub."a b"]'), "a b"))

    def test_administrators_have_accounts_here(self):
        admins = 'admins = ["romeo@example.test", "juliet", "nurse@elsewhere.test"]'
        self.usual(server=admins, rest='[host."example.test".administration]\nadmins = ["example.test"]\n')
        done = self.assert_found((self.line(admins), '"juliet"', "name@example.test"),
                                 (self.line('admins = ["example.test"]'), '"example.test"'))
        self.assertNotIn("romeo", done.stderr)
        self.assertIn("warning: server.admins: nurse@elsewhere.test has no account here", done.stdout)

    def test_a_reload_refuses_what_a_start_would(self):
        self.usual()
        self.server.start()
        self.usual(rest='[component."push.test"]\nsecret = ""\n')
        done = self.server.ctl("reload")
        self.assertEqual(done.returncode, 1)
        self.assertIn("anybody could attach", done.stderr)
        self.usual(rest='[muc."example.test"]\n')
        done = self.server.ctl("reload")
        self.assertEqual(done.returncode, 1)
        self.assertIn("served already by", done.stderr)


if __name__ == "__main__":
    unittest.main()
