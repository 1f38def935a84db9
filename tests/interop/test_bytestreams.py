"""slixmpp's own SOCKS5 bytestreams (XEP-0065) through Clarion's proxy: it is discovered, both clients
connect to it, and what one sends comes out at the other."""
import hashlib
import random
import unittest

from slixmpp.exceptions import IqError

from federation_case import FederationCase
from waiting import until

MEGABYTE = 1 << 20


class Bytestreams(FederationCase):
    @classmethod
    def make_peers(cls, loopback):
        address = cls.clarion.address
        cls.clarion.services.append("proxy.clarion.test")
        cls.clarion.options += (
            f'[[listen]]\ntype = "proxy65"\naddress = "{address}"\n'
            f"port = {loopback.port(address)}\n"
            f'[proxy65."proxy.clarion.test"]\nhost = "{address}"\n')
        return super().make_peers(loopback)

    async def taking_part(self, server, name):
        """A client that accepts streams, and what it has received of them."""
        client = await self.online(server, await self.account(server, name), "files")
        client.register_plugin("xep_0065", {"auto_accept": True})
        received = bytearray()
        client.add_event_handler("socks5_data", received.extend)
        client.ended = False

        def end(_):
            client.ended = True
        client.add_event_handler("socks5_closed", end)
        return client, received

    async def send(self, sender, target, received):
        stream = await sender["xep_0065"].handshake(target.boundjid.full, timeout=20)
        self.assertIsNotNone(stream, "the stream is active")
        file = random.Random(1).randbytes(MEGABYTE)
        await stream.write(file)
        stream.transport.write_eof()
        await until(lambda: len(received) >= MEGABYTE, "the file arrives", 30)
        self.assertEqual(hashlib.sha256(received).digest(), hashlib.sha256(file).digest())
        await until(lambda: target.ended, "the target sees the end")

    async def test_a_file_between_two_users_of_the_server(self):
        romeo, _ = await self.taking_part(self.clarion, "romeo")
        juliet, received = await self.taking_part(self.clarion, "juliet")
        await self.send(romeo, juliet, received)

    async def test_a_file_to_a_user_of_another_server(self):
        romeo, _ = await self.taking_part(self.clarion, "romeo")
        juliet, received = await self.taking_part(self.prosody, "juliet")
        await self.send(romeo, juliet, received)

    async def test_users_of_other_servers_have_no_streams_activated(self):
        juliet, _ = await self.taking_part(self.prosody, "juliet")
        with self.assertRaises(IqError) as refused:
            await juliet["xep_0065"].get_network_address("proxy.clarion.test", timeout=20)
        self.assertEqual(refused.exception.condition, "forbidden")


if __name__ == "__main__":
    unittest.main()
