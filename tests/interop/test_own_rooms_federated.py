"""Users of other servers in a room on Clarion: they talk, their server dies, and Clarion restarts.

    juliet --- Clarion, rooms.clarion.test --- S2S --- Prosody --- romeo, mercutio
"""
import asyncio
import time
import unittest

from slixmpp.exceptions import IqError

from room_case import GROUPCHAT, KICKED, MUC, SELF, UNREACHABLE, OwnRoomCase, codes, item
from servers import Ejabberd
from waiting import PATIENCE, stays, until

GRACE = 4 * PATIENCE  # seconds, of [smacks] unavailable_grace
QUEUE_TIME = 4 * PATIENCE  # seconds, of [s2s] queue_time
PING = "<ping xmlns='urn:xmpp:ping'/>"


class Strangers(OwnRoomCase):
    """Juliet, at home here, and romeo of the other server are in her room."""

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.juliet = await self.person(self.clarion, "juliet")
        self.romeo = await self.person(self.prosody, "romeo")
        await self.makes_room(self.juliet, "juliet")
        await self.enters(self.romeo, "romeo")
        await self.sees(self.juliet, "romeo")
        await self.says(self.juliet, "Who is there?")
        await self.says(self.romeo, "I know not how to tell thee who I am")
        await self.assert_heard_all(self.juliet, self.romeo)

    async def mercutio_enters(self):
        """Another of that server, who heard nothing yet but the history."""
        mercutio = await self.person(self.prosody, "mercutio")
        await self.enters(mercutio, "mercutio")
        self.assertEqual(self.heard(mercutio), self.said)
        for client in self.juliet, self.romeo:
            await self.sees(client, "mercutio")
        return mercutio

    async def moderates(self, nick, change):
        await self.juliet.request("set", (
            f"<query xmlns='{MUC}#admin'><item nick='{nick}' {change}/></query>"), to=self.room)

    async def assert_swept(self, viewer, *nicks):
        """They are seen to be gone because they cannot be reached."""
        for nick in nicks:
            gone = await until(lambda: self.of(viewer, nick, "unavailable"),
                               f"{nick} is seen to be gone", 4 * QUEUE_TIME)
            self.assertEqual(codes(gone[0]), {KICKED, UNREACHABLE})
        self.assertEqual(self.goodbyes(viewer), set(nicks))


class StrangersInRooms(Strangers):
    async def test_they_hear_each_other_in_order(self):
        mercutio = await self.mercutio_enters()
        for number in range(10):
            await self.says(self.juliet, f"juliet {number}")
            await self.says(mercutio, f"mercutio {number}")
            await self.says(self.romeo, f"romeo {number}")
        await self.assert_heard_all(self.juliet, self.romeo, mercutio)
        self.assertEqual([body for _, body in await self.archive(self.romeo)], self.said)

    async def test_private_messages(self):
        mercutio = await self.mercutio_enters()
        for sender, nick, to in ((self.juliet, "romeo", self.romeo),
                                 (self.romeo, "juliet", self.juliet),
                                 (self.romeo, "mercutio", mercutio)):
            line = f"To {nick} alone"
            sender.say(f"{self.room}/{nick}", line)
            self.assertEqual((await to.hears(line)).get("type"), "chat")

    async def test_kick(self):
        mercutio = await self.mercutio_enters()
        await self.moderates("romeo", "role='none'")
        own = await self.sees(self.romeo, "romeo", "unavailable")
        self.assertLessEqual({SELF, KICKED}, codes(own))
        for client in self.juliet, mercutio:
            self.assertEqual(codes(await self.sees(client, "romeo", "unavailable")), {KICKED})
        self.romeo.say(self.room, "I am still here", GROUPCHAT)
        await until(lambda: [one for one in self.romeo.messages if one.get("type") == "error"],
                    "he is told that he is not")
        await self.says(self.juliet, "Good night")
        await self.assert_heard_all(self.juliet, mercutio)
        await self.enters(self.romeo, "romeo")
        self.assertEqual(item(await self.sees(self.juliet, "romeo", count=2))["role"],
                         "participant")

    async def test_they_may_not_make_rooms(self):
        self.romeo.send_presence(pto=f"his-own-{self.room}/romeo")
        presence = self.romeo.make_presence(pto=f"his-own-{self.room}/romeo")
        presence.xml.append(presence.xml.makeelement(f"{{{MUC}}}x", {}))
        presence.send()

        def refusals():
            return [one for one in self.romeo.presences if one.get("type") == "error"
                    and one.find(".//{urn:ietf:params:xml:ns:xmpp-stanzas}not-allowed") is not None]
        await until(refusals, "he is refused")

    async def test_the_end_of_a_session_is_seen(self):
        """Prosody says it to the rooms in which its user was."""
        await self.romeo.log_out()
        gone = await self.sees(self.juliet, "romeo", "unavailable")
        self.assertEqual(codes(gone), set())
        await self.says(self.juliet, "Good night")

    async def test_self_ping(self):
        self.romeo.register_plugin("xep_0199")
        await self.romeo.request("get", PING, to=f"{self.room}/romeo")
        await self.moderates("romeo", "role='none'")
        await self.sees(self.romeo, "romeo", "unavailable")
        with self.assertRaises(IqError) as refused:
            await self.romeo.request("get", PING, to=f"{self.room}/romeo")
        self.assertEqual(refused.exception.condition, "not-acceptable")


