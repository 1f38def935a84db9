"""The app servers that phones' vendors run, as gateways that reject what the real ones reject:

    P2          Conversations, Quicksy, Snikket for Android
    FPush       Monal
    TigasePush  Siskin, Snikket for iOS, Beagle

None answers service discovery by more than an error, as p2 does not either."""
import asyncio
import secrets
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from clients import FORM, PUBSUB, PUSH, Gateway, Publish, text_of
from push_decoder import ENCRYPTED

COMMAND = "{http://jabber.org/protocol/commands}command"
PRIORITY = "{tigase:push:priority:0}priority"
GROUPCHAT = "{http://tigase.org/protocol/muc#offline}groupchat"
NICKNAME = "{http://tigase.org/protocol/muc#offline}nickname"
JINGLE = "{tigase:push:jingle:0}jingle"
MEDIA = "{tigase:push:jingle:0}media"
PUBLISH_OPTIONS = "http://jabber.org/protocol/pubsub#publish-options"
SUMMARY = "urn:xmpp:push:summary"


class Refusal(Exception):
    """The error an app server answers."""

    def __init__(self, type, condition, text=""):
        super().__init__(f"{type}/{condition} {text}")
        self.type, self.condition, self.text = type, condition, text


class Malformed(Exception):
    """A parser that knows every element and attribute met another one."""


# --- reading strictly ---------------------------------------------------------------------------

def insist(element, tag, attributes=(), children=None):
    """That it has that name, no attribute but those, and no child but those (if given)."""
    if element.tag != tag:
        raise Malformed(f"{element.tag} instead of {tag}")
    if not set(element.attrib) <= set(attributes):
        raise Malformed(f"unknown attributes of {tag}: {sorted(element.attrib)}")
    for child in element:
        if children is not None and child.tag not in children:
            raise Malformed(f"unknown child of {tag}: {child.tag}")


def one_child(element):
    if len(element) != 1:
        raise Malformed(f"{len(element)} children of {element.tag} instead of one")
    return element[0]


def strict_fields(form):
    """The fields of a data form, in their order: [(var, [value, ...]), ...]."""
    insist(form, f"{FORM}x", {"type"}, {f"{FORM}title", f"{FORM}instructions", f"{FORM}field"})
    if form.get("type") not in ("form", "submit", "cancel", "result"):
        raise Malformed(f"a form of type {form.get('type')}")
    fields = []
    for field in form.findall(f"{FORM}field"):
        insist(field, f"{FORM}field", {"var", "type", "label"},
               {f"{FORM}value", f"{FORM}required", f"{FORM}option", f"{FORM}desc"})
        fields.append((field.get("var"), [value.text or "" for value in
                                          field.findall(f"{FORM}value")]))
    return fields


class StrictPublish:
    """A publish with nothing in it but what XEP-0060 and XEP-0357 name: `node`, `notification` and
    `options`, the fields of its publish-options in their order (None without them)."""

    def __init__(self, iq):
        pubsub = one_child(iq)
        insist(pubsub, f"{PUBSUB}pubsub", (), {f"{PUBSUB}publish", f"{PUBSUB}publish-options"})
        if [child.tag for child in pubsub][:1] != [f"{PUBSUB}publish"] or len(pubsub) > 2:
            raise Malformed(f"not one publish with its options: {[one.tag for one in pubsub]}")
        insist(pubsub[0], f"{PUBSUB}publish", {"node"}, {f"{PUBSUB}item"})
        if "node" not in pubsub[0].attrib:
            raise Malformed("a publish without node")
        item = one_child(pubsub[0])
        insist(item, f"{PUBSUB}item", ("id",))
        self.node = pubsub[0].get("node")
        self.notification = one_child(item)
        insist(self.notification, f"{PUSH}notification")
        self.options = None
        if len(pubsub) == 2:
            insist(pubsub[1], f"{PUBSUB}publish-options")
            self.options = strict_fields(one_child(pubsub[1]))


def form_values(form):
    """The first value of each field, read generously."""
    return {} if form is None else {field.get("var"): text_of(field, f"{FORM}value") or ""
                                    for field in form.findall(f"{FORM}field")}


def result_form(fields, type="form"):
    form = ET.Element(f"{FORM}x", {"type": type})
    for name, value in fields.items():
        field = ET.SubElement(form, f"{FORM}field", {"var": name})
        for one in [value] if isinstance(value, str) else value:
            ET.SubElement(field, f"{FORM}value").text = one
    return form


def domain_of(jid):
    return jid.split("/")[0].split("@")[-1]


# --- app servers --------------------------------------------------------------------------------

