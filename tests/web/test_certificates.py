"""Certificates that are renewed while the server runs, challenges of authorities, and `cert check`."""
import json
import unittest

from web_server import Authority, NameServer, OtherWebServer, WebServer, make_certificate


class CertificateCase(unittest.TestCase):
    options = ""
    domains = '["example.test"]'

    def setUp(self):
        self.server = WebServer()
        self.addCleanup(self.server.remove)
        self.directory = self.server.directory
        self.prepare()
        self.server.write_config(self.options, self.domains)
        text = self.server.config.read_text()
        self.server.config.write_text(text.replace('[tls]\n', '[tls]\nwatch_interval = "100ms"\n', 1))

    def prepare(self):
        self.make("example.test")

    def make(self, *domains, name="new", put=True):
        """A new pair in files of that name, and in those that the server reads."""
        for old in (f"{name}.pem", f"{name}.key.pem"):
            (self.directory / old).unlink(missing_ok=True)
        make_certificate(self.directory, name, *domains)
        text = (self.directory / f"{name}.pem").read_text()
        if put:
            self.put(name)
        return text

    def put(self, name="new", certificate=True, key=True):
        for wanted, source, target in ((certificate, f"{name}.pem", "cert.pem"), (key, f"{name}.key.pem", "key.pem")):
            if wanted:
                (self.directory / source).rename(self.directory / "moving")
                (self.directory / "moving").rename(self.directory / target)

    def wait_for(self, certificate, name="example.test"):
        self.server.wait_until(lambda: self.server.certificate_shown(name) == certificate, "not shown")

    def alarms(self):
        return [alarm["what"] for alarm in self.server.ask("status")["alarms"]]

    def expiry(self, domain="example.test"):
        start = f'clarion_certificate_expiry_timestamp_seconds{{domain="{domain}"}} '
        said = [line for line in self.server.ctl("metrics").stdout.splitlines() if line.startswith(start)]
        return int(said[0].removeprefix(start))


class Renewal(CertificateCase):
    def test_a_renewed_certificate_is_used_without_a_reload(self):
        self.server.start()
        new = self.make("example.test", "more.example.test")
        self.wait_for(new)
        self.assertIn("certificate-loaded domain=example.test", self.server.log())
        self.assertEqual(self.alarms(), [])

    def test_a_symbolic_link_that_leads_elsewhere(self):
        """certbot: live/DOMAIN/fullchain.pem leads into archive/."""
        for name in ("cert.pem", "key.pem"):
            (self.directory / name).rename(self.directory / f"1.{name}")
            (self.directory / name).symlink_to(f"1.{name}")
        self.server.start()
        new = self.make("example.test", name="two", put=False)
        for old, name in (("two.pem", "cert.pem"), ("two.key.pem", "key.pem")):
            (self.directory / "link").symlink_to(old)
            (self.directory / "link").rename(self.directory / name)
        self.wait_for(new)

    def test_it_waits_until_certificate_and_key_fit_together(self):
        self.server.start()
        before = self.server.certificate_shown()
        new = self.make("example.test", put=False)
        self.put(key=False)
        self.server.wait_for_log("certificate-unusable")
        self.assertEqual(self.server.certificate_shown(), before)
        self.assertEqual(len(self.alarms()), 1)
        self.assertIn("does not belong to", self.alarms()[0])
        self.put(certificate=False)
        self.wait_for(new)
        self.server.wait_until(lambda: self.alarms() == [], "an alarm stays")
        self.assertEqual(self.server.log().count("certificate-unusable"), 1)

    def test_a_broken_file_is_told_once_and_what_was_before_stays(self):
        self.server.start()
        before = self.server.certificate_shown()
        (self.directory / "cert.pem").write_text("not a certificate")
        self.server.wait_for_log("certificate-unusable")
        self.assertIn("is not usable as a PEM certificate chain", self.alarms()[0])
        self.assertEqual(self.server.certificate_shown(), before)
        # A reload does not take it either, and changes nothing.
        self.assertNotEqual(self.server.ctl("reload").returncode, 0)
        self.assertEqual(self.server.certificate_shown(), before)
        self.wait_for(self.make("example.test"))
        self.server.wait_until(lambda: self.alarms() == [], "an alarm stays")

    def test_the_metric_says_until_when(self):
        self.server.start()
        before = self.expiry()
        for old in ("new.pem", "new.key.pem"):
            (self.directory / old).unlink(missing_ok=True)
        make_certificate(self.directory, "new", "example.test", days=50)
        self.put()
        self.server.wait_until(lambda: self.expiry() < before, "the metric stays")


