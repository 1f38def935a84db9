"""Nicknames, moods and avatars (XEP-0163 and what is built on it): who hears of them, here and on
the other server, and who does not.

    juliet's devices --- Clarion --- S2S --- Prosody (mod_pep) --- romeo
"""
import unittest

from slixmpp.exceptions import IqError

from event_client import AVATAR_METADATA, MOOD, NICK, EventClient, Told
from federation_case import PASSWORD, FederationCase
from waiting import until

PICTURE = bytes(range(256)) * 40  # no server looks whether it is one


class Befriending:
    async def befriend(self, one, other):
        """Both see the presence of each other, and what the other can do is known."""
        await self.lets_see_presence(one, other)
        await self.lets_see_presence(other, one)

    async def lets_see_presence(self, star, fan):
        star_jid, fan_jid = star.boundjid.bare, fan.boundjid.bare
        fan.send_presence(pto=star_jid, ptype="subscribe")
        await star.sees_presence(fan_jid, "subscribe")
        star.send_presence(pto=fan_jid, ptype="subscribed")
        await fan.sees_presence(star_jid, "subscribed")
        await fan.sees_presence(star_jid)


class EventCase(Befriending, FederationCase):
    client_kind = EventClient

    async def nothing_more_is_on_its_way(self, speaker, listener):
        """What the speaker's server had sent the listener before has come."""
        mark = f"mark {next(self._numbers)}"
        speaker.say(listener.boundjid.full, mark)
        await listener.hears(mark)

    async def is_told_only(self, listener, speaker, *expected):
        """All that it ever was told by the speaker, as (node, what)."""
        await self.nothing_more_is_on_its_way(speaker, listener)
        self.assertEqual([(one.node, one.what) for one in listener.told_of(speaker.boundjid.bare)],
                         list(expected))

    def publish_options(self, client, **values):
        """XEP-0060, 7.1.5"""
        form = client.plugin["xep_0004"].make_form(ftype="submit")
        form.add_field(var="FORM_TYPE", ftype="hidden",
                       value="http://jabber.org/protocol/pubsub#publish-options")
        for name, value in values.items():
            form.add_field(var=f"pubsub#{name}", value=value)
        return form

    async def comes_back(self, client):
        client.told.clear()
        client.presences.clear()
        await client.login()
        await client.request("get", "<query xmlns='jabber:iq:roster'/>")
        client.come_online()
        await client.settle()


