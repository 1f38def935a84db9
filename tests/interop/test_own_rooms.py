"""slixmpp's group chat (its plug-in for XEP-0045) in a room on Clarion."""
import contextlib
import io
import unittest

from slixmpp.exceptions import IqError, PresenceError

from clients import DELAY, text_of
from room_case import (BANNED, BODY, GROUPCHAT, KICKED, MEMBERS_ONLY, MUC, NEW_NICK, SELF, SUBJECT,
                       USER, OwnRoomCase, codes, item)
from waiting import stays, until


class OwnRooms(OwnRoomCase):
    """Romeo, who made the room and owns it, and juliet."""

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.romeo = await self.with_plugins("romeo")
        self.juliet = await self.with_plugins("juliet")
        await self.joins(self.romeo, "romeo")
        form = await self.romeo["xep_0045"].get_room_config(self.room, timeout=10)
        await self.romeo["xep_0045"].set_room_config(self.room, form, timeout=10)

    async def with_plugins(self, name):
        client = await self.person(self.clarion, name)
        for plugin in "xep_0045", "xep_0203", "xep_0313":
            client.register_plugin(plugin)
        return client

    async def joins(self, client, nick, **options):
        """As the plug-in does; returns what it tells: own presence, subject, others, history."""
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it is told
            return await client["xep_0045"].join_muc_wait(self.room, nick, timeout=10, **options)

    def leaves(self, client, nick):
        client["xep_0045"].leave_muc(self.room, nick)

    async def juliet_joins(self):
        await self.joins(self.juliet, "juliet")
        await self.sees(self.romeo, "juliet")

    async def owner_sets(self, **fields):
        """In the form that the room sends him."""
        form = await self.romeo["xep_0045"].get_room_config(self.room, timeout=10)
        values = form.get_values()
        for name, value in fields.items():
            self.assertIn(f"muc#roomconfig_{name}", values)
            values[f"muc#roomconfig_{name}"] = value
        form["type"] = "submit"
        form.set_values(values)
        await self.romeo["xep_0045"].set_room_config(self.room, form, timeout=10)

    async def is_refused_entry(self, client, nick, condition):
        with self.assertRaises(PresenceError) as refused:
            await self.joins(client, nick)
        self.assertEqual(refused.exception.condition, condition)

    # --- entering ---------------------------------------------------------------------------

    async def test_who_enters_is_told_who_is_there(self):
        own, subject, occupants, history = await self.joins(self.juliet, "juliet")
        self.assertIn(SELF, codes(own.xml))
        self.assertEqual(item(own.xml)["role"], "participant")
        self.assertEqual([one["from"].resource for one in occupants], ["romeo", "juliet"])
        self.assertEqual((subject["subject"], history), ("", []))
        seen = await self.sees(self.romeo, "juliet")
        self.assertEqual(item(seen)["jid"], self.juliet.boundjid.full)
        self.assertNotIn("jid", item(await self.sees(self.juliet, "romeo")))

    async def test_a_nickname_of_somebody_else_is_refused(self):
        await self.is_refused_entry(self.juliet, "romeo", "conflict")

    async def test_history_after_entering_again(self):
        await self.juliet_joins()
        await self.says(self.romeo, "one", "two")
        await self.juliet.hears("two")
        self.leaves(self.juliet, "juliet")
        await self.sees(self.romeo, "juliet", "unavailable")
        await self.says(self.romeo, "three")

        self.juliet.messages.clear()
        _, subject, _, history = await self.joins(self.juliet, "juliet", maxstanzas=2)
        self.assertEqual(self.heard(self.juliet), ["two", "three"])
        self.assertEqual([one["body"] for one in history], ["two", "three"])
        for one in history:
            self.assertEqual(one["from"], f"{self.room}/romeo")
            self.assertEqual(one.xml.find(f"{DELAY}delay").get("from"), self.room)
        self.assertEqual(subject["subject"], "")

        self.leaves(self.juliet, "juliet")
        await self.sees(self.romeo, "juliet", "unavailable", 2)
        self.juliet.messages.clear()
        await self.joins(self.juliet, "juliet", maxstanzas=0)
        await self.says(self.romeo, "four")
        await self.juliet.hears("four")
        self.assertEqual(self.heard(self.juliet), ["four"], "no history was asked for")

    # --- what is said -----------------------------------------------------------------------

    async def test_messages_reach_all_once(self):
        await self.juliet_joins()
        await self.says(self.romeo, "But soft!")
        await self.says(self.juliet, "Ay me!")
        await self.assert_heard_all(self.romeo, self.juliet)
        heard = await self.romeo.hears("Ay me!")
        self.assertEqual((heard.get("from"), heard.get("type")), (f"{self.room}/juliet", GROUPCHAT))

    async def test_subject(self):
        await self.juliet_joins()
        self.romeo["xep_0045"].set_subject(self.room, "The moon")
        await until(lambda: "The moon" in [text_of(one, SUBJECT) for one in self.juliet.messages],
                    "juliet hears of the subject")
        self.leaves(self.juliet, "juliet")
        await self.sees(self.romeo, "juliet", "unavailable")
        _, subject, _, _ = await self.joins(self.juliet, "juliet")
        self.assertEqual((subject["subject"], subject["from"]), ("The moon", f"{self.room}/romeo"))

        self.juliet["xep_0045"].set_subject(self.room, "The sun")
        await until(lambda: [one for one in self.juliet.messages if one.get("type") == "error"],
                    "who may not is told so")
        self.assertEqual((await self.joins(self.juliet, "juliet"))[1]["subject"], "The moon")

    async def test_private_message(self):
        await self.juliet_joins()
        nurse = await self.with_plugins("nurse")
        await self.joins(nurse, "nurse")
        self.juliet.say(f"{self.room}/romeo", "Three words, dear Romeo")
        heard = await self.romeo.hears("Three words, dear Romeo")
        self.assertEqual((heard.get("from"), heard.get("type")), (f"{self.room}/juliet", "chat"))
        self.assertIsNotNone(heard.find(f"{USER}x"), "it is marked as one in a room")
        self.romeo.say(heard.get("from"), "So thrive my soul")
        await self.juliet.hears("So thrive my soul")
        await self.says(self.romeo, "Good night")
        await nurse.hears("Good night")
        self.assertEqual(self.heard(nurse), self.said)
        self.assertEqual([one for one in nurse.messages if one.get("type") == "chat"], [])
        self.assertEqual([body for _, body in await self.archive(self.romeo)], self.said,
                         "they are not in the room's archive")

    async def test_a_new_nickname(self):
        await self.juliet_joins()
        self.juliet.send_presence(pto=f"{self.room}/capulet")
        for client in self.romeo, self.juliet:
            gone = await self.sees(client, "juliet", "unavailable")
            self.assertIn(NEW_NICK, codes(gone))
            self.assertEqual(item(gone)["nick"], "capulet")
            await self.sees(client, "capulet")
        await self.says(self.juliet, "Call me but love")
        self.assertEqual((await self.romeo.hears("Call me but love")).get("from"),
                         f"{self.room}/capulet")

        self.juliet.send_presence(pto=f"{self.room}/romeo")
        refused = await self.sees(self.juliet, "romeo", "error")
        self.assertIsNotNone(refused.find(".//{urn:ietf:params:xml:ns:xmpp-stanzas}conflict"))
        await self.says(self.juliet, "Be but sworn my love")
        self.assertEqual((await self.romeo.hears("Be but sworn my love")).get("from"),
                         f"{self.room}/capulet")

    # --- who may be there -------------------------------------------------------------------

    async def test_kick(self):
        await self.juliet_joins()
        await self.romeo["xep_0045"].set_role(self.room, "juliet", "none", reason="Hence!",
                                              timeout=10)
        own = await self.sees(self.juliet, "juliet", "unavailable")
        self.assertLessEqual({SELF, KICKED}, codes(own))
        self.assertEqual(own.findtext(f"{USER}x/{USER}item/{USER}reason"), "Hence!")
        self.assertIn(KICKED, codes(await self.sees(self.romeo, "juliet", "unavailable")))
        self.juliet.say(self.room, "I am still here", GROUPCHAT)
        await until(lambda: [one for one in self.juliet.messages if one.get("type") == "error"],
                    "she is told that she is not")
        self.assertEqual(self.heard(self.romeo), [])
        await self.joins(self.juliet, "juliet")  # she may come back

    async def test_ban(self):
        await self.juliet_joins()
        await self.romeo["xep_0045"].set_affiliation(
            self.room, "outcast", jid=self.juliet.boundjid.bare, timeout=10)
        self.assertLessEqual({SELF, BANNED},
                             codes(await self.sees(self.juliet, "juliet", "unavailable")))
        self.assertIn(BANNED, codes(await self.sees(self.romeo, "juliet", "unavailable")))
        self.assertEqual(await self.romeo["xep_0045"].get_affiliation_list(
            self.room, "outcast", timeout=10), [self.juliet.boundjid.bare])
        await self.is_refused_entry(self.juliet, "juliet", "forbidden")
        with self.assertRaises(IqError) as refused:
            await self.archive(self.juliet)
        self.assertEqual(refused.exception.condition, "forbidden")

        await self.romeo["xep_0045"].set_affiliation(
            self.room, "none", jid=self.juliet.boundjid.bare, timeout=10)
        await self.joins(self.juliet, "juliet")

    async def test_members_only(self):
        """Who is no member is removed, and refused, until invited."""
        await self.juliet_joins()
        await self.owner_sets(membersonly=True)
        for client in self.juliet, self.romeo:
            self.assertIn(MEMBERS_ONLY, codes(await self.sees(client, "juliet", "unavailable")))
        await self.is_refused_entry(self.juliet, "juliet", "registration-required")

        self.romeo["xep_0045"].invite(self.room, self.juliet.boundjid.bare, "Come, night")
        await self.is_invited("Come, night")
        own, _, _, _ = await self.joins(self.juliet, "juliet")
        self.assertEqual(item(own.xml)["affiliation"], "member")

    async def test_invitation_through_the_room(self):
        self.romeo["xep_0045"].invite(self.room, self.juliet.boundjid.bare, "Wherefore not?")
        await self.is_invited("Wherefore not?")
        self.juliet["xep_0045"].decline(self.room, f"{self.room}/romeo", "It is too rash")
        declined = await until(
            lambda: [one for one in self.romeo.messages
                     if one.find(f"{USER}x/{USER}decline") is not None], "he is told")
        self.assertEqual(declined[0].findtext(f"{USER}x/{USER}decline/{USER}reason"),
                         "It is too rash")

    async def is_invited(self, reason):
        """Juliet, by romeo, once."""
        def invitations():
            return [one for one in self.juliet.messages
                    if one.find(f"{USER}x/{USER}invite") is not None]
        await until(invitations, "the invitation arrives")
        await stays(lambda: len(invitations()) == 1, "it comes again", 0.3)
        invitation, = invitations()
        self.assertEqual(invitation.get("from"), self.room)
        invite = invitation.find(f"{USER}x/{USER}invite")
        self.assertEqual(invite.get("from"), f"{self.room}/romeo", "his address is not told")
        self.assertEqual(invite.findtext(f"{USER}reason"), reason)

    # --- asking the room --------------------------------------------------------------------

    async def test_self_ping(self):
        """XEP-0410: who is in the room hears from itself, who is not is told so."""
        ping = "<ping xmlns='urn:xmpp:ping'/>"
        await self.juliet_joins()
        await self.juliet.request("get", ping, to=f"{self.room}/juliet")
        self.leaves(self.juliet, "juliet")
        await self.sees(self.juliet, "juliet", "unavailable")
        with self.assertRaises(IqError) as refused:
            await self.juliet.request("get", ping, to=f"{self.room}/juliet")
        self.assertEqual(refused.exception.condition, "not-acceptable")

    async def test_archive(self):
        await self.owner_sets(membersonly=True)
        await self.romeo["xep_0045"].set_affiliation(
            self.room, "member", jid=self.juliet.boundjid.bare, timeout=10)
        await self.says(self.romeo, "one", "two")
        # A member reads it without being in the room.
        found = [(one["mam_result"]["id"], one["mam_result"]["forwarded"]["stanza"])
                 async for one in self.juliet["xep_0313"].iterate(jid=self.room)]
        self.assertEqual([one["body"] for _, one in found], self.said)
        self.assertEqual({str(one["from"]) for _, one in found}, {f"{self.room}/romeo"})
        given = {text_of(one, BODY): one.find("{urn:xmpp:sid:0}stanza-id").get("id")
                 for one in self.romeo.messages if one.find(BODY) is not None}
        self.assertEqual([id for id, _ in found], [given["one"], given["two"]])

        stranger = await self.with_plugins("tybalt")
        with self.assertRaises(IqError) as refused:
            await self.archive(stranger)
        self.assertEqual(refused.exception.condition, "forbidden")

    async def test_discovery(self):
        answer = await self.juliet.request(
            "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=self.room)
        features = {one.get("var") for one in answer[0] if one.tag.endswith("feature")}
        self.assertLessEqual({MUC, "urn:xmpp:mam:2", "muc_temporary", "muc_open",
                              "muc_semianonymous", "muc_unmoderated", "muc_unsecured"}, features)


if __name__ == "__main__":
    unittest.main()
