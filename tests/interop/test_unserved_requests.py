"""What clients ask for as they log in and chat, and nobody serves: the log says it of each request.

    romeo (slixmpp) --- Clarion --- juliet's client
"""
import re
import time
import unittest
from collections import Counter

from real_clients import GoSendxmpp, Omemo, XmppJs
from terminal_clients import Profanity
from test_real_clients import ClientCase
from waiting import until

REFUSED = re.compile(r"refusal stanza from=(\S+) to=\S+ kind=iq type=\w+ payload=(\S+) "
                     r"condition=(service-unavailable|feature-not-implemented)")


class UnservedCase(ClientCase):
    QUIET = 3  # seconds without a line in the log: it has asked for all that it wants

    def refused(self, jid):
        """Of each namespace, how many requests of that account, or of one device, nobody served."""
        return Counter(payload for sender, payload, _ in REFUSED.findall(
            self.clarion.log.read_text()) if jid in (sender, sender.split("/")[0]))

    async def grows_quiet(self):
        seen, since = 0, time.monotonic()

        def is_quiet():
            nonlocal seen, since
            size = self.clarion.log.stat().st_size
            if size != seen:
                seen, since = size, time.monotonic()
            return time.monotonic() - since > self.QUIET
        await until(is_quiet, "the client has asked for all that it wants", 40)

    async def asks_only_for_what_is_served(self, client):
        await client.start()
        await self.grows_quiet()
        await client.says(self.romeo.boundjid.bare, "I am here")
        await until(lambda: self.romeo.messages, "romeo hears it", 20)
        await self.romeo_says(client.bare, "So am I")
        await self.grows_quiet()
        self.assertEqual(self.refused(client.bare), Counter(), client.tail)


class UnservedRequests(UnservedCase):
    async def test_xmpp_js(self):
        await self.asks_only_for_what_is_served(self.of_juliet(XmppJs))

    async def test_profanity(self):
        await self.asks_only_for_what_is_served(self.of_juliet(Profanity))

    async def test_go_sendxmpp(self):
        await self.of_juliet(GoSendxmpp).says(self.romeo.boundjid.bare, "from a script")
        await self.grows_quiet()
        self.assertEqual(self.refused(f"{self.juliet}@{self.clarion.domain}"), Counter())

    async def test_slixmpp_with_omemo(self):
        juliet = self.of_juliet(Omemo)
        romeo = Omemo(self.clarion, await self.account(self.clarion, "romeo"), "sesame",
                      directory=self.directory,
                      trusted=self.trusted_by_clients[self.clarion.domain])
        self.addAsyncCleanup(romeo.quit)
        await juliet.start()
        await romeo.start()
        await juliet.says(romeo.bare, "I am here")
        await until(romeo.heard, "romeo hears it", 20)
        await self.grows_quiet()
        self.assertEqual(self.refused(juliet.bare), Counter(), juliet.tail)


if __name__ == "__main__":
    unittest.main()
