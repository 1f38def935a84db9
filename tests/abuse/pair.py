"""The honest pair, a process of its own: Alice sends Bob a message and a ping every 20 ms and asks
for an acknowledgement each time; Bob answers; a friend of theirs logs in twice a second.

Started by scene.py. It says `ready` when both are there, measures from a line `begin` on its
standard input to a line `end`, and then prints one line of JSON."""
import asyncio
import collections
import gc
import itertools
import json
import re
import sys
import time
import xml.etree.ElementTree as ET

from server import DOMAIN, PASSWORD, PATIENCE
from wire import ENABLE, HEADER, auth, bind, tls_context

SOURCE = "127.77.1.1"  # a network that is not the attackers'
EVERY = 0.02
LOGIN_EVERY = 0.5
TAG = re.compile(rb"""<(/?)([^\s/>]+)(?:[^>"'/]|"[^"]*"|'[^']*'|/(?!>))*(/?)>""")
FEATURES = "features"


class Stream:
    """A client's connection, cut into elements. `on_stanza(element)` hears of stanzas."""

    def __init__(self, name, port):
        self.name, self.port = name, port
        self.on_stanza = None
        self.received = 0     # stanzas since stream management is on
        self.managed = False
        self.other = asyncio.Queue()
        self._buffer, self._begun = b"", False

    async def open(self, resource, managed):
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=tls_context(), server_hostname=DOMAIN,
            local_addr=(SOURCE, 0), limit=1 << 20)
        self.reading = asyncio.ensure_future(self._read())
        self.writer.write(HEADER)
        await self.expect(FEATURES)
        self.writer.write(auth(self.name, PASSWORD))
        await self.expect("success")
        self._buffer, self._begun = b"", False
        self.writer.write(HEADER)
        await self.expect(FEATURES)
        self.writer.write(bind(resource))
        await self.expect("iq")
        if managed:
            self.writer.write(ENABLE)
            await self.expect("enabled")

    def close(self):
        self.reading.cancel()
        self.writer.close()

    async def expect(self, name):
        while True:
            element = await asyncio.wait_for(self.other.get(), 30 * PATIENCE)
            if element is None:
                raise ConnectionError(f"{self.name}: the connection ended")
            if element.tag.rpartition("}")[2] == name:
                return element

    async def _read(self):
        try:
            while data := await self.reader.read(65536):
                for element in self._cut(data):
                    self._on_element(element)
        except (ConnectionError, OSError):
            pass
        self.other.put_nowait(None)

    def _cut(self, data):
        self._buffer += data
        if not self._begun:
            header = re.search(rb"<stream:stream[^>]*>", self._buffer)
            if not header:
                return
            self._begun = True
            self._buffer = self._buffer[header.end():]
        depth, start, end = 0, 0, 0
        for tag in TAG.finditer(self._buffer):
            start = tag.start() if depth == 0 else start
            depth += -1 if tag[1] else 0 if tag[3] else 1
            if depth < 0:
                return
            if depth == 0:
                end = tag.end()
                text = self._buffer[start:end].replace(b"<stream:", b"<")
                yield ET.fromstring(text.replace(b"</stream:", b"</"))
        self._buffer = self._buffer[end:]

    def _on_element(self, element):
        name = element.tag.rpartition("}")[2]
        if name == "r":
            self.writer.write(f"<a xmlns='urn:xmpp:sm:3' h='{self.received}'/>".encode())
            return
        if name == "enabled":
            self.managed = True
        if name in ("message", "iq", "presence"):
            self.received += self.managed
        if self.managed and name in ("message", "iq", "presence", "a") and self.on_stanza:
            self.on_stanza(element)
        else:
            self.other.put_nowait(element)


class Times:
    """Milliseconds of one kind."""

    def __init__(self):
        self.values = []

    def add(self, seconds):
        self.values.append(seconds * 1000)

    def tell(self):
        ordered = sorted(self.values)
        if not ordered:
            return {"p50": None, "p99": None, "max": None, "count": 0}
        def at(share):
            return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
        return {"p50": at(0.5), "p99": at(0.99), "max": round(ordered[-1], 2),
                "count": len(ordered)}


