"""What the tests of clients with windows share: two accounts, phones of theirs, a server with rooms, and
that whatever the windows ask for is served.

    windows, phones (slixmpp) --- Clarion --- S2S --- Prosody, with rooms
"""
import os
import xml.etree.ElementTree as ET
from collections import Counter

from federation_case import PASSWORD
from gajim_client import DrivenGajim
from real_clients import Omemo
from test_pep import EventCase
from test_real_clients import ClientCase
from test_unserved_requests import UnservedCase

ROOM = "balcony@rooms.prosody.test"


class WindowsCase(EventCase, UnservedCase):
    @classmethod
    def make_peers(cls, loopback):
        cls.loopback = loopback
        return super(ClientCase, cls).make_peers(loopback)

    async def asyncSetUp(self):
        self.juliet = await self.account(self.clarion, "juliet")
        self.romeo = await self.account(self.clarion, "romeo")
        self.juliet_jid, self.romeo_jid = (
            f"{name}@{self.clarion.domain}" for name in (self.juliet, self.romeo))
        self.windows = []

    async def asyncTearDown(self):
        """All that the windows asked for was served."""
        await self.grows_quiet()
        await self.keep_what_is_shown("end")
        for window in self.windows:
            self.assertEqual(self.refused(f"{window.bare}/{window.resource}"), Counter(),
                             window.tail)

    async def keep_what_is_shown(self, when):
        """If somebody wants it."""
        if directory := os.environ.get("CLARION_SCREENSHOTS"):
            for window in self.windows:
                await window.screenshot(
                    f"{directory}/{self._testMethodName}-{window.resource}-{when}.png")

    def options_of(self, **more):
        return {"directory": self.directory, **more,
                "trusted": self.trusted_by_clients[self.clarion.domain]}

    async def opened(self, window):
        """Such a client, started."""
        self.addAsyncCleanup(window.quit)
        await window.start()
        self.windows.append(window)
        return window

    async def gajim(self, name, resource):
        return await self.opened(DrivenGajim(self.clarion, name, PASSWORD, **self.options_of(
            resource=resource, certificate=self.certificates[self.clarion.domain].chain)))

    async def slixmpp_with_omemo(self, name):
        client = Omemo(self.clarion, name, PASSWORD, **self.options_of())
        self.addAsyncCleanup(client.quit)
        await client.start()
        return client

    async def phone(self, name):
        return await self.online(self.clarion, name, "phone")

    async def are_friends(self):
        juliet, romeo = await self.phone(self.juliet), await self.phone(self.romeo)
        await self.befriend(juliet, romeo)
        await juliet.log_out()
        await romeo.log_out()

    @staticmethod
    async def opens_room(client, room):
        presence = client.make_presence(pto=f"{room}/Romeo")
        presence.xml.append(ET.Element("{http://jabber.org/protocol/muc}x"))
        presence.send()
        await client.sees_presence(room)

    async def hears_encrypted(self, client, *bodies):
        """All that it heard so far."""
        await self.hears_once(client, *bodies)
        self.assertEqual(client.encrypted(), [True] * len(bodies), client.tail)
