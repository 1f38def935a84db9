"""What Gajim's windows change is seen by others, whichever form of it they know: avatars, bookmarks,
and keys of OMEMO. Two of them, each on a screen that nobody sees; see test_desktop_clients.py.

    desk, laptop (Gajim), phone (slixmpp): juliet --- Clarion --- romeo (Gajim, slixmpp)
                                                         |
                                                         +--- S2S --- Prosody, with rooms
"""
import base64
import hashlib
import unittest

from slixmpp.exceptions import IqError

from event_client import AVATAR_METADATA, NICK
from test_desktop_clients import picture
from waiting import until
from windows_case import ROOM, WindowsCase

# What Gajim shows for a message of the archive that was sent before the device was there.
NOT_FOR_IT = "This message was encrypted with OMEMO, but not for your device."
VCARD = "{vcard-temp}"
VCARD_UPDATE = "{vcard-temp:x:update}"
BOOKMARKS = "{urn:xmpp:bookmarks:1}"
STORAGE = "{storage:bookmarks}"


class GajimWindows(WindowsCase):
    # --- avatars ----------------------------------------------------------------------------

    async def photo_in_vcard(self, client, owner):
        """The hash of what clients of old fetch (XEP-0054), or None."""
        try:
            answer = await client.request("get", "<vCard xmlns='vcard-temp'/>", to=owner)
        except IqError as error:  # there is no vCard at all
            self.assertEqual(error.condition, "service-unavailable")
            return None
        photo = answer.find(f"{VCARD}vCard/{VCARD}PHOTO/{VCARD}BINVAL")
        return hashlib.sha1(base64.b64decode(photo.text)).hexdigest() if photo is not None else None

    async def sees_photo_hash(self, client, sender, id):
        """In the presence of one of its devices (XEP-0153); an empty one: it has no photo."""
        def seen():
            return [one.findtext(f"{VCARD_UPDATE}x/{VCARD_UPDATE}photo")
                    for one in client.presences if one.get("from").split("/")[0] == sender]
        await until(lambda: seen()[-1:] == [id], lambda: f"photo {id!r} of {sender}: {seen()}", 20)

    async def test_avatar_and_nickname(self):
        juliet, romeo = await self.phone(self.juliet), await self.phone(self.romeo)
        await self.befriend(juliet, romeo)
        desk = await self.gajim(self.juliet, "desk")
        other = await self.gajim(self.romeo, "other")
        await desk.changes_profile(picture(200, 30, 30), "Jule")

        for phone in juliet, romeo:
            await phone.is_told(self.juliet_jid, NICK, "Jule")
            await until(lambda: phone.told_of(self.juliet_jid, AVATAR_METADATA), "an avatar", 20)
        id = romeo.told_of(self.juliet_jid, AVATAR_METADATA)[-1].what
        data = await romeo.avatar_of(self.juliet_jid, id)
        self.assertEqual(hashlib.sha1(data).hexdigest(), id)
        self.assertEqual(await self.photo_in_vcard(romeo, self.juliet_jid), id)
        await self.sees_photo_hash(romeo, self.juliet_jid, id)
        await other.answers(id, "avatar_of", jid=self.juliet_jid)
        await other.answers("Jule", "name_of", jid=self.juliet_jid)
        await desk.answers(id, "avatar_of", jid=self.juliet_jid)

        await other.does("open_chat", jid=self.juliet_jid)
        await desk.says(self.romeo_jid, "Art thou not Romeo?")
        await self.hears_once(other, "Art thou not Romeo?")
        await self.keep_what_is_shown("avatar")

        # Somewhat later it asks for the photo that presence told of: not when there is none any more.
        await self.grows_quiet()
        await desk.does("remove_avatar")
        for phone in juliet, romeo:
            await phone.is_told(self.juliet_jid, AVATAR_METADATA, None)
        await self.sees_photo_hash(romeo, self.juliet_jid, "")
        self.assertIsNone(await self.photo_in_vcard(romeo, self.juliet_jid))
        await other.answers(None, "avatar_of", jid=self.juliet_jid)

    # --- bookmarks --------------------------------------------------------------------------

    async def items(self, phone):
        """XEP-0402: of each room its name, nick and whether it is joined by itself."""
        answer = await phone.request("get", (
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
            "<items node='urn:xmpp:bookmarks:1'/></pubsub>"))
        return {item.get("id"): (one.get("name"), one.findtext(f"{BOOKMARKS}nick"),
                                 one.get("autojoin", "false") in ("true", "1"))
                for item in answer.iter("{http://jabber.org/protocol/pubsub}item")
                for one in item.iter(f"{BOOKMARKS}conference")}

    @staticmethod
    def listed(answer):
        return {one.get("jid"): (one.get("name"), one.findtext(f"{STORAGE}nick"),
                                 one.get("autojoin", "false") in ("true", "1"))
                for one in answer.iter(f"{STORAGE}conference")}

    async def list_in_node(self, phone):
        """XEP-0048, section 4."""
        return self.listed(await phone.request("get", (
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
            "<items node='storage:bookmarks'/></pubsub>")))

    async def list_in_private_xml(self, phone):
        """XEP-0049"""
        return self.listed(await phone.request("get", (
            "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>")))

    async def has_bookmarks(self, phone, expected):
        """In all forms."""
        for form in self.items, self.list_in_node, self.list_in_private_xml:
            seen = None

            async def look():
                nonlocal seen
                seen = await form(phone)
                return seen == expected
            await until(look, lambda: f"{form.__name__}: {expected}, is {seen}", 20)

    async def test_bookmarks(self):
        romeo, phone = await self.phone(self.romeo), await self.phone(self.juliet)
        await self.opens_room(romeo, ROOM)
        desk = await self.gajim(self.juliet, "desk")
        laptop = await self.gajim(self.juliet, "laptop")
        await desk.does("join", room=ROOM, nick="Jule")
        await desk.answers(True, "is_in", room=ROOM)
        await self.has_bookmarks(phone, {ROOM: (None, "Jule", True)})
        kept = {"name": None, "nick": "Jule", "autojoin": True}
        await laptop.answers({ROOM: kept}, "bookmarks")
        await laptop.answers(True, "is_in", room=ROOM, within=40)  # it follows after 10 s

        await laptop.does("bookmark", room=ROOM, name="The balcony", autojoin=False)
        await self.has_bookmarks(phone, {ROOM: ("The balcony", "Jule", False)})
        kept = {"name": "The balcony", "nick": "Jule", "autojoin": False}
        await desk.answers({ROOM: kept}, "bookmarks")

        await phone.request("set", (
            "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'>"
            f"<conference jid='{ROOM}' name='The balcony'><nick>Jule</nick></conference>"
            "<conference jid='tomb@rooms.prosody.test' name='The tomb'/></storage></query>"))
        both = {ROOM: kept, "tomb@rooms.prosody.test": {
            "name": "The tomb", "nick": None, "autojoin": False}}
        for window in desk, laptop:
            await window.answers(both, "bookmarks")
        await desk.does("unbookmark", room=ROOM)
        await self.has_bookmarks(phone, {"tomb@rooms.prosody.test": ("The tomb", None, False)})
        await laptop.answers({"tomb@rooms.prosody.test": both["tomb@rooms.prosody.test"]},
                             "bookmarks")

    # --- OMEMO ------------------------------------------------------------------------------

    async def test_omemo_between_two(self):
        await self.are_friends()
        desk = await self.gajim(self.juliet, "desk")
        other = await self.gajim(self.romeo, "other")
        await desk.can_encrypt_for(self.romeo_jid, 1)
        await other.can_encrypt_for(self.juliet_jid, 1)
        await desk.says_encrypted(self.romeo_jid, "O Romeo")
        await self.hears_encrypted(other, "O Romeo")
        await other.says_encrypted(self.juliet_jid, "Shall I hear more?")
        await self.hears_encrypted(desk, "Shall I hear more?")
        await desk.says_encrypted(self.romeo_jid, "Deny thy father")
        await self.hears_encrypted(other, "O Romeo", "Deny thy father")

    async def test_omemo_with_slixmpp_and_a_second_device(self):
        await self.are_friends()
        desk = await self.gajim(self.juliet, "desk")
        romeo = await self.slixmpp_with_omemo(self.romeo)
        await romeo.knows_devices(desk, 1)
        await romeo.says(desk.bare, "Shall I hear more?")
        await self.hears_encrypted(desk, "Shall I hear more?")
        await desk.can_encrypt_for(self.romeo_jid, 1)
        await desk.says_encrypted(self.romeo_jid, "O Romeo")
        await self.hears_encrypted(romeo, "O Romeo")
        laptop = await self.gajim(self.juliet, "laptop")
        await self.hears_encrypted(laptop, NOT_FOR_IT)
        await laptop.can_encrypt_for(self.romeo_jid, 1)
        await romeo.knows_devices(desk, 2)
        await romeo.says(desk.bare, "By yonder moon")
        await self.hears_encrypted(desk, "Shall I hear more?", "By yonder moon")
        await self.hears_encrypted(laptop, NOT_FOR_IT, "By yonder moon")
        await laptop.says_encrypted(self.romeo_jid, "O swear not by the moon")
        await self.hears_encrypted(romeo, "O Romeo", "O swear not by the moon")


if __name__ == "__main__":
    unittest.main()
