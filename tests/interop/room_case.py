"""Rooms on Clarion, at rooms.clarion.test, and what tests of them share. Prosody's users come to them
over S2S."""
import itertools

from clients import FORM, text_of
from federation_case import FederationCase
from waiting import until

ROOMS = "rooms.clarion.test"
GROUPCHAT = "groupchat"
MUC = "http://jabber.org/protocol/muc"
USER = f"{{{MUC}#user}}"
BODY = "{jabber:client}body"
SUBJECT = "{jabber:client}subject"

# Status codes (XEP-0045, 15.6.2)
SELF, BANNED, NEW_NICK, KICKED, UNREACHABLE = 110, 301, 303, 307, 333
MEMBERS_ONLY = 322


def codes(stanza):
    return {int(one.get("code")) for one in stanza.findall(f"{USER}x/{USER}status")}


def item(presence):
    """What the room says of an occupant: affiliation, role, perhaps its address or a new nick."""
    return presence.find(f"{USER}x/{USER}item").attrib


class OwnRoomCase(FederationCase):
    room_options = ""  # more of [muc."rooms.clarion.test"]

    _rooms = itertools.count(1)

    @classmethod
    def make_peers(cls, loopback):
        cls.clarion.services.append(ROOMS)
        cls.clarion.options += f'[muc."{ROOMS}"]\n{cls.room_options}'
        return super().make_peers(loopback)

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.room = f"balcony{next(self._rooms)}@{ROOMS}"
        self.said = []  # in the room, since `romeo` entered

    async def person(self, server, name, resource="phone"):
        """A client with stream management, of an account that no other test uses."""
        return await self.online(server, await self.account(server, name), resource,
                                 stream_management=True)

    # --- entering ---------------------------------------------------------------------------

    async def makes_room(self, client, nick, **fields):
        """Enters it as the first, and configures it with these fields of its form."""
        await self.enters(client, nick)
        await self.configures(client, **fields)

    async def configures(self, client, **fields):
        values = "".join(f"<field var='muc#roomconfig_{name}'><value>{value}</value></field>"
                         for name, value in fields.items())
        await client.request("set", (
            f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'><field "
            f"var='FORM_TYPE'><value>{MUC}#roomconfig</value></field>{values}</x></query>"),
            to=self.room)

    async def enters(self, client, nick):
        """And has been told all that is told to who enters: the subject is the last."""
        presence = client.make_presence(pto=f"{self.room}/{nick}")
        presence.xml.append(presence.xml.makeelement(f"{{{MUC}}}x", {}))
        before = len(client.messages)
        presence.send()

        def is_told():
            return any(one.get("from").split("/")[0] == self.room
                       and one.find(SUBJECT) is not None and one.find(BODY) is None
                       for one in client.messages[before:])
        await until(is_told, f"{client.boundjid} enters as {nick}")

    # --- what is said -----------------------------------------------------------------------

    async def says(self, client, *lines):
        """In the room, one after the other; it hears them itself."""
        for line in lines:
            client.say(self.room, line, GROUPCHAT)
            self.said.append(line)
            await client.hears(line)

    def heard(self, client):
        """All that was said in the room, as it came, and what it was told again."""
        return [text_of(one, BODY) for one in client.messages
                if one.get("type") == GROUPCHAT and one.find(BODY) is not None
                and one.get("from").split("/")[0] == self.room]

    async def assert_heard_all(self, *clients):
        """Each line once, and in order."""
        for client in clients:
            await client.hears(self.said[-1])
            await client.settle()
            self.assertEqual(self.heard(client), self.said, f"by {client.boundjid}")

    # --- what is seen -----------------------------------------------------------------------

    def of(self, client, nick, type=None):
        """Presences of that occupant, oldest first."""
        return [one for one in client.presences if one.get("from") == f"{self.room}/{nick}"
                and one.get("type") == type]

    async def sees(self, client, nick, type=None, count=1):
        """Waits for the last one of that many."""
        await until(lambda: len(self.of(client, nick, type)) >= count,
                    lambda: f"{client.boundjid} sees {nick} {type or 'available'}: "
                            f"{len(self.of(client, nick, type))} of {count}")
        return self.of(client, nick, type)[-1]

    def goodbyes(self, client):
        """Occupants of whom it was told that they are gone."""
        return {one.get("from").partition("/")[2] for one in client.presences
                if one.get("type") == "unavailable"
                and one.get("from").split("/")[0] == self.room}

    async def assert_no_goodbye(self, *clients):
        for client in clients:
            await client.settle()
            self.assertEqual(self.goodbyes(client), set(), f"seen by {client.boundjid}")

    async def occupants(self):
        """Addresses of those who are in it, as the administrator sees them."""
        shown = await self.clarion.ctl_json("room", "show", self.room)
        return {one["session"] for one in shown["occupants"]}

    # --- the archive ------------------------------------------------------------------------

    async def archive(self, client):
        """What it reads there: (archive id, body), oldest first."""
        before = len(client.messages)
        answer = await client.request("set", "<query xmlns='urn:xmpp:mam:2'/>", to=self.room)
        self.assertEqual(answer[0].get("complete"), "true")
        return [(result.get("id"), body.text) for message in client.messages[before:]
                for result in message.findall("{urn:xmpp:mam:2}result")
                for body in result.iter(BODY)]
