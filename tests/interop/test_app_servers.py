"""The app servers that vendors run insist on more than XEP-0357 does, each on something else: what
reaches the strict fakes of them (app_servers.py) over S2S, and what the phone can decrypt of it.

    romeo --- Clarion ---> juliet's phone, asleep or away
                 |
                 +--- S2S --- Prosody --- push.prosody.test: p2, fpush or the Tigase push component
"""
import base64
import json
import os
import secrets
import unittest
import xml.etree.ElementTree as ET

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from slixmpp.exceptions import IqError

from app_servers import JINGLE, P2, PRIORITY, FPush, Malformed, StrictPublish, TigasePush
from clients import PUBSUB, PUSH, text_of
from federation_case import SECRET, FederationCase
from push_decoder import (ENCRYPTED, CannotDecode, PhoneDecoder, decipher_by_library,
                          decipher_by_openssl)
from waiting import until

DISCO = "{http://jabber.org/protocol/disco#info}"
OPTIONS_TYPE = "http://jabber.org/protocol/pubsub#publish-options"


def options_form(*fields):
    """Publish options as a client gives them: (var, value) in that order, after FORM_TYPE."""
    fields = [("FORM_TYPE", OPTIONS_TYPE), *fields]
    return ("<x xmlns='jabber:x:data' type='submit'>" + "".join(
        f"<field var='{var}'><value>{value}</value></field>" for var, value in fields) + "</x>")


# --- the fakes themselves -----------------------------------------------------------------------

class Deciphers(unittest.TestCase):
    """Both against a test vector of GCM's specification (test case 3), and each other."""

    KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308")
    IV = bytes.fromhex("cafebabefacedbaddecaf888")
    PLAIN = bytes.fromhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255")
    SEALED = bytes.fromhex("42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                           "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
                           "4d5c2af327cd64a62cf35abd2ba6fab4")

    def test_known_answer(self):
        for decipher in decipher_by_library, decipher_by_openssl:
            with self.subTest(decipher.__name__):
                self.assertEqual(decipher(self.KEY, self.IV, self.SEALED), self.PLAIN)

    def test_every_size(self):
        key, iv = secrets.token_bytes(16), secrets.token_bytes(12)
        for size in 1, 15, 16, 17, 2200:
            plain = secrets.token_bytes(size)
            sealed = AESGCM(key).encrypt(iv, plain, None)
            self.assertEqual(decipher_by_openssl(key, iv, sealed), plain)

    def test_one_wrong_bit_is_found(self):
        wrong = self.SEALED[:-1] + bytes([self.SEALED[-1] ^ 1])
        for decipher in decipher_by_library, decipher_by_openssl:
            with self.subTest(decipher.__name__), self.assertRaises(CannotDecode):
                decipher(self.KEY, self.IV, wrong)


class PhoneDecodes(unittest.TestCase):
    CHAT = {"unread": 1, "sender": "romeo@montague.test", "type": "chat", "message": "Ay me"}
    CALL = {"unread": 1, "sender": "romeo@montague.test/orchard", "type": "call", "sid": "ca3cf894",
            "media": ["audio"]}

    def setUp(self):
        self.key = secrets.token_bytes(16)
        self.phone = PhoneDecoder(self.key)

    def sealed(self, plaintext, iv=None, **attributes):
        if not isinstance(plaintext, (bytes, str)):
            plaintext = json.dumps(plaintext, ensure_ascii=False)
        if isinstance(plaintext, str):
            plaintext = plaintext.encode()
        iv = iv or secrets.token_bytes(12)
        element = ET.Element(ENCRYPTED, {"iv": base64.b64encode(iv).decode(), **attributes})
        element.text = base64.b64encode(AESGCM(self.key).encrypt(iv, plaintext, None)).decode()
        return element

    def test_what_siskin_shows(self):
        groupchat = {**self.CHAT, "type": "groupchat", "nickname": "Thirdwitch"}
        for payload in self.CHAT, groupchat, {"unread": 0, "sender": "romeo@montague.test"}:
            self.assertEqual(self.phone.decode(self.sealed(payload)), payload)
        self.assertEqual(self.phone.decode(self.sealed(self.CALL, type="voip")), self.CALL)
        silent = {**self.CALL, "media": []}
        self.assertEqual(self.phone.decode(self.sealed(silent, type="voip")), silent)
        ended = {key: value for key, value in self.CALL.items() if key != "media"}
        self.assertEqual(self.phone.decode(self.sealed(ended, type="voip"), ends_call=True), ended)
        with self.assertRaises(CannotDecode):
            self.phone.decode(self.sealed(ended, type="voip"))

    def test_what_siskin_does_not_show(self):
        broken = [
            {**self.CHAT, "unread": "1"}, {**self.CHAT, "unread": None},
            {**self.CHAT, "unread": True}, {**self.CHAT, "unread": 1.5},
            {**self.CHAT, "type": "subscribe"}, {**self.CHAT, "type": "account-removed"},
            {**self.CHAT, "type": None}, {**self.CHAT, "sender": None},
            {**self.CHAT, "sender": "romeo@montague.test/orchard"},
            {**self.CHAT, "nickname": "Romeo"}, {**self.CHAT, "body": "Ay me"},
            {"sender": "romeo@montague.test"}, {"unread": 1}, ["unread"], "", "{", b"\xff",
            json.dumps(self.CHAT)[:-1] + ', "unread": 2}', json.dumps(self.CHAT).encode()[:-3],
            json.dumps(self.CHAT, ensure_ascii=False).encode().replace(b"Ay", b"\xf0\x9f"),
        ]
        for payload in broken:
            with self.subTest(payload=payload), self.assertRaises(CannotDecode):
                self.phone.decode(self.sealed(payload))
        for payload in self.CHAT, {**self.CALL, "media": None}, {**self.CALL, "sid": ""}, \
                {**self.CALL, "sender": "romeo@montague.test"}:
            with self.subTest(payload=payload), self.assertRaises(CannotDecode):
                self.phone.decode(self.sealed(payload, type="voip"))
        with self.assertRaises(CannotDecode):
            self.phone.decode(self.sealed(self.CALL))

    def test_what_is_badly_sealed(self):
        def changed(change):
            element = self.sealed(self.CHAT)
            change(element)
            return element

        def zero_tag(element):
            text = base64.b64decode(element.text)[:-16] + bytes(16)
            element.text = base64.b64encode(text).decode()

        iv = secrets.token_bytes(12)
        self.phone.decode(self.sealed(self.CHAT, iv))
        broken = {
            "iv again": self.sealed(self.CHAT, iv),
            "iv of 16": changed(lambda one: one.set("iv", base64.b64encode(bytes(16)).decode())),
            "no iv": changed(lambda one: one.attrib.pop("iv")),
            "attribute": self.sealed(self.CHAT, alg="aes-128-gcm"),
            "base64": changed(lambda one: setattr(one, "text", one.text[:-1] + "?")),
            "only a tag": changed(lambda one: setattr(one, "text", "A" * 20)),
            "tag of zeros": changed(zero_tag),
            "too long": self.sealed({**self.CHAT, "message": "x" * 2300}),
        }
        for name, element in broken.items():
            with self.subTest(name), self.assertRaises(CannotDecode):
                self.phone.decode(element)


