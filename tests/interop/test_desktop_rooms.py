"""Clients with windows, and poezio, in a room on Clarion, on a screen that nobody sees; see
test_desktop_clients.py. They join it, are heard and hear.

    romeo (slixmpp) --- rooms.clarion.test, Clarion --- juliet's client
"""
import unittest

from dino_client import PORT, Dino
from federation_case import PASSWORD
from gajim_client import DrivenGajim
from terminal_clients import Poezio
from test_own_rooms_clients import RoomClientCase


class DesktopRooms(RoomClientCase):
    @classmethod
    def make_peers(cls, loopback):
        cls.clarion.options += (
            f'[[listen]]\ntype = "c2s"\naddress = "{cls.clarion.address}"\nport = {PORT}\n')
        return super().make_peers(loopback)

    async def test_gajim(self):
        """It is cut and comes back, too."""
        gajim = self.of_juliet(DrivenGajim,
                               certificate=self.certificates[self.clarion.domain].chain)
        await gajim.start()
        await gajim.joins(self.room, "juliet")
        await self.talks_is_cut_and_stays(gajim)

    async def test_dino(self):
        """It joins rooms that are bookmarked. In this one all know each other: there it tells that
        its user types, by which its driver knows where it writes."""
        bare = f"{self.juliet}@{self.clarion.domain}"
        await self.configures(self.romeo, membersonly=1, whois="anyone")
        await self.romeo.request("set", (
            "<query xmlns='http://jabber.org/protocol/muc#admin'>"
            f"<item affiliation='member' jid='{bare}'/></query>"), to=self.room)
        phone = await self.online(self.clarion, self.juliet, "phone")
        await phone.request("set", (
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'>"
            f"<item id='{self.room}'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'>"
            "<nick>juliet</nick></conference></item></publish></pubsub>"))
        dino = Dino(self.clarion, self.juliet, PASSWORD, directory=self.directory,
                    trusted=self.trusted_by_clients[self.clarion.domain])
        self.addAsyncCleanup(dino.quit)
        await dino.start()
        await self.sees(self.romeo, "juliet")
        await self.hears_all(dino)
        await dino.says("I am here")
        await self.is_heard("I am here")
        await self.says(self.romeo, "romeo 1")
        await self.hears_all(dino)
        await self.assert_heard_all(self.romeo)

    async def test_poezio(self):
        poezio = self.of_juliet(Poezio)
        await poezio.start()
        await poezio.joins(self.room, "juliet")
        await self.sees(self.romeo, "juliet")
        await poezio.shows("before")
        await poezio.says_in_room(self.room, "I am here")
        await self.is_heard("I am here")
        await self.says(self.romeo, "romeo 1")
        await poezio.shows("romeo 1")
        await self.assert_heard_all(self.romeo)


if __name__ == "__main__":
    unittest.main()