class StrangersOfEjabberd(OwnRoomCase):
    @classmethod
    def make_peers(cls, loopback):
        peers = super().make_peers(loopback)
        cls.ejabberd = Ejabberd(cls.directory, loopback, 3, "ejabberd.test")
        # It asks the system for addresses of machines, which does not know ours: a second SRV
        # record, which names an address, is taken as it is. Prosody takes the other.
        for domain in cls.clarion.domains:
            cls.dns.xmpp_domain(domain, cls.clarion.address, cls.clarion.address,
                                cls.clarion.s2s_port)
        return [*peers, cls.ejabberd]

    async def test_three_servers_in_a_room(self):
        juliet = await self.person(self.clarion, "juliet")
        await self.makes_room(juliet, "juliet")
        romeo = await self.person(self.prosody, "romeo")
        benvolio = await self.online(self.ejabberd, await self.account(self.ejabberd, "benvolio"))
        everybody = {"juliet": juliet, "romeo": romeo, "benvolio": benvolio}
        for nick in "romeo", "benvolio":
            await self.enters(everybody[nick], nick)
        for client in everybody.values():
            for nick in everybody:
                await self.sees(client, nick)
        for number in range(3):
            for nick, client in everybody.items():
                await self.says(client, f"{nick} {number}")
        await self.assert_heard_all(*everybody.values())

        await juliet.request("set", (
            f"<query xmlns='{MUC}#admin'><item nick='benvolio' role='none'/></query>"),
            to=self.room)
        for client in everybody.values():
            self.assertIn(KICKED, codes(await self.sees(client, "benvolio", "unavailable")))
        await self.enters(benvolio, "benvolio")
        await self.sees(juliet, "benvolio", count=2)
        await benvolio.log_out()
        self.assertEqual(codes(await self.sees(juliet, "benvolio", "unavailable", 2)), set())


class StrangersServerDies(Strangers):
    @classmethod
    def make_peers(cls, loopback):
        cls.clarion.s2s_options = f"queue_time = {QUEUE_TIME:.0f}\nretry_delay = 1\n"
        return super().make_peers(loopback)

    async def test_who_cannot_be_reached_is_swept(self):
        nurse = await self.person(self.clarion, "nurse")
        await self.enters(nurse, "nurse")
        await self.mercutio_enters()
        self.prosody.kill()
        began = time.monotonic()
        await self.says(self.juliet, "one")
        await self.says(nurse, "two")
        self.assertLess(time.monotonic() - began, QUEUE_TIME / 2, "nobody waits for them")
        for viewer in self.juliet, nurse:
            await self.assert_swept(viewer, "romeo", "mercutio")
        self.assertEqual(await self.occupants(),
                         {self.juliet.boundjid.full, nurse.boundjid.full})
        await self.says(self.juliet, "three")
        await self.assert_heard_all(self.juliet, nurse)
        self.assertEqual([body for _, body in await self.archive(nurse)], self.said)

        await asyncio.to_thread(self.prosody.start)
        await self.romeo.login()
        self.romeo.messages.clear()
        await self.enters(self.romeo, "romeo")
        self.assertEqual(self.heard(self.romeo), self.said, "he is told what he missed")
        await self.says(self.romeo, "four")
        await self.assert_heard_all(self.juliet, nurse, self.romeo)

    async def test_a_server_that_restarts_knows_its_users_no_more(self):
        """It says so of what is sent to them; one comes back, the other does not."""
        mercutio = await self.mercutio_enters()
        await self.prosody.killed_and_restarted()
        await mercutio.login()
        mercutio.messages.clear()
        await self.enters(mercutio, "mercutio")
        await self.says(self.juliet, "Where is he?")
        await self.assert_swept(self.juliet, "romeo")
        await mercutio.hears("Where is he?")
        await self.says(mercutio, "Blind is his love")
        await self.assert_heard_all(self.juliet)
        self.assertEqual(await self.occupants(),
                         {self.juliet.boundjid.full, mercutio.boundjid.full})


