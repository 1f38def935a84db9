"""Phones and rooms on their own server, with the push gateway at the other one.

    juliet's phone, romeo --- Clarion, rooms.clarion.test --- S2S --- push.prosody.test

Asleep in a room, the phone is woken by what is said there, in a public room by what is said to her. A member of a room but not in it, it is told
if it has registered for that (Tigase's muc#offline)."""
import secrets
import unittest

from app_servers import TigasePush
from clients import FORM
from federation_case import PUBLISH_OPTIONS, SECRET
from push_decoder import ENCRYPTED, PhoneDecoder
from room_case import MUC, OwnRoomCase
from waiting import until

OFFLINE_FIELD = "{http://tigase.org/protocol/muc}offline"
OFFLINE_FEATURE = "http://tigase.org/protocol/muc#offline"


class OwnPushCase(OwnRoomCase):
    """Romeo has made the room; juliet has a phone, and a gateway for it."""

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.romeo = await self.person(self.clarion, "romeo")
        await self.makes_room(self.romeo, "romeo", publicroom=0)
        self.juliet = await self.account(self.clarion, "juliet")
        self.node = f"node of {self.juliet}"
        self.phone = await self.device("phone")

    async def device(self, resource):
        return await self.online(self.clarion, self.juliet, resource, stream_management=True)

    async def has_gateway(self):
        self.push = await self.gateway(self.prosody, "push.prosody.test")
        await self.phone.enable_push("push.prosody.test", self.node, PUBLISH_OPTIONS)

    async def falls_asleep(self):
        await self.phone.settle()
        await self.phone.cut()
        await until(lambda: self.clarion.is_asleep(self.phone.boundjid.full), "she sleeps")

    async def assert_pushed(self, count, body="New Message!"):
        publish = await self.push.gets(count, within=10)
        self.assert_correct_publish(publish, node=self.node, body=body)


class OwnRoomsWakePhones(OwnPushCase):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        await self.has_gateway()
        await self.enters(self.phone, "juliet")
        await self.sees(self.romeo, "juliet")

    async def assert_is_back(self):
        await self.phone.resume()
        await self.assert_heard_all(self.phone)
        await self.says(self.phone, "It was the lark")
        await self.romeo.hears("It was the lark")
        await self.assert_no_goodbye(self.romeo)

    async def test_asleep(self):
        await self.falls_asleep()
        await self.says(self.romeo, "one", "two", "three")
        await self.assert_pushed(1)
        await self.assert_nothing_more(self.push, 1)
        await self.assert_is_back()
        await self.assert_nothing_more(self.push, 1)

    async def test_asleep_across_kill_9(self):
        await self.falls_asleep()
        await self.says(self.romeo, "one")
        await self.assert_pushed(1)
        await self.romeo.acknowledged()
        await self.clarion.killed_and_restarted()
        await self.romeo.login()
        self.romeo.messages.clear()
        await self.enters(self.romeo, "romeo")
        await self.says(self.romeo, "two")
        await until(lambda: len(self.push.published) > 1, "she is notified again")
        await self.assert_is_back()

    async def test_asleep_and_awake_again(self):
        for count, line in enumerate(["one", "two"], 1):
            await self.falls_asleep()
            await self.says(self.romeo, line)
            await self.assert_pushed(count)
            await self.phone.resume()
            await self.assert_heard_all(self.phone)
        await self.says(self.romeo, "three")
        await self.assert_heard_all(self.phone)
        await self.assert_nothing_more(self.push, 2)
        await self.assert_no_goodbye(self.romeo)

    async def test_public_room(self):
        await self.configures(self.romeo, publicroom=1)
        await self.romeo.settle()
        await self.falls_asleep()
        await self.says(self.romeo, "Lady", "by yonder moon")
        await self.assert_nothing_more(self.push, 0)
        await self.says(self.romeo, "Juliet, I vow")
        await self.assert_pushed(1)
        await self.assert_is_back()

    async def test_presence_is_not_important(self):
        await self.falls_asleep()
        self.romeo.send_presence(pto=f"{self.room}/romeo", pshow="away")
        await self.assert_pushed(1, body=None)
        await self.says(self.romeo, "It is the east")
        await self.assert_pushed(2)
        await self.assert_is_back()

    async def test_private_message(self):
        await self.falls_asleep()
        self.romeo.say(f"{self.room}/juliet", "With love's light wings")
        await self.assert_pushed(1)
        await self.phone.resume()
        await self.phone.hears("With love's light wings")
        await self.assert_nothing_more(self.push, 1)
        self.assertEqual(len(self.phone.with_body("With love's light wings")), 1)


