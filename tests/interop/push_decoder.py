"""What an app on the phone does with an encrypted notification (tigase:push:encrypt:0): an APNs
notification service extension gets the text and the iv, and has the key it gave to its server. It
shows what it can decrypt and understand, and nothing of all else, so this insists on everything the
real ones need:

    <encrypted xmlns='tigase:push:encrypt:0' iv='base64 of 12 bytes' [type='voip']>
        base64 of AES-128-GCM(key, iv, JSON) and its tag of 16 bytes
    </encrypted>

    JSON: unread (integer), sender, type, message; nickname (groupchat); sid and media (call)

Neither decipher here is the server's: one is Debian's python3-cryptography, the other the openssl
command, which knows AES but not GCM, and GCM's authentication written out."""
import base64
import binascii
import json
import subprocess

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ENCRYPTED = "{tigase:push:encrypt:0}encrypted"
DEFAULT_MAX_SIZE = 3000  # bytes, of who names none
IV_SIZE, KEY_SIZE, TAG_SIZE = 12, 16, 16

# Siskin unwraps `type` by force: any other one ends the extension that shows notifications.
KEYS_OF_TYPE = {
    "chat": {"unread", "sender", "type", "message"},
    "groupchat": {"unread", "sender", "type", "message", "nickname"},
    "call": {"unread", "sender", "type", "message", "sid", "media"},
    None: {"unread", "sender", "message"},
}


class CannotDecode(Exception):
    """The phone would not show this notification, or wrongly."""


# --- two deciphers ------------------------------------------------------------------------------

def decipher_by_library(key, iv, sealed):
    try:
        return AESGCM(key).decrypt(iv, sealed, None)
    except InvalidTag:
        raise CannotDecode("the tag is not that of this text, key and iv") from None


def decipher_by_openssl(key, iv, sealed):
    text, tag = sealed[:-TAG_SIZE], sealed[-TAG_SIZE:]
    first_counter = iv + (1).to_bytes(4, "big")
    authentication = int.from_bytes(_openssl("-aes-128-ecb", key, bytes(16)), "big")
    mask = int.from_bytes(_openssl("-aes-128-ecb", key, first_counter), "big")
    expected = _ghash(authentication, text) ^ mask
    if expected != int.from_bytes(tag, "big"):
        raise CannotDecode("the tag is not that of this text, key and iv")
    return _openssl("-aes-128-ctr", key, text, "-iv", (iv + (2).to_bytes(4, "big")).hex())


def _openssl(cipher, key, data, *more):
    return subprocess.run(["openssl", "enc", cipher, "-nopad", "-K", key.hex(), *more],
                          input=data, capture_output=True, check=True).stdout


def _ghash(authentication, text):
    """NIST SP 800-38D, algorithm 2, over the text, without additional data, and its length."""
    blocks = [text[at:at + 16].ljust(16, b"\0") for at in range(0, len(text), 16)]
    blocks.append((8 * len(text)).to_bytes(16, "big"))
    result = 0
    for block in blocks:
        result = _multiply(result ^ int.from_bytes(block, "big"), authentication)
    return result


def _multiply(x, y):
    """In GF(2^128), whose bits GCM counts from the left."""
    product = 0
    for bit in range(127, -1, -1):
        if y >> bit & 1:
            product ^= x
        x = x >> 1 ^ (0xe1 << 120 if x & 1 else 0)
    return product


# --- the phone ----------------------------------------------------------------------------------

