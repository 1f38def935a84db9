"""The console: /admin/ and /me/. Who may in, what they see, and what keeps others from it."""
import contextlib
import json
import re
import socket
import unittest
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor, as_completed
from urllib.parse import quote
from xml.sax.saxutils import escape

from pages import Browser
from web_server import PATIENCE, WebCase
from xmpp_client import Client

ON = '[console]\nadministrators = true\nusers = true\n'


class ConsoleCase(WebCase):
    domains = '["example.test", "other.test"]\nadmins = ["root@example.test"]'
    options = (ON + '[host."other.test".administration]\nadmins = ["ann@example.test"]\n'
               '[host."example.test".auth]\nfailure_delay = "50ms"\nmax_failure_delay = "400ms"\n')

    def setUp(self):
        super().setUp()
        for name in ("root@example.test", "ann@example.test", "bob@example.test", "zoe@other.test"):
            self.server.ctl("user", "add", name, "--password", "secret")
        self.browser = Browser(self.server)

    def signed_in(self, address="root@example.test", area="/admin/", **more):
        browser = Browser(self.server, **more)
        page = browser.sign_in(area, address, "secret")
        self.assertEqual(page.status, 200, page.text)
        self.assertIn("Sign out", page.text)
        return browser


class SigningIn(ConsoleCase):
    def test_it_is_off_unless_it_is_wanted(self):
        self.server.config.write_text(self.server.config.read_text().replace(ON, ""))
        self.server.ask("reload")
        for path in ("/admin/", "/me/", "/admin/accounts"):
            self.assertEqual(self.browser.get(path).status, 404)

    def test_nothing_is_shown_to_who_has_not_signed_in(self):
        for path in ("/admin/", "/admin/accounts", "/admin/account?jid=bob@example.test", "/admin/log", "/me/"):
            page = self.browser.get(path)
            self.assertIn("Password", page.text)
            self.assertNotIn("bob", page.text)
        answer = self.browser.ask("POST", "/admin/api/user/list", "{}", {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 401)

    def test_the_cookie_is_for_this_server_alone(self):
        browser = self.signed_in()
        cookie = browser.set_cookies[-1]
        self.assertTrue(cookie.startswith("__Host-clarion="))
        for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(word, cookie)

    def test_in_the_clear_only_from_this_machine_and_not_by_a_strange_proxy(self):
        self.signed_in(encrypted=False, host="127.0.0.1")
        for field in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
            clear = Browser(self.server, host="127.0.0.1", encrypted=False)
            clear.headers = {field: "192.0.2.1"}
            self.assertEqual(clear.get("/admin/").status, 403)
        # By a name somebody has pointed here.
        self.assertEqual(Browser(self.server, encrypted=False).get("/admin/").status, 403)

    def test_a_wrong_password_is_told_later_and_later_and_logged(self):
        for address, password in (("root@example.test", "wrong"), ("nobody@example.test", "secret"),
                                  ("root@elsewhere.test", "secret")):
            page = self.browser.sign_in("/admin/", address, password)
            self.assertEqual(page.status, 403)
            self.assertIn("the address or the password is wrong", page.text)
        self.assertIn("sign-in-failed", self.server.log())
        self.assertEqual(self.browser.cookies, {})

    def test_guessing_is_slow_however_many_guess(self):
        """As of clients: soon attempts are refused without being tried."""
        form = self.browser.get("/admin/").form()
        with ThreadPoolExecutor(30) as pool:
            pages = list(pool.map(lambda _: Browser(self.server).send(form, address="root@example.test",
                                                                      password="guess"), range(30)))
        self.assertTrue(all(page.status == 403 for page in pages))
        self.assertGreater(sum("too many attempts" in page.text for page in pages), 5)

    def test_who_administers_nothing_sees_only_their_own_page(self):
        page = self.browser.sign_in("/admin/", "bob@example.test", "secret")
        self.assertEqual(page.status, 403)
        self.assertIn("administers nothing", page.text)
        browser = self.signed_in("bob@example.test", "/me/")
        self.assertIn("Password", browser.get("/admin/").text)
        token = browser.get("/me/").forms[0].fields["form_token"]
        answer = browser.ask("POST", "/admin/api/user/list", "{}", {"X-Form-Token": token})
        self.assertEqual(answer.status, 401)

    def test_a_name_without_domain_is_of_the_page_s_domain(self):
        page = self.browser.sign_in("/admin/", "root", "secret")
        self.assertIn("root@example.test", page.text)

    def test_a_token_that_was_there_before_is_not_the_one_that_is_signed_in(self):
        """Session fixation."""
        self.browser.cookies["__Host-clarion"] = "chosen-by-somebody-else"
        self.browser.sign_in("/admin/", "root@example.test", "secret")
        self.assertNotEqual(self.browser.cookies["__Host-clarion"], "chosen-by-somebody-else")
        other = Browser(self.server)
        other.cookies["__Host-clarion"] = "chosen-by-somebody-else"
        self.assertNotIn("Sign out", other.get("/admin/").text)

    def test_who_signs_out_is_out(self):
        browser = self.signed_in()
        kept = dict(browser.cookies)
        page = browser.send(next(form for form in browser.get("/admin/").forms if form.action == "/admin/sign-out"))
        self.assertIn("Password", page.text)
        self.assertEqual(browser.cookies, {})
        browser.cookies = kept
        self.assertNotIn("Sign out", browser.get("/admin/").text)

    def test_who_is_no_administrator_any_more_is_out_at_once(self):
        self.server.ctl("user", "admin", "bob@example.test", "on")
        browser = self.signed_in("bob@example.test")
        form = browser.get("/admin/accounts").form(command="user add")
        self.server.ctl("user", "admin", "bob@example.test", "off")
        page = browser.send(form, jid="eve@example.test", password="longenough")
        self.assertEqual(page.status, 403)
        self.assertNotIn("eve@example.test", self.server.ask("user", "list"))

    def test_who_is_disabled_deleted_or_has_another_password_is_out(self):
        for words in (("user", "disable", "ann@example.test"), ("user", "delete", "ann@example.test", "--yes"),
                      ("user", "passwd", "root@example.test", "--password", "other")):
            browser = self.signed_in(words[2])
            self.server.ask(*words)
            self.assertNotIn("Sign out", browser.get("/admin/").text, words)
            if words[1] == "disable":
                self.server.ask("user", "enable", words[2])


class Requests(ConsoleCase):
    def add(self, browser, headers=None, **changes):
        form = browser.get("/admin/accounts").form(command="user add")
        return browser.send(form, headers, jid="new@example.test", password="longenough", **changes)

    def has_new(self):
        return "new@example.test" in self.server.ask("user", "list")

    def test_a_form_of_another_site_does_nothing(self):
        browser = self.signed_in()
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                        {"Origin": "https://evil.test"}, {"Origin": "null"}):
            self.assertEqual(self.add(browser, headers).status, 403)
        for token in ("", "guess"):
            self.assertEqual(self.add(browser, form_token=token).status, 403)
        self.assertFalse(self.has_new())
        self.assertEqual(self.add(browser, {"Sec-Fetch-Site": "same-origin"}).status, 200)
        self.assertTrue(self.has_new())

    def test_another_site_signs_nobody_in(self):
        form = self.browser.get("/admin/").form()
        page = self.browser.send(form, {"Origin": "https://evil.test"}, address="root@example.test", password="secret")
        self.assertEqual(page.status, 403)
        self.assertEqual(self.browser.cookies, {})

    def test_the_form_token_of_somebody_else_does_nothing(self):
        other = self.signed_in()
        token = other.get("/admin/").forms[0].fields["form_token"]
        self.assertEqual(self.add(self.signed_in(), form_token=token).status, 403)

    def test_what_a_browser_sends_twice_is_done_once(self):
        browser = self.signed_in()
        form = browser.get("/admin/accounts").form(command="user add")
        for _ in range(2):
            page = browser.send(form, jid="twice@example.test", password="longenough")
        self.assertEqual(page.status, 200)
        self.assertNotIn("conflict", page.text)  # the second was not tried
        self.assertEqual(self.server.log().count('command="user add"'), 1)

    def test_the_way_back_leads_nowhere_else(self):
        browser = self.signed_in()
        for back in ("https://evil.test/", "//evil.test/", "/admin//evil.test", "/me/", "\\\\evil.test"):
            form = browser.get("/admin/accounts").form(command="user add")
            answer = browser.ask("POST", form.action, "&".join(
                f"{quote(name)}={quote(value)}" for name, value in {**form.fields, "back": back}.items()))
            self.assertEqual(answer.getheader("Location"), "/admin/")

    def test_pages_are_shown_in_no_frame_and_kept_nowhere(self):
        browser = self.signed_in()
        for path in ("/admin/", "/me/", "/admin/nothing"):
            answer = browser.ask("GET", path)
            self.assertEqual(answer.getheader("X-Frame-Options"), "DENY")
            self.assertIn("frame-ancestors 'none'", answer.getheader("Content-Security-Policy"))
            self.assertNotIn("unsafe", answer.getheader("Content-Security-Policy"))
            self.assertEqual(answer.getheader("Cache-Control"), "no-store")
            self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")

    def test_methods_and_bodies(self):
        browser = self.signed_in()
        self.assertEqual(browser.ask("PUT", "/admin/", "x").status, 405)
        self.assertEqual(browser.ask("POST", "/admin/run", "x" * 100000).status, 413)
        self.assertEqual(browser.ask("POST", "/admin/run", "a=%zz").status, 403)
        self.assertEqual(browser.get("/admin/../admin/accounts").status, 400)