class FakesAreStrict(unittest.TestCase):
    SUMMARY = ("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
               "urn:xmpp:push:summary</value></field></x>")
    GOOD = ("<iq><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item>"
            "<notification xmlns='urn:xmpp:push:0'/></item></publish><publish-options>"
            + options_form(("pushModule", "monalAlpha")) + "</publish-options></pubsub></iq>")

    def test_publish(self):
        self.assertEqual(StrictPublish(ET.fromstring(self.GOOD)).options,
                         [("FORM_TYPE", [OPTIONS_TYPE]), ("pushModule", ["monalAlpha"])])
        for old, new in [
                ("<publish ", "<publish priority='high' "), (" node='n'", ""),
                ("<item>", "<item xml:lang='en'>"), ("</item>", "<x/></item>"),
                ("</publish>", "<x/></publish>"), ("</pubsub>", "<x/></pubsub>"),
                ("<pubsub ", "<pubsub id='1' "), ("urn:xmpp:push:0", "urn:xmpp:push:1"),
                ("<notification xmlns='urn:xmpp:push:0'/>", ""),
                ("<publish-options>", "<publish-options node='n'>"),
                ("</publish-options>", "<x/></publish-options>"),
                ("type='submit'", "type='list'"), ("</x>", "<item/></x>"),
                ("<field ", "<field secret='1' ")]:
            with self.subTest(new), self.assertRaises(Malformed):
                self.assertIn(old, self.GOOD)
                StrictPublish(ET.fromstring(self.GOOD.replace(old, new)))

    def test_module(self):
        form = ("FORM_TYPE", [OPTIONS_TYPE])
        self.assertEqual(FPush.module_of(None), "default")
        self.assertEqual(FPush.module_of([form, ("pushModule", ["a"]), ("x", ["b"])]), "a")
        for fields in ([("pushModule", ["a"])], [form, ("x", ["b"]), ("pushModule", ["a"])],
                       [form, ("pushModule", [])], [form, ("pushModule", ["a"])] + 4 * [("x", [])],
                       [("FORM_TYPE", ["urn:xmpp:push:summary"]), ("pushModule", ["a"])]):
            with self.subTest(fields), self.assertRaises(Malformed):
                FPush.module_of(fields)

    def test_shapes(self):
        encrypted = "<encrypted xmlns='tigase:push:encrypt:0' iv='x'>y</encrypted>"
        priority = "<priority xmlns='tigase:push:priority:0'>high</priority>"
        groupchat = ("<groupchat xmlns='http://tigase.org/protocol/muc#offline'>"
                     "<nickname>Thirdwitch</nickname></groupchat>")
        jingle = "<jingle xmlns='tigase:push:jingle:0' action='propose' sid='1'>{}</jingle>".format(
            "<media>audio</media><media>video</media>")

        def look(content):
            TigasePush.insist_on_shape(ET.fromstring(
                f"<notification xmlns='urn:xmpp:push:0'>{content}</notification>"))

        for good in (self.SUMMARY, self.SUMMARY + priority + groupchat, self.SUMMARY + jingle,
                     encrypted, priority + encrypted, encrypted.replace("iv", "type='voip' iv")):
            look(good)
        for bad in ("", priority, self.SUMMARY + encrypted, encrypted + groupchat,
                    encrypted + jingle, encrypted + encrypted, encrypted.replace("iv='x'", ""),
                    encrypted.replace("iv", "type='call' iv"), encrypted.replace("y<", "<"),
                    self.SUMMARY + "<body/>", self.SUMMARY + priority.replace("high", "normal"),
                    self.SUMMARY + groupchat.replace("Thirdwitch", "<b/>"),
                    self.SUMMARY + jingle.replace("propose", "retract"),
                    self.SUMMARY.replace("urn:xmpp:push:summary", "jabber:bot")):
            with self.subTest(bad), self.assertRaises(Malformed):
                look(bad)