class PersonalEvents(EventCase):
    """Among accounts of Clarion."""

    @classmethod
    def make_peers(cls, loopback):
        return []

    async def asyncSetUp(self):
        self.juliet = await self.online(self.clarion, await self.account(self.clarion, "juliet"))
        self.romeo = await self.online(self.clarion, await self.account(self.clarion, "romeo"))
        self.juliet_jid = self.juliet.boundjid.bare

    async def own_device(self, resource, **options):
        return await self.online(self.clarion, self.juliet.boundjid.user, resource, **options)

    async def test_all_own_devices_hear(self):
        tablet = await self.own_device("tablet")
        await self.juliet.has_nick("Jule")
        for device in self.juliet, tablet:
            self.assertEqual(await device.is_told(self.juliet_jid, NICK, "Jule"),
                             Told(self.juliet_jid, NICK, "Jule", delayed=False))
            await self.is_told_only(device, self.romeo)
            await self.is_told_only(device, self.juliet, (NICK, "Jule"))

    async def test_contact_hears_and_stranger_does_not(self):
        paris = await self.online(self.clarion, await self.account(self.clarion, "paris"))
        await self.befriend(self.juliet, self.romeo)
        await self.juliet.has_mood("in_love")
        await self.romeo.is_told(self.juliet_jid, MOOD, "in_love")
        await self.is_told_only(self.romeo, self.juliet, (MOOD, "in_love"))
        await self.is_told_only(paris, self.juliet)

    async def test_who_logs_in_later_gets_what_is_last(self):
        await self.befriend(self.juliet, self.romeo)
        await self.romeo.log_out()
        await self.juliet.has_nick("Jule")
        await self.juliet.has_nick("Juliet")
        await self.juliet.has_mood("worried")
        tablet = await self.own_device("tablet")
        await self.comes_back(self.romeo)
        for device in tablet, self.romeo:
            for node, what in (NICK, "Juliet"), (MOOD, "worried"):
                self.assertTrue((await device.is_told(self.juliet_jid, node, what)).delayed)
            await self.nothing_more_is_on_its_way(self.juliet, device)
            self.assertEqual(len(device.told_of(self.juliet_jid)), 2, device.told)

    async def test_avatar_is_seen_and_fetched(self):
        await self.befriend(self.juliet, self.romeo)
        id = await self.juliet.has_avatar(PICTURE)
        await self.romeo.is_told(self.juliet_jid, AVATAR_METADATA, id)
        self.assertEqual(await self.romeo.avatar_of(self.juliet_jid, id), PICTURE)
        await self.juliet["xep_0084"].stop()
        await self.romeo.is_told(self.juliet_jid, AVATAR_METADATA, None)

    async def test_what_is_retracted_purged_and_deleted(self):
        await self.befriend(self.juliet, self.romeo)
        await self.juliet.has_nick("Jule")
        pubsub = self.juliet["xep_0060"]
        await pubsub.retract(None, NICK, "current", notify=True)
        await self.romeo.is_told(self.juliet_jid, NICK, None, kind="retract")
        await self.juliet.has_nick("Jule")
        await pubsub.purge(None, NICK)
        await self.romeo.is_told(self.juliet_jid, NICK, None, kind="purge")
        await pubsub.delete_node(None, NICK)
        await self.romeo.is_told(self.juliet_jid, NICK, None, kind="delete")

    async def test_what_only_the_owner_may_read_is_not_seen_by_contacts(self):
        await self.befriend(self.juliet, self.romeo)
        tablet = await self.own_device("tablet")
        await self.juliet.has_mood(
            "sad", options=self.publish_options(self.juliet, access_model="whitelist"))
        await tablet.is_told(self.juliet_jid, MOOD, "sad")
        await self.is_told_only(self.romeo, self.juliet)
        with self.assertRaises(IqError) as caught:
            await self.romeo["xep_0060"].get_items(self.juliet_jid, MOOD)
        self.assertEqual(caught.exception.condition, "item-not-found")

    async def test_blocked_contact_does_not_hear(self):
        await self.befriend(self.juliet, self.romeo)
        await self.juliet["xep_0191"].block(self.romeo.boundjid.bare)
        await self.juliet.has_nick("Jule")
        await self.juliet["xep_0191"].unblock(self.romeo.boundjid.bare)
        await self.juliet.has_mood("relieved")
        await self.romeo.is_told(self.juliet_jid, MOOD, "relieved")
        self.assertNotIn("Jule", [one.what for one in self.romeo.told if not one.delayed])

    async def test_who_is_no_contact_any_more_does_not_hear(self):
        await self.befriend(self.juliet, self.romeo)
        self.juliet.send_presence(pto=self.romeo.boundjid.bare, ptype="unsubscribed")
        await self.romeo.sees_presence(self.juliet_jid, "unsubscribed")
        await self.juliet.has_nick("Jule")
        await self.is_told_only(self.romeo, self.juliet)

    async def test_sleeping_device_hears_once_when_it_resumes(self):
        phone = await self.own_device("phone", stream_management=True)
        await phone.cut()
        await until(lambda: self.clarion.is_asleep(phone.boundjid.full), "the server notices it")
        await self.juliet.has_nick("Jule")
        await phone.resume()
        await phone.is_told(self.juliet_jid, NICK, "Jule")
        await self.is_told_only(phone, self.juliet, (NICK, "Jule"))

    async def test_what_was_answered_outlives_kill_9(self):
        await self.befriend(self.juliet, self.romeo)
        id = await self.juliet.has_avatar(PICTURE)
        await self.juliet.has_nick("Jule")
        await self.clarion.killed_and_restarted()
        for client in self.juliet, self.romeo:
            await self.comes_back(client)
            for node, what in (NICK, "Jule"), (AVATAR_METADATA, id):
                await client.is_told(self.juliet_jid, node, what)
        self.assertEqual(await self.romeo.avatar_of(self.juliet_jid, id), PICTURE)
        await self.juliet.has_mood("happy")
        await self.romeo.is_told(self.juliet_jid, MOOD, "happy")


