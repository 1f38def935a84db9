"""Users of a domain that is not the server's own: an external component (XEP-0114) speaks for them."""
import asyncio
import hashlib
import re
import xml.etree.ElementTree as ET

from client import Elements, Lost
from server import PATIENCE

DOMAIN = "far.test"
SECRET = "far away"


class Component(asyncio.Protocol):
    """`on_stanza(element)` hears of all that its users are sent but pings, which they answer."""

    def __init__(self, port, on_stanza):
        self.port, self.on_stanza = port, on_stanza
        self.transport = None
        self.moved = asyncio.Event()
        self._attached = False

    @staticmethod
    def settings(port):
        """For clarion.toml."""
        return (f'[[listen]]\ntype = "component"\naddress = "127.0.0.1"\nport = {port}\n'
                f'[component."{DOMAIN}"]\nsecret = "{SECRET}"\n')

    @property
    def connected(self):
        return self.transport is not None

    async def attach(self):
        self._elements, self._header, self._attached = Elements(), b"", False
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: self, "127.0.0.1", self.port)
        except OSError as error:
            raise Lost(str(error)) from error
        self.send("<stream:stream xmlns='jabber:component:accept' "
                  f"xmlns:stream='http://etherx.jabber.org/streams' to='{DOMAIN}'>")
        await self.until(lambda: self._attached or not self.connected, "the component attaches")
        if not self._attached:
            raise Lost(DOMAIN)

    async def until(self, condition, what, within=20.0):
        end = asyncio.get_running_loop().time() + within * PATIENCE
        while not condition():
            self.moved.clear()
            left = end - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self.moved.wait(), left)
            except asyncio.TimeoutError:
                raise TimeoutError(f"waited {within * PATIENCE:.0f} s in vain: {what}") from None

    def send(self, text):
        if not self.connected:
            raise Lost(DOMAIN)
        self.transport.write(text.encode())

    def close(self):
        if self.connected:
            self.transport.abort()

    # --- asyncio.Protocol ---------------------------------------------------------------------

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, error):
        self.transport = None
        self.moved.set()

    def data_received(self, data):
        if not self._attached and not self._header:
            self._header = re.search(rb"<stream:stream[^>]* id=['\"]([^'\"]*)", data)[1]
            digest = hashlib.sha1(self._header + SECRET.encode()).hexdigest()
            self.send(f"<handshake>{digest}</handshake>")
        for element in self._elements.feed(data):
            self._take(element)
        self.moved.set()

    def _take(self, data):
        if not data or data.startswith(b"<stream:"):
            return self.close()
        element = ET.fromstring(data)
        if element.tag == "handshake":
            self._attached = True
        elif element.tag == "iq" and element.get("type") == "get":
            self.send(f"<iq type='result' id='{element.get('id')}' from='{element.get('to')}' "
                      f"to='{element.get('from')}'/>")
        else:
            self.on_stanza(element)