# --- app servers on the other server --------------------------------------------------------------

MAX_ERRORS = 3


class AppServerCase(FederationCase):
    """Juliet's phone gets its notifications through one of them; romeo writes to her."""

    app_server = None
    options = f"[push]\nmax_errors = {MAX_ERRORS}\n"

    async def asyncSetUp(self):
        self.service = self.app_server(self.prosody, "push.prosody.test", SECRET,
                                       transcript=self.transcript)
        self.addAsyncCleanup(self.service.close)
        await self.service.attach()
        self.romeo = await self.online(self.clarion, await self.account(self.clarion, "romeo"))
        self.phone = await self.phone_of(await self.account(self.clarion, "juliet"))
        self.juliet = self.phone.boundjid.bare

    async def phone_of(self, name, resource="phone"):
        return await self.online(self.clarion, name, resource, stream_management=True)

    async def falls_asleep(self, phone):
        await phone.settle()
        await phone.cut()
        await until(lambda: self.clarion.is_asleep(phone.boundjid.full), "the server notices it")

    async def registrations(self):
        return await self.clarion.ctl_json("push", "list", self.juliet)

    async def errors(self):
        """Of the only registration there is."""
        (only,) = await self.registrations()
        return only["errors"]

    async def romeo_writes(self, count, answer):
        """To nobody's device; the app server answers each time so, and Clarion has heard it."""
        for _ in range(count):
            before = len(self.service.answers)
            self.romeo.say(self.juliet, f"message {before}")
            await self.service.gets(before + 1, within=10)
            self.assertEqual(self.service.answers[before:], [answer])

    async def comes_to_have(self, errors):
        await until(lambda: self._has(errors), f"{errors} errors are counted")

    async def _has(self, errors):
        return [one["errors"] for one in await self.registrations()] == [errors]

    async def comes_to_have_none(self):
        async def none():
            return not await self.registrations()
        await until(none, "the registration is removed")

    async def administrator_tests(self):
        """clarionctl push test, then push ping: two notifications with no message attached."""
        self.assertIn("result", await self.clarion.ctl("push", "test", self.juliet))
        await self.clarion.ctl("push", "ping", self.juliet)
        await self.service.gets(2, within=10)
        self.assertEqual(self.service.answers, ["result", "result"])

    async def assert_not_told(self):
        """Of one message more."""
        count = len(self.service.published)
        self.romeo.say(self.juliet, "Is anybody there?")
        await self.romeo.settle()
        await self.assert_nothing_more(self.service, count, during=1)


class RegisteredAtP2:
    app_server = P2

    async def register(self, phone, token="fcm-token", device="a1b2c3d4", **more):
        """As Conversations does it. Returns where to, which node, and the secret for it."""
        answer = await phone.run_command("push.prosody.test", "register-push-fcm", {
            "token": token, "android-id": device, **more})
        return answer["jid"][0], answer["node"][0], answer["secret"][0]

    async def registered(self, **changed):
        service, node, secret = await self.register(self.phone)
        await self.phone.enable_push(service, changed.get("node", node),
                                     options_form(("secret", changed.get("secret", secret))))
        return node, secret