class OneOfSeveral(CertificateCase):
    domains = '["example.test", "other.test"]'
    options = '[host."other.test".tls]\ncertificate = "other.pem"\nprivate_key = "other.key.pem"\n'

    def prepare(self):
        super().prepare()
        self.make("other.test", name="other", put=False)

    def test_a_broken_file_of_one_domain_does_not_keep_another_back(self):
        self.server.start()
        other = self.server.certificate_shown("other.test")
        (self.directory / "other.key.pem").write_text("not a key")
        self.server.wait_for_log("certificate-unusable")
        new = self.make("example.test")
        self.wait_for(new)
        self.assertEqual(self.server.certificate_shown("other.test"), other)


class Challenges(CertificateCase):
    options = '[web]\nacme_directory = "webroot"\n'

    def test_an_authority_is_answered_on_both_listeners(self):
        self.server.start()
        at = self.directory / "webroot/.well-known/acme-challenge"
        at.mkdir(parents=True)
        (at / "abc-123_X").write_text("abc-123_X.thumbprint")
        (at / "notes.txt").write_text("private")
        for encrypted in (False, True):
            for host in ("example.test", "anything.test", "127.0.0.1"):
                answer = self.server.get("/.well-known/acme-challenge/abc-123_X", host, encrypted=encrypted)
                self.assertEqual((answer.status, answer.text), (200, "abc-123_X.thumbprint"))
                self.assertTrue(answer.getheader("Content-Type").startswith("text/plain"))
            for path in ("notes.txt", "none", "", "..%2f..%2f..%2fkey.pem", "%2e%2e/%2e%2e/key.pem"):
                answer = self.server.get("/.well-known/acme-challenge/" + path, encrypted=encrypted)
                self.assertIn(answer.status, (400, 404))


