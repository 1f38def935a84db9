"""Phones and rooms on another server.

    juliet's phone --- Clarion --- S2S --- rooms.prosody.test: romeo, and whoever else is there
                           |
                           +------ S2S --- push.prosody.test

Asleep in a room, it is woken for what is said there, in a public room for what is said to her, and is
seen to be there all the time. A member of a room but not in it, it is told as long as no device is awake
(Tigase's muc#offline)."""
import secrets
import time
import unittest

from app_servers import PRIORITY, TigasePush
from clients import FORM, text_of
from federation_case import PUBLISH_OPTIONS, SECRET, FederationCase
from push_decoder import ENCRYPTED, PhoneDecoder
from test_rooms import GROUPCHAT, RoomStories
from waiting import until

MUC = "http://jabber.org/protocol/muc"
OFFLINE_FIELD = "{http://tigase.org/protocol/muc}offline"
MAM = "{urn:xmpp:mam:2}"


class RoomsWakePhones(RoomStories, FederationCase):

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.push = await self.gateway(self.prosody, "push.prosody.test")
        self.node = f"node of {self.phone.boundjid.user}"
        await self.phone.enable_push("push.prosody.test", self.node, PUBLISH_OPTIONS)

    async def assert_pushed(self, count, body="New Message!"):
        publish = await self.push.gets(count, within=10)
        self.assert_correct_publish(publish, node=self.node, body=body)

    async def assert_all_is_well(self):
        await self.phone.resume()
        await self.assert_phone_is_back()
        await self.assert_no_goodbye(time.monotonic())

    async def test_asleep(self):
        await self.phone_falls_asleep()
        await self.romeo_says("one", "two", "three")
        await self.assert_pushed(1)
        await self.assert_nothing_more(self.push, 1)
        await self.assert_all_is_well()
        await self.assert_nothing_more(self.push, 1)

    async def test_asleep_across_kill_9(self):
        await self.phone_falls_asleep()
        await self.romeo_says("one")
        await self.assert_pushed(1)
        await self.clarion_has_stored()
        await self.clarion.killed_and_restarted()
        await self.romeo_says("two")
        # Other accounts may be notified once more, too: after a crash that happens.
        await until(lambda: [one.node for one in self.push.published].count(self.node) > 1,
                    "she is notified again")
        await self.assert_all_is_well()

    async def test_asleep_and_awake_again(self):
        for count, line in enumerate(["one", "two"], 1):
            await self.phone_falls_asleep()
            await self.romeo_says(line)
            await self.assert_pushed(count)
            await self.phone.resume()
            await self.assert_heard_all(self.phone)
        await self.romeo_says("three")
        await self.assert_heard_all(self.phone)
        await self.assert_nothing_more(self.push, 2)
        await self.assert_no_goodbye(time.monotonic())

    async def test_own_line_is_not_important(self):
        """What the phone's owner says from another device, in the same room and under that nick."""
        tablet = await self.online(self.clarion, self.phone.boundjid.user, "tablet")
        await self.join(tablet, "juliet")
        await self.phone_falls_asleep()
        tablet.say(self.room, "It is I", GROUPCHAT)
        await self.romeo.hears("It is I")
        self.said.append("It is I")
        await self.assert_pushed(1, body=None)
        await self.romeo_says("Speak again")
        await self.assert_pushed(2)
        await self.assert_all_is_well()

    async def makes_it_public(self):
        await self.romeo.request("set", (
            f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'>"
            f"<field var='FORM_TYPE'><value>{MUC}#roomconfig</value></field>"
            "<field var='muc#roomconfig_publicroom'><value>1</value></field></x></query>"),
            to=self.room)
        # Once it has heard of that it asks the room, and then it has heard the answer.
        for _ in range(2):
            await self.clarion_has_heard(self.romeo)

    async def test_public_room(self):
        await self.makes_it_public()
        await self.phone_falls_asleep()
        await self.romeo_says("Lady", "by yonder moon")
        await self.assert_nothing_more(self.push, 0)
        await self.romeo_says("Juliet, I vow")
        await self.assert_pushed(1)
        await self.assert_all_is_well()

    async def test_public_room_of_which_she_wants_to_hear_all(self):
        await self.makes_it_public()
        await self.phone.request("set", (
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'>"
            f"<item id='{self.room}'><conference xmlns='urn:xmpp:bookmarks:1'><extensions>"
            "<notify xmlns='urn:xmpp:notification-settings:1'><always/></notify>"
            "</extensions></conference></item></publish></pubsub>"))
        await self.phone_falls_asleep()
        await self.romeo_says("by yonder moon")
        await self.assert_pushed(1)
        await self.assert_all_is_well()

    async def test_subject_and_presence_are_not_important(self):
        await self.phone_falls_asleep()
        self.romeo.send_presence(pto=f"{self.room}/romeo", pshow="away")
        await self.assert_pushed(1, body=None)
        self.romeo.send_message(mto=self.room, msubject="The moon", mtype=GROUPCHAT)
        await self.clarion_has_heard(self.romeo)
        await self.assert_nothing_more(self.push, 1, during=0.5)
        await self.romeo_says("It is the east")
        await self.assert_pushed(2)
        await self.phone.resume()
        await self.assert_heard_all(self.phone)


