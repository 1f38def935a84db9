"""slixmpp with its OMEMO plug-in, driven by a test: commands are lines of JSON on standard input,
what happens to the client is told as lines of JSON on standard output. Runs on the packages of
requirements.txt, which tools/install_packages.sh puts into an environment of their own.

    python client.py ADDRESS PORT TRUSTED_CERTIFICATES FULL_JID PASSWORD KEYS
"""
import asyncio
import json
import logging
import sys
from pathlib import Path

import slixmpp
from omemo.storage import Just, Nothing, Storage
from slixmpp import JID
from slixmpp.plugins import register_plugin
from slixmpp_omemo import XEP_0384


class KeysInFile(Storage):
    def __init__(self, file):
        super().__init__()
        self._file = file
        self._kept = json.loads(file.read_text()) if file.exists() else {}

    async def _load(self, key):
        return Just(self._kept[key]) if key in self._kept else Nothing()

    async def _store(self, key, value):
        self._kept[key] = value
        self._file.write_text(json.dumps(self._kept))

    async def _delete(self, key):
        self._kept.pop(key, None)
        self._file.write_text(json.dumps(self._kept))


class Omemo(XEP_0384):
    """Trusts each device when it first meets it."""
    default_config = {"fallback_message": "encrypted", "keys": None}

    def plugin_init(self):
        self._storage = KeysInFile(self.keys)
        super().plugin_init()

    @property
    def storage(self):
        return self._storage

    @property
    def _btbv_enabled(self):
        return True

    async def _prompt_manual_trust(self, manually_trusted, identifier):
        raise AssertionError("no device is to be asked about")


register_plugin(Omemo)


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


class OmemoClient(slixmpp.ClientXMPP):
    def __init__(self, address, port, trusted, jid, password, keys):
        super().__init__(jid, password)
        self._to = (address, int(port))
        self.enable_direct_tls = False
        self.ca_certs = Path(trusted)
        for plugin in "xep_0198", "xep_0199", "xep_0280":
            self.register_plugin(plugin)
        self.register_plugin("xep_0384", {"keys": Path(keys)}, module=sys.modules[__name__])
        self.add_event_handler("session_start", self._on_session)
        self.add_event_handler("session_resumed", lambda _: tell("resumed"))
        self.add_event_handler("disconnected", self._on_disconnected)
        self.add_event_handler("message", self._on_message)
        for direction in "received", "sent":
            self.add_event_handler(f"carbon_{direction}", self._copies(direction))

    def open(self):
        return self.connect(*self._to)

    async def _on_session(self, _):
        self.send_presence()
        await self.get_roster()
        await self["xep_0280"].enable()
        await self["xep_0384"].get_session_manager()  # its keys are published
        tell("online")

    def _on_disconnected(self, _):
        tell("disconnected")
        self.loop.call_later(0.1, self.open)

    def _copies(self, direction):
        async def decrypt(copy):
            await self._on_message(copy[f"carbon_{direction}"], carbon=direction)
        return decrypt

    async def _on_message(self, message, carbon=None):
        if message["type"] not in ("chat", "normal"):
            return
        plugin = self["xep_0384"]
        encrypted = bool(plugin.is_encrypted(message))
        if encrypted:
            message, _ = await plugin.decrypt_message(message)
        if message["body"]:
            tell("message", body=message["body"], encrypted=encrypted, carbon=carbon,
                 **{"from": message["from"].full})

    # --- commands -----------------------------------------------------------------------------

    async def say(self, to, body):
        message = self.make_message(mto=JID(to), mbody=body, mtype="chat")
        encrypted, errors = await self["xep_0384"].encrypt_message(message, JID(to))
        if encrypted is None or errors:
            raise AssertionError(f"not encrypted: {errors}")
        encrypted.send()
        tell("sent")

    async def subscribe(self, to):
        """slixmpp answers with a request of its own, so both see the presence of each other."""
        self.send_presence_subscription(JID(to))

    async def ping(self):
        await self["xep_0199"].ping(self.boundjid.domain)
        tell("pong")

    async def devices(self, of):
        """How many devices it knows of them."""
        manager = await self["xep_0384"].get_session_manager()
        tell("devices", of=of, count=len(await manager.get_device_information(of)))

    async def carry_out(self, line):
        command = json.loads(line)
        try:
            await getattr(self, command.pop("command"))(**command)
        except Exception as error:
            logging.exception("command")
            tell("error", text=repr(error))


async def main():
    logging.basicConfig(level=logging.DEBUG)
    logging.getLogger("xmlschema").setLevel(logging.WARNING)
    client = OmemoClient(*sys.argv[1:])
    client.open()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await client.carry_out(line)


asyncio.run(main())
