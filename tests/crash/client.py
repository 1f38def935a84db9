"""A small XMPP client on a plain socket: PLAIN, stream management (XEP-0198), archive (XEP-0313).

It keeps the books a careful client keeps: how many stanzas it received, which of its own the server
has acknowledged, and what of that the server must know by now."""
import asyncio
import base64
import collections
import itertools
import re
import socket
import struct
import time
import xml.etree.ElementTree as ET

from server import DOMAIN, PATIENCE

SM = "{urn:xmpp:sm:3}"
MAM = "{urn:xmpp:mam:2}"
RSM = "{http://jabber.org/protocol/rsm}"
FORWARD = "{urn:xmpp:forward:0}"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"
STANZA_ERRORS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"

# A tag, whose attribute values may contain '>'. Group 1: closing; 2: name; 3: empty element.
TAG = re.compile(rb"""<(/?)([^\s/>]+)(?:[^>"'/]|"[^"]*"|'[^']*'|/(?!>))*(/?)>""")


# Requests of a login. The first is slow; the push service is the server itself, which refuses what
# it is sent.
BURST = [
    ("set", "<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>0</max>"
            "</set></query>"),
    ("get", "<query xmlns='jabber:iq:roster'/>"),
    ("get", "<blocklist xmlns='urn:xmpp:blocking'/>"),
    ("get", "<ping xmlns='urn:xmpp:ping'/>"),
    ("set", f"<enable xmlns='urn:xmpp:push:0' jid='{DOMAIN}' node='n'/>"),
    ("get", "<metadata xmlns='urn:xmpp:mam:2'/>"),
    ("get", "<prefs xmlns='urn:xmpp:mam:2'/>"),
]


class Lost(ConnectionError):
    """The connection ended while something was expected from it."""


class Refused(Exception):
    """<failed/> for a <resume/>: `condition`, and `h` if it was told."""

    def __init__(self, condition, h):
        super().__init__(condition)
        self.condition, self.h = condition, h


class UnknownId(Exception):
    """The archive does not know the id to begin after."""


class Elements:
    """Cuts a stream into its top-level elements."""

    def __init__(self):
        self._buffer = b""
        self._begun = False

    def feed(self, data):
        """Yields complete elements as bytes; b'' for the closing tag of the stream."""
        self._buffer += data
        position, start, depth = 0, 0, 0
        if not self._begun:
            header = re.search(rb"<stream:stream[^>]*>", self._buffer)
            if not header:
                return
            self._begun = True
            position = start = header.end()
        for tag in TAG.finditer(self._buffer, position):
            if depth == 0:
                start = tag.start()
            if tag[1]:
                depth -= 1
            elif not tag[3]:
                depth += 1
            if depth < 0:
                yield b""
                depth = 0
            elif depth == 0:
                yield self._buffer[start:tag.end()]
            if depth == 0:
                start = tag.end()
        self._buffer = self._buffer[start:]


class Wire(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, client):
        self._client = client
        self._elements = Elements()
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        for element in self._elements.feed(data):
            self._client.on_element(self, element)

    def connection_lost(self, error):
        self._client.on_lost(self)

    def restart(self):
        """A new stream header follows (after SASL)."""
        self._elements = Elements()