class AppServer(Gateway):
    """Answers commands and publishes: the subclass says how, by returning or raising Refusal."""

    def __init__(self, server, domain, secret, *, transcript):
        super().__init__(server, domain, secret, transcript=transcript)
        self.answers = []  # "result" or the condition, one for each publish
        self.register_handler(Callback(
            "commands", MatchXPath(f"{{jabber:component:accept}}iq/{COMMAND}"), self._on_command))

    def judge(self, iq):
        """A publish."""
        raise NotImplementedError

    def run(self, command, requester, form):
        """An ad-hoc command (XEP-0050): returns the form to answer."""
        raise Refusal("cancel", "item-not-found")

    def _on_publish(self, iq):
        self.published.append(Publish(iq.xml, asyncio.get_event_loop().time()))
        try:
            self.judge(iq.xml)
        except Refusal as refusal:
            self.answers.append(refusal.condition)
            return self._refuse(iq, refusal)
        self.answers.append("result")
        iq.reply(clear=True).send()

    def _on_command(self, iq):
        command = iq.xml.find(COMMAND)
        try:
            if iq["type"] != "set" or command.get("action") != "execute":
                raise Refusal("modify", "bad-request")
            form = self.run(command.get("node"), str(iq["from"]),
                            form_values(command.find(f"{FORM}x")))
        except Refusal as refusal:
            return self._refuse(iq, refusal)
        reply = iq.reply(clear=True)
        done = ET.SubElement(reply.xml, COMMAND, {
            "node": command.get("node"), "status": "completed", "sessionid": secrets.token_hex(4)})
        done.append(form)
        reply.send()

    @staticmethod
    def _refuse(iq, refusal):
        reply = iq.reply(clear=True)
        reply["type"] = "error"
        reply["error"]["type"], reply["error"]["condition"] = refusal.type, refusal.condition
        if refusal.text:
            reply["error"]["text"] = refusal.text
        reply.send()


@dataclass
class Target:
    """A device that p2 knows."""
    device: str
    token: str
    secret: str


