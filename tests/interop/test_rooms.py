"""What others see of a phone while it sleeps, and while its server restarts: nothing.

    juliet's phone --- Clarion --- S2S --- rooms.prosody.test/balcony --- romeo, who is her contact too

Romeo sits in the room with her and is subscribed to her presence; he must not see her leave either of
them, unless she is really gone."""
import asyncio
import time
import unittest

from federation_case import FederationCase
from waiting import PATIENCE, stays, until

GRACE = 4 * PATIENCE  # seconds, of [smacks] unavailable_grace
SLEEP = 2 * PATIENCE  # seconds, of [smacks] hibernation_time, where it is to run out
MOMENT = 0.3  # seconds that it takes to ask the room whether she is still there

GROUPCHAT = "groupchat"
BODY = "{jabber:client}body"


class RoomStories:
    """Told by FederationCases: juliet's phone is in the room and romeo watches."""

    async def asyncSetUp(self):
        juliet = await self.account(self.clarion, "juliet")
        self.room = f"balcony-of-{juliet}@rooms.prosody.test"
        self.nick = f"{self.room}/juliet"
        self.phone = await self.online(self.clarion, juliet, "phone", stream_management=True)
        self.session = self.phone.session_id
        self.romeo = await self.online(self.prosody, await self.account(self.prosody, "romeo"))
        await self.romeo_subscribes()
        await self.join(self.romeo, "romeo")
        await self.join(self.phone, "juliet")
        await self.in_room(self.romeo, "juliet")
        self.said = []
        await self.romeo_says("before")
        await self.phone.hears("before")

    async def romeo_subscribes(self):
        phone, romeo = self.phone.boundjid.bare, self.romeo.boundjid.bare
        self.romeo.send_presence(pto=phone, ptype="subscribe")
        await self.phone.sees_presence(romeo, "subscribe")
        self.phone.send_presence(pto=romeo, ptype="subscribed")
        await self.romeo.sees_presence(phone)

    async def join(self, client, nick):
        presence = client.make_presence(pto=f"{self.room}/{nick}")
        presence.xml.append(presence.xml.makeelement("{http://jabber.org/protocol/muc}x", {}))
        presence.send()
        await self.in_room(client, nick)

    async def in_room(self, client, nick):
        await until(lambda: any(one.get("from") == f"{self.room}/{nick}"
                                for one in client.presences), f"{nick} is in the room")

    async def romeo_says(self, *lines):
        """In the room, and waits until everybody awake there has been sent it."""
        for line in lines:
            self.romeo.say(self.room, line, GROUPCHAT)
            self.said.append(line)
            await self.romeo.hears(line)

    async def clarion_has_heard(self, client):
        """After this it has dealt with all that the other server had sent it before."""
        await client.request("get", "<ping xmlns='urn:xmpp:ping'/>", to=self.clarion.domain)
        await client.settle()

    async def clarion_has_stored(self):
        """The same, and it is on the disk: servers do not acknowledge to each other, but what a
        client of the same account is acknowledged was stored later."""
        await self.clarion_has_heard(self.romeo)
        tablet = await self.client(self.clarion, self.phone.boundjid.user, "tablet",
                                   stream_management=True)
        await tablet.login()
        tablet.say(self.phone.boundjid.full, "Sleep well")
        await tablet.acknowledged()

    async def phone_falls_asleep(self):
        await self.phone.settle()
        await self.phone.cut()
        await until(lambda: self.clarion.is_asleep(self.phone.boundjid.full),
                    "the server notices it")

    # --- what romeo saw ---------------------------------------------------------------------

    def goodbyes(self):
        """Addresses of which he was told that she is gone: the room's and her own."""
        hers = (self.nick, self.phone.boundjid.full)
        return {one.get("from") for one in self.romeo.presences
                if one.get("type") in ("unavailable", "error") and one.get("from") in hers}

    async def assert_no_goodbye(self, until_time):
        """Nor did he see one before, as he sees things in order."""
        await stays(lambda: not self.goodbyes(), lambda: f"too early: {self.goodbyes()}",
                    until_time - time.monotonic())
        await self.romeo.settle()
        self.assertEqual(self.goodbyes(), set())

    async def assert_goodbye(self):
        both = {self.nick, self.phone.boundjid.full}
        await until(lambda: self.goodbyes() == both,
                    lambda: f"she is seen to be gone, from {both}; seen from {self.goodbyes()}")

    # --- what the phone has -----------------------------------------------------------------

    async def assert_phone_is_back(self):
        """It has the very session it had, all that was said in the room, and talks there."""
        self.assertEqual(self.phone.session_id, self.session)
        await self.assert_heard_all(self.phone)
        self.phone.say(self.room, "It was the lark", GROUPCHAT)
        heard = await self.romeo.hears("It was the lark")
        self.assertEqual((heard.get("from"), heard.get("type")), (self.nick, GROUPCHAT))
        self.said.append("It was the lark")
        await self.romeo_says("No, the nightingale")
        await self.assert_heard_all(self.phone)
        await self.phone.settle()

    async def assert_heard_all(self, phone):
        await phone.hears(self.said[-1])
        await phone.settle()
        heard = [one.find(BODY).text for one in phone.messages
                 if one.get("type") == GROUPCHAT and one.find(BODY) is not None]
        self.assertEqual(heard, self.said, "each line once, in order")