class ApiCase(ConsoleCase):
    def api(self, browser, command, token=None, **arguments):
        token = token or browser.get("/admin/").forms[0].fields["form_token"]
        answer = browser.ask("POST", "/admin/api/" + command.replace(" ", "/"), json.dumps(arguments),
                             {"X-Form-Token": token, "Content-Type": "application/json"})
        return answer.status, json.loads(answer.text)


class Rights(ApiCase):
    def test_the_api_is_that_of_the_admin_socket(self):
        browser = self.signed_in()
        status, answer = self.api(browser, "user show", jid="bob@example.test")
        self.assertEqual(status, 200)
        self.assertEqual(answer["result"], self.server.ask("user", "show", "bob@example.test"))
        self.assertEqual(self.api(browser, "user show", jid="nobody@example.test")[0], 404)
        self.assertEqual(self.api(browser, "user show", token="guess", jid="bob@example.test")[0], 403)
        self.assertEqual(self.api(browser, "no such")[0], 404)
        # What reads or writes files, or has no end, is for the socket.
        for command in ("backup", "trace", "user import", "stop"):
            self.assertEqual(self.api(browser, command)[0], 404, command)

    def test_who_administers_a_domain_sees_that_domain_alone(self):
        """By [administration] admins ann administers other.test, where she has no account."""
        ann = self.signed_in("ann@example.test")
        pages = [ann.get(path) for path in ("/admin/", "/admin/accounts", "/admin/accounts?domain=example.test",
                                            "/admin/sessions", "/admin/storage", "/admin/federation")]
        for page in pages:
            self.assertEqual(page.status, 200)
            self.assertNotIn("bob@example.test", page.source)
        self.assertIn("zoe@other.test", pages[1].text)
        self.assertEqual(ann.get("/admin/account?jid=bob@example.test").status, 404)
        self.assertNotIn("/admin/log", [link for link in pages[0].links])
        for command, arguments in (("user show", {"jid": "bob@example.test"}), ("user list", {}),
                                   ("user list", {"domain": "example.test"}), ("session list", {}),
                                   ("status", {}), ("status", {"": "other.test", "jid": "other.test"}), ("log level", {"level": "debug"}),
                                   ("push stats", {}), ("user delete", {"jid": "bob@example.test/other.test"}),
                                   ("metrics", {}), ("reload", {}), ("s2s test", {"domain": "remote.test"}),
                                   ("cert check", {"domain": "other.test"})):
            self.assertEqual(self.api(ann, command, **arguments)[0], 403, command)
        self.assertEqual(self.api(ann, "user disable", jid="zoe@other.test")[0], 200)

    def test_numbers_and_kinds_are_those_that_are_declared(self):
        root = self.signed_in()
        for command, arguments in (("session list", {"limit": -1}), ("session list", {"limit": 10 ** 12}),
                                   ("session list", {"limit": "5"}), ("user list", {"disabled": "yes"}),
                                   ("user list", {"domain": 5}), ("user list", {"unheard-of": "x"}),
                                   ("invite create", {"jid": "other.test", "uses": -1})):
            self.assertEqual(self.api(root, command, **arguments)[0], 400, (command, arguments))

    def test_the_last_administrator_stays(self):
        self.server.ctl("user", "delete", "root@example.test", "--yes")
        ann = self.signed_in("ann@example.test")  # who alone administers other.test now
        page = ann.get("/admin/")
        self.server.ctl("user", "admin", "zoe@other.test", "on")
        zoe = self.signed_in("zoe@other.test")
        self.server.ctl("user", "delete", "ann@example.test", "--yes")
        for command, arguments in (("user delete", {}), ("user disable", {}), ("user admin", {"state": "off"})):
            self.assertEqual(self.api(zoe, command, jid="zoe@other.test", **arguments)[0], 409, command)
        self.assertEqual(page.status, 200)

    def test_nobody_takes_over_who_administers_more(self):
        """bob administers example.test, where root and ann have their accounts, who administer more."""
        self.server.ctl("user", "admin", "bob@example.test", "on")
        bob = self.signed_in("bob@example.test")
        self.server.ctl("user", "add", "carl@example.test", "--password", "secret")
        for command, arguments in (("user passwd", {"password": "mine"}), ("user disable", {}), ("user delete", {}),
                                   ("invite create", {"reset": True}), ("user show", {})):
            for jid in ("root@example.test", "ann@example.test", "root@example.test/x", "ROOT@Example.test"):
                self.assertEqual(self.api(bob, command, jid=jid, **arguments)[0], 403, (command, jid))
        self.assertEqual(self.api(bob, "user passwd", jid="carl@example.test", password="other")[0], 200)

    def test_who_names_a_domain_passes_over_who_administers_more(self):
        self.server.ctl("user", "admin", "bob@example.test", "on")
        bob = self.signed_in("bob@example.test")
        status, answer = self.api(bob, "archive purge", jid="example.test")
        self.assertEqual((status, answer["result"]["left_out"]), (200, 2))
        root = self.signed_in()
        self.assertNotIn("left_out", self.api(root, "archive purge", jid="example.test")[1]["result"])

    def test_everything_is_in_the_log(self):
        browser = self.signed_in()
        page = browser.get("/admin/account?jid=bob@example.test")
        page = browser.send(page.form(command="user disable"))
        self.assertIn("bob@example.test", page.text)
        log = self.server.log()
        self.assertRegex(log, r'signed-in account=root@example.test address=127.0.0.1')
        self.assertRegex(log, r'command account=root@example.test command="user disable" about=bob@example.test')
        self.assertNotIn("secret", log)
        self.assertTrue(self.server.ask("user", "show", "bob@example.test")["disabled"])

    def test_what_was_asked_for_is_shown_as_text(self):
        browser = self.signed_in()
        evil = '"><script>alert(1)</script>'
        for path in ("/admin/account?jid=", "/admin/accounts?match=", "/admin/accounts?domain=", "/admin/room?room=",
                     "/admin/nothing"):
            page = browser.get(path + quote(evil))
            self.assertNotIn(evil, page.source)
            self.assertEqual([each for each in page.tags if each[0] == "script"][1:], [])
        page = browser.send(browser.get("/admin/accounts").form(command="user add"), jid=evil, password="longenough")
        self.assertNotIn(evil, page.source)
        page = Browser(self.server).sign_in("/admin/", evil, "secret")
        self.assertNotIn(evil, page.source)

    def test_how_large_the_database_is(self):
        self.assertGreater(self.server.ask("status")["database_bytes"], 4096)
        self.assertIn("Bytes of the database on the disk", self.signed_in().get("/admin/storage").text)
        self.assertNotIn("Bytes of the database", self.signed_in("ann@example.test").get("/admin/storage").text)

    def test_links_and_buttons_of_every_page_lead_somewhere(self):
        browser = self.signed_in()
        start = browser.get("/admin/")
        for link in {link for link in start.links if link and link.startswith("/admin/")}:
            page = browser.get(link)
            self.assertEqual(page.status, 200, link)
            self.assertEqual(page.text.count("there is no such command"), 0, link)


