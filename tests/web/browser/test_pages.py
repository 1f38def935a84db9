"""Pages that the server makes, in Chromium: the console of administrators, everybody's own page, and an
invitation from its link to the first chat in Converse."""
import os
import re
import unittest

from web_case import PASSWORD, PUBLISH_OPTIONS, BrowserCase, Page, until

try:
    import html5lib
except ImportError:  # the Python of a virtual environment
    html5lib = None

# A directory in which to leave what the pages look like.
SCREENSHOTS = os.environ.get("CLARION_SCREENSHOTS")
ADMIN_PAGES = ("", "accounts", "sessions", "push", "federation", "rooms", "storage", "invitations", "reports", "log")


class Pages(BrowserCase):
    web_options = """
[console]
administrators = true
users = true
[invitations]
users_may_invite_accounts = true
"""

    @classmethod
    def make_peers(cls, loopback):
        peers = super().make_peers(loopback)
        cls.clarion.admins = ["root@clarion.test"]
        return peers

    async def asyncSetUp(self):
        await super().asyncSetUp()
        await self.clarion.ctl("user", "add", "root@clarion.test", "--password", PASSWORD, check=False)
        self.base = f"https://{self.clarion.domain}"
        self.romeo_jid = self.romeo.boundjid.bare

    async def page(self, path, name="page", **options):
        page = Page(self.driver, name)
        await page.open(**options)
        await page.visit(url=self.base + path)
        return page

    async def signed_in(self, path="/admin/", who="root", **options):
        page = await self.page(path, **options)
        await page.fill(label="Address", text=f"{who}@{self.clarion.domain}")
        await page.fill(label="Password", text=PASSWORD)
        await page.click(name="Sign in")
        await page.reads(text="Sign out")
        return page

    async def go(self, page, path):
        await page.visit(url=self.base + path)

    async def assert_reads(self, page, *texts):
        shown = await page.text()
        for text in texts:
            self.assertIn(text, shown)

    async def assert_good(self, page):
        """Valid HTML, for everybody, and not wider than the window."""
        self.assertEqual(await page.faults(), [], await page.address())
        self.assertFalse(await page.overflows(), await page.address())
        parser = html5lib.HTMLParser(strict=True)
        parser.parse(await page.source())

    async def keep(self, page, name):
        if SCREENSHOTS:
            await page.screenshot(file=f"{SCREENSHOTS}/{name}.jpg")

    # --- the console ------------------------------------------------------------------------

    async def test_the_day_of_an_administrator(self):
        """Finds a user, whose phone sleeps, tests its notifications, disables the account, and invites somebody."""
        phone = await self.online(self.clarion, await self.account(self.clarion, "mercutio"),
                                  stream_management=True)
        gateway = await self.gateway(self.clarion, "push.clarion.test")
        await phone.enable_push("push.clarion.test", "mercutio-node", PUBLISH_OPTIONS)
        await phone.cut()
        await until(lambda: self.clarion.is_asleep(phone.boundjid.full), "the phone sleeps")
        page = await self.signed_in()
        await self.assert_reads(page, "No alarms", "The last day", "Connected sessions")
        await page.click(name="Accounts")
        await page.fill(label="Name has", text=phone.boundjid.local)
        await page.click(name="Show")
        await page.click(name=phone.boundjid.bare)
        await self.assert_reads(page, "asleep", "push.clarion.test", "mercutio-node")
        await self.keep(page, "console-desktop")
        await page.click(name="Test")
        await page.reads(text="push test")
        await until(lambda: gateway.published, "the gateway hears of the test")
        await page.click(name="Disable")
        await page.reads(text="Enable")
        self.assertTrue((await self.clarion.ctl_json("user", "show", phone.boundjid.bare))["disabled"])
        await page.click(name="Push")
        await self.assert_reads(page, "push.clarion.test", "Reachable")
        await page.click(name="Invitations")
        await page.click(name="Create")
        await page.reads(text="/invite/")

    async def test_a_question_is_asked_before_something_is_lost(self):
        name = await self.account(self.clarion, "tybalt")
        page = await self.signed_in(f"/admin/account?jid={name}@clarion.test")
        await self.go(page, f"/admin/account?jid={name}@clarion.test")
        await page.click(name="Delete", yes=False)
        await self.assert_reads(page, "sessions connected")
        self.assertIn(f"{name}@clarion.test", await self.clarion.ctl_json("user", "list"))
        await page.click(name="Delete")
        await page.reads(text="user delete")
        self.assertNotIn(f"{name}@clarion.test", await self.clarion.ctl_json("user", "list"))

    async def test_with_the_keyboard_alone(self):
        page = await self.page("/admin/")
        self.assertEqual(await page.focused(), "Address")
        await page.type(text="root@clarion.test")
        await page.press(keys=["Tab"])
        await page.type(text=PASSWORD)
        await page.press(keys=["Enter"])
        await page.reads(text="Sign out")
        await page.press(keys=["Tab"])
        self.assertEqual(await page.focused(), "Skip to the content")
        await page.press(keys=["Tab", "Tab"])
        self.assertEqual(await page.focused(), "Accounts")
        await page.press(keys=["Enter"])
        await page.reads(text="Create an account")

    async def test_every_page_is_good_wide_and_narrow_light_and_dark(self):
        for name, options in (("wide", {}), ("narrow", {"width": 390, "height": 800, "phone": True, "dark": True})):
            page = await self.signed_in(name=name, **options)
            for path in ADMIN_PAGES:
                await self.go(page, "/admin/" + path)
                await self.assert_good(page)
            await self.go(page, f"/admin/account?jid={self.romeo_jid}")
            await self.assert_good(page)
            await self.go(page, "/admin/")
            if name == "narrow":
                await self.keep(page, "console-phone")
            await self.go(page, "/me/")
            await self.assert_good(page)

    async def test_somebody_s_own_page(self):
        page = await self.signed_in("/me/", self.romeo.boundjid.local)
        await self.assert_reads(page, self.romeo_jid, "Your clients", "Notifications", "Password", "Your data")
        await page.fill(label="Your password now", text=PASSWORD)
        await page.fill(label="The new one", text="a rose by any other name")
        await page.fill(label="The new one again", text="a rose by any other name")
        await page.click(name="Change the password")
        await page.reads(text="Your password is changed")
        await until(lambda: not self.romeo.is_connected(), "romeo's client is logged out")

    # --- invitations ------------------------------------------------------------------------

    async def invitation(self, *words):
        made = await self.clarion.ctl_json("invite", "create", *words)
        return re.sub(r"^https://[^/]*", "", made["url"]), made

    async def test_from_the_link_to_the_first_chat(self):
        path, made = await self.invitation(self.romeo_jid, "--contact", "--register")
        page = await self.page(path, width=390, height=800, phone=True)
        await self.assert_reads(page, f"{self.romeo_jid} invites you to chat", "Clients for Android")
        self.assertEqual(await page.href(name="Open in your client"), made["uri"])
        await self.keep(page, "invitation-phone")
        await self.assert_good(page)
        await page.fill(label="The name you want", text=self.romeo.boundjid.local)
        await page.reads(text="This name is taken")
        name = f"friend-of-{self.romeo.boundjid.local}"
        await page.fill(label="The name you want", text=name)
        await page.reads(text="This name is free")
        await page.fill(label="Password", text=PASSWORD + " open")
        await page.fill(label="Password again", text=PASSWORD + " opem")
        await page.click(name="Make the account")
        await self.assert_reads(page, "The name you want")  # the browser says that they differ
        await page.fill(label="Password again", text=PASSWORD + " open")
        await page.click(name="Make the account")
        await page.reads(text="Welcome")
        await self.assert_reads(page, f"{name}@clarion.test", f"{self.romeo_jid} is among your contacts")
        await self.assert_good_here(page)
        await page.click(name="Chat in this browser")
        await page.login(jid=f"{name}@clarion.test", password=PASSWORD + " open")
        await page.reads(text=self.romeo.boundjid.local)  # in the roster already
        await page.chat(jid=self.romeo_jid)
        await page.say(body="thank you for having me")
        await self.romeo_hears_once("thank you for having me")

    async def assert_good_here(self, page):
        """Of a page that was posted for."""
        self.assertEqual(await page.faults(), [])
        self.assertFalse(await page.overflows())

    async def test_a_link_is_good_once(self):
        path, _ = await self.invitation("clarion.test", "--name", f"paris-{self.romeo.boundjid.local}")
        for _ in range(3):  # who only looks uses nothing up
            page = await self.page(path)
            await self.assert_reads(page, "You are invited to clarion.test")
        await page.fill(label="Password", text="longenough")
        await page.fill(label="Password again", text="longenough")
        await page.click(name="Make the account")
        await page.reads(text="Welcome")
        await self.go(page, path)
        await self.assert_reads(page, "This link is not valid")
        await self.assert_good_here(page)

    async def test_a_forgotten_password(self):
        path, _ = await self.invitation(self.romeo_jid, "--reset")
        page = await self.page(path)
        await self.assert_reads(page, f"A new password for {self.romeo_jid}")
        await self.assert_good(page)
        await page.fill(label="Password", text="what is in a name")
        await page.fill(label="Password again", text="what is in a name")
        await page.click(name="Set the password")
        await page.reads(text="The password is set")
        await until(lambda: not self.romeo.is_connected(), "romeo's client is logged out")


if __name__ == "__main__":
    unittest.main()