class PhoneDecoder:
    """Of one registration: it knows the key and which ivs there were."""

    def __init__(self, key, max_size=DEFAULT_MAX_SIZE, decipher=decipher_by_library):
        assert len(key) == KEY_SIZE
        self._key = key
        self._max_size = max_size
        self._decipher = decipher
        self._ivs = set()

    @property
    def request(self):
        """What the app puts into <enable/>."""
        size = "" if self._max_size == DEFAULT_MAX_SIZE else f" max-size='{self._max_size}'"
        return (f"<encrypt xmlns='tigase:push:encrypt:0' alg='aes-128-gcm'{size}>"
                f"{base64.b64encode(self._key).decode()}</encrypt>")

    def decode(self, encrypted, ends_call=False):
        """The JSON of an <encrypted/> as a dictionary, or CannotDecode."""
        if encrypted.tag != ENCRYPTED or len(encrypted):
            raise CannotDecode(f"this is no text in <encrypted/>: {encrypted.tag}")
        if not set(encrypted.attrib) <= {"iv", "type"}:
            raise CannotDecode(f"unknown attributes: {sorted(encrypted.attrib)}")
        iv = self._new_iv(encrypted.get("iv"))
        # What APNs carries is the base64, beside which the component puts no more than a few keys.
        size = len(encrypted.text or "") + len(encrypted.get("iv"))
        if size > self._max_size:
            raise CannotDecode(f"{size} bytes, more than the {self._max_size} that were asked for")
        sealed = _base64(encrypted.text or "", "the text")
        if len(sealed) <= TAG_SIZE:
            raise CannotDecode(f"{len(sealed)} bytes are no text and its tag")
        if sealed[-TAG_SIZE:] == bytes(TAG_SIZE):
            raise CannotDecode("the tag is zero")
        payload = _parse(self._decipher(self._key, iv, sealed))
        if payload.get("type") == "call" and ("media" in payload) == ends_call:
            raise CannotDecode(f"rings or ends with a media list or without: {payload}")
        if (payload.get("type") == "call") != (encrypted.get("type") == "voip"):
            raise CannotDecode(f"type='{encrypted.get('type')}' around {payload}")
        return payload

    def _new_iv(self, text):
        iv = _base64(text or "", "the iv")
        if len(iv) != IV_SIZE:
            raise CannotDecode(f"an iv of {len(iv)} bytes")
        if iv in self._ivs:
            raise CannotDecode("an iv for the second time, which gives the key away")
        self._ivs.add(iv)
        return iv


def _base64(text, what):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CannotDecode(f"{what} is not base64: {error}") from None


def _parse(plaintext):
    try:
        text = plaintext.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotDecode(f"not whole UTF-8: {error}") from None
    try:
        payload = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise CannotDecode(f"not JSON: {error}") from None
    if not isinstance(payload, dict):
        raise CannotDecode(f"not a JSON object: {payload!r}")
    _insist(payload)
    return payload


def _object(pairs):
    if len(dict(pairs)) != len(pairs):
        raise CannotDecode(f"a key twice: {[key for key, _ in pairs]}")
    return dict(pairs)


def _no_constant(name):
    raise CannotDecode(f"{name} is not JSON")


def _insist(payload):
    kind = payload.get("type")
    if kind not in KEYS_OF_TYPE or ("type" in payload and kind is None):
        raise CannotDecode(f"of no type that apps know: {kind!r}")
    if not set(payload) <= KEYS_OF_TYPE[kind]:
        raise CannotDecode(f"{set(payload) - KEYS_OF_TYPE[kind]} in a {kind}")
    _insist_on_unread(payload.get("unread"))
    for key in {"sender", "message", "nickname", "sid"} & ({"sender"} | set(payload)):
        if not isinstance(payload.get(key), str) or not payload[key]:
            raise CannotDecode(f"{key} is no text: {payload.get(key)!r}")
    if kind != "call" and "/" in payload["sender"]:
        raise CannotDecode(f"a {kind} from the device {payload['sender']}")
    if kind == "call":
        _insist_on_media(payload)


def _insist_on_unread(unread):
    if not isinstance(unread, int) or isinstance(unread, bool) or unread < 0:
        raise CannotDecode(f"unread must be a whole number: {unread!r}")


def _insist_on_media(call):
    """Without it the phone takes the notification for the end of the call."""
    if "media" in call and "/" not in call["sender"]:
        raise CannotDecode(f"a call from {call['sender']}, whose device is not told")
    media = call.get("media", [])
    if not isinstance(media, list) or not all(isinstance(one, str) for one in media):
        raise CannotDecode(f"a call needs a list of media, not {media!r}")
    if "sid" not in call:
        raise CannotDecode("a call needs its sid")
