"""The app servers that vendors run insist on more than XEP-0357 does, and each on something else: what
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

from app_servers import FPush, Malformed, P2, StrictPublish, TigasePush
from clients import FORM, PUSH
from federation_case import SECRET, FederationCase
from push_decoder import (ENCRYPTED, CannotDecode, PhoneDecoder, decipher_by_library,
                          decipher_by_openssl)
from waiting import until

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


if __name__ == "__main__":
    unittest.main()