class CertCheck(CertificateCase):
    domains = '["example.test", "other.test"]'

    def rows(self, domain="example.test"):
        done = self.server.ctl("--json", "cert", "check", domain)
        rows = json.loads(done.stdout)
        self.assertEqual(done.returncode, int(rows[-1]["result"] == "failed"))
        return {row["check"]: row for row in rows}

    def listener(self, rows, kind):
        return next(row for name, row in rows.items() if name.startswith(kind + " "))

    def assert_row(self, row, result, *words):
        self.assertEqual(row["result"], result, row)
        for word in words:
            self.assertIn(word, row["detail"])

    def test_a_self_signed_certificate(self):
        self.server.start()
        rows = self.rows()
        self.assert_row(rows["names"], "ok", "example.test")
        self.assert_row(rows["dates"], "ok", "days left")
        self.assert_row(rows["key"], "ok", "ECDSA")
        self.assert_row(rows["chain"], "ok", "signed itself")
        self.assert_row(rows["trust"], "failed", "self")
        for kind in ("c2s", "s2s", "https"):
            self.assert_row(self.listener(rows, kind), "ok", "TLSv1.3", "shows the certificate")
        self.assert_row(rows["_xmpp-client._tcp"], "warning", "cannot be looked up")
        self.assert_row(rows["federation"], "failed", "not trusted publicly")
        self.assert_row(rows["all"], "failed", "2 failed")

    def test_a_certificate_of_another_name(self):
        self.server.start()
        rows = self.rows("other.test")
        self.assert_row(rows["names"], "failed", "other.test is not among them")
        self.assert_row(rows["federation"], "failed", "does not name the domain")

    def test_a_chain_that_is_trusted_and_one_without_its_middle(self):
        authority = Authority(self.directory)
        authority.certify("example.test")
        self.server.prefix = ["env", f"SSL_CERT_FILE={self.directory / 'root.pem'}", "SSL_CERT_DIR=/nowhere"]
        self.server.start()
        rows = self.rows()
        self.assert_row(rows["chain"], "ok", "example.test <- Test Intermediate <- Test Root")
        self.assert_row(rows["trust"], "ok")
        self.assert_row(rows["federation"], "ok")
        self.assertNotEqual(rows["all"]["result"], "failed")
        authority.certify("example.test", with_intermediate=False)
        self.server.wait_until(lambda: self.rows()["chain"]["result"] == "failed", "the chain is good")
        rows = self.rows()
        self.assert_row(rows["chain"], "failed", "intermediate certificate is missing", "fullchain.pem")
        self.assert_row(rows["trust"], "failed")

    def test_without_a_certificate(self):
        self.server.write_config(domains=self.domains, tls=False)
        self.server.start()
        rows = self.rows()
        self.assert_row(rows["certificate"], "failed", "[tls]")
        self.assert_row(rows["federation"], "failed", "no certificate", "no [[listen]]")

    def test_the_listener_that_runs_whatever_the_file_says_by_now(self):
        """Another port takes a restart."""
        self.server.start()
        text = self.server.config.read_text()
        self.server.config.write_text(text.replace(f"port = {self.server.s2s_port}", "port = 1"))
        self.server.ask("reload")
        self.assert_row(self.listener(self.rows(), "s2s"), "ok", "shows the certificate")

    def test_a_service_is_looked_at_as_servers_do(self):
        with open(self.server.config, "a") as config:
            config.write('[muc."rooms.example.test"]\n')
        self.server.start()
        rows = self.rows("rooms.example.test")
        self.assert_row(rows["names"], "ok", "*.example.test")
        self.assert_row(self.listener(rows, "s2s"), "ok", "shows the certificate")
        self.assertIn("_xmpp-server._tcp", rows)
        for row in rows:
            self.assertNotRegex(row, r"^(c2s|https) |client|host-meta")

    def test_what_dns_says(self):
        names = NameServer(f"srv-host=_xmpp-client._tcp.example.test,xmpp.example.test,{self.server.port}",
                           "srv-host=_xmpps-client._tcp.example.test",
                           "srv-host=_xmpp-server._tcp.example.test,xmpp.example.test,1")
        self.addCleanup(names.stop)
        self.name_server(names)
        self.server.start()
        rows = self.rows()
        self.assert_row(rows["_xmpp-client._tcp"], "ok", f"xmpp.example.test:{self.server.port}")
        self.assert_row(rows["_xmpps-client._tcp"], "ok", "no such service")
        self.assert_row(rows["_xmpp-server._tcp"], "warning", "xmpp.example.test:1", "no listener of type s2s")
        self.assert_row(rows["_xmpps-server._tcp"], "ok", "no record")
        rows = self.rows("other.test")
        self.assert_row(rows["_xmpp-client._tcp"], "warning", "clients try other.test:5222")

    def name_server(self, names):
        self.server.dns_port = names.port
        text = self.server.config.read_text()
        self.server.config.write_text(text.replace('"127.0.0.1:1"', f'"127.0.0.1:{names.port}"'))

    def test_a_web_server_of_somebody_else(self):
        address = "127.77.4.3"
        authority = Authority(self.directory)
        authority.certify("example.test")
        names = NameServer(f"host-record=example.test,{address}")
        self.addCleanup(names.stop)
        self.name_server(names)
        with open(self.server.config, "a") as config:
            config.write('[http]\nexternal_url = "https://chat.example.test"\n')
        self.server.prefix = ["env", f"SSL_CERT_FILE={self.directory / 'root.pem'}", "SSL_CERT_DIR=/nowhere"]
        self.server.start()
        redirect = "https://chat.example.test/.well-known/"
        self.assert_row(self.rows()["host-meta"], "warning", "cannot connect", redirect)
        try:
            other = OtherWebServer(address, self.directory / "cert.pem", self.directory / "key.pem",
                                   "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        except PermissionError:
            self.skipTest("port 443 is for root")
        self.addCleanup(other.stop)
        self.assert_row(self.rows()["host-meta"], "failed", "answers 404", redirect)
        other.answer = f"HTTP/1.1 302 Found\r\nLocation: {redirect}host-meta\r\n\r\n"
        self.assert_row(self.rows()["host-meta"], "ok", "redirects")
        link = self.server.get("/.well-known/host-meta").text
        other.answer = "HTTP/1.1 200 OK\r\n\r\n" + link
        self.assert_row(self.rows()["host-meta"], "ok", "wss://chat.example.test/")

    def test_what_is_typed(self):
        self.server.start()
        table = self.server.ctl("cert", "check", "example.test").stdout
        self.assertIn("federation", table)
        for domain, words in (("nowhere.test", "no domain of this server"), ("a b", "domain")):
            done = self.server.ctl("cert", "check", domain)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main()