class RoomsWakeSiskin(RoomStories, FederationCase):
    """With its extensions: encrypted, and only from rooms it names."""

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.push = TigasePush(self.prosody, "push.prosody.test", SECRET,
                               transcript=self.transcript)
        self.addAsyncCleanup(self.push.close)
        await self.push.attach()
        self.app = PhoneDecoder(secrets.token_bytes(16))
        self.node = (await self.phone.run_command("push.prosody.test", "register-device", {
            "provider": "tigase:messenger:apns:1", "device-token": "token"}))["node"][0]

    async def enable(self, allow):
        await self.phone.enable_push("push.prosody.test", self.node, (
            "<groupchat xmlns='tigase:push:filter:groupchat:0'>"
            f"<room jid='{self.room}' {allow}/></groupchat>" + self.app.request))

    async def shown(self, count):
        await self.push.gets(count, within=10)
        self.assertEqual(self.push.answers[count - 1], "result")
        notification = self.push.delivered[count - 1][1]
        self.assertEqual([child.tag for child in notification], [ENCRYPTED])
        return self.app.decode(notification[0])

    async def test_who_said_what_where(self):
        await self.enable("allow='always'")
        await self.phone_falls_asleep()
        await self.romeo_says("By the moon I vow")
        self.assertEqual(await self.shown(1), {
            "unread": 1, "sender": self.room, "type": "groupchat", "nickname": "romeo",
            "message": "By the moon I vow"})
        await self.phone.resume()
        await self.assert_phone_is_back()
        await self.assert_no_goodbye(time.monotonic())

    async def test_only_mentions(self):
        """What is filtered opens no second in which what is not would be held to be covered."""
        await self.enable("allow='mentioned' nick='juliet'")
        await self.phone_falls_asleep()
        await self.romeo_says("Lady", "by yonder moon", "juliet, I vow")
        self.assertEqual((await self.shown(1))["message"], "juliet, I vow")
        await self.assert_nothing_more(self.push, 1)
        await self.phone.resume()
        await self.assert_phone_is_back()


