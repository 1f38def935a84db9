"""Users of Clarion and of Prosody talk to each other; the administrator sees how."""
import unittest

from slixmpp.exceptions import IqError

from federation_case import FederationCase
from waiting import until


class Federation:
    async def asyncSetUp(self):
        self.juliet = await self.online(self.clarion, await self.account(self.clarion, "juliet"))
        self.romeo = await self.online(self.prosody, await self.account(self.prosody, "romeo"))
        self.juliet_jid, self.romeo_jid = self.juliet.boundjid.bare, self.romeo.boundjid.bare

    async def test_messages_go_both_ways(self):
        self.juliet.say(self.romeo_jid, "O Romeo")
        heard = await self.romeo.hears("O Romeo")
        self.assertEqual(heard.get("from"), self.juliet.boundjid.full)
        self.romeo.say(self.juliet_jid, "Shall I hear more?")
        heard = await self.juliet.hears("Shall I hear more?")
        self.assertEqual(heard.get("from"), self.romeo.boundjid.full)

    async def test_messages_keep_their_order(self):
        lines = [f"line {number}" for number in range(50)]
        for line in lines:
            self.juliet.say(self.romeo_jid, line)
            self.romeo.say(self.juliet_jid, line)
        for reader in self.romeo, self.juliet:
            await reader.hears(lines[-1])
            self.assertEqual([one.find("{jabber:client}body").text for one in reader.messages],
                             lines)

    async def test_request_is_answered_across_servers(self):
        answer = await self.juliet.request("get", "<ping xmlns='urn:xmpp:ping'/>",
                                           to=self.prosody.domain)
        self.assertEqual(answer.get("from"), "prosody.test")
        answer = await self.romeo.request("get", "<ping xmlns='urn:xmpp:ping'/>",
                                          to=self.clarion.domain)
        self.assertEqual(answer.get("from"), "clarion.test")

    async def test_clarion_user_subscribes_to_prosody_user(self):
        await self.subscribe(self.juliet, self.romeo)

    async def test_prosody_user_subscribes_to_clarion_user(self):
        await self.subscribe(self.romeo, self.juliet)

    async def subscribe(self, fan, star):
        """RFC 6121, 3.1: asked, granted, and presence follows, also when it ends."""
        fan_jid, star_jid = fan.boundjid.bare, star.boundjid.bare
        fan.send_presence(pto=star_jid, ptype="subscribe")
        await star.sees_presence(fan_jid, "subscribe")
        star.send_presence(pto=fan_jid, ptype="subscribed")
        await fan.sees_presence(star_jid, "subscribed")
        await fan.sees_presence(star_jid)
        await until(lambda: self.subscription(fan, star_jid, "to"), "the roster of who asked")
        await until(lambda: self.subscription(star, fan_jid, "from"), "the roster of who granted")
        await star.log_out()
        await fan.sees_presence(star_jid, "unavailable")

    async def subscription(self, client, contact, state):
        roster = await client.request("get", "<query xmlns='jabber:iq:roster'/>")
        return any(item.get("jid") == contact and item.get("subscription") == state
                   for item in roster.iter("{jabber:iq:roster}item"))

    async def test_unknown_user_on_the_other_server(self):
        with self.assertRaises(IqError) as caught:
            await self.juliet.request("get", "<ping xmlns='urn:xmpp:ping'/>",
                                      to="nobody@prosody.test/nowhere")
        self.assertEqual(caught.exception.condition, "service-unavailable")
        with self.assertRaises(IqError) as caught:
            await self.romeo.request("get", "<ping xmlns='urn:xmpp:ping'/>",
                                     to="nobody@clarion.test/nowhere")
        self.assertEqual(caught.exception.condition, "service-unavailable")

    async def test_server_that_does_not_exist(self):
        with self.assertRaises(IqError) as caught:
            await self.juliet.request("get", "<ping xmlns='urn:xmpp:ping'/>", to="nowhere.test")
        self.assertEqual(caught.exception.condition, "remote-server-not-found")

    async def test_peer_restarts(self):
        """Streams that died with the other server are replaced; what was said meanwhile arrives."""
        self.juliet.say(self.romeo_jid, "before")
        await self.romeo.hears("before")
        await self.prosody.killed_and_restarted()
        self.juliet.say(self.romeo_jid, "meanwhile")  # Prosody keeps it for Romeo
        await self.romeo.login()
        self.romeo.come_online()
        await self.romeo.hears("meanwhile")
        self.romeo.say(self.juliet_jid, "after")
        await self.juliet.hears("after")

    async def test_clarion_restarts(self):
        self.romeo.say(self.juliet_jid, "before")
        await self.juliet.hears("before")
        await self.clarion.killed_and_restarted()
        self.romeo.say(self.juliet_jid, "meanwhile")
        await self.juliet.login()
        self.juliet.come_online()
        await self.juliet.hears("meanwhile")
        self.juliet.say(self.romeo_jid, "after")
        await self.romeo.hears("after")

    async def test_administrator_lists_streams(self):
        self.juliet.say(self.romeo_jid, "one")
        await self.romeo.hears("one")
        self.romeo.say(self.juliet_jid, "two")
        await self.juliet.hears("two")
        links = [link for link in await self.clarion.ctl_json("s2s", "list")
                 if link["remote"] == "prosody.test" and link["state"] == "up"]
        self.assertEqual({link["direction"] for link in links}, {"in", "out"})
        for link in links:
            self.assertEqual(link["local"], "clarion.test")
            self.assertTrue(link["tls"].startswith("TLSv1."), link)
            self.assertEqual(link["authentication"],
                             "certificate" if self.with_authority else "dialback")
        self.assertIn("prosody.test", await self.clarion.ctl("s2s", "list"))

    async def test_administrator_tests_a_domain(self):
        steps = await self.clarion.ctl("s2s", "test", "prosody.test")
        for word in "resolve", "connect", "secure", "authenticate":
            self.assertIn(word, steps)

    async def test_administrator_tests_a_domain_that_does_not_exist(self):
        with self.assertRaises(RuntimeError):
            await self.clarion.ctl("s2s", "test", "nowhere.test")


class FederationByCertificates(Federation, FederationCase):
    with_authority = True


class FederationByDialback(Federation, FederationCase):
    with_authority = False


if __name__ == "__main__":
    unittest.main()
