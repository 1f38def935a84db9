"""What was said to whom, what became of it, and what is wrong with that.

The rules (README.md has them in prose) are checked here and nowhere else."""
import collections

from client import stanza_id
from server import DOMAIN

ARCHIVED = "archived"    # an ordinary message: both archives, and to the recipient
SPOOLED = "spooled"      # no-permanent-store: no archive; kept until the recipient acknowledged it
FLEETING = "fleeting"    # no-store: no archive; only a session that sleeps keeps it

DELAY = "{urn:xmpp:delay}delay"
HINTS = {ARCHIVED: "", SPOOLED: "<no-permanent-store xmlns='urn:xmpp:hints'/>",
         FLEETING: "<no-store xmlns='urn:xmpp:hints'/>"}


class Message:
    """One message of the sender's mind, however often it is sent."""
    __slots__ = ("id", "sender", "to", "seq", "kind", "acked", "unsure", "to_asleep", "errors",
                 "round")

    def __init__(self, sender, to, seq, kind, round_number):
        self.id = f"{sender.name}-{to.name}-{seq}"
        self.sender, self.to, self.seq, self.kind = sender, to, seq, kind
        self.acked = False
        self.unsure = 0         # times it was sent with a fate nobody told: may be there already
        self.to_asleep = False  # the recipient was known to be asleep when it was sent
        self.errors = []
        self.round = round_number

    def xml(self):
        to = f"{self.to.name}@{DOMAIN}" + ("/phone" if self.seq % 2 else "")
        return (f"<message to='{to}' type='chat' id='{self.id}'><body>{self.id}</body>"
                f"{HINTS[self.kind]}</message>")


Delivery = collections.namedtuple("Delivery", "session number way")  # way: "stream", "archive"


class Inbox:
    """What one account was given: over its stream, or by its archive."""

    def __init__(self, name):
        self.name = name
        self.jid = f"{name}@{DOMAIN}"
        self.by_archive_id = {}                     # -> the first Delivery
        self.by_message = collections.defaultdict(list)
        self.copies = collections.defaultdict(set)  # message id -> archive ids it came with
        self.session = 0
        self.last_seq = {}                          # sender -> the highest seq of this session
        self.newest_place = 0
        self.place = {"": 0}                        # archive id -> where it is, as far as is known
        self.newest_here = ""                       # the same, offline messages included
        self.cursor = ""                            # the archive is known without a gap up to here
        self.safe_cursor = ""                       # the same, as told by the archive itself
        self.caught_up = False
        self.fetched = set()                        # archive ids read in this session
        self.problems = []
        self.counts = collections.Counter()

    def begin_session(self, session):
        self.session = session
        self.last_seq, self.newest_here = {}, ""
        self.caught_up = False
        self.fetched = set()

    def archive_was_read(self, newest):
        """Up to there, before coming online."""
        self.cursor = self._later(self.cursor, newest)

    def is_online(self):
        """Offline messages have come too: from now on the stream has no gaps."""
        self.caught_up = True
        self.cursor = self._later(self.cursor, self.newest_here)

    # Ids say nothing of their order: a stream brings them as the archive has them, and so does a page.
    def _note_place(self, archive_id):
        if archive_id not in self.place:
            self.place[archive_id] = self._next_place()

    def _next_place(self):
        self.newest_place += 1
        return self.newest_place

    def _later(self, one, other):
        return max(one, other, key=self.place.__getitem__)

    # --- over the stream ----------------------------------------------------------------------

    def on_stream(self, client, element, message):
        """`message`: the Message with its id, or None if nobody ever sent such."""
        if message is None:
            self.problems.append(f"{self.name} was sent {element.get('id')}, which nobody wrote")
            return
        archive_id = stanza_id(element, self.jid)
        # May come after what was sent to the very device before it came online.
        from_offline = element.findtext(DELAY) == "Offline Storage"
        here = Delivery(client.session, client.received, "stream")
        if archive_id:
            self._check_again(client, archive_id, message)
            self._note_place(archive_id)
            self.by_archive_id[archive_id] = here
            self.copies[message.id].add(archive_id)
            self.newest_here = self._later(self.newest_here, archive_id)
            if self.caught_up:
                self.cursor = self._later(self.cursor, archive_id)
        else:
            self._check_unarchived_again(client, message)
            if message.kind == ARCHIVED:
                self.problems.append(f"{message.id} came to {self.name} without a stanza-id")
        if not from_offline:
            self._check_order(message)
        self.by_message[message.id].append(here)
        self.counts["stream"] += 1

    def _check_again(self, client, archive_id, message):
        earlier = self.by_archive_id.get(archive_id)
        if not earlier:
            return
        text = f"{message.id} (archive id {archive_id}) came to {self.name} again over the stream"
        if earlier.way == "archive":
            if archive_id in self.fetched:
                self.problems.append(f"{text}, after the archive had given it")
            else:
                self.counts["overlap"] += 1
        elif earlier.session == client.session:
            self.problems.append(f"{text} of the same session")
        else:
            self._check_redelivered(client, earlier, text)

    def _check_unarchived_again(self, client, message):
        """As many may come as were sent with an unknown fate, and one."""
        earlier = self.by_message.get(message.id)
        if not earlier or len(earlier) <= message.unsure:
            return
        text = f"{message.id} ({message.kind}) came to {self.name} again"
        elsewhere = [delivery for delivery in earlier if delivery.session != client.session]
        if len(earlier) - len(elsewhere) > message.unsure:
            self.problems.append(f"{text} in the same session")
        else:
            self._check_redelivered(client, elsewhere[-1], text)

    def _check_redelivered(self, client, earlier, text):
        """Of an earlier session, which ended without the server knowing that it was received."""
        if earlier.number <= client.confirmed_of.get(earlier.session, 0):
            self.problems.append(f"{text}, though it had been acknowledged")
        else:
            self.counts["redelivered"] += 1

    def _check_order(self, message):
        """First occurrences of one sender's messages come in the order they were written."""
        sender = message.sender.name
        if message.id not in self.by_message and message.seq < self.last_seq.get(sender, -1):
            self.problems.append(f"{message.id} came to {self.name} after seq "
                                 f"{self.last_seq[sender]} of the same sender")
        self.last_seq[sender] = max(self.last_seq.get(sender, -1), message.seq)

    # --- from the archive ---------------------------------------------------------------------

    def on_page(self, page, incoming, catching_up=True):
        """A page of the catch-up, or another that says nothing of what comes before it.
        `incoming(message)`: whether it is for us, not by us."""
        for archive_id, element in page:
            if catching_up:
                self.place[archive_id] = self._next_place()  # it knows best
            self.fetched.add(archive_id)
            if not incoming(element):
                continue
            if archive_id in self.by_archive_id:
                self.counts["overlap"] += 1
                continue
            self.by_archive_id[archive_id] = Delivery(self.session, 0, "archive")
            self.by_message[element.get("id")].append(self.by_archive_id[archive_id])
            self.copies[element.get("id")].add(archive_id)
            self.counts["archive"] += 1
        if page and catching_up and not self.caught_up:
            self.cursor = self._later(self.cursor, page[-1][0])
            self.safe_cursor = self._later(self.safe_cursor, page[-1][0])