class ClarionRestarts(Strangers):
    options = f"[smacks]\nunavailable_grace = {GRACE:.0f}\n"

    async def asleep(self, client):
        await client.settle()
        await client.cut()
        await until(lambda: self.clarion.is_asleep(client.boundjid.full), "it sleeps")

    # --- who sleeps, and who is of another server -------------------------------------------

    async def test_all_are_in_it_after_a_planned_restart(self):
        """Also who was awake, and resumes."""
        async def restart():
            self.assertEqual(await self.clarion.stopped_and_restarted(), 0)
        await self.are_in_it_after(restart)

    async def test_all_are_in_it_after_kill_9(self):
        """Who was awake then can resume nothing; so she sleeps, and that is on the disk."""
        async def kill():
            await self.juliet.acknowledged()
            await self.asleep(self.juliet)
            tablet = await self.client(self.clarion, self.juliet.boundjid.user, "tablet",
                                       stream_management=True)
            await tablet.login()
            tablet.say(self.juliet.boundjid.full, "Sleep well")
            await tablet.acknowledged()
            await self.clarion.killed_and_restarted()
        await self.are_in_it_after(kill)

    async def are_in_it_after(self, restart):
        """The nurse sleeps all the time; two are of the other server."""
        nurse = await self.person(self.clarion, "nurse")
        await self.enters(nurse, "nurse")
        nurse.messages.clear()
        mercutio = await self.mercutio_enters()
        already = len(self.said)
        await self.asleep(nurse)
        await self.says(self.romeo, "one")
        await self.says(self.juliet, "two")

        await restart()

        await self.says(self.romeo, "three")
        await self.says(mercutio, "four")
        await nurse.resume()
        await self.juliet.resume()
        await self.says(self.juliet, "five")
        await self.says(nurse, "six")
        await self.assert_heard_all(self.juliet, self.romeo, mercutio)
        self.assertEqual(self.heard(nurse), self.said[already:], "each once")
        everybody = self.juliet, nurse, self.romeo, mercutio
        self.assertEqual(await self.occupants(), {one.boundjid.full for one in everybody})
        await self.assert_no_goodbye(*everybody)
        self.assertEqual([body for _, body in await self.archive(self.romeo)], self.said)

    # --- who was awake when it was killed ---------------------------------------------------

    async def killed(self):
        await self.juliet.acknowledged()  # later than all that the room was told
        await self.clarion.killed_and_restarted()

    async def test_awake_at_kill_9_and_never_back(self):
        """Her own server tells the room."""
        await self.killed()
        await self.says(self.romeo, "Where is she?")
        await until(lambda: self.of(self.romeo, "juliet", "unavailable"),
                    "she is seen to be gone", 3 * GRACE)
        self.assertEqual(await self.occupants(), {self.romeo.boundjid.full})

    async def test_awake_at_kill_9_and_back_within_the_grace(self):
        await self.killed()
        started = time.monotonic()
        await self.says(self.romeo, "Where is she?")
        await self.juliet.login()
        self.juliet.messages.clear()
        self.juliet.come_online()
        await self.enters(self.juliet, "juliet")
        if time.monotonic() - started > GRACE:
            self.skipTest("this machine is too slow to be back within the grace")
        self.assertEqual(self.heard(self.juliet), self.said)
        await self.says(self.juliet, "It was the lark")
        await self.romeo.hears("It was the lark")
        await stays(lambda: not self.goodbyes(self.romeo), "she is seen to leave",
                    started + GRACE + 1 - time.monotonic())
        await self.says(self.juliet, "No, the nightingale")
        await self.assert_heard_all(self.romeo, self.juliet)

    # --- who left meanwhile -----------------------------------------------------------------

    async def test_who_left_while_the_server_was_down_is_missed(self):
        """Nobody could tell the room; it asks."""
        mercutio = await self.mercutio_enters()
        await self.juliet.settle()
        self.assertEqual(await self.clarion_down_while(self.romeo.log_out), 0)
        await self.says(mercutio, "Romeo! Humours! Madman!")
        await until(lambda: self.of(mercutio, "romeo", "unavailable"), "he is missed", 20)
        await self.juliet.resume()
        await self.says(self.juliet, "Anon")
        await self.assert_heard_all(mercutio, self.juliet)
        self.assertEqual(self.goodbyes(mercutio), {"romeo"})
        self.assertEqual(await self.occupants(),
                         {self.juliet.boundjid.full, mercutio.boundjid.full})

    async def clarion_down_while(self, happens):
        code = await asyncio.to_thread(self.clarion.stop)
        await happens()
        await asyncio.to_thread(self.clarion.start)
        return code


if __name__ == "__main__":
    unittest.main()