class Conversations(RegisteredAtP2, AppServerCase):

    async def test_is_woken_offline(self):
        node, _ = await self.registered()
        await self.phone.log_out()
        await self.romeo_writes(1, "result")
        self.assertEqual(self.service.published[0].node, node)
        self.assertEqual(self.service.published[0].iq.get("from"), "clarion.test")
        self.assertEqual(self.service.woken, [("fcm-token", True)])
        await self.comes_to_have(errors=0)

    async def test_is_woken_asleep_with_text_only_if_important(self):
        await self.registered()
        await self.falls_asleep(self.phone)
        self.romeo.tell(self.juliet, "<composing xmlns='http://jabber.org/protocol/chatstates'/>")
        await self.service.gets(1, within=10)
        self.romeo.say(self.juliet, "Art thou asleep?")
        await self.service.gets(2, within=10)
        self.assertEqual(self.service.woken, [("fcm-token", False), ("fcm-token", True)])
        await self.phone.resume()
        await self.phone.hears("Art thou asleep?")
        await self.comes_to_have(errors=0)

    async def test_administrator_can_wake_it(self):
        await self.registered()
        await self.administrator_tests()
        self.assertEqual([token for token, _ in self.service.woken], ["fcm-token"] * 2)

    async def test_new_token_at_the_old_node(self):
        node, secret = await self.registered()
        again = await self.register(self.phone, token="newer-token")
        self.assertEqual(again, ("push.prosody.test", node, secret))
        await self.phone.log_out()
        await self.romeo_writes(1, "result")
        self.assertEqual(self.service.woken, [("newer-token", True)])

    async def test_wrong_secret_is_forbidden_counts_and_ends(self):
        _, secret = await self.registered(secret="that of somebody else")
        await self.phone.log_out()
        for count in range(1, MAX_ERRORS):
            await self.romeo_writes(1, "forbidden")
            await self.comes_to_have(errors=count)
        await self.romeo_writes(1, "forbidden")
        await self.comes_to_have_none()
        await self.assert_not_told()

        phone = await self.phone_of(self.phone.boundjid.user)
        service, node, again = await self.register(phone)
        self.assertEqual(again, secret)
        await phone.enable_push(service, node, options_form(("secret", secret)))
        await phone.log_out()
        await self.romeo_writes(1, "result")
        self.assertEqual(self.service.woken, [("fcm-token", True)])

    async def test_right_secret_in_time_starts_counting_anew(self):
        node, secret = await self.registered(secret="that of somebody else")
        await self.phone.log_out()
        await self.romeo_writes(MAX_ERRORS - 1, "forbidden")
        phone = await self.phone_of(self.phone.boundjid.user)
        await phone.enable_push("push.prosody.test", node, options_form(("secret", secret)))
        await self.comes_to_have(errors=0)

    async def test_node_of_another_domain_is_not_found(self):
        name = await self.account(self.prosody, "juliet")
        elsewhere = await self.online(self.prosody, name)
        service, node, secret = await self.register(elsewhere)
        await self.phone.enable_push(service, node, options_form(("secret", secret)))
        await self.phone.log_out()
        await self.romeo_writes(1, "item-not-found")
        await self.comes_to_have(errors=1)

    async def test_vendor_that_is_down_costs_nothing(self):
        await self.registered()
        await self.phone.log_out()
        self.service.vendor_is_down = True
        await self.romeo_writes(MAX_ERRORS + 2, "recipient-unavailable")
        await self.comes_to_have(errors=0)
        self.service.vendor_is_down = False
        await self.romeo_writes(1, "result")
        self.assertEqual(self.service.woken, [("fcm-token", True)])

    async def test_app_that_is_gone_ends_after_max_errors(self):
        await self.registered()
        await self.phone.log_out()
        self.service.targets.clear()
        await self.romeo_writes(MAX_ERRORS, "item-not-found")
        await self.comes_to_have_none()
        await self.assert_not_told()


class ConversationsUninstalled(RegisteredAtP2, AppServerCase):
    """Where the first item-not-found is to be enough."""
    options = "[push]\ngone_disables_at_once = true\n"

    async def test_gone_at_once(self):
        await self.registered()
        await self.phone.log_out()
        self.service.targets.clear()
        await self.romeo_writes(1, "item-not-found")
        await self.comes_to_have_none()
        await self.assert_not_told()


