"""Clients people use log in, chat, lose their connection and come back: nothing is lost, nothing is
there twice.

    romeo (slixmpp) --- Clarion --- Relay, which is cut --- juliet's client
"""
import asyncio
import inspect
import unittest

from clients import text_of
from federation_case import PASSWORD, FederationCase
from real_clients import GoSendxmpp, Slixmpp, XmppJs
from relay import Relay
from terminal_clients import Profanity
from waiting import stays, until


class ClientCase(FederationCase):
    @classmethod
    def make_peers(cls, loopback):
        cls.loopback = loopback
        return []

    def make_relay(self):
        return Relay(self.clarion, self.loopback.port(self.clarion.address))

    async def asyncSetUp(self):
        self.relay = self.make_relay()
        await self.relay.start()
        self.addAsyncCleanup(self.relay.go_down)
        self.juliet = await self.account(self.clarion, "juliet")
        self.romeo = await self.online(
            self.clarion, await self.account(self.clarion, "romeo"), stream_management=True)

    def of_juliet(self, kind, **options):
        """Her client of that kind, not yet started; it reaches the server through the relay."""
        client = kind(self.relay, self.juliet, PASSWORD, directory=self.directory,
                      trusted=self.trusted_by_clients[self.clarion.domain], **options)
        self.addAsyncCleanup(client.quit)
        return client

    # --- what romeo and the server see ------------------------------------------------------

    async def romeo_says(self, to, *bodies):
        """Returns when the server has them."""
        for body in bodies:
            self.romeo.say(to, body)
        await self.romeo.settle()

    async def romeo_hears_once(self, *bodies):
        """Each of them, in this order, and no other from now on."""
        def heard():
            return [body for one in self.romeo.messages
                    if (body := text_of(one, "{jabber:client}body"))]
        await until(lambda: len(heard()) >= len(bodies),
                    lambda: f"romeo hears {bodies}, heard {heard()}", 20)
        await stays(lambda: heard() == list(bodies),
                    lambda: f"romeo heard {heard()} instead of {bodies}", 0.5)

    async def hears_once(self, client, *bodies):
        """The same of a real client, in all it has heard so far."""
        seen = []

        async def look():
            nonlocal seen
            seen = client.heard()
            if inspect.isawaitable(seen):
                seen = await seen
            return len(seen) >= len(bodies)
        await until(look, lambda: f"{type(client).__name__} shows {bodies}, shows {seen}\n"
                                  f"{client.tail}", 20)
        await asyncio.sleep(0.5)  # what comes twice comes at once
        await look()
        self.assertEqual(seen, list(bodies), client.tail)

    async def sessions(self):
        return await self.clarion.ctl_json(
            "session", "list", f"{self.juliet}@{self.clarion.domain}")

    async def state_is(self, client, state):
        seen = []

        async def look():
            seen[:] = [(one["jid"], one["state"]) for one in await self.sessions()]
            return [each for jid, each in seen if jid == f"{client.bare}/{client.resource}"] == [state]
        await until(look, lambda: f"the session of {client.bare}/{client.resource} is {state}: {seen}", 20)

    def times_bound(self, client):
        """How many sessions the server made for it; resuming makes none."""
        return self.clarion.log.read_text().count(f"bound session={client.bare}/{client.resource} ")

    async def loses_its_connection(self, client):
        await self.relay.go_down()
        await self.state_is(client, "asleep")

    async def chats_is_cut_and_resumes(self, client):
        await self.romeo_says(client.bare, "before")
        await self.hears_once(client, "before")
        await client.says(self.romeo.boundjid.bare, "I am here")
        await self.romeo_hears_once("I am here")
        await self.loses_its_connection(client)
        await self.romeo_says(client.bare, "away 1", "away 2")
        await self.relay.start()
        await client.comes_back()
        await self.state_is(client, "connected")
        await self.hears_once(client, "before", "away 1", "away 2")
        await client.says(self.romeo.boundjid.bare, "I am back")
        await self.romeo_hears_once("I am here", "I am back")
        self.assertEqual(self.times_bound(client), 1, "it resumed the session that it had")

    async def resumes_after_a_planned_restart(self, client):
        self.assertEqual(await self.clarion.stopped_and_restarted(), 0)
        await self.romeo.resume()
        await self.romeo_says(client.bare, "after the restart")
        await self.state_is(client, "connected")
        await self.hears_once(client, "after the restart")
        self.assertEqual(self.times_bound(client), 1, "it resumed the session that it had")