class AbsentMembersOfOwnRooms(OwnPushCase):
    async def registers(self, offline="1"):
        """As Siskin does it: the room says that it can, and is asked for it with a nick."""
        disco = await self.phone.request(
            "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=self.room)
        features = [one.get("var") for one in disco[0] if one.tag.endswith("feature")]
        self.assertIn(OFFLINE_FEATURE, features)
        form = await self.phone.request("get", "<query xmlns='jabber:iq:register'/>", to=self.room)
        self.assertIn(OFFLINE_FIELD, [one.get("var") for one in form.iter(f"{FORM}field")])
        fields = {"FORM_TYPE": f"{MUC}#register", "muc#register_roomnick": "juliet",
                  OFFLINE_FIELD: offline}
        await self.phone.request("set", (
            "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>"
            + "".join(f"<field var='{var}'><value>{value}</value></field>"
                      for var, value in fields.items()) + "</x></query>"), to=self.room)

    async def messages_of(self, client):
        """Bodies it was sent or can find in its archive."""
        await client.request("set", "<query xmlns='urn:xmpp:mam:2'/>")
        await client.settle()
        return [body.text for message in client.messages
                for body in message.iter("{jabber:client}body")]

    async def test_told_while_away_and_nothing_is_kept(self):
        await self.has_gateway()
        await self.registers()
        await self.phone.log_out()
        await self.says(self.romeo, "He jests at scars")
        await self.assert_pushed(1)
        await self.assert_nothing_more(self.push, 1)
        phone = await self.device("phone")
        self.assertEqual(await self.messages_of(phone), [], "the room has it")
        self.assertEqual([body for _, body in await self.archive(phone)], self.said)
        await self.enters(phone, "juliet")
        await self.assert_heard_all(phone)
        self.assertEqual([one for one in self.romeo.messages if one.get("type") == "error"], [])

    async def test_asleep_and_not_in_the_room(self):
        await self.has_gateway()
        await self.registers()
        await self.falls_asleep()
        await self.says(self.romeo, "That never felt a wound")
        await self.assert_pushed(1)
        await self.phone.resume()
        self.assertEqual(await self.messages_of(self.phone), [])
        await self.assert_nothing_more(self.push, 1)

    async def test_told_after_kill_9(self):
        await self.has_gateway()
        await self.registers()
        await self.phone.log_out()
        await self.romeo.acknowledged()
        await self.clarion.killed_and_restarted()
        await self.romeo.login()
        await self.enters(self.romeo, "romeo")
        await self.says(self.romeo, "But soft")
        await self.assert_pushed(1)

    async def test_in_the_room_with_another_device(self):
        """Who is in the room hears it there."""
        await self.has_gateway()
        await self.registers()
        tablet = await self.device("tablet")
        await self.enters(tablet, "juliet")
        await self.phone.log_out()
        await self.says(self.romeo, "What light")
        await self.assert_heard_all(tablet)
        await self.assert_nothing_more(self.push, 0)

    async def test_who_did_not_want_it_is_not_told(self):
        await self.has_gateway()
        await self.registers(offline="0")
        await self.phone.log_out()
        await self.says(self.romeo, "Arise, fair sun")
        await self.assert_nothing_more(self.push, 0)

    async def test_app_reads_who_said_what_where(self):
        """With the extensions Siskin asks for."""
        push = TigasePush(self.prosody, "push.prosody.test", SECRET, transcript=self.transcript)
        self.addAsyncCleanup(push.close)
        await push.attach()
        decoder = PhoneDecoder(secrets.token_bytes(16))
        node = (await self.phone.run_command("push.prosody.test", "register-device", {
            "provider": "tigase:messenger:apns:1", "device-token": "token"}))["node"][0]
        await self.phone.enable_push("push.prosody.test", node, (
            "<groupchat xmlns='tigase:push:filter:groupchat:0'>"
            f"<room jid='{self.room}' allow='always'/></groupchat>" + decoder.request))
        await self.registers()
        await self.phone.log_out()
        await self.says(self.romeo, "What light")
        await push.gets(1, within=10)
        self.assertEqual(push.answers, ["result"])
        (_, notification), = push.delivered
        self.assertEqual(decoder.decode(notification.find(ENCRYPTED)), {
            "unread": 1, "sender": self.room, "type": "groupchat", "nickname": "romeo",
            "message": "What light"})


if __name__ == "__main__":
    unittest.main()
