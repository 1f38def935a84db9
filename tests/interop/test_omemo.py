"""Two people write to each other so that no server can read it (XEP-0384): their devices find the keys
of all others by themselves, in nodes of both accounts (XEP-0163), here and on the other server.

    juliet's devices --- Relay, which is cut --- Clarion --- romeo
                                                    |
                                                    +--- S2S --- Prosody --- romeo, in other tests
"""
import asyncio
import unittest

from federation_case import PASSWORD, FederationCase
from real_clients import Omemo
from relay import Relay
from waiting import until


class OmemoClients(FederationCase):
    @classmethod
    def make_peers(cls, loopback):
        cls.loopback = loopback
        return super().make_peers(loopback)

    async def asyncSetUp(self):
        self.relay = Relay(self.clarion, self.loopback.port(self.clarion.address))
        await self.relay.start()
        self.addAsyncCleanup(self.relay.go_down)
        self.juliet_name = await self.account(self.clarion, "juliet")

    async def device(self, server, name, resource="omemo"):
        client = Omemo(server, name, PASSWORD, directory=self.directory, resource=resource,
                       trusted=self.trusted_by_clients[server.domain])
        self.addAsyncCleanup(client.quit)
        await client.start()
        return client

    async def of_juliet(self, resource="phone"):
        return await self.device(self.relay, self.juliet_name, resource)

    async def of_romeo(self, server):
        return await self.device(server, await self.account(server, "romeo"))

    async def hears_once(self, client, *bodies):
        """All that it heard so far, each encrypted."""
        await until(lambda: len(client.heard()) >= len(bodies),
                    lambda: f"{client.bare} hears {bodies}, heard {client.heard()}\n{client.tail}",
                    20)
        self.assertEqual(client.heard(), list(bodies), client.tail)
        self.assertEqual(client.encrypted(), [True] * len(bodies), client.tail)

    async def they_talk(self, juliet, romeo):
        await juliet.says(romeo.bare, "O Romeo")
        await self.hears_once(romeo, "O Romeo")
        await romeo.says(juliet.bare, "Shall I hear more?")
        await self.hears_once(juliet, "Shall I hear more?")
        await juliet.says(romeo.bare, "Deny thy father")
        await self.hears_once(romeo, "O Romeo", "Deny thy father")

    async def falls_asleep(self, client):
        await self.relay.go_down()
        await until(lambda: self.clarion.is_asleep(f"{client.bare}/{client.resource}"),
                    "the server notices it", 20)

    async def test_strangers(self):
        """Each asks the other's account for its devices, and is told of new ones (XEP-0060)."""
        juliet, romeo = await asyncio.gather(self.of_juliet(), self.of_romeo(self.clarion))
        await self.they_talk(juliet, romeo)

    async def test_contacts_and_a_second_device(self):
        """The new device is told to contacts, and can read all from then on, also what is hers."""
        phone, romeo = await asyncio.gather(self.of_juliet(), self.of_romeo(self.clarion))
        await phone.befriends(romeo)
        await romeo.knows_devices(phone, 1)
        await self.they_talk(phone, romeo)
        tablet = await self.of_juliet("tablet")
        await romeo.knows_devices(phone, 2)
        await romeo.says(phone.bare, "By yonder moon")
        await self.hears_once(tablet, "By yonder moon")
        await self.hears_once(phone, "Shall I hear more?", "By yonder moon")
        await tablet.says(romeo.bare, "O swear not by the moon")
        await self.hears_once(romeo, "O Romeo", "Deny thy father", "O swear not by the moon")
        await self.hears_once(phone, "Shall I hear more?", "By yonder moon",
                              "O swear not by the moon")

    async def test_asleep(self):
        phone, romeo = await asyncio.gather(self.of_juliet(), self.of_romeo(self.clarion))
        await self.they_talk(phone, romeo)
        await self.falls_asleep(phone)
        await romeo.says(phone.bare, "Good night")
        await romeo.says(phone.bare, "Parting is such sweet sorrow")
        await romeo.ping()
        await self.relay.start()
        await phone.tells("resumed")
        await self.hears_once(phone, "Shall I hear more?", "Good night",
                              "Parting is such sweet sorrow")
        await phone.says(romeo.bare, "Sweet, good night")
        await self.hears_once(romeo, "O Romeo", "Deny thy father", "Sweet, good night")

    async def test_first_message_to_who_has_never_been_online_with_them(self):
        """Romeo's keys are there, he is not; and Clarion is killed before he comes."""
        juliet, romeo = await asyncio.gather(self.of_juliet(), self.of_romeo(self.clarion))
        await romeo.quit()
        await until(lambda: self.is_away(romeo), "romeo is away")
        await juliet.says(romeo.bare, "Wherefore art thou?")
        await juliet.ping()
        await self.clarion.killed_and_restarted()
        await romeo.start()
        await self.hears_once(romeo, "Wherefore art thou?")

    async def is_away(self, client):
        sessions = await self.clarion.ctl_json("session", "list", client.bare)
        return not any(one["state"] == "connected" for one in sessions)

    async def test_across_to_prosody(self):
        juliet, romeo = await asyncio.gather(self.of_juliet(), self.of_romeo(self.prosody))
        await self.they_talk(juliet, romeo)

    async def test_contacts_across_to_prosody_and_asleep(self):
        phone, romeo = await asyncio.gather(self.of_juliet(), self.of_romeo(self.prosody))
        await romeo.befriends(phone)
        await romeo.knows_devices(phone, 1)
        await phone.knows_devices(romeo, 1)
        await self.they_talk(phone, romeo)
        await self.falls_asleep(phone)
        await romeo.says(phone.bare, "Good night")
        await romeo.ping()
        await self.relay.start()
        await phone.tells("resumed")
        await self.hears_once(phone, "Shall I hear more?", "Good night")


if __name__ == "__main__":
    unittest.main()
