"""A client that has a nickname, a mood and an avatar (XEP-0172, 0107, 0084), and wants to hear of
those of others: what slixmpp's plug-ins for them make of what the server sends."""
from dataclasses import dataclass
from typing import Any

from clients import DELAY, Client
from waiting import until

NICK = "http://jabber.org/protocol/nick"
MOOD = "http://jabber.org/protocol/mood"
AVATAR_METADATA = "urn:xmpp:avatar:metadata"
AVATAR_DATA = "urn:xmpp:avatar:data"


@dataclass
class Told:
    """What an event said. `what` is a nickname, a mood or the id of an avatar; None: it has none."""
    sender: str
    node: str
    what: Any
    delayed: bool  # it was published before
    kind: str = "publish"  # or retract, purge, delete


class EventClient(Client):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.told = []
        for plugin in "xep_0115", "xep_0172", "xep_0107", "xep_0084", "xep_0191":
            self.register_plugin(plugin)
        for event, node, what in (
                ("user_nick", NICK, lambda item: item["nick"]["nick"] or None),
                ("user_mood", MOOD, lambda item: item["mood"]["value"] or None),
                ("avatar_metadata", AVATAR_METADATA, self._avatar_of)):
            self.add_event_handler(f"{event}_publish", self._teller(node, what))
        for kind in "retract", "purge", "delete":
            self.add_event_handler(f"pubsub_{kind}", self._end_teller(kind))

    @staticmethod
    def _avatar_of(item):
        infos = item["avatar_metadata"]["items"]
        return infos[0]["id"] if infos else None

    def _teller(self, node, what):
        def tell(message):
            self.told.append(Told(message["from"].full, node,
                                  what(message["pubsub_event"]["items"]["item"]),
                                  message.xml.find(f"{DELAY}delay") is not None))
        return tell

    def _end_teller(self, kind):
        def tell(message):
            event = message["pubsub_event"]["items" if kind == "retract" else kind]
            self.told.append(Told(message["from"].full, event["node"], None, False, kind))
        return tell

    # --- what it heard ----------------------------------------------------------------------

    def told_of(self, sender, node=None):
        return [one for one in self.told if one.sender == sender and node in (None, one.node)]

    async def is_told(self, sender, node, what, kind="publish"):
        """Waits until it hears that of them, and returns how it was told."""
        def find():
            return [one for one in self.told_of(sender, node)
                    if (one.what, one.kind) == (what, kind)]
        found = await until(find, lambda: f"{self._who} is told {kind} {what!r} by {sender}, "
                                          f"was told {self.told}")
        return found[0]

    # --- what it publishes ------------------------------------------------------------------

    async def has_nick(self, nick, **options):
        await self["xep_0172"].publish_nick(nick, **options)

    async def has_mood(self, mood, **options):
        await self["xep_0107"].publish_mood(mood, **options)

    async def has_avatar(self, data):
        """Publishes the picture, then what it is (XEP-0084, 3.1 and 3.2); returns its id."""
        avatar = self["xep_0084"]
        await avatar.publish_avatar(data)
        id = avatar.generate_id(data)
        await avatar.publish_avatar_metadata({"id": id, "type": "image/png", "bytes": len(data)})
        return id

    async def avatar_of(self, owner, id):
        answer = await self["xep_0084"].retrieve_avatar(owner, id)
        return answer["pubsub"]["items"]["item"]["avatar_data"]["value"]