class P2(AppServer):
    """It finds a device by node and the domain that publishes, and believes who has the secret."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.targets = {}      # (domain of the account, node) -> Target
        self.woken = []        # (token, whether there was text), in order
        self.vendor_is_down = False

    def run(self, command, requester, form):
        if command not in ("register-push-fcm", "register-push-apns"):
            raise Refusal("cancel", "item-not-found")
        token, device = form.get("token"), form.get("device-id") or form.get("android-id")
        if not token or not device or "/" in form.get("muc", ""):
            raise Refusal("modify", "bad-request")
        device = f"{requester.split('/')[0]} {device} {form.get('muc', '')}"
        for (_, node), target in self.targets.items():
            if target.device == device:
                target.token = token
                return self._registered(node, target)
        node = secrets.token_urlsafe(9)
        target = self.targets[domain_of(requester), node] = Target(
            device, token, secrets.token_urlsafe(18))
        return self._registered(node, target)

    def _registered(self, node, target):
        return result_form({"jid": self.domain, "node": node, "secret": target.secret})

    def judge(self, iq):
        publish = iq.find(f"{PUBSUB}pubsub/{PUBSUB}publish")
        if iq.get("type") != "set" or publish is None:
            raise Refusal("modify", "bad-request")
        options = iq.find(f"{PUBSUB}pubsub/{PUBSUB}publish-options/{FORM}x")
        secret = form_values(options).get("secret")
        node, sender = publish.get("node"), iq.get("from")
        if node is None or secret is None or "/" in sender:
            raise Refusal("auth", "forbidden")
        target = self.targets.get((domain_of(sender), node))
        if target is None:
            raise Refusal("cancel", "item-not-found")
        if secret != target.secret:
            raise Refusal("auth", "forbidden")
        if self.vendor_is_down:
            raise Refusal("wait", "recipient-unavailable")
        text = form_values(publish.find(f"{PUBSUB}item/{PUSH}notification/{FORM}x")).get(
            "last-message-body", "")
        self.woken.append((target.token, bool(text.strip())))


class FPush(AppServer):
    """The node is the token itself, and the options name one of its modules; whatever the parser
    does not know, it does not accept."""

    SECONDS_BETWEEN = 20  # of one token: one more waits for that, the rest is swallowed
    MAX_FIELDS = 5

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.modules = {"default", "monalProdiOS", "monalProdiOS-sandbox", "monalAlpha"}
        self.blocked = set()
        self.alerts = []  # (module, token), in order
        self._next = {}   # token -> when the next one may go

    def judge(self, iq):
        try:
            publish = StrictPublish(iq)
            module = self.module_of(publish.options)
        except Malformed as malformed:
            raise Refusal("wait", "bad-request", str(malformed)) from None
        if module not in self.modules:
            raise Refusal("cancel", "bad-request", "A error occured")
        if publish.node in self.blocked:
            raise Refusal("cancel", "policy-violation", "A error occured")
        now = time.monotonic()
        due = self._next.get(publish.node, now)
        if due > now + self.SECONDS_BETWEEN:
            return
        self._next[publish.node] = max(due, now) + self.SECONDS_BETWEEN
        self.alerts.append((module, publish.node))

    @classmethod
    def module_of(cls, fields):
        if fields is None:
            return "default"
        if len(fields) > cls.MAX_FIELDS:
            raise Malformed(f"{len(fields)} publish options")
        if [values for var, values in fields if var == "FORM_TYPE"] != [[PUBLISH_OPTIONS]]:
            raise Malformed("publish options without their FORM_TYPE")
        for var, values in fields:
            if var == "FORM_TYPE":
                continue
            if var != "pushModule" or len(values) != 1:
                raise Malformed(f"{var} where pushModule must be")
            return values[0]
        return "default"


class TigasePush(AppServer):
    """Takes a notification of exactly the shapes that server and app have agreed on, and hands it
    to APNs for the device: `delivered` is what the app gets, as the <notification/> it came in."""

    PROVIDERS = {"tigase:messenger:apns:1", "snikket:apns:1"}
    MAX_PAYLOAD_SIZE = "4096"

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.devices = {}     # node -> device token
        self.delivered = []   # (device token, notification)

    def run(self, command, requester, form):
        if command == "unregister-device":
            nodes = [node for node, token in self.devices.items() if token == form["device-token"]]
            for node in nodes:
                del self.devices[node]
            return result_form({}, "result")
        if command != "register-device":
            raise Refusal("cancel", "item-not-found")
        if form.get("provider") not in self.PROVIDERS or not form.get("device-token"):
            raise Refusal("modify", "bad-request")
        node = secrets.token_hex(10)
        self.devices[node] = form["device-token"]
        return result_form({"node": node, "max-payload-size": self.MAX_PAYLOAD_SIZE, "features": [
            "tigase:push:encrypt:0", "tigase:push:encrypt:aes-128-gcm"]}, "result")

    def judge(self, iq):
        try:
            publish = StrictPublish(iq)
            self.insist_on_shape(publish.notification)
        except Malformed as malformed:
            raise Refusal("modify", "bad-request", str(malformed)) from None
        if publish.node not in self.devices:
            raise Refusal("cancel", "item-not-found")
        self.delivered.append((self.devices[publish.node], publish.notification))

    @classmethod
    def insist_on_shape(cls, notification):
        checks = {f"{FORM}x": cls._summary, ENCRYPTED: cls._encrypted,
                  PRIORITY: cls._priority, GROUPCHAT: cls._groupchat, JINGLE: cls._jingle}
        insist(notification, f"{PUSH}notification", (), checks)
        tags = [child.tag for child in notification]
        if len(set(tags)) != len(tags):
            raise Malformed(f"one of them twice: {tags}")
        if (f"{FORM}x" in tags) == (ENCRYPTED in tags):
            raise Malformed(f"neither plain nor encrypted, or both: {tags}")
        if ENCRYPTED in tags and {GROUPCHAT, JINGLE} & set(tags):
            raise Malformed(f"plain text beside the encrypted: {tags}")
        for child in notification:
            checks[child.tag](child)

    @staticmethod
    def _summary(form):
        fields = dict(strict_fields(form))
        known = {"FORM_TYPE", "message-count", "last-message-sender", "last-message-body",
                 "pending-subscription-count"}
        if fields.get("FORM_TYPE") != [SUMMARY] or not set(fields) <= known:
            raise Malformed(f"no summary: {fields}")

    @staticmethod
    def _encrypted(element):
        insist(element, ENCRYPTED, {"iv", "type"}, ())
        if not element.get("iv") or not element.text or element.get("type", "voip") != "voip":
            raise Malformed(f"incomplete: {element.attrib}")

    @staticmethod
    def _priority(element):
        insist(element, PRIORITY, (), ())
        if element.text not in ("high", "low"):
            raise Malformed(f"priority {element.text}")

    @staticmethod
    def _groupchat(element):
        insist(element, GROUPCHAT, (), {NICKNAME})
        insist(one_child(element), NICKNAME, (), ())

    @staticmethod
    def _jingle(element):
        insist(element, JINGLE, {"action", "sid"}, {MEDIA})
        if element.get("action") not in ("propose", "accept", "reject", "proceed"):
            raise Malformed(f"jingle {element.get('action')}")
        for media in element:
            insist(media, MEDIA, (), ())