class Monal(AppServerCase):
    app_server = FPush

    async def registered(self, *fields):
        self.token = secrets.token_hex(32)
        form = options_form(*fields) if fields else ""
        await self.phone.enable_push("push.prosody.test", self.token, form)
        await self.phone.log_out()

    async def test_module_and_token_arrive(self):
        await self.registered(("pushModule", "monalProdiOS"))
        await self.romeo_writes(1, "result")
        self.assertEqual(self.service.alerts, [("monalProdiOS", self.token)])
        await self.comes_to_have(errors=0)

    async def test_without_options(self):
        await self.registered()
        await self.romeo_writes(1, "result")
        self.assertEqual(self.service.alerts, [("default", self.token)])

    async def test_administrator_can_wake_it(self):
        await self.registered(("pushModule", "monalProdiOS"))
        await self.administrator_tests()
        self.assertEqual(self.service.alerts, [("monalProdiOS", self.token)] * 2)

    async def test_order_of_the_options_is_kept(self):
        fields = [("pushModule", "monalAlpha"), ("z", "1"), ("a", "2"), ("m", "3")]
        await self.registered(*fields)
        await self.romeo_writes(1, "result")
        self.assertEqual(StrictPublish(self.service.published[0].iq).options,
                         [(var, [value]) for var, value in [("FORM_TYPE", OPTIONS_TYPE), *fields]])

    async def test_nothing_else_of_enable_is_published(self):
        form = options_form(("pushModule", "monalProdiOS"))
        await self.phone.request("set", (
            "<enable xmlns='urn:xmpp:push:0' jid='push.prosody.test' node='token' xml:lang='it'"
            f" include_payload='true' urgency='1'><urgency xmlns='x:y'>1</urgency>{form}"
            "<x xmlns='jabber:x:data' type='submit'/></enable>"))
        await self.phone.log_out()
        await self.romeo_writes(1, "result")
        self.assert_correct_publish(self.service.published[0], node="token", options=form)

    async def test_asleep(self):
        await self.phone.enable_push("push.prosody.test", "token",
                                     options_form(("pushModule", "monalProdiOS")))
        await self.falls_asleep(self.phone)
        self.romeo.say(self.juliet, "Art thou asleep?")
        await self.service.gets(1, within=10)
        self.assertEqual(self.service.answers, ["result"])
        await self.phone.resume()
        await self.phone.hears("Art thou asleep?")

    async def test_what_it_swallows_is_answered_and_no_error(self):
        await self.registered(("pushModule", "monalProdiOS"))
        await self.romeo_writes(5, "result")
        self.assertEqual(len(self.service.alerts), 2)
        await self.comes_to_have(errors=0)

    async def test_blocked_token_ends_after_max_errors(self):
        await self.registered(("pushModule", "monalProdiOS"))
        self.service.blocked.add(self.token)
        await self.romeo_writes(1, "policy-violation")
        await self.comes_to_have(errors=1)
        await self.romeo_writes(MAX_ERRORS - 1, "policy-violation")
        await self.comes_to_have_none()
        await self.assert_not_told()

    async def test_unknown_module_counts(self):
        await self.registered(("pushModule", "monalBeta"))
        await self.romeo_writes(1, "bad-request")
        await self.comes_to_have(errors=1)

    async def test_form_it_cannot_read_counts_nothing(self):
        """Its answer is of type wait: who gave the form may give a better one."""
        await self.registered(("secret", "x"), ("pushModule", "monalProdiOS"))
        await self.romeo_writes(MAX_ERRORS + 1, "bad-request")
        await self.comes_to_have(errors=0)
        self.service.published.clear()
        self.service.answers.clear()
        phone = await self.phone_of(self.phone.boundjid.user)
        await phone.enable_push("push.prosody.test", self.token,
                                options_form(("pushModule", "monalProdiOS")))
        await phone.log_out()
        await self.romeo_writes(1, "result")


# --- Siskin, whose notifications the app server cannot read ---------------------------------------

# All of these on the account, or Siskin falls back to plaintext; the rest it uses where it is there.
SISKIN_NEEDS = {"urn:xmpp:push:0", "tigase:push:filter:muted:0", "tigase:push:filter:groupchat:0",
                "tigase:push:priority:0", "tigase:push:encrypt:0",
                "tigase:push:encrypt:aes-128-gcm"}
SISKIN_LIKES = {"tigase:push:away:0", "tigase:push:filter:ignore-unknown:0", "tigase:push:jingle:0"}

ASKED = ("<priority xmlns='tigase:push:priority:0'/><jingle xmlns='tigase:push:jingle:0'/>"
         "<muted xmlns='tigase:push:filter:muted:0'/>"
         "<groupchat xmlns='tigase:push:filter:groupchat:0'/>")
CALL_ID = "ca3cf894-5325-482f-a412-a6e9f832298d"


def call_step(action, *media):
    """XEP-0353."""
    descriptions = "".join(f"<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='{one}'/>"
                           for one in media)
    return f"<{action} xmlns='urn:xmpp:jingle-message:0' id='{CALL_ID}'>{descriptions}</{action}>"


