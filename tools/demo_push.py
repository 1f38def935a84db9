#!/usr/bin/env python3
"""A sleeping phone, shown on the server that tools/quickstart.sh started.

Plays three parts: the phone (juliet), its push service (a component) and a friend (romeo). Needs slixmpp
(apt install python3-slixmpp). Reads accounts, ports and the component's secret from run/.

    /usr/bin/python3 tools/demo_push.py [--hold]      --hold: pause while the phone sleeps, to look at it with clarionctl
"""
import asyncio
import logging
import ssl
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

from slixmpp import ClientXMPP, ComponentXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

RUN = Path(__file__).resolve().parent.parent / "run"
ACCOUNTS = dict(line.split("\t") for line in (RUN / "accounts.txt").read_text().splitlines())
CONFIG = tomllib.loads((RUN / "clarion.toml").read_text())
PUSH_DOMAIN, COMPONENT = next(iter(CONFIG["component"].items()))
PORTS = {listener["type"]: listener["port"] for listener in CONFIG["listen"]}
SERVER = "127.0.0.1"


def say(who, what):
    print(f"{who:>8}  {what}", flush=True)


class Client(ClientXMPP):
    def __init__(self, name, resource):
        jid = next(j for j in ACCOUNTS if j.startswith(name))
        super().__init__(f"{jid}/{resource}", ACCOUNTS[jid])
        self.name_ = name
        self.register_plugin("xep_0198")
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE  # the quickstart's certificate is self-signed
        self.ready, self.resumed, self.messages = asyncio.Event(), asyncio.Event(), asyncio.Queue()
        self.add_event_handler("session_start", self.on_start)
        self.add_event_handler("session_resumed", lambda _: self.resumed.set())
        self.add_event_handler("message", self.messages.put_nowait)

    async def on_start(self, _):
        self.send_presence()
        self.ready.set()

    async def log_in(self):
        self.connect((SERVER, PORTS["c2s"]))
        await asyncio.wait_for(self.ready.wait(), 10)
        say(self.name_, "is connected")


class PushService(ComponentXMPP):
    def __init__(self):
        super().__init__(PUSH_DOMAIN, COMPONENT["secret"], SERVER, PORTS["component"])
        self.ready, self.publishes = asyncio.Event(), asyncio.Queue()
        self.add_event_handler("session_start", lambda _: self.ready.set())
        path = MatchXPath("{jabber:component:accept}iq/{http://jabber.org/protocol/pubsub}pubsub")
        self.register_handler(Callback("publish", path, self.on_publish))

    def on_publish(self, iq):
        self.publishes.put_nowait(iq)
        iq.reply().send()


async def main():
    service, phone, friend = PushService(), Client("juliet", "phone"), Client("romeo", "laptop")
    service.connect()
    await asyncio.wait_for(service.ready.wait(), 10)
    await phone.log_in()
    await friend.log_in()

    enable = phone.make_iq_set()
    enable.append(ET.fromstring(f"<enable xmlns='urn:xmpp:push:0' jid='{PUSH_DOMAIN}' node='demo-device'/>"))
    await enable.send()
    say("juliet", "has enabled stream management and push")

    phone.transport.abort()
    say("juliet", "loses the connection: the phone is asleep")
    if "--hold" in sys.argv:
        await asyncio.get_running_loop().run_in_executor(None, input, "          press Return to go on ")

    friend.send_message(phone.boundjid.bare, "Wherefore art thou asleep?", mtype="chat")
    say("romeo", "sends a message")
    publish = await asyncio.wait_for(service.publishes.get(), 5)
    say("service", "is told:")
    print(ET.tostring(publish.xml, encoding="unicode"))

    phone.ready.clear()
    phone.connect((SERVER, PORTS["c2s"]))
    await asyncio.wait_for(phone.resumed.wait(), 10)
    say("juliet", "wakes and resumes the same session")
    message = await asyncio.wait_for(phone.messages.get(), 5)
    say("juliet", f"has the message: {message['body']!r}")

    # The service goes with this program: who wrote to juliet next would find it unreachable.
    disable = phone.make_iq_set()
    disable.append(ET.fromstring(f"<disable xmlns='urn:xmpp:push:0' jid='{PUSH_DOMAIN}' node='demo-device'/>"))
    await disable.send()

    for stream in (phone, friend, service):
        await stream.disconnect()


logging.disable(logging.CRITICAL)  # slixmpp's own remarks
asyncio.get_event_loop().run_until_complete(main())
