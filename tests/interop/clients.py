"""What talks to the servers: a client and a push gateway, both slixmpp."""
import asyncio
import logging
import socket
import struct
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Optional

import slixmpp
from slixmpp.componentxmpp import ComponentXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from waiting import until

PUBSUB = "{http://jabber.org/protocol/pubsub}"
FORM = "{jabber:x:data}"
PUSH = "{urn:xmpp:push:0}"
DELAY = "{urn:xmpp:delay}"

# slixmpp's own log repeats every stanza, without saying whose: Transcript does it better.
logging.getLogger("slixmpp").setLevel(logging.CRITICAL)
logging.getLogger("asyncio").setLevel(logging.ERROR)


class Transcript:
    """What every client and gateway of a test said and heard."""

    def __init__(self, file):
        self._file = open(file, "a", encoding="utf-8")
        self.path = file

    def line(self, who, direction, data):
        text = data.decode(errors="replace") if isinstance(data, bytes) else data
        loop_time = asyncio.get_event_loop().time()
        self._file.write(f"{loop_time:12.3f} {who} {direction} {text.strip()}\n")
        self._file.flush()

    def close(self):
        self._file.close()

    def tail(self, lines=60):
        return "\n".join(self.path.read_text(errors="replace").splitlines()[-lines:])


class LoginFailed(Exception):
    """The server refused; the text is the SASL condition."""


def text_of(element, path):
    found = element.find(path)
    return None if found is None else (found.text or "")


class Client(slixmpp.ClientXMPP):
    """One device of one account."""

    def __init__(self, server, name, password, resource, *, transcript, trusted,
                 stream_management=False, sasl_mech=None):
        super().__init__(f"{name}@{server.domain}/{resource}", password, sasl_mech=sasl_mech)
        self._server = server
        self._transcript = transcript
        self._who = f"{name}/{resource}"
        self.ca_certs = trusted
        self.whitespace_keepalive = False
        self.auto_authorize = None
        self.auto_subscribe = False
        if stream_management:
            self.register_plugin("xep_0198")
        self.messages = []   # as received, in order
        self.presences = []
        self.resumptions = 0
        self._refusal = None
        self._over = asyncio.Event()
        self.register_handler(Callback("messages", MatchXPath("{jabber:client}message"),
                                       lambda stanza: self.messages.append(stanza.xml)))
        self.register_handler(Callback("presences", MatchXPath("{jabber:client}presence"),
                                       lambda stanza: self.presences.append(stanza.xml)))
        self.add_event_handler("session_resumed", self._on_resumed)
        self.add_event_handler("failed_all_auth", self._on_refused)
        self.add_event_handler("failed_auth", self._on_failed_auth)
        self.add_event_handler("disconnected", lambda _: self._over.set())

    # --- connecting -------------------------------------------------------------------------

    async def get_dns_records(self, domain, port=None):
        return [(domain, self._server.address, self._server.client_port)]

    async def login(self):
        """Connects, secures, authenticates, binds; with stream management enabled if asked for."""
        self._open()
        await until(lambda: self.sessionstarted or self._refusal, f"{self._who} logs in")
        if self._refusal:
            raise LoginFailed(self._refusal)
        return self

    async def resume(self):
        """Connects again and takes the sleeping session up, or fails."""
        before = self.resumptions
        self._open()
        await until(lambda: self.resumptions > before or self.sessionstarted or self._refusal,
                    f"{self._who} resumes")
        if self.resumptions == before:
            raise AssertionError(f"{self._who} was not allowed to resume its session")

    def come_online(self):
        self.send_presence()

    async def settle(self):
        """After this the server has handled all we sent, and knows that we got all it sent."""
        iq = self.make_iq_get()
        iq["to"] = self._server.domain
        iq.xml.append(ET.Element("{urn:xmpp:ping}ping"))
        await iq.send(timeout=10)
        if "xep_0198" in self.plugin:
            self["xep_0198"].send_ack()

    async def acknowledged(self):
        """After this the server has acknowledged all we sent: what it caused is durable."""
        await self.settle()  # slixmpp's request would overtake what it has yet to write
        self["xep_0198"].request_ack()
        await until(lambda: not self["xep_0198"].unacked_queue,
                    f"{self._who} is acknowledged what it sent")

    async def cut(self):
        """The network is gone: a reset without any goodbye, neither from XMPP nor from TLS."""
        if (own := self.transport.get_extra_info("socket")) is not None:  # it is not closing by itself
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
        await self._ended()

    async def log_out(self):
        """Closes the stream properly: the session is over."""
        await self.disconnect()
        await self._ended()

    async def _ended(self):
        await until(self._over.is_set, f"the connection of {self._who} ends")

    async def close(self):
        if self.is_connected():
            await self.cut()
        self.cancel_connection_attempt()
        if self._run_out_filters:
            self._run_out_filters.cancel()

    @property
    def session_id(self):
        """The id of the resumable session (XEP-0198)."""
        return self["xep_0198"].sm_id

    @property
    def mechanism(self):
        return self["feature_mechanisms"].mech.name

    @property
    def is_encrypted(self):
        return self.transport.get_extra_info("cipher") is not None

    def _open(self):
        self._refusal = None
        self.sessionstarted = False
        self._over.clear()
        self.connect((self._server.address, self._server.client_port))

    def _on_resumed(self, _):
        self.resumptions += 1

    def _on_failed_auth(self, failure):
        self._last_condition = failure["condition"]

    def _on_refused(self, _):
        self._refusal = getattr(self, "_last_condition", "no-mechanism")

    # --- talking ----------------------------------------------------------------------------

    def say(self, to, body, type="chat"):
        self.send_message(mto=to, mbody=body, mtype=type)

    def with_body(self, body):
        return [one for one in self.messages if text_of(one, "{jabber:client}body") == body]

    async def hears(self, body, within=10.0):
        """Waits for the message and returns it."""
        found = await until(lambda: self.with_body(body),
                            lambda: f"{self._who} gets {body!r}, has {len(self.messages)} others",
                            within)
        return found[0]

    async def sees_presence(self, sender, type=None):
        def find():
            return [one for one in self.presences if one.get("type") == type
                    and one.get("from", "").split("/")[0] == sender]
        return (await until(find, f"{self._who} sees presence {type} from {sender}"))[-1]

    async def request(self, type, payload, to=None):
        """Sends an IQ with that XML in it and returns the answer; IqError if it is one."""
        iq = self.make_iq(id=self.new_id(), itype=type, ito=to)
        iq.xml.append(ET.fromstring(payload) if isinstance(payload, str) else payload)
        return (await iq.send(timeout=10)).xml

    def tell(self, to, payload, type="chat"):
        """Sends a message with that XML in it, and no body."""
        message = self.make_message(mto=to, mtype=type)
        message.xml.append(ET.fromstring(payload))
        message.send()

    async def run_command(self, service, command, fields):
        """Executes an ad-hoc command (XEP-0050) in one step; returns the fields it answers."""
        given = "".join(f"<field var='{var}'><value>{value}</value></field>"
                        for var, value in fields.items())
        answer = await self.request("set", (
            f"<command xmlns='http://jabber.org/protocol/commands' node='{command}'"
            f" action='execute'><x xmlns='jabber:x:data' type='submit'>{given}</x></command>"),
            to=service)
        return {field.get("var"): [value.text or "" for value in field.findall(f"{FORM}value")]
                for field in answer.iter(f"{FORM}field")}

    async def enable_push(self, service, node, options):
        """XEP-0357 section 5; `options` is the publish-options form as text, or empty."""
        await self.request("set", f"<enable xmlns='urn:xmpp:push:0' jid='{service}' "
                                  f"node='{node}'>{options}</enable>")

    # --- transcript -------------------------------------------------------------------------

    def data_received(self, data):
        self._transcript.line(self._who, "<", data)
        super().data_received(data)

    def send_raw(self, data):
        self._transcript.line(self._who, ">", data)
        super().send_raw(data)


