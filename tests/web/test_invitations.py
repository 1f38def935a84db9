"""Invitations in a browser: who opens a link, fills in its form, and what others try with it."""
import contextlib
import http.client
import json
import re
import socket
import unittest
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from pages import Browser
from web_server import WebCase

PASSWORD = "long enough for anybody"


class Invitations(WebCase):
    domains = '["example.test", "other.test"]\nadmins = ["root@example.test"]'
    options = ('[host."other.test".http]\nexternal_url = "https://web.test"\n[host."example.test".auth]\n'
               'failure_delay = "20ms"\nmax_failure_delay = "200ms"\n')

    def setUp(self):
        super().setUp()
        self.server.ctl("user", "add", "ann@example.test", "--password", "secret")
        self.browser = Browser(self.server)

    def invite(self, *words):
        """The path of its page."""
        made = self.server.ask("invite", "create", *words)
        self.id = made["id"]
        return re.sub(r"^https://[^/]*", "", made["url"])

    def take(self, path, name="new", browser=None, **changes):
        fields = {"name": name, "password": PASSWORD, "again": PASSWORD, **changes}
        return (browser or self.browser).post(path, **fields)

    def accounts(self):
        return self.server.ask("user", "list")

    def test_an_account_is_made(self):
        path = self.invite("example.test")
        for _ in range(5):  # who only looks, as programs that preview links do, uses nothing up
            page = self.browser.get(path)
            self.assertEqual(page.status, 200)
        self.assertIn("You are invited to example.test", page.text)
        page = self.browser.send(page.form(), name="New", password=PASSWORD, again=PASSWORD)
        self.assertEqual(page.status, 200)
        self.assertIn("new@example.test", page.text)
        self.assertIn("new@example.test", self.accounts())
        self.assertEqual(self.browser.get(path).status, 404)

    def test_the_address_is_told_to_nobody(self):
        path = self.invite("example.test")
        answer = self.browser.ask("GET", path)
        self.assertEqual(answer.getheader("Referrer-Policy"), "no-referrer")
        self.assertEqual(answer.getheader("Cache-Control"), "no-store")
        self.assertEqual(answer.getheader("X-Frame-Options"), "DENY")
        self.take(path)
        self.assertNotIn(path.split("/")[-1], self.server.log())

    def test_the_server_checks_what_the_page_checks(self):
        path = self.invite("example.test")
        for fields, words in (({"again": "another"}, "differ"), ({"password": "short", "again": "short"}, "eight"),
                              ({"name": "ann"}, "taken"), ({"name": "a b@c"}, ""), ({"name": ""}, "")):
            page = self.take(path, **{"name": "new", **fields})
            self.assertEqual(page.status, 422, fields)
            self.assertIn(words, page.text)
        self.assertEqual(self.accounts(), ["ann@example.test"])
        self.assertEqual(self.take(path).status, 200)  # it was not used up by all that

    def test_what_was_typed_is_shown_as_text(self):
        path = self.invite("example.test")
        evil = '"><script>alert(1)</script>'
        for page in (self.take(path, evil, again="x"), self.browser.get(path + "?" + quote(evil)),
                     self.browser.get("/invite/" + quote(evil))):
            self.assertNotIn(evil, page.source)

    def test_a_name_that_was_kept(self):
        path = self.invite("example.test", "--name", "juliet")
        page = self.browser.get(path)
        self.assertIn("juliet@example.test", page.source)
        other = self.invite("example.test")
        self.assertEqual(self.take(other, "juliet").status, 422)  # nobody else gets it
        self.take(path, "romeo")  # and the link makes no other
        self.assertEqual(self.accounts(), ["ann@example.test", "juliet@example.test"])

    def test_the_name_of_an_administrator_is_nobody_s_to_take(self):
        """It is in the configuration, and the account is not made yet."""
        path = self.invite("example.test")
        self.assertEqual(self.take(path, "root").status, 422)
        self.assertEqual(self.take(path, "ROOT").status, 422)
        done = self.server.ctl("invite", "create", "example.test", "--name", "root")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("user add", done.stderr)
        self.assertEqual(self.accounts(), ["ann@example.test"])

    def test_a_form_that_is_sent_twice_makes_one_account(self):
        path = self.invite("example.test")
        for _ in range(2):
            page = self.take(path)
            self.assertIn("new@example.test", page.text)
            self.assertEqual(page.status, 200)
        with ThreadPoolExecutor(2) as pool:  # at the same time, too
            path = self.invite("example.test")
            pages = list(pool.map(lambda _: self.take(path, "both", Browser(self.server)), range(2)))
        self.assertEqual({page.status for page in pages}, {200})
        self.assertEqual(self.accounts(), [f"{name}@example.test" for name in ("ann", "both", "new")])

    def test_two_who_come_at_once_do_not_both_get_in(self):
        path = self.invite("example.test")
        with ThreadPoolExecutor(8) as pool:
            pages = list(pool.map(lambda n: self.take(path, f"guest{n}", Browser(self.server)), range(8)))
        self.assertEqual(sum(page.status == 200 for page in pages), 1)
        self.assertEqual(len(self.accounts()), 2)

    def test_links_that_are_wrong_revoked_or_over(self):
        path = self.invite("example.test", "--expires", "1s")
        revoked = self.invite("example.test")
        self.server.ask("invite", "revoke", self.id)
        self.server.wait_until(lambda: self.browser.get(path).status == 404, "still good")
        for wrong in (path, revoked, "/invite/" + "a" * 26, "/invite/", "/invite/x/y", "/invite/" + "a" * 3000):
            for page in (self.browser.get(wrong), self.take(wrong)):
                self.assertEqual(page.status, 404, wrong)
                self.assertIn("not valid", page.text)
        self.assertEqual(self.accounts(), ["ann@example.test"])

    def test_guesses_are_slow(self):
        with ThreadPoolExecutor(30) as pool:
            pages = list(pool.map(lambda n: Browser(self.server).get(f"/invite/{n:026}"), range(60)))
        self.assertGreater(sum(page.status == 429 for page in pages), 5)

    def test_not_over_a_connection_that_others_read(self):
        path = self.invite("example.test")
        clear = Browser(self.server, encrypted=False)
        self.assertEqual(clear.get(path).status, 403)
        self.assertEqual(self.take(path, browser=clear).status, 403)
        self.assertEqual(self.accounts(), ["ann@example.test"])

    def test_names_are_told_only_to_who_has_a_link(self):
        path = self.invite("example.test")

        def free(link, name):
            answer = self.browser.ask("GET", f"{link}/name?name={quote(name)}")
            return answer.status, json.loads(answer.text)["free"]
        self.assertEqual(free(path, "new"), (200, True))
        self.assertEqual(free(path, "ann"), (200, False))
        self.assertEqual(free(path, "a b@"), (200, False))
        self.assertEqual(free("/invite/" + "b" * 26, "new"), (404, False))

    def test_a_domain_whose_pages_are_under_another_name(self):
        path = self.invite("other.test")
        self.assertTrue(path.endswith("?host=other.test"))
        for host in ("web.test", "example.test", "127.0.0.1"):
            page = Browser(self.server, host).get(path)
            self.assertIn("invited to other.test", page.text)
        self.assertEqual(Browser(self.server, "example.test").get(path.split("?")[0]).status, 404)
        self.take(path)
        self.assertIn("new@other.test", self.accounts())

    def test_a_forgotten_password(self):
        path = self.invite("ann@example.test", "--reset")
        page = self.browser.send(self.browser.get(path).form(), password=PASSWORD, again=PASSWORD)
        self.assertIn("The password is set", page.text)
        self.assertEqual(self.browser.get(path).status, 404)
        self.assertIn("used", self.server.log())

    def test_a_thousand_at_once(self):
        def create(_):
            made = []
            connection = http.client.HTTPConnection("admin")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(str(self.server.directory / "admin.sock"))
            with contextlib.closing(connection):
                for _ in range(100):
                    connection.request("POST", "/v1/invite/create", json.dumps({"jid": "example.test"}))
                    made.append(json.loads(connection.getresponse().read())["result"]["uri"])
            return made
        with ThreadPoolExecutor(10) as pool:
            uris = [uri for part in pool.map(create, range(10)) for uri in part]
        self.assertEqual(len(set(uris)), 1000)
        self.assertEqual(len(self.server.ask("invite", "list", "example.test")), 1000)


if __name__ == "__main__":
    unittest.main()