class Client:
    """One device. `on_message(element)` hears of messages; `on_acked(records)` of own stanzas that
    the server acknowledged."""

    resource = "phone"
    _sessions = itertools.count(1)

    def __init__(self, name, port, on_message, on_acked):
        self.name, self.port = name, port
        self.jid = f"{name}@{DOMAIN}"
        self.on_message, self.on_acked = on_message, on_acked
        self.on_presence = lambda element: None
        self.transcript = collections.deque(maxlen=50000)
        self.wire = None
        self.answering = True      # <r/> is answered
        self.session = 0           # a number for each bound session
        self.sm_id = None
        self.resume_sent = False   # since the session went away: the server may have woken it
        self.received = 0          # stanzas from the server: our h
        self.told = 0              # the last h we sent
        self.confirmed_of = {}     # session -> the last of them the server acted on for certain
        self.acked = 0             # of our own stanzas, by the server
        self.out = collections.deque()  # those it did not acknowledge yet: (record, self.told)
        self.problems = []         # what the server did and must not do
        self.ack_times = []        # seconds from <r/> to <a/>
        self._requested = None
        self._counting = False
        self._answers = None
        self._requests = {}
        self._ids = itertools.count(1)
        self._pages = {}
        self.moved = asyncio.Event()  # something was acknowledged, or the connection went

    # --- connection ---------------------------------------------------------------------------

    @property
    def connected(self):
        return self.wire is not None

    async def _open(self):
        self._answers = asyncio.Queue()
        self._counting = False
        loop = asyncio.get_running_loop()
        try:
            _, self.wire = await loop.create_connection(lambda: Wire(self), "127.0.0.1", self.port)
        except OSError as error:
            raise Lost(str(error)) from error
        self._note("--", "connected")
        self._header()
        await self._expect("features")
        token = base64.b64encode(f"\0{self.name}\0secret".encode()).decode()
        self.write("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
                   f"{token}</auth>")
        await self._expect("success")
        if not self.connected:
            raise Lost(self.name)
        self.wire.restart()
        self._header()
        await self._expect("features")

    def _header(self):
        self.write(f"<stream:stream to='{DOMAIN}' version='1.0' xmlns='jabber:client' "
                   "xmlns:stream='http://etherx.jabber.org/streams'>")

    async def log_in(self, on_binding):
        """A new session with stream management, also on the connection that was refused to
        resume. `on_binding(number)`: before anything comes."""
        if not self.connected:
            await self._open()
        self.sm_id, self.resume_sent = None, False
        self.session = next(Client._sessions)
        on_binding(self.session)
        bound = await self.request(
            "set", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            f"<resource>{self.resource}</resource></bind>")
        assert bound.get("type") == "result", ET.tostring(bound)
        self.write("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
        await self._expect("enabled")

    async def resume(self):
        """Takes the sleeping session up; returns the records the server had not handled. Refused:
        `self.out` has those of which nothing is known."""
        await self._open()
        self.resume_sent = True
        self.write(f"<resume xmlns='urn:xmpp:sm:3' previd='{self.sm_id}' h='{self.received}'/>")
        answer = await self._expect("resumed", "failed")
        if answer.tag == SM + "failed":
            h = answer.get("h")
            if h is not None:
                self._on_failed_count(int(h))
            self.sm_id = None
            raise Refused(answer[0].tag.partition("}")[2] if len(answer) else "", h)
        rest = [record for record, _ in self.out if record is not None]
        self.out.clear()
        return rest

    async def close(self):
        """Ends the session properly."""
        self.sm_id = None
        if self.connected:
            self.write("</stream:stream>")
            await self.until(lambda: not self.connected, "the stream is closed")

    def cut(self):
        """The network is gone: a reset without any goodbye."""
        if self.connected:
            self._note("--", "cut")
            self.wire.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire = self.wire
            self.on_lost(wire)
            wire.transport.abort()

    def on_lost(self, wire):
        if wire is not self.wire:
            return
        self._note("--", "lost")
        self.wire = None
        self._requested = None
        for future in self._requests.values():
            if not future.done():
                future.set_exception(Lost(self.name))
                future.exception()  # whoever waited may be gone as well
        self._requests.clear()
        self._answers.put_nowait(None)
        self.moved.set()

    # --- reading ------------------------------------------------------------------------------

    def on_element(self, wire, data):
        if wire is not self.wire:
            return
        self._note("<", data)
        if not data:  # the server closes the stream; what it does not read is not worth waiting
            wire.transport.abort()
            return
        if data.startswith(b"<stream:"):
            name = data[8:].split(b" ")[0].split(b">")[0].split(b"/")[0].decode()
            stopping = b"<system-shutdown " in data
            self._answers.put_nowait(None if stopping else ET.Element(name))
            return
        element = ET.fromstring(data)
        if element.tag == "message":
            self._counted()
            self._on_message(element)
        elif element.tag == "iq":
            self._counted()
            future = self._requests.pop(element.get("id"), None)
            if future and not future.done():
                future.set_result(element)
        elif element.tag == "presence":
            self._counted()
            self.on_presence(element)
        elif element.tag == SM + "r":
            if self.answering:
                self.acknowledge()
        elif element.tag == SM + "a":
            self._on_ack(int(element.get("h")))
        else:
            self._negotiated(element)

    def _negotiated(self, element):
        if element.tag == SM + "enabled":
            self.sm_id = element.get("id")
            self.received = self.told = self.acked = 0
            self.out.clear()
            self._counting = True
        elif element.tag == SM + "resumed":
            self.resume_sent = False
            self.told = self.received
            self._counting = True
            self._on_ack(int(element.get("h")), "<resumed/>")
        self._answers.put_nowait(element)

    def _counted(self):
        if self._counting:
            self.received += 1

    def _on_message(self, element):
        result = element.find(MAM + "result")
        if result is None:
            self.on_message(element)
        elif result.get("queryid") in self._pages:
            message = result.find(f"{FORWARD}forwarded/{{jabber:client}}message")
            self._pages[result.get("queryid")].append((result.get("id"), message))

    def _on_ack(self, h, where="<a/>"):
        if self._requested is not None:
            self.ack_times.append(time.monotonic() - self._requested)
            self._requested = None
        count = (h - self.acked) & 0xffffffff
        if count > len(self.out):
            self.problems.append(f"{where} says h={h}: {self.acked} were acknowledged before, "
                                 f"{self.acked + len(self.out)} were sent")
            return
        self._take_acked(count)

    def _on_failed_count(self, h):
        """May be older than the last <a/>; never higher than what was sent."""
        if h > self.acked + len(self.out):
            self.problems.append(f"<failed/> says h={h}, {self.acked + len(self.out)} were sent")
        elif h > self.acked:
            self._take_acked(h - self.acked)

    def _take_acked(self, count):
        records = []
        for _ in range(count):
            record, self.confirmed_of[self.session] = self.out.popleft()
            if record is not None:
                records.append(record)
        self.acked += count
        if records:
            self.on_acked(records)
        self.moved.set()

    # --- writing ------------------------------------------------------------------------------

    def write(self, text):
        if not self.connected:
            raise Lost(self.name)
        self._note(">", text)
        self.wire.transport.write(text.encode())

    def send(self, text, record=None):
        """A stanza. `record` comes back through on_acked."""
        if self._counting:
            self.out.append((record, self.told))
        self.write(text)

    def acknowledge(self):
        self.told = self.received
        self.write(f"<a xmlns='urn:xmpp:sm:3' h='{self.received}'/>")

    def ask_for_ack(self):
        if self._requested is None:
            self._requested = time.monotonic()
        self.write("<r xmlns='urn:xmpp:sm:3'/>")

    # --- waiting ------------------------------------------------------------------------------

    async def _expect(self, *names):
        while True:
            element = await asyncio.wait_for(self._answers.get(), 20 * PATIENCE)
            if element is None:
                raise Lost(self.name)
            name = element.tag.partition("}")[2] or element.tag
            if name in names:
                return element
            if name in ("error", "failure", "failed"):
                self.problems.append(f"{name} instead of {names}")
                raise Lost(f"{self.name}: {name} instead of {names}")

    async def until(self, condition, what, within=20.0):
        end = time.monotonic() + within * PATIENCE
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{self.name}: waited {within * PATIENCE:.0f} s in vain: {what}")
            self.moved.clear()
            try:
                await asyncio.wait_for(self.moved.wait(), min(left, 0.5))
            except asyncio.TimeoutError:
                pass

    async def request(self, kind, payload, within=20.0, to=None):
        number = f"q{next(self._ids)}"
        future = asyncio.get_running_loop().create_future()
        self._requests[number] = future
        address = f" to='{to}'" if to else ""
        self.send(f"<iq type='{kind}' id='{number}'{address}>{payload}</iq>")
        return await asyncio.wait_for(future, within * PATIENCE)

    async def burst(self):
        """What clients ask all at once when they log in, in one packet behind a slow request.
        Everything is answered, in order, and nothing refused."""
        payloads = [BURST[0], *BURST * 3]
        numbers = [f"b{next(self._ids)}" for _ in payloads]
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in payloads]
        answered = []
        for number, future in zip(numbers, futures):
            future.add_done_callback(lambda _, number=number: answered.append(number))
            self._requests[number] = future
        for number, (kind, payload) in zip(numbers, payloads):
            self.send(f"<iq type='{kind}' id='{number}'>{payload}</iq>")
        answers = await asyncio.wait_for(asyncio.gather(*futures), 20 * PATIENCE)
        for (_, payload), answer in zip(payloads, answers):
            if answer.get("type") != "result":
                self.problems.append(f"refused in a burst: {payload}: {ET.tostring(answer)}")
        if answered != numbers:
            self.problems.append(f"a burst was answered as {answered}, asked {numbers}")

    async def break_stream(self):
        """Sends a stanza that no XML parser takes, and waits for the end of the stream."""
        self.send("<message to='nobody@crash.test'><body>&#x1A;</body></message>")
        await self.until(lambda: not self.connected, "the stream ends with an error")

    async def sync(self):
        """When this returns, all that the server sent us before has arrived."""
        await self.request("get", "<ping xmlns='urn:xmpp:ping'/>")

    async def all_acked(self, within=20.0):
        """Waits until the server has acknowledged all we sent."""
        while self.out:
            before = self.acked
            self.ask_for_ack()
            await self.until(lambda: self.acked != before or not self.connected,
                             f"{len(self.out)} stanzas are acknowledged", within)
            if not self.connected:
                raise Lost(self.name)

    async def archive_page(self, after, most=1000, of=None):
        """One page of the own archive, or of a room's: [(archive id, message)], and whether it was
        the last."""
        return await self._page(f"<max>{most}</max>" + (f"<after>{after}</after>" if after else ""),
                                after, of=of)

    async def newest_of_archive(self, most, contact=None):
        """The last page of it, or of what was said with `contact`: [(archive id, message)]."""
        page, _ = await self._page(f"<max>{most}</max><before/>", None, contact)
        return page

    async def _page(self, paging, after, contact=None, of=None):
        query = f"p{next(self._ids)}"
        self._pages[query] = []
        form = (f"<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
                f"<value>urn:xmpp:mam:2</value></field><field var='with'><value>{contact}</value>"
                "</field></x>" if contact else "")
        answer = await self.request(
            "set", f"<query xmlns='urn:xmpp:mam:2' queryid='{query}'>{form}"
            f"<set xmlns='http://jabber.org/protocol/rsm'>{paging}</set></query>", to=of)
        page = self._pages.pop(query)
        if answer.find(f"error/{STANZA_ERRORS}item-not-found") is not None:
            raise UnknownId(after)
        fin = answer.find(MAM + "fin")
        if fin is None:
            raise RuntimeError(f"{self.name}: archive: {ET.tostring(answer)}")
        return page, fin.get("complete") == "true"

    def _note(self, direction, what):
        self.transcript.append((time.monotonic(), direction, what))

    def tell(self, lines):
        """The end of what was said, for a failed test."""
        return "\n".join(f"{at:12.3f} {self.name} {way} "
                         f"{what.decode(errors='replace') if isinstance(what, bytes) else what}"
                         for at, way, what in list(self.transcript)[-lines:])


def stanza_id(message, owner):
    """The archive id that `owner`'s server gave to the message, or None."""
    for child in message.findall(STANZA_ID):
        if child.get("by") == owner:
            return child.get("id")
    return None