@dataclass
class Publish:
    """A publish as the gateway got it."""
    iq: ET.Element
    at: float  # loop time

    @property
    def publish(self) -> ET.Element:
        return self.iq.find(f"{PUBSUB}pubsub/{PUBSUB}publish")

    @property
    def node(self) -> Optional[str]:
        return self.publish.get("node")

    @property
    def summary(self) -> dict:
        """The summary form: field name -> value."""
        fields = self.publish.findall(f"{PUBSUB}item/{PUSH}notification/{FORM}x/{FORM}field")
        return {field.get("var"): text_of(field, f"{FORM}value") for field in fields}


class Gateway(ComponentXMPP):
    """A push gateway as an external component (XEP-0114): keeps what is published, answers."""

    def __init__(self, server, domain, secret, *, transcript):
        super().__init__(domain, secret, server.address, server.component_port)
        self._transcript = transcript
        self.domain = domain
        self.published = []
        self.refuse_with = None  # (type, condition) of the error it answers
        self.register_handler(Callback(
            "publishes", MatchXPath(f"{{jabber:component:accept}}iq/{PUBSUB}pubsub"),
            self._on_publish))

    async def get_dns_records(self, domain, port=None):
        return [(domain, self.server_host, self.server_port)]

    async def attach(self):
        self.connect()
        await until(lambda: self.sessionstarted, f"{self.domain} attaches")
        return self

    async def close(self):
        if self.is_connected():
            await self.disconnect()
        if self._run_out_filters:
            self._run_out_filters.cancel()

    async def gets(self, count=1, within=10.0):
        """Waits until that many notifications arrived in all, and returns the last."""
        await until(lambda: len(self.published) >= count,
                    lambda: f"notification {count} arrives, have {len(self.published)}", within)
        return self.published[count - 1]

    def _on_publish(self, iq):
        self.published.append(Publish(iq.xml, asyncio.get_event_loop().time()))
        reply = iq.reply(clear=True)
        if self.refuse_with:
            reply["type"] = "error"
            reply["error"]["type"], reply["error"]["condition"] = self.refuse_with
        reply.send()

    def data_received(self, data):
        self._transcript.line(self.domain, "<", data)
        super().data_received(data)

    def send_raw(self, data):
        self._transcript.line(self.domain, ">", data)
        super().send_raw(data)
