"""Dino logs in, shows avatars, talks, joins the rooms that are bookmarked, and encrypts, on a screen that
nobody sees; see test_desktop_clients.py.

    dino, phone (slixmpp): juliet --- Clarion --- romeo (slixmpp, Gajim)
"""
import unittest

from dino_client import PORT, Dino
from federation_case import PASSWORD
from test_desktop_clients import picture
from waiting import until
from windows_case import ROOM, WindowsCase


class DinoWindows(WindowsCase):
    @classmethod
    def make_peers(cls, loopback):
        address = cls.clarion.address
        # It asks for servers of calls whether or not any are said to be there.
        cls.clarion.options = (
            f'[[listen]]\ntype = "c2s"\naddress = "{address}"\nport = {PORT}\n'
            f'[[external_service]]\ntype = "stun"\nhost = "{address}"\nport = 3478\n')
        return super().make_peers(loopback)

    async def dino(self):
        return await self.opened(Dino(self.clarion, self.juliet, PASSWORD, **self.options_of()))

    async def test_avatar_and_chat(self):
        juliet, romeo = await self.phone(self.juliet), await self.phone(self.romeo)
        await self.befriend(juliet, romeo)
        before = await romeo.has_avatar(picture(30, 30, 200))
        dino = await self.dino()
        await until(lambda: dino.avatar_of(self.romeo_jid) == before, "the avatar there was", 20)
        after = await romeo.has_avatar(picture(30, 200, 30))
        await until(lambda: dino.avatar_of(self.romeo_jid) == after, "the next avatar", 20)
        romeo.say(self.juliet_jid, "Good morrow, cousin")
        await self.hears_once(dino, "Good morrow, cousin")
        await dino.says("Is the day so young?")
        await romeo.hears("Is the day so young?")
        await romeo.settle()
        self.assertEqual(len(romeo.with_body("Is the day so young?")), 1)

    async def test_rooms_that_are_bookmarked(self):
        """At its start, and when another device bookmarks one."""
        juliet, romeo = await self.phone(self.juliet), await self.phone(self.romeo)
        other_room = f"other-{ROOM}"
        for room in ROOM, other_room:
            await self.opens_room(romeo, room)
        await self.bookmarks(juliet, ROOM)
        await self.dino()
        await self.is_joined(romeo, ROOM)
        await self.bookmarks(juliet, other_room)
        await self.is_joined(romeo, other_room)

    async def bookmarks(self, phone, room):
        await phone.request("set", (
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'>"
            f"<item id='{room}'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'>"
            "<nick>Jule</nick></conference></item></publish></pubsub>"))

    async def is_joined(self, witness, room):
        await until(lambda: any(one.get("from") == f"{room}/Jule" and one.get("type") is None
                                for one in witness.presences), f"Jule is in {room}", 20)

    async def test_omemo_with_gajim(self):
        await self.are_friends()
        dino = await self.dino()
        gajim = await self.gajim(self.romeo, "gajim")
        await gajim.can_encrypt_for(self.juliet_jid, 1)
        await gajim.says_encrypted(self.juliet_jid, "Shall I hear more?")
        await self.hears_encrypted(dino, "Shall I hear more?")
        await dino.restart_with_omemo()
        await dino.says("Deny thy father")
        await self.hears_encrypted(gajim, "Deny thy father")
        await gajim.says_encrypted(self.juliet_jid, "I take thee at thy word")
        await self.hears_encrypted(dino, "Shall I hear more?", "I take thee at thy word")


if __name__ == "__main__":
    unittest.main()