class Busy(ApiCase):
    """The name server says nothing until it is told to."""

    def prepare(self):
        self.names = socket.socket(type=socket.SOCK_DGRAM)
        self.addCleanup(self.names.close)
        self.names.bind(("127.0.0.1", 0))
        self.server.dns_port = self.names.getsockname()[1]

    def say_that_there_are_no_such_names(self, done):
        self.names.settimeout(0.1)
        while not done():
            with contextlib.suppress(TimeoutError):
                question, asker = self.names.recvfrom(1000)
                self.names.sendto(question[:2] + b"\x81\x83" + question[4:], asker)

    def test_who_asks_for_much_at_once_is_told_to_wait(self):
        root = self.signed_in()
        token = root.get("/admin/").forms[0].fields["form_token"]
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(self.api, root, "s2s test", token, domain=f"remote{n}.test") for n in range(8)]
            first = next(as_completed(asked))  # nobody else can be answered yet
            self.say_that_there_are_no_such_names(lambda: all(each.done() for each in asked))
        self.assertEqual(first.result()[0], 429)
        self.assertIn(200, [each.result()[0] for each in asked])
        self.assertEqual(root.get("/admin/").status, 200)  # once they are answered


class Hostile(ConsoleCase):
    """bob writes markup wherever somebody else will read it."""
    options = ConsoleCase.options + '[muc."rooms.example.test"]\n'
    evil = '"><script>alert(1)</script>'

    def write_everywhere(self):
        context = self.server.tls()
        context.set_alpn_protocols(["xmpp-client"])
        text = escape(self.evil, {'"': "&quot;"})
        bob = Client(self.server.https_port, "bob", PATIENCE, tls=context).bind(text)
        self.addCleanup(bob.cut)
        bob.iq("set", f"<enable xmlns='urn:xmpp:push:0' jid='push.example.test' node='{text}'/>")
        bob.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='spam@elsewhere.test'><report "
               "xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'><text>" + text +
               "</text></report></item></block>")
        bob.send("<presence/><presence to='club@rooms.example.test/" + text + "'>"
                 "<x xmlns='http://jabber.org/protocol/muc'/></presence>")
        bob.expect("status code=.201.")
        bob.send("<iq type='set' id='c' to='club@rooms.example.test'><query "
                 "xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
                 "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
                 f"<field var='muc#roomconfig_roomname'><value>{text}</value></field>"
                 "<field var='muc#roomconfig_publicroom'><value>1</value></field></x></query></iq>")
        bob.expect("<iq[^>]*id=.c.[^>]*type=.result.|<iq[^>]*type=.result.[^>]*id=.c.")

    def test_what_users_wrote_is_shown_as_text(self):
        self.write_everywhere()
        root = self.signed_in()
        shown = {}
        for path in ("/admin/", "/admin/sessions", "/admin/account?jid=bob@example.test", "/admin/push", "/admin/rooms",
                     "/admin/room?room=club@rooms.example.test", "/admin/reports", "/admin/log", "/admin/storage"):
            page = root.get(path)
            self.assertEqual(page.status, 200, path)
            self.assertNotIn("<script>", page.source, path)
            self.assertEqual(sum(tag == "script" for tag, _ in page.tags), 1, path)
            shown[path] = self.evil in page.text
        # It is there, as text: in the resource, the node, the room's name, the report.
        for path in ("/admin/sessions", "/admin/account?jid=bob@example.test", "/admin/rooms",
                     "/admin/room?room=club@rooms.example.test", "/admin/reports"):
            self.assertTrue(shown[path], path)
        page = self.signed_in("bob@example.test", "/me/").get("/me/")
        self.assertNotIn("<script>", page.source)
        self.assertIn(self.evil, page.text)