class AbsentMembers(FederationCase):
    """Juliet is a member of a room that tells absent ones, and on none of her devices in it."""

    @classmethod
    def make_peers(cls, loopback):
        peers = super().make_peers(loopback)
        cls.prosody.room_modules.append("muc_absent_members")
        return peers

    async def asyncSetUp(self):
        self.romeo = await self.online(self.prosody, await self.account(self.prosody, "romeo"))
        self.juliet = await self.account(self.clarion, "juliet")
        self.room = f"orchard-of-{self.juliet}@rooms.prosody.test"
        self.phone = await self.device("phone")
        await self.enter(self.romeo, "romeo")
        await self.romeo.request("set", (
            f"<query xmlns='{MUC}#admin'><item affiliation='member'"
            f" jid='{self.phone.boundjid.bare}'/></query>"), to=self.room)
        await self.register(self.phone)

    async def device(self, resource):
        return await self.online(self.clarion, self.juliet, resource, stream_management=True)

    async def enter(self, client, nick):
        presence = client.make_presence(pto=f"{self.room}/{nick}")
        presence.xml.append(presence.xml.makeelement(f"{{{MUC}}}x", {}))
        presence.send()
        await client.sees_presence(self.room)

    async def register(self, client):
        """As Siskin does it: the room says that it can, and is asked for it with a nick."""
        disco = await client.request(
            "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=self.room)
        features = [one.get("var") for one in disco[0] if one.tag.endswith("feature")]
        self.assertIn("http://tigase.org/protocol/muc#offline", features)
        form = await client.request("get", "<query xmlns='jabber:iq:register'/>", to=self.room)
        self.assertIn(OFFLINE_FIELD, [one.get("var") for one in form.iter(f"{FORM}field")])
        fields = {"FORM_TYPE": f"{MUC}#register", "muc#register_roomnick": "juliet",
                  OFFLINE_FIELD: "1"}
        await client.request("set", (
            "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>"
            + "".join(f"<field var='{var}'><value>{value}</value></field>"
                      for var, value in fields.items()) + "</x></query>"), to=self.room)

    async def romeo_says(self, line):
        """In the room; Clarion has dealt with it, and Prosody with what it sent back."""
        self.romeo.say(self.room, line, GROUPCHAT)
        await self.romeo.hears(line)
        await self.romeo.request("get", "<ping xmlns='urn:xmpp:ping'/>", to="clarion.test")
        self.assertIn(f"told the absent {self.phone.boundjid.bare}", self.prosody_log())

    def prosody_log(self):
        return self.prosody.log.read_text(errors="replace")

    def assert_returned(self, expected):
        returned = f"returned by {self.phone.boundjid.bare}" in self.prosody_log()
        self.assertEqual(returned, expected, "whether the room got it back")

    async def messages_of(self, client):
        """Bodies it was sent or can find in its archive."""
        await client.request("set", "<query xmlns='urn:xmpp:mam:2'/>")
        await client.settle()
        return [body.text for message in client.messages
                for body in message.iter("{jabber:client}body")]

    async def test_everybody_is_told_and_nothing_is_kept(self):
        push = await self.gateway(self.prosody, "push.prosody.test")
        tablet = await self.device("tablet")
        for client in self.phone, tablet:
            await client.enable_push("push.prosody.test", client.boundjid.resource, PUBLISH_OPTIONS)
        for client in self.phone, tablet:
            await client.log_out()
        await self.romeo_says("He jests at scars")
        await push.gets(2, within=10)
        self.assertEqual({one.node for one in push.published}, {"phone", "tablet"})
        for publish in push.published:
            self.assert_correct_publish(publish, node=publish.node)
        self.assert_returned(False)
        self.assertEqual(await self.messages_of(await self.device("phone")), [])
        await self.assert_nothing_more(push, 2)

    async def test_asleep_and_not_in_the_room(self):
        push = await self.gateway(self.prosody, "push.prosody.test")
        await self.phone.enable_push("push.prosody.test", "phone", PUBLISH_OPTIONS)
        await self.phone.settle()
        await self.phone.cut()
        await until(lambda: self.clarion.is_asleep(self.phone.boundjid.full), "she sleeps")
        await self.romeo_says("That never felt a wound")
        self.assert_correct_publish(await push.gets(1, within=10), node="phone")
        self.assert_returned(False)
        await self.phone.resume()
        self.assertEqual(await self.messages_of(self.phone), [])
        await self.assert_nothing_more(push, 1)

    async def test_awake_elsewhere(self):
        """Who is there can enter the room: that is what the room is told (RFC 6121, 8.5.2.1.1)."""
        push = await self.gateway(self.prosody, "push.prosody.test")
        await self.phone.enable_push("push.prosody.test", "phone", PUBLISH_OPTIONS)
        await self.phone.settle()
        await self.romeo_says("But soft")
        self.assert_returned(True)
        self.assertEqual(await self.messages_of(self.phone), [])
        await self.assert_nothing_more(push, 0)

    async def test_app_reads_who_said_what_where(self):
        """With the extensions Siskin asks for, the room listed or not."""
        push = TigasePush(self.prosody, "push.prosody.test", SECRET, transcript=self.transcript)
        self.addAsyncCleanup(push.close)
        await push.attach()
        decoder = PhoneDecoder(secrets.token_bytes(16))
        node = (await self.phone.run_command("push.prosody.test", "register-device", {
            "provider": "tigase:messenger:apns:1", "device-token": "token"}))["node"][0]

        async def log_out_hearing(rooms):
            phone = await self.device("phone")
            await phone.enable_push("push.prosody.test", node, (
                "<groupchat xmlns='tigase:push:filter:groupchat:0'>" + rooms + "</groupchat>"
                "<priority xmlns='tigase:push:priority:0'/>" + decoder.request))
            await phone.log_out()
        await self.phone.log_out()

        await log_out_hearing(f"<room jid='{self.room}' allow='always'/>")
        await self.romeo_says("What light")
        await push.gets(1, within=10)
        self.assertEqual(push.answers, ["result"])
        (_, notification), = push.delivered
        self.assertEqual(decoder.decode(notification.find(ENCRYPTED)), {
            "unread": 1, "sender": self.room, "type": "groupchat", "nickname": "romeo",
            "message": "What light"})
        self.assertEqual(text_of(notification, PRIORITY), "high")

        await log_out_hearing(f"<room jid='{self.room}' allow='mentioned' nick='juliet'/>")
        await self.romeo_says("Through yonder window")
        await self.romeo_says("It is the east, and juliet is the sun")
        await push.gets(2, within=10)
        self.assertEqual(decoder.decode(push.delivered[1][1].find(ENCRYPTED))["message"],
                         "It is the east, and juliet is the sun")

        await log_out_hearing("")
        await self.romeo_says("juliet?")
        await self.assert_nothing_more(push, 2, during=1)
        self.assert_returned(False)


if __name__ == "__main__":
    unittest.main()
