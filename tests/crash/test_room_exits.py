"""Who left a room as the server died is not in it when it is up again."""
import asyncio
import logging
import random
import time
import unittest
import warnings

from client import Client, Lost
from room_rounds import ROOM, RoomWorld, entry
from server import PATIENCE, Server

logging.getLogger("asyncio").setLevel(logging.ERROR)
GRACE = 1  # seconds, of [smacks] unavailable_grace: who was there when the server died may come back
KILLS = 8


class RoomExits(unittest.IsolatedAsyncioTestCase):
    """Its account, and the room, are at home on different shards for some: one may know of it and
    the other not. The end of all their sessions is about as fast as the kill."""

    def setUp(self):
        warnings.simplefilter("ignore", ResourceWarning)  # connections that a killed server had
        self.random = random.Random(5)
        self.server = Server(RoomWorld.room_settings(), smacks=f"unavailable_grace = {GRACE}")
        self.addCleanup(self.server.remove)
        self.server.start()
        self.names = [f"guest{i}" for i in range(12)]
        self.server.add_accounts([*self.names, "witness"])

    async def enters(self, name):
        client = Client(name, self.server.port, lambda element: None, lambda records: None)
        await client.log_in(lambda session: None)
        client.send("<presence/>")
        client.send(entry(name))
        await client.all_acked()
        return client

    def in_room(self):
        return {one["session"] for one in self.server.ask("room/show", room=ROOM)["occupants"]}

    async def leaves(self, client):
        await asyncio.sleep(self.random.uniform(0, 0.04) * PATIENCE)
        try:
            client.write("</stream:stream>")
        except Lost:
            pass

    async def test_nobody_is_left_behind(self):
        for _ in range(KILLS):
            guests = [await self.enters(name) for name in self.names]
            leaving = [asyncio.create_task(self.leaves(guest)) for guest in guests]
            await asyncio.sleep(self.random.uniform(0.005, 0.06) * PATIENCE)
            self.server.kill()
            await asyncio.gather(*leaving)
            for guest in guests:
                await guest.until(lambda: not guest.connected, "the connection is gone")
            self.server.start()
            await self.only_the_witness_is_there(await self.enters("witness"))

    async def only_the_witness_is_there(self, witness):
        """It talks; to whom nobody can be reached any more, that comes back."""
        end = time.monotonic() + (GRACE + 10) * PATIENCE
        while self.in_room() != {f"{witness.jid}/{witness.resource}"}:
            self.assertLess(time.monotonic(), end, f"in the room: {self.in_room()}")
            witness.send(f"<message to='{ROOM}' type='groupchat'><body>Hello?</body></message>")
            await witness.all_acked()
            await asyncio.sleep(0.1)
        await witness.close()


if __name__ == "__main__":
    unittest.main()