class OwnPage(ConsoleCase):
    def test_a_password_is_changed_and_other_browsers_are_out(self):
        mine, other = (self.signed_in("bob@example.test", "/me/") for _ in range(2))
        form = mine.get("/me/").form(old="")
        for fields, words in (({"old": "wrong", "new": "longenough", "again": "longenough"}, "is another one"),
                              ({"old": "secret", "new": "longenough", "again": "longenougx"}, "differ"),
                              ({"old": "secret", "new": "short", "again": "short"}, "eight")):
            page = mine.send(mine.get("/me/").form(old=""), **fields)
            self.assertIn(words, page.text)
        page = mine.send(mine.get("/me/").form(old=""), old="secret", new="longenough", again="longenough")
        self.assertIn("Your password is changed", page.text)
        self.assertIn("Sign out", mine.get("/me/").text)
        self.assertNotIn("Sign out", other.get("/me/").text)
        self.assertIn("Sign out", Browser(self.server).sign_in("/me/", "bob@example.test", "longenough").text)

    def test_other_browsers_are_signed_out(self):
        mine, other = (self.signed_in("bob@example.test", "/me/") for _ in range(2))
        ann = self.signed_in("ann@example.test", "/me/")
        page = mine.send(next(form for form in mine.get("/me/").forms if form.action == "/me/sign-out-others"))
        self.assertIn("All other browsers are signed out", page.text)
        self.assertNotIn("Sign out", other.get("/me/").text)
        self.assertIn("Sign out", ann.get("/me/").text)

    def test_a_copy_of_what_is_kept(self):
        bob = self.signed_in("bob@example.test", "/me/")
        answer = bob.ask("GET", "/me/export")
        self.assertEqual(answer.status, 200)
        self.assertIn("attachment", answer.getheader("Content-Disposition"))
        self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")
        users = [each.get("name") for each in ET.fromstring(answer.text).iter("{urn:xmpp:pie:0}user")]
        self.assertEqual(users, ["bob"])
        for secret in ("scram", "password", "stored-key"):
            self.assertNotIn(secret, answer.text)
        self.assertIn("Password", self.browser.get("/me/export").text)  # who has not signed in

    def test_so_many_copies_are_read_at_a_time(self):
        bob = self.signed_in("bob@example.test", "/me/")
        unread = [bob.ask("HEAD", "/me/export") for _ in range(8)]  # each gives its turn back
        self.assertEqual([each.status for each in unread], [200] * 8)

    def test_a_link_for_a_friend(self):
        bob = self.signed_in("bob@example.test", "/me/")
        page = bob.send(next(form for form in bob.get("/me/").forms if form.action == "/me/invite"))
        link = re.search(r"https://\S+/invite/\w+", page.text)[0]
        friend = Browser(self.server).get(link.split("/", 3)[3].join(["/", ""]))
        self.assertIn("bob@example.test invites you to chat", friend.text)
        self.assertEqual([form.action for form in friend.forms], [])  # nobody lets users give accounts away

    def test_nothing_is_done_to_others(self):
        bob = self.signed_in("bob@example.test", "/me/")
        fields = bob.get("/me/").forms[0].fields
        for number, (command, jid) in enumerate((("push ping", "ann@example.test"), ("user delete", "bob@example.test"),
                                                 ("push test", "bob@example.test.other.test"), ("status", ""))):
            page = bob.post("/me/run", command=command, jid=jid, form_token=fields["form_token"],
                            form_number=str(number))
            self.assertIn("may not do that", page.text)
        self.assertIn("bob@example.test", self.server.ask("user", "list"))


if __name__ == "__main__":
    unittest.main()