class RoomsSeeNoFlicker(RoomStories, FederationCase):
    options = f"[smacks]\nunavailable_grace = {GRACE:.0f}\n"

    # --- asleep -----------------------------------------------------------------------------

    async def test_asleep_across_a_planned_restart(self):
        async def restart():
            await self.clarion_has_heard(self.romeo)
            self.assertEqual(await self.clarion.stopped_and_restarted(), 0)
        await self.sleep_through(restart)

    async def test_asleep_across_kill_9(self):
        async def kill():
            await self.clarion_has_stored()
            await self.clarion.killed_and_restarted()
        await self.sleep_through(kill)

    async def sleep_through(self, restart):
        await self.phone_falls_asleep()
        await self.romeo_says("one", "two")
        self.romeo.send_presence(pto=f"{self.room}/romeo", pshow="away")
        await self.romeo_says("three")

        await restart()

        await self.romeo_says("four", "five")
        await self.phone.resume()
        await self.assert_phone_is_back()
        aways = [one for one in self.phone.presences if one.get("from") == f"{self.room}/romeo"
                 and one.findtext("{jabber:client}show") == "away"]
        self.assertEqual(len(aways), 1, "his presence in the room comes once")
        await self.assert_no_goodbye(time.monotonic())

    # --- awake ------------------------------------------------------------------------------

    async def test_awake_across_a_planned_restart(self):
        await self.phone.settle()
        self.assertEqual(await self.clarion.stopped_and_restarted(), 0)
        await self.romeo_says("one")
        await self.phone.resume()
        await self.assert_phone_is_back()
        await self.assert_no_goodbye(time.monotonic())

    async def test_awake_at_kill_9_and_back_within_the_grace(self):
        await self.phone.acknowledged()
        await self.clarion.killed_and_restarted()
        started = time.monotonic()
        await self.romeo_says("Where is she?")  # which nobody can be given, and must not be returned
        await self.clarion_has_heard(self.romeo)

        self.phone.presences.clear()
        await self.phone.login()  # it asks for its session in vain, and binds
        self.assertNotEqual(self.phone.session_id, self.session)
        self.session = self.phone.session_id
        self.phone.messages.clear()
        self.phone.come_online()
        await self.join(self.phone, "juliet")
        if time.monotonic() - started > GRACE:
            self.skipTest("this machine is too slow to be back within the grace")

        # The room tells again what was said; what matters is that she is in it.
        await self.phone.hears("before")
        self.phone.say(self.room, "It was the lark", GROUPCHAT)
        await self.romeo.hears("It was the lark")
        await self.assert_no_goodbye(started + GRACE + 1)
        self.phone.say(self.room, "No, the nightingale", GROUPCHAT)
        await self.romeo.hears("No, the nightingale")

    async def test_awake_at_kill_9_and_never_back(self):
        await self.phone.acknowledged()
        self.clarion.kill()
        before_start = time.monotonic()
        await asyncio.to_thread(self.clarion.start)
        await self.assert_no_goodbye(before_start + GRACE)
        await self.assert_goodbye()


class RoomsSeeTheEndOfSleep(RoomStories, FederationCase):
    options = f"[smacks]\nhibernation_time = {SLEEP:.0f}\n"

    @classmethod
    def make_peers(cls, loopback):
        peers = super().make_peers(loopback)
        cls.prosody.room_modules = ["muc_rename"]
        return peers

    async def room_calls_her(self, nick):
        self.romeo.say(self.room, f"/rename juliet {nick}", GROUPCHAT)
        await self.in_room(self.romeo, nick)
        self.nick = f"{self.room}/{nick}"
        await self.clarion_has_heard(self.romeo)

    async def test_sleep_that_runs_out(self):
        before_cut = time.monotonic()
        await self.phone_falls_asleep()
        await self.assert_no_goodbye(before_cut + SLEEP - MOMENT)
        await self.assert_goodbye()

    async def test_the_end_of_a_session_that_the_room_calls_otherwise(self):
        await self.room_calls_her("capulet")
        await self.in_room(self.phone, "capulet")
        self.assertEqual(self.goodbyes(), set())
        await self.phone.log_out()
        await self.assert_goodbye()

    async def test_sleep_that_runs_out_after_the_room_called_her_otherwise(self):
        before_cut = time.monotonic()
        await self.phone_falls_asleep()
        await self.room_calls_her("capulet")
        await self.assert_no_goodbye(before_cut + SLEEP - MOMENT)
        await self.assert_goodbye()

    async def test_sleep_that_runs_out_while_the_server_is_down(self):
        """Time asleep counts then too."""
        before_cut = time.monotonic()
        await self.phone_falls_asleep()
        await self.assert_no_goodbye(before_cut + SLEEP / 2)
        self.clarion.kill()
        await asyncio.sleep(SLEEP)
        await asyncio.to_thread(self.clarion.start)
        await self.assert_goodbye()


if __name__ == "__main__":
    unittest.main()