class PersonalEventsAcrossServers:
    """`star` publishes, `fan` hears: one of them is of Clarion and the other of Prosody."""

    async def asyncSetUp(self):
        here = await self.account(self.clarion, "juliet")
        there = await self.account(self.prosody, "romeo")
        homes = [(self.clarion, here), (self.prosody, there)]
        if self.star_is_remote:
            homes.reverse()
        (star_home, star), (fan_home, fan) = homes
        self.star = await self.online(star_home, star)
        self.fan = await self.online(fan_home, fan)
        self.star_jid, self.fan_jid = self.star.boundjid.bare, self.fan.boundjid.bare

    async def test_contact_hears(self):
        await self.befriend(self.star, self.fan)
        await self.star.has_nick("Jule")
        await self.star.has_mood("in_love")
        await self.fan.is_told(self.star_jid, NICK, "Jule")
        await self.fan.is_told(self.star_jid, MOOD, "in_love")
        await self.is_told_only(self.fan, self.star, (NICK, "Jule"), (MOOD, "in_love"))

    async def test_avatar_is_seen_and_fetched(self):
        await self.befriend(self.star, self.fan)
        id = await self.star.has_avatar(PICTURE)
        await self.fan.is_told(self.star_jid, AVATAR_METADATA, id)
        self.assertEqual(await self.fan.avatar_of(self.star_jid, id), PICTURE)

    async def test_who_becomes_a_contact_gets_what_is_last(self):
        await self.star.has_nick("Jule")
        await self.befriend(self.star, self.fan)
        await self.fan.is_told(self.star_jid, NICK, "Jule")

    async def test_contact_that_was_away_gets_what_is_last(self):
        await self.befriend(self.star, self.fan)
        await self.fan.log_out()
        await self.star.sees_presence(self.fan_jid, "unavailable")
        await self.star.has_nick("Jule")
        await self.star.has_nick("Juliet")
        await self.comes_back(self.fan)
        await self.fan.is_told(self.star_jid, NICK, "Juliet")
        await self.is_told_only(self.fan, self.star, (NICK, "Juliet"))

    async def test_contact_hears_of_who_was_away(self):
        await self.befriend(self.star, self.fan)
        await self.star.log_out()
        await self.fan.sees_presence(self.star_jid, "unavailable")
        await self.comes_back(self.star)
        await self.star.has_nick("Jule")
        await self.fan.is_told(self.star_jid, NICK, "Jule")

    async def test_stranger_does_not_hear(self):
        await self.star.has_nick("Jule")
        await self.is_told_only(self.fan, self.star)

    async def test_who_is_no_contact_any_more_does_not_hear(self):
        await self.befriend(self.star, self.fan)
        self.star.send_presence(pto=self.fan_jid, ptype="unsubscribed")
        await self.fan.sees_presence(self.star_jid, "unsubscribed")
        await self.star.has_nick("Jule")
        await self.is_told_only(self.fan, self.star)

    async def test_who_blocks_does_not_hear(self):
        await self.befriend(self.star, self.fan)
        await self.fan["xep_0191"].block(self.star_jid)
        await self.star.has_nick("Jule")
        await self.star.request("get", "<ping xmlns='urn:xmpp:ping'/>",
                                to=self.fan.boundjid.domain)
        await self.fan.settle()
        self.assertEqual(self.fan.told_of(self.star_jid), [])
        await self.fan["xep_0191"].unblock(self.star_jid)
        await self.star.has_mood("relieved")
        await self.fan.is_told(self.star_jid, MOOD, "relieved")

    async def test_stranger_subscribes_to_a_node(self):
        """XEP-0060, 6.1: what is open may be heard without presence."""
        await self.star.has_nick(
            "Jule", options=self.publish_options(self.star, access_model="open"))
        answer = await self.fan["xep_0060"].subscribe(self.star_jid, NICK)
        self.assertEqual(answer["pubsub"]["subscription"]["subscription"], "subscribed")
        await self.star.has_nick("Juliet")
        await self.fan.is_told(self.star_jid, NICK, "Juliet")
        await self.fan["xep_0060"].unsubscribe(self.star_jid, NICK)
        await self.star.has_nick("Nobody")
        await self.nothing_more_is_on_its_way(self.star, self.fan)
        self.assertEqual([one for one in self.fan.told if one.what == "Nobody"], [])

    async def server_is_killed(self, server):
        await self.befriend(self.star, self.fan)
        await self.star.has_nick("Jule")
        await self.fan.is_told(self.star_jid, NICK, "Jule")
        ours, theirs = self.star, self.fan
        if ours.boundjid.domain != server.domain:
            ours, theirs = theirs, ours
        await server.killed_and_restarted()
        theirs.presences.clear()
        await self.comes_back(ours)
        await ours.sees_presence(theirs.boundjid.bare)
        await theirs.sees_presence(ours.boundjid.bare)

    async def test_clarion_is_killed(self):
        await self.server_is_killed(self.clarion)
        await self.star.has_nick("Juliet")
        await self.fan.is_told(self.star_jid, NICK, "Juliet")

    async def test_prosody_is_killed(self):
        await self.server_is_killed(self.prosody)
        # mod_pep does not look at answers to probes: it has yet to learn what who was there can do.
        self.fan.come_online()
        await self.star.has_nick("Juliet")
        await self.fan.is_told(self.star_jid, NICK, "Juliet")


class EventsToProsody(PersonalEventsAcrossServers, EventCase):
    star_is_remote = False

    async def test_blocked_contact_does_not_hear(self):
        """mod_pep does notify those whom its user has blocked: so this is asked of Clarion alone."""
        await self.befriend(self.star, self.fan)
        await self.star["xep_0191"].block(self.fan_jid)
        await self.star.has_nick("Jule")
        await self.star["xep_0191"].unblock(self.fan_jid)
        await self.star.has_mood("relieved")
        await self.fan.is_told(self.star_jid, MOOD, "relieved")
        self.assertNotIn("Jule", [one.what for one in self.fan.told if not one.delayed])


class EventsFromProsody(PersonalEventsAcrossServers, EventCase):
    star_is_remote = True


if __name__ == "__main__":
    unittest.main()
