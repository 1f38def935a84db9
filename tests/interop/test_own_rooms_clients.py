"""Clients people use in a room on Clarion: they join it, are heard and hear, lose their connection and come
back without leaving it.

    romeo (slixmpp) --- rooms.clarion.test, Clarion --- Relay, which is cut --- juliet's client
"""
import unittest

from room_case import OwnRoomCase
from terminal_clients import Profanity
from test_real_clients import ClientCase
from waiting import until


class RoomClientCase(OwnRoomCase, ClientCase):
    """Romeo has made the room, and says something in it before she comes."""

    async def asyncSetUp(self):
        await super().asyncSetUp()
        await self.makes_room(self.romeo, "romeo")
        await self.says(self.romeo, "before")

    async def is_heard(self, line):
        """By romeo, as said by juliet in the room."""
        heard = await self.romeo.hears(line, within=20)
        self.assertEqual(heard.get("from"), f"{self.room}/juliet")
        self.said.append(line)

    async def hears_all(self, client):
        """What others said in the room, once and in order."""
        await self.hears_once(client, *[line for line in self.said if line.startswith("before")
                                        or line.startswith("romeo")])

    async def talks_is_cut_and_stays(self, client):
        """`client` is in the room."""
        await self.sees(self.romeo, "juliet")
        await client.says_in_room(self.room, "I am here")
        await self.is_heard("I am here")
        await self.says(self.romeo, "romeo 1")
        await self.hears_all(client)
        await self.loses_its_connection(client)
        await self.says(self.romeo, "romeo 2", "romeo 3")
        await self.relay.start()
        await client.comes_back()
        await self.state_is(client, "connected")
        await self.hears_all(client)
        await client.says_in_room(self.room, "I am back")
        await self.is_heard("I am back")
        await self.assert_heard_all(self.romeo)
        await self.assert_no_goodbye(self.romeo)


class RoomClients(RoomClientCase):
    async def is_open(self):
        return not (await self.clarion.ctl_json("room", "show", self.room))["locked"]

    async def test_profanity(self):
        client = self.of_juliet(Profanity)
        await client.start()
        await client.joins(self.room, "juliet")
        await self.talks_is_cut_and_stays(client)

    async def test_profanity_makes_a_room(self):
        """It is asked whether it wants to configure it, and does not."""
        client = self.of_juliet(Profanity)
        await client.start()
        self.room = f"orchard-{self.room}"
        await client.joins(self.room, "juliet")
        await client.shows("/room accept")
        await client.types("/room accept")
        await client.shows("unlocked")  # it says so as it asks for it
        await until(self.is_open, "the room lets others in")
        self.said.clear()
        await self.enters(self.romeo, "romeo")
        await client.says_in_room(self.room, "Who is there?")
        await self.is_heard("Who is there?")


if __name__ == "__main__":
    unittest.main()