class RealClients(ClientCase):
    async def test_slixmpp(self):
        client = self.of_juliet(Slixmpp)
        await client.start()
        await self.chats_is_cut_and_resumes(client)

    async def test_xmpp_js(self):
        client = self.of_juliet(XmppJs)
        await client.start()
        await self.chats_is_cut_and_resumes(client)
        self.assertEqual(client.count("online"), 1, client.events)
        self.assertEqual(client.count("resumed"), 1, client.events)

    async def test_xmpp_js_sends_again_what_was_under_way(self):
        client = self.of_juliet(XmppJs)
        await client.start()
        self.relay.swallow()
        await client.says(self.romeo.boundjid.bare, "under way")
        await client.tells("sent")
        await self.relay.cut()
        await client.tells("resumed")
        await self.romeo_hears_once("under way")

    async def test_xmpp_js_resumes_after_a_planned_restart(self):
        client = self.of_juliet(XmppJs)
        await client.start()
        await self.resumes_after_a_planned_restart(client)

    async def test_xmpp_js_whose_count_lags_is_not_asked_without_end(self):
        """It counts no result of an IQ: the server never gets the acknowledgement it would like."""
        client = self.of_juliet(XmppJs)
        await client.start()
        await client.ping()
        await stays(lambda: client.count("ack-requested") < 10,
                    lambda: f"asked {client.count('ack-requested')} times", 2)
        await self.romeo_says(client.bare, "still here?")
        await self.hears_once(client, "still here?")

    async def test_profanity(self):
        client = self.of_juliet(Profanity)
        await client.start()
        await client.says(self.romeo.boundjid.bare, "first")  # opens the window we look at
        await self.romeo_hears_once("first")
        self.romeo.messages.clear()
        await self.chats_is_cut_and_resumes(client)

    async def test_profanity_resumes_after_a_planned_restart(self):
        client = self.of_juliet(Profanity)
        await client.start()
        await client.says(self.romeo.boundjid.bare, "first")
        await self.romeo_hears_once("first")
        await self.resumes_after_a_planned_restart(client)

    async def test_profanity_with_the_archive_shows_what_waited_once(self):
        client = self.of_juliet(Profanity)
        await client.start()
        await client.types("/mam on")
        await client.says(self.romeo.boundjid.bare, "first")
        await client.types("/quit")
        await until(self._has_no_session, "profanity logs out", 20)
        await self.romeo_says(client.bare, "away 1", "away 2")
        await client.start()
        await client.says(self.romeo.boundjid.bare, "back")

        async def shown():
            return [body for body in await client.heard() if body.startswith("away")]
        await until(shown, "profanity shows what waited", 20)
        await asyncio.sleep(0.5)  # what comes twice comes at once
        self.assertEqual(await shown(), ["away 1", "away 2"], await client.screen())

    async def _has_no_session(self):
        return await self.sessions() == []

    async def test_go_sendxmpp(self):
        """It has no stream management and does not notice a cut: it is ended, and started again."""
        listener, sender = self.of_juliet(GoSendxmpp), self.of_juliet(GoSendxmpp)
        await sender.says(self.romeo.boundjid.bare, "from a script")
        await self.romeo_hears_once("from a script")
        await listener.start()
        await until(self.sessions, "go-sendxmpp logs in")
        await self.romeo_says(listener.bare, "before")
        await self.hears_once(listener, "before")
        await self.relay.go_down()
        await listener.quit()
        await until(self._has_no_session, "its session is over")
        await self.romeo_says(listener.bare, "away 1", "away 2")
        await self.relay.start()
        await listener.start()
        await self.hears_once(listener, "before", "away 1", "away 2")


if __name__ == "__main__":
    unittest.main()
