"""Users of Clarion and of Prosody talk to each other; the administrator sees how."""
import re
import unittest
import xml.etree.ElementTree as ET

from slixmpp.exceptions import IqError

from clients import DELAY
from federation_case import FederationCase
from waiting import until


class Federation:
    @classmethod
    def _configure(cls):
        super()._configure()
        cls.dns.xmpp_domain("ghost.test", cls.host_of(cls.prosody), cls.prosody.address,
                            cls.prosody.s2s_port)  # which does not know it

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

    # --- delays in another server's name (XEP-0203) --------------------------------------------

    FORGED, TRUE = "2002-09-10T23:08:25Z", "2003-03-03T03:03:03Z"

    def romeo_forges(self, to, body):
        """Says when clarion.test is to have had it, and when prosody.test had it."""
        message = self.romeo.make_message(mto=to, mbody=body, mtype="chat")
        for sender, stamp in (("clarion.test", self.FORGED), ("prosody.test", self.TRUE),
                              ("clarion.test", self.FORGED)):
            message.xml.append(ET.fromstring(
                f"<delay xmlns='urn:xmpp:delay' from='{sender}' stamp='{stamp}'/>"))
        message.send()

    def assert_true_delays(self, message, *, waited):
        stamps = [(delay.get("from"), delay.get("stamp")) for delay in message.findall(f"{DELAY}delay")]
        theirs = [stamp for sender, stamp in stamps if sender == "prosody.test"]
        ours = [stamp for sender, stamp in stamps if sender == "clarion.test"]
        self.assertEqual(theirs, [self.TRUE])
        self.assertEqual(len(ours), 1 if waited else 0, ours)
        self.assertNotIn(self.FORGED, ours)

    async def test_a_forged_delay_is_not_delivered(self):
        self.romeo_forges(self.juliet_jid, "live")
        self.assert_true_delays(await self.juliet.hears("live"), waited=False)

    async def test_a_forged_delay_does_not_wait_for_a_hibernating_phone(self):
        phone = await self.online(self.clarion, self.juliet.boundjid.user, "phone",
                                  stream_management=True)
        await phone.cut()
        await until(lambda: self.clarion.is_asleep(phone.boundjid.full), "the server notices it")
        self.romeo_forges(phone.boundjid.full, "asleep")
        await self.romeo.request("get", "<ping xmlns='urn:xmpp:ping'/>", to=self.clarion.domain)
        await phone.resume()
        self.assert_true_delays(await phone.hears("asleep"), waited=True)

    async def test_a_forged_delay_does_not_wait_for_who_is_away(self):
        nurse = await self.account(self.clarion, "nurse")
        self.romeo_forges(f"{nurse}@clarion.test", "offline")
        await self.romeo.request("get", "<ping xmlns='urn:xmpp:ping'/>", to=self.clarion.domain)
        nurse = await self.online(self.clarion, nurse)
        self.assert_true_delays(await nurse.hears("offline"), waited=True)

    # --- what the administrator sees -----------------------------------------------------------

    async def test_administrator_traces_a_domain(self):
        """From the first connection on: who says what to whom, without what it is about."""
        await self.prosody.killed_and_restarted()
        trace = await self.clarion.trace("--s2s", "prosody.test")
        self.addAsyncCleanup(trace.end)
        self.juliet.say(self.romeo_jid, "Parting is such sweet sorrow")
        await self.romeo.login()
        self.romeo.come_online()
        await self.romeo.hears("Parting is such sweet sorrow")
        self.romeo.say(self.juliet_jid, "Sleep dwell upon thine eyes")
        await self.juliet.hears("Sleep dwell upon thine eyes")
        for sender, to in ((self.juliet_jid, self.romeo_jid), (self.romeo_jid, self.juliet_jid)):
            await trace.shows("<message", f"from='{sender}/", f"to='{to}'")
        for word in ("sorrow", "thine"):
            self.assertNotIn(word, trace.text())
        if self.with_authority:
            return await trace.shows("EXTERNAL")
        await trace.shows("->", "<result xmlns='jabber:server:dialback'", "to='prosody.test'")
        await trace.shows("<-", "<result xmlns='jabber:server:dialback'", "type='valid'")
        await trace.shows("->", "<verify xmlns='jabber:server:dialback'", "type='valid'")
        keys = re.findall(r"jabber:server:dialback'[^>]*>([^<\n]+)<", trace.text())
        self.assertEqual(set(keys), {"[hidden]"})

    async def test_administrator_sees_why_a_domain_refuses(self):
        trace = await self.clarion.trace("--s2s", "ghost.test")
        self.addAsyncCleanup(trace.end)
        with self.assertRaises(IqError):
            await self.juliet.request("get", "<ping xmlns='urn:xmpp:ping'/>", to="ghost.test")
        await trace.shows("<host-unknown")

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
