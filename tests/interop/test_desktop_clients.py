"""Clients with windows, on a screen that nobody sees. Not in the default suite: they need some
hundred megabytes of packages (tools/install_packages.sh --desktop; ctest -C desktop -L desktop)."""
import os
import struct
import unittest
import zlib

from gajim_client import Gajim
from test_pep import EventCase
from test_real_clients import ClientCase
from waiting import until


def picture(red, green, blue, size=96):
    """A PNG of one colour."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    rows = (b"\0" + bytes((red, green, blue)) * size) * size
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class DesktopClients(EventCase, ClientCase):
    async def gajim(self):
        client = self.of_juliet(Gajim, certificate=self.certificates[self.clarion.domain].chain)
        await client.start()
        self.addAsyncCleanup(self._take_screenshot, client)
        return client

    async def _take_screenshot(self, client):
        if directory := os.environ.get("CLARION_SCREENSHOTS"):
            await client.screenshot(f"{directory}/{self._testMethodName}.png")

    async def test_gajim(self):
        await self.chats_is_cut_and_resumes(await self.gajim())

    async def test_gajim_resumes_after_a_planned_restart(self):
        await self.resumes_after_a_planned_restart(await self.gajim())

    async def test_gajim_fetches_avatars(self):
        """Of its own account, which another device changes, and of a contact."""
        phone = await self.online(self.clarion, self.juliet, "phone")
        benvolio = await self.online(
            self.clarion, await self.account(self.clarion, "benvolio"), "phone")
        await self.befriend(phone, benvolio)
        own = await phone.has_avatar(picture(200, 30, 30))
        gajim = await self.gajim()
        await until(lambda: own in gajim.avatars(), lambda: f"its own avatar\n{gajim.tail}", 20)
        theirs = await benvolio.has_avatar(picture(30, 30, 200))
        await until(lambda: theirs in gajim.avatars(), lambda: f"a contact's\n{gajim.tail}", 20)
        await benvolio.has_nick("Ben")
        benvolio.say(gajim.bare, "Good morrow, cousin")
        await self.hears_once(gajim, "Good morrow, cousin")


if __name__ == "__main__":
    unittest.main()
