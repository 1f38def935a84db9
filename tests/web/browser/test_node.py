"""@xmpp/client over WebSocket, in Node: it logs in, chats, loses its connection and comes back."""
import unittest

from web_case import WebCase, XmppJs


class XmppJsOverWebSocket(XmppJs):
    """`server`: the Relay before the https listener."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._environment["CLARION_HOST"] = f"{self.server.domain} {self.server.address}"

    @property
    def service(self):
        return f"wss://{self.server.domain}:{self.server.client_port}/ws"


class Node(WebCase):
    async def start(self):
        client = self.of_juliet(XmppJsOverWebSocket)
        await client.start()
        return client

    async def test_is_cut_and_resumes(self):
        client = await self.start()
        await self.chats_is_cut_and_resumes(client)
        self.assertEqual(client.count("online"), 1, client.events)
        self.assertEqual(client.count("resumed"), 1, client.events)

    async def test_sends_again_what_was_under_way(self):
        client = await self.start()
        self.relay.swallow()
        await client.says(self.romeo.boundjid.bare, "under way")
        await client.tells("sent")
        await self.relay.cut()
        await client.tells("resumed")
        await self.romeo_hears_once("under way")

    async def test_resumes_after_a_planned_restart(self):
        await self.resumes_after_a_planned_restart(await self.start())


if __name__ == "__main__":
    unittest.main()