class Pair:
    def __init__(self, port):
        self.port = port
        self.measuring = False
        self.running = True
        self.messages, self.pings, self.acks, self.lag, self.logins = (Times() for _ in range(5))
        self.failed_logins = 0
        self.sent = 0                       # messages
        self.got = collections.Counter()    # number of a message -> times it came
        self.out_of_order = 0
        self.waiting_pings = {}
        self.waiting_acks = collections.deque()  # (count of stanzas that covers it, when)
        self.times_of = {}
        self.stanzas = 0
        self.problems = []

    async def log_in(self):
        self.alice, self.bob = Stream("alice", self.port), Stream("bob", self.port)
        await self.alice.open("balcony", True)
        await self.bob.open("street", True)
        self.alice.on_stanza, self.bob.on_stanza = self.on_alice, self.on_bob
        # Who was sent presence may be asked.
        self.bob.writer.write(f"<presence/><presence to='alice@{DOMAIN}/balcony'/>".encode())
        self.send(f"<presence/><presence to='bob@{DOMAIN}/street'/>", 2)
        await asyncio.sleep(0.2)

    def send(self, text, stanzas):
        self.stanzas += stanzas
        self.alice.writer.write(text.encode())

    # --- what happens -------------------------------------------------------------------------

    async def talk(self):
        start = time.monotonic()
        for turn in itertools.count():
            if not self.running:
                return
            due = start + turn * EVERY
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            if self.measuring:
                self.lag.add(now - due)
            number = self.sent
            self.sent += 1
            self.times_of[number] = (now, self.measuring)
            self.waiting_pings[f"p{number}"] = (now, self.measuring)
            bob = f"to='bob@{DOMAIN}/street'"
            self.send(f"<message {bob} type='chat' id='m{number}'><body>Good night, good night! "
                      f"{number}</body></message><iq {bob} type='get' id='p{number}'>"
                      "<ping xmlns='urn:xmpp:ping'/></iq><r xmlns='urn:xmpp:sm:3'/>", 2)
            self.waiting_acks.append((self.stanzas, now, self.measuring))

    async def friends(self):
        """Somebody honest who is not logged in yet."""
        while self.running:
            began, measured = time.monotonic(), self.measuring
            friend = Stream("carol", self.port)
            try:
                await asyncio.wait_for(friend.open("garden", False), 10 * PATIENCE)
                if measured:
                    self.logins.add(time.monotonic() - began)
                friend.writer.write(b"</stream:stream>")
                friend.close()
            except (OSError, asyncio.TimeoutError, ConnectionError):
                self.failed_logins += measured
            await asyncio.sleep(max(0.0, LOGIN_EVERY - (time.monotonic() - began)))

    def on_alice(self, element):
        name, now = element.tag.rpartition("}")[2], time.monotonic()
        if name == "a":
            handled = int(element.get("h"))
            while self.waiting_acks and self.waiting_acks[0][0] <= handled:
                _, since, measured = self.waiting_acks.popleft()
                if measured:
                    self.acks.add(now - since)
        elif name == "iq" and element.get("id") in self.waiting_pings:
            since, measured = self.waiting_pings.pop(element.get("id"))
            if element.get("type") != "result":
                self.problem("a ping was answered with an error")
            if measured:
                self.pings.add(now - since)
        elif name == "message" and element.get("type") == "error":
            self.problem("a message came back")

    def on_bob(self, element):
        name, now = element.tag.rpartition("}")[2], time.monotonic()
        if name == "message":
            number = int(element.get("id")[1:])
            self.out_of_order += bool(self.got) and number != self.last + 1
            self.last = number
            self.got[number] += 1
            since, measured = self.times_of[number]
            if measured:
                self.messages.add(now - since)
        elif name == "iq" and element.get("type") == "get":
            self.bob.writer.write(f"<iq type='result' id='{element.get('id')}' "
                                  f"to='{element.get('from')}'/>".encode())

    def problem(self, text):
        if len(self.problems) < 5:
            self.problems.append(text)

    # --- the end ------------------------------------------------------------------------------

    async def finish(self):
        """Everything that was sent comes, and only once."""
        end = time.monotonic() + 30 * PATIENCE
        while time.monotonic() < end and (len(self.got) < self.sent or self.waiting_acks
                                          or self.waiting_pings):
            await asyncio.sleep(0.02)
        lost = self.sent - len(self.got)
        twice = sum(count - 1 for count in self.got.values())
        for count, what in ((lost, "messages were lost"), (twice, "messages came twice"),
                            (self.out_of_order, "messages came out of order"),
                            (len(self.waiting_pings), "pings were not answered"),
                            (len(self.waiting_acks), "messages were not acknowledged")):
            if count:
                self.problem(f"{count} {what}")
        print(json.dumps({
            "message": self.messages.tell(), "ping": self.pings.tell(), "ack": self.acks.tell(),
            "lag": self.lag.tell(), "login": self.logins.tell(),
            "failed_logins": self.failed_logins, "problems": self.problems}), flush=True)


async def main(port):
    gc.disable()  # no pauses of our own
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    pair = Pair(port)
    await pair.log_in()
    talk, friends = asyncio.ensure_future(pair.talk()), asyncio.ensure_future(pair.friends())
    print("ready", flush=True)
    while order := (await orders.readline()).strip():
        pair.measuring = order == b"begin"
        if order == b"end":
            break
    pair.running = False
    await asyncio.gather(talk, friends)
    await pair.finish()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