class Siskin(AppServerCase):
    app_server = TigasePush
    # What may be told in plaintext: all the worse if anything of it were.
    options = "[push]\nnotification_with_body = true\nnotification_with_sender = true\n"

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.sender = self.romeo.boundjid.bare
        self.apps = {}  # node -> PhoneDecoder

    async def registered(self, phone=None, extensions=ASKED, encrypted=True, **decoder):
        """As Siskin does it: returns the node."""
        phone = phone or self.phone
        answer = await phone.run_command(self.service.domain, "register-device", {
            "provider": "tigase:messenger:apns:1", "device-token": secrets.token_hex(32)})
        self.assertIn("tigase:push:encrypt:0", answer["features"])
        (node,) = answer["node"]
        if encrypted:
            self.apps[node] = PhoneDecoder(secrets.token_bytes(16), **decoder)
            extensions += self.apps[node].request
        await phone.enable_push(self.service.domain, node, extensions)
        return node

    async def shown(self, count=1, **expected_call):
        """What the app makes of that notification, of which the app server could read nothing."""
        publish = await self.service.gets(count, within=10)
        self.assertEqual(self.service.answers[count - 1], "result")
        notification = publish.publish.find(f"{PUBSUB}item/{PUSH}notification")
        self.assert_unreadable(notification)
        return self.apps[publish.node].decode(notification.find(ENCRYPTED), **expected_call)

    def nodes_told(self):
        return [publish.node for publish in self.service.published]

    def assert_unreadable(self, notification):
        for child in notification:
            self.assertIn(child.tag, (ENCRYPTED, PRIORITY))
        text = ET.tostring(notification, encoding="unicode")
        for word in self.sender, self.romeo.boundjid.user, self.juliet, "montague", "message":
            self.assertNotIn(word, text)

    def priority(self, count=1):
        return text_of(self.service.delivered[count - 1][1], PRIORITY)

    # --- before -----------------------------------------------------------------------------

    async def test_account_offers_all_it_needs(self):
        disco = await self.phone.request(
            "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=self.juliet)
        features = {one.get("var") for one in disco.iter(f"{DISCO}feature")}
        self.assertEqual((SISKIN_NEEDS | SISKIN_LIKES) - features, set())

    async def test_keys_that_cannot_work_are_refused(self):
        for encrypt, condition in [
                ("<encrypt xmlns='tigase:push:encrypt:0' alg='aes-128-gcm'>AAAA</encrypt>",
                 "bad-request"),
                ("<encrypt xmlns='tigase:push:encrypt:0' alg='aes-128-gcm'>?</encrypt>",
                 "bad-request"),
                ("<encrypt xmlns='tigase:push:encrypt:0' alg='rot-13'>AAAA</encrypt>",
                 "feature-not-implemented")]:
            with self.subTest(encrypt), self.assertRaises(IqError) as refused:
                await self.phone.enable_push("push.prosody.test", "node", encrypt)
            self.assertEqual(refused.exception.condition, condition)
        self.assertEqual(await self.registrations(), [])

    # --- messages ---------------------------------------------------------------------------

    async def test_message_while_offline(self):
        await self.registered()
        await self.phone.log_out()
        self.romeo.say(self.juliet, "A message from montague")
        self.assertEqual(await self.shown(), {
            "unread": 1, "sender": self.sender, "type": "chat",
            "message": "A message from montague"})
        self.assertEqual(self.priority(), "high")
        self.assertNotIn("type", self.service.delivered[0][1].find(ENCRYPTED).attrib)

    async def test_messages_while_asleep_read_with_openssl(self):
        await self.registered(decipher=decipher_by_openssl)
        await self.falls_asleep(self.phone)
        self.romeo.tell(self.juliet, "<composing xmlns='http://jabber.org/protocol/chatstates'/>")
        silent = await self.shown(1)
        self.assertEqual((silent["sender"], silent.get("message")), (self.sender, None))
        self.assertEqual(self.priority(1), "low")
        self.romeo.say(self.juliet, "Art thou asleep?")
        self.assertEqual((await self.shown(2))["message"], "Art thou asleep?")
        self.assertEqual(self.priority(2), "high")
        await self.phone.resume()
        await self.phone.hears("Art thou asleep?")

    async def test_no_iv_twice(self):
        await self.registered()
        await self.phone.log_out()
        for count in range(1, 21):
            self.romeo.say(self.juliet, f"message {count}")
        for count in range(1, 21):
            await self.shown(count)

    async def test_two_devices_each_with_its_key(self):
        tablet = await self.phone_of(self.phone.boundjid.user, "tablet")
        nodes = [await self.registered(phone) for phone in (self.phone, tablet)]
        for phone in self.phone, tablet:
            await phone.log_out()
        self.romeo.say(self.juliet, "for both")
        texts = [(await self.shown(count))["message"] for count in (1, 2)]
        self.assertEqual(texts, ["for both", "for both"])
        self.assertEqual(set(self.nodes_told()), set(nodes))

    async def test_new_key_from_the_next_notification_on(self):
        node = await self.registered()
        app = self.apps[node] = PhoneDecoder(secrets.token_bytes(16))
        await self.phone.enable_push("push.prosody.test", node, ASKED + app.request)
        await self.phone.log_out()
        self.romeo.say(self.juliet, "under the new one")
        self.assertEqual((await self.shown())["message"], "under the new one")

    async def test_administrator_can_wake_it(self):
        """There is no sender then, but the app insists on one."""
        await self.registered()
        await self.administrator_tests()
        for count in 1, 2:
            told = await self.shown(count)
            self.assertEqual(told, {"unread": told["unread"], "sender": self.juliet})

    async def test_key_survives_kill_9(self):
        node = await self.registered()
        await self.phone.acknowledged()
        await self.phone.log_out()
        await self.clarion.killed_and_restarted()
        again = await self.online(self.clarion, self.romeo.boundjid.user)
        again.say(self.juliet, "after the fall")
        # Other accounts may be notified once more, too: after a crash that happens.
        await until(lambda: node in self.nodes_told(), "the phone is notified")
        shown = await self.shown(self.nodes_told().index(node) + 1)
        self.assertEqual(shown["message"], "after the fall")

    async def test_badge_counts_until_the_phone_is_back(self):
        await self.registered()
        for unread in [1, 2, 3], [1, 2]:
            await self.phone.log_out()
            seen = []
            for _ in unread:
                count = len(self.service.published) + 1
                self.romeo.say(self.juliet, f"message {count}")
                seen.append((await self.shown(count))["unread"])
            self.assertEqual(seen, unread)
            self.phone = await self.phone_of(self.phone.boundjid.user)

    async def test_end_to_end_encrypted_message(self):
        await self.registered()
        await self.phone.log_out()
        message = self.romeo.make_message(mto=self.juliet, mtype="chat", mbody="Cannot be read")
        message.xml.append(ET.fromstring(
            "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/>"
            "<payload>AAAA</payload></encrypted>"))
        message.send()
        self.assertEqual(await self.shown(), {
            "unread": 1, "sender": self.sender, "type": "chat", "message": "New encrypted message"})
        self.assertEqual(self.priority(), "high")

    async def test_carbons_are_read_through(self):
        """The phone's queue gets a copy of what the tablet hears, and one of what it says."""
        await self.registered()
        tablet = await self.phone_of(self.phone.boundjid.user, "tablet")
        await self.phone.request("set", "<enable xmlns='urn:xmpp:carbons:2'/>")
        await self.falls_asleep(self.phone)
        tablet.say(self.sender, "Who is there?")
        await self.romeo.hears("Who is there?")
        said = await self.shown(1)
        self.assertEqual((said["type"], said.get("message")), ("chat", None))
        self.assertEqual(self.priority(1), "low")
        self.romeo.say(tablet.boundjid.full, "It is I")
        heard = await self.shown(2)
        self.assertEqual((heard["sender"], heard["type"], heard["message"]),
                         (self.sender, "chat", "It is I"))
        self.assertEqual(self.priority(2), "high")

    # --- sizes ------------------------------------------------------------------------------

    async def test_long_text_is_cut_between_characters(self):
        """Of one to four bytes each, at every offset; nearly all that fits is there."""
        await self.registered(max_size=1000)
        await self.phone.log_out()
        bodies = ["x" * shift + character * 2000
                  for character in "xäあ😀" for shift in range(len(character.encode()))]
        for count, body in enumerate(bodies, 1):
            self.romeo.say(self.juliet, body)
            shown = await self.shown(count)
            self.assertTrue(body.startswith(shown["message"]))
            # (1000 - 64) · 6/8 for all, of which the rest of the JSON needs about a hundred.
            self.assertGreater(len(shown["message"].encode()), 500)

    async def test_default_size(self):
        await self.registered()
        await self.phone.log_out()
        body = "😀" * 5000
        self.romeo.say(self.juliet, body)
        shown = await self.shown()
        self.assertTrue(body.startswith(shown["message"]))
        self.assertGreater(len(shown["message"].encode()), 1900)

    async def test_text_that_grows_in_json(self):
        await self.registered(max_size=600)
        await self.phone.log_out()
        bodies = ['"' * 700, "\\" * 700, "\n" * 700, 'a"\\/\n\t' * 100, "\u2028\u0085😀" * 100]
        for count, body in enumerate(bodies, 1):
            self.romeo.say(self.juliet, body)
            shown = await self.shown(count)
            self.assertTrue(body.startswith(shown["message"]), shown)
            self.assertGreater(len(shown["message"]), 20)

    async def test_text_that_just_fits_is_whole(self):
        await self.registered(max_size=600)
        await self.phone.log_out()
        self.romeo.say(self.juliet, "😀" * 60)
        self.assertEqual((await self.shown())["message"], "😀" * 60)

    # --- calls ------------------------------------------------------------------------------

    async def test_call_rings_and_stops(self):
        """On the phone that sleeps; the tablet is awake, gets the call itself, and takes it."""
        await self.registered()
        tablet = await self.phone_of(self.phone.boundjid.user, "tablet")
        await self.falls_asleep(self.phone)
        self.romeo.tell(self.juliet, call_step("propose", "audio", "video"))
        self.assertEqual(await self.shown(1), {
            "unread": 1, "sender": self.romeo.boundjid.full, "type": "call", "sid": CALL_ID,
            "media": ["audio", "video"]})
        self.assertEqual(self.priority(1), "high")
        tablet.tell(self.juliet, call_step("accept"))
        ended = await self.shown(2, ends_call=True)
        self.assertEqual((ended["type"], ended["sid"]), ("call", CALL_ID))
        self.assertEqual(ended["sender"], self.romeo.boundjid.full)
        await self.phone.resume()
        await self.assert_nothing_more(self.service, 2)

    async def test_call_is_declined_on_another_device(self):
        await self.registered()
        tablet = await self.phone_of(self.phone.boundjid.user, "tablet")
        await self.phone.log_out()
        self.romeo.tell(self.juliet, call_step("propose", "audio"))
        await self.shown(1)
        tablet.tell(self.sender, call_step("reject"))
        ended = await self.shown(2, ends_call=True)
        self.assertEqual((ended["type"], ended["sid"]), ("call", CALL_ID))

    async def test_call_that_is_taken_back_does_not_ring_again(self):
        await self.registered()
        await self.falls_asleep(self.phone)
        self.romeo.tell(self.juliet, call_step("propose", "audio"))
        await self.shown(1)
        self.romeo.tell(self.juliet, call_step("retract"))
        told = await self.shown(2)
        self.assertEqual((told["type"], told.get("message")), ("chat", None))
        self.assertEqual(self.priority(2), "low")

    async def test_own_call_does_not_ring(self):
        """The phone's queue gets a copy of the tablet's proposal to somebody else."""
        await self.registered()
        tablet = await self.phone_of(self.phone.boundjid.user, "tablet")
        await self.phone.request("set", "<enable xmlns='urn:xmpp:carbons:2'/>")
        await self.falls_asleep(self.phone)
        tablet.tell(self.romeo.boundjid.full, call_step("propose", "audio"))
        tablet.say(self.romeo.boundjid.full, "Now ring!")
        await self.romeo.hears("Now ring!")
        self.assertEqual((await self.shown(1))["type"], "chat")
        self.assertEqual(self.priority(1), "low")
        await self.assert_nothing_more(self.service, 1)

    async def test_call_to_nobody_there(self):
        await self.registered()
        await self.phone.log_out()
        self.romeo.tell(self.juliet, call_step("propose", "audio"))
        self.assertEqual((await self.shown())["media"], ["audio"])

    async def test_call_rings_though_the_phone_seems_awake(self):
        await self.registered()
        await self.phone.settle()
        self.romeo.tell(self.juliet, call_step("propose"))
        self.assertEqual((await self.shown())["media"], [])

    async def test_call_rings_without_being_asked_for(self):
        """By who asked for encryption only."""
        await self.registered(extensions="")
        await self.phone.log_out()
        self.romeo.tell(self.juliet, call_step("propose", "audio"))
        self.assertEqual((await self.shown())["type"], "call")

    # --- filters, and no encryption -----------------------------------------------------------

    async def test_muted_sender_does_not_wake(self):
        await self.registered(extensions=(
            f"<muted xmlns='tigase:push:filter:muted:0'><item jid='{self.sender}'/></muted>"))
        await self.phone.log_out()
        self.romeo.say(self.juliet, "Hear me!")
        await self.romeo.settle()
        await self.assert_nothing_more(self.service, 0, during=1)
        self.romeo = await self.online(self.clarion, await self.account(self.clarion, "paris"))
        self.romeo.say(self.juliet, "And me")
        self.assertEqual((await self.shown())["message"], "And me")

    async def test_stranger_does_not_wake(self):
        await self.registered(extensions=(
            "<ignore-unknown xmlns='tigase:push:filter:ignore-unknown:0'/>"))
        known = await self.online(self.clarion, await self.account(self.clarion, "paris"))
        await self.phone.request("set", (
            f"<query xmlns='jabber:iq:roster'><item jid='{known.boundjid.bare}'/></query>"))
        await self.phone.log_out()
        self.romeo.say(self.juliet, "Thou knowest me not")
        await self.romeo.settle()
        await self.assert_nothing_more(self.service, 0, during=1)
        known.say(self.juliet, "But me")
        self.assertEqual((await self.shown())["message"], "But me")

    async def test_user_who_is_away(self):
        """Her devices are connected, but she is at none; when she is back, the badge goes."""
        phone = await self.phone_of(self.phone.boundjid.user, "other")
        node = await self.registered(phone)
        extensions = ASKED + self.apps[node].request
        enable = (f"<enable xmlns='urn:xmpp:push:0' jid='push.prosody.test' node='{node}'"
                  f" away='true'>{extensions}</enable>")
        await phone.request("set", enable)
        for client in self.phone, phone:
            client.send_presence(pshow="xa")
            await client.settle()
        self.romeo.say(self.juliet, "Where art thou?")
        self.assertEqual((await self.shown(1))["message"], "Where art thou?")
        self.phone.send_presence()
        await self.phone.settle()
        self.assertEqual(await self.shown(2), {"unread": 0, "sender": self.juliet})
        self.romeo.say(self.juliet, "There thou art")
        await self.phone.hears("There thou art")
        await self.assert_nothing_more(self.service, 2)

    async def test_component_of_its_own_server(self):
        """Where Siskin looks first."""
        own = TigasePush(self.clarion, "push.clarion.test", SECRET, transcript=self.transcript)
        self.addAsyncCleanup(own.close)
        await own.attach()
        disco = await self.phone.request(
            "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", to="clarion.test")
        self.assertIn("push.clarion.test", [one.get("jid") for one in disco[0]])
        self.service = own
        await self.registered()
        await self.phone.log_out()
        self.romeo.say(self.juliet, "Close by")
        self.assertEqual((await self.shown())["message"], "Close by")

    async def test_plain_notification_and_call(self):
        """Where the app server does not encrypt: both in the shapes that it reads."""
        await self.registered(encrypted=False)
        await self.phone.log_out()
        self.romeo.say(self.juliet, "Good morrow")
        await self.service.gets(1, within=10)
        self.romeo.tell(self.juliet, call_step("propose", "audio", "video"))
        await self.service.gets(2, within=10)
        self.assertEqual(self.service.answers, ["result", "result"])
        self.assertEqual(self.service.published[0].summary, {
            "FORM_TYPE": "urn:xmpp:push:summary", "message-count": "1",
            "last-message-sender": self.romeo.boundjid.full, "last-message-body": "Good morrow"})
        call = self.service.delivered[1][1].find(JINGLE)
        self.assertEqual(call.attrib, {"action": "propose", "sid": CALL_ID})
        self.assertEqual([media.text for media in call], ["audio", "video"])
        self.assertEqual([self.priority(count) for count in (1, 2)], ["high", "high"])


if __name__ == "__main__":
    unittest.main()
