"""Converse.js, unmodified, in Chromium with the page that conf/converse has for users: it logs in over
WebSocket and over BOSH, talks, sends pictures, is loaded again and cut off, and nothing is lost and
nothing there twice. @xmpp/client chats in a page too."""
import os
import struct
import unittest
import zlib

from web_case import PASSWORD, ROOMS, BrowserCase, Page, until

# A directory in which to leave what the pages look like.
SCREENSHOTS = os.environ.get("CLARION_SCREENSHOTS")
WIDTH, HEIGHT = 480, 300


def picture():
    """A PNG: the sky over a hill, with the moon."""
    def color(x, y):
        if (x - 350) ** 2 + (y - 80) ** 2 < 32 ** 2:
            return 250, 245, 215
        if y > 235 + ((x - 180) / 22) ** 2 / 4:
            return 28, 48, 44
        return 30 + y // 3, 40 + y // 3, 95 + y // 4
    rows = b"".join(b"\0" + bytes(part for x in range(WIDTH) for part in color(x, y))
                    for y in range(HEIGHT))

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Chromium(BrowserCase):
    async def session_of(self, page):
        """The one session of that account. From now on the server knows the page by its resource."""
        sessions = await self.sessions()
        self.assertEqual(len(sessions), 1, sessions)
        page.resource = sessions[0]["jid"].partition("/")[2]
        return sessions[0]

    async def start(self, **options):
        """juliet's page, with the conversation with romeo open."""
        page = await self.converse(**options)
        await page.chat(jid=self.romeo.boundjid.bare)
        await self.session_of(page)
        return page

    async def talks(self, page):
        await page.says(self.romeo.boundjid.bare, "what light?")
        await self.romeo_hears_once("what light?")
        await self.romeo_says(page.bare, "it is the east")
        await page.sees("what light?", "it is the east")

    async def loads_again(self, page):
        """The page is loaded anew while a message comes, and has the session that it had."""
        await page.reload()
        await page.is_online()
        await self.romeo_says(page.bare, "after that")
        await page.sees("what light?", "it is the east", "after that")
        await self.state_is(page, "connected")
        self.assertEqual(self.times_bound(page), 1, "it goes on with the session that it had")

    # --- connecting -------------------------------------------------------------------------

    async def test_over_websocket(self):
        page = await self.start()
        await self.talks(page)
        await self.loads_again(page)

    async def test_over_bosh(self):
        page = await self.start(path="/?bosh")
        await self.talks(page)
        await self.loads_again(page)

    async def test_discovers_how_to_connect(self):
        await self.talks(await self.start(path="/discover.html"))

    # --- losing the connection --------------------------------------------------------------

    async def test_cut_off(self):
        await self.chats_is_cut_and_resumes(await self.start())

    async def test_sends_again_what_was_under_way(self):
        page = await self.start()
        self.relay.swallow()
        await page.say(body="under way")
        await page.sees("under way")
        await self.relay.cut()
        await self.romeo_hears_once("under way")
        await page.sees("under way")
        self.assertEqual(self.times_bound(page), 1)

    async def test_server_restarts(self):
        await self.resumes_after_a_planned_restart(await self.start())

    async def test_answer_is_lost_over_bosh(self):
        """The request is sent again, and the server gives the same answer again (XEP-0124, Broken
        Connections)."""
        page = await self.start(path="/?bosh")
        self.relay.swallow()
        await self.romeo_says(page.bare, "on its way")
        await self.relay.cut()
        await page.sees("on its way")
        await page.say(body="here it is")
        await self.romeo_hears_once("here it is")
        await page.sees("on its way", "here it is")
        self.assertEqual(self.times_bound(page), 1)

    # --- rooms and pictures -----------------------------------------------------------------

    async def enters(self, client, room, nick):
        presence = client.make_presence(pto=f"{room}/{nick}")
        presence.xml.append(presence.xml.makeelement("{http://jabber.org/protocol/muc}x", {}))
        presence.send()
        await client.sees_presence(room)

    async def befriend(self, *names):
        """Two accounts that have each other in their rosters, with a name."""
        both = [await self.online(self.clarion, name) for name in names]
        for one, other in zip(both, reversed(both)):
            jid = other.boundjid.bare
            await one.request("set", "<query xmlns='jabber:iq:roster'><item jid="
                                     f"'{jid}' name='{jid.split('@')[0].title()}'/></query>")
            one.send_presence(pto=jid, ptype="subscribe")
            one.send_presence(pto=jid, ptype="subscribed")
            await one.settle()
        for one in both:
            await one.log_out()

    async def shows_picture(self, page):
        async def look():
            return [WIDTH, HEIGHT] in await page.pictures()
        await until(look, f"{page.name} sees the picture", 20)

    async def test_room(self):
        room = f"orchard-{self.juliet}@{ROOMS}"
        page = await self.converse()
        await page.room(jid=room)
        await page.say(body="who is there?")
        await page.sees("who is there?")
        await self.enters(self.romeo, room, "romeo")
        await self.romeo.hears("who is there?")
        self.romeo.say(room, "it is I", "groupchat")
        await page.sees("who is there?", "it is I")

    async def test_pictures_and_looks(self):
        """One page as wide as a desktop, one as wide as a phone: what is sent is seen on both, and
        nothing sticks out."""
        file = self.directory / "hill.png"
        file.write_bytes(picture())
        for name in "juliet", "nurse":  # all others have a number
            await self.clarion.add_user(name, PASSWORD)
        await self.befriend("juliet", "nurse")
        wide = await self.converse("juliet")
        narrow = await self.converse("nurse", width=390, height=844, phone=True)
        await wide.says(narrow.bare, "Look what I see from the balcony.")
        await narrow.chat(jid=wide.bare)
        await wide.upload(file=str(file))
        await self.shows_picture(wide)
        await self.shows_picture(narrow)
        await narrow.say(body="Come in, it is late.")
        await wide.hears_last("Come in, it is late.")
        for page in wide, narrow:
            if SCREENSHOTS:
                await page.screenshot(
                    file=f"{SCREENSHOTS}/chat-{'desktop' if page is wide else 'phone'}.jpg")
            self.assertEqual(await page.run(script="document.documentElement.scrollWidth"),
                             page.width, f"nothing of {page.name} sticks out")

    # --- another library --------------------------------------------------------------------

    async def test_xmpp_js(self):
        page = Page(self.driver, self.juliet)
        await page.open()
        await page.visit(url=f"https://{self.clarion.domain}/xmpp.html")
        full = await page.run(script=f"start({self.juliet!r}, {PASSWORD!r})")
        self.assertTrue(full.startswith(f"{self.juliet}@{self.clarion.domain}/"), full)
        await page.run(script=f"say({self.romeo.boundjid.bare!r}, 'from a page')")
        await self.romeo_hears_once("from a page")
        await self.romeo_says(full, "to a page")

        async def told():
            return {"event": "message", "body": "to a page"} in await page.run(script="told")
        await until(told, "the page hears romeo")


if __name__ == "__main__":
    unittest.main()
