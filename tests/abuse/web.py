"""Whoever speaks HTTP: slow, much, or what is none; WebSockets and BOSH."""
import itertools
import resource
import time
from urllib.parse import urlencode

from connections import holds
from scene import Attack, main
from server import DOMAIN
from wire import plain_token

HOST = f"Host: {DOMAIN}\r\n".encode()
GET = b"GET /.well-known/host-meta HTTP/1.1\r\n" + HOST + b"\r\n"
UPGRADE = (b"GET /ws HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n")
PLACES = 100  # [http] connections_per_address
MANY = 10000  # [http] idle_connections


def frame(first, payload):
    """Masked with zeros."""
    size = bytes([len(payload) | 0x80]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return bytes([first]) + size + b"\0\0\0\0" + payload


def text(payload):
    return frame(0x81, payload.encode())


OPEN = text(f"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{DOMAIN}' version='1.0'/>")


def silent(attacking, source):
    return attacking.wire("https", source, tls=True)


def waits(attacking, source):
    return attacking.wire("http", source)


def many_wait(attacking):
    """As many as the server has room for, of a hundred and more networks."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (MANY + 1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    holds(MANY, waits, each=2 * MANY // PLACES)(attacking)


def are_held(_server, told, _seconds):
    held = sum(one.get("held", 0) for one in told)
    return [f"only {held} connections are open"] if held < MANY else []


def slow_head(attacking, source):
    wire = attacking.wire("http", source)
    wire.say(b"GET / HTTP/1.1\r\n" + HOST + b"X: ")
    return wire


def slow_body(attacking, source):
    wire = attacking.wire("http", source)
    wire.say(b"POST /http-bind HTTP/1.1\r\n" + HOST + b"Content-Length: 50000\r\n\r\n<body")
    return wire


def has_no_more(_server, told, _seconds):
    held = sum(one.get("held", 0) for one in told)
    return [f"{held} connections of one network are open"] if held > PLACES else []


def floods(kind, packet, times=200, tls=False):
    """The same requests again and again on one connection, answers read."""
    def attack(attacking):
        attacking.begin()
        sent = 0

        def once():
            nonlocal sent
            wire = attacking.wire(kind, "127.0.1.1", tls=tls)
            while wire.pump(packet * times, attacking.end):
                sent += len(packet) * times
        attacking.again(once)
        attacking.tell(bytes_in=sent)
    return attack


def unread(attacking):
    """Asks, and reads no answer."""
    attacking.begin()
    sent = 0

    def once():
        nonlocal sent
        wire = attacking.wire("http", "127.0.1.1")
        while wire.pump(GET * 200, attacking.end, read=False):
            sent += len(GET) * 200
    attacking.again(once)
    attacking.tell(bytes_in=sent)


def websocket(attacking, name, source="127.0.1.1"):
    """One that is logged in."""
    wire = attacking.wire("https", source, tls=True)
    wire.say(UPGRADE)
    wire.hear(b"\r\n\r\n")
    wire.say(OPEN)
    wire.hear(b"</features>")
    wire.say(text("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
                  f"{plain_token(name)}</auth>"))
    wire.hear(b"<success")
    wire.say(OPEN)
    wire.hear(b"</features>")
    wire.say(text("<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"))
    wire.hear(b"</iq>")
    return wire


def sends(packet, read=True):
    def attack(attacking):
        attacking.begin()
        sent = 0

        def once():
            nonlocal sent
            wire = websocket(attacking, "mallory")
            while wire.pump(packet, attacking.end, read):
                sent += len(packet)
        attacking.again(once)
        attacking.tell(bytes_in=sent)
    return attack


PINGS = frame(0x89, b"x" * 125) * 500
FRAGMENTS = (frame(0x01, b"<presence xmlns='jabber:client'>") + frame(0x00, b"") * 2000
             + b"".join(frame(0x00, bytes([c])) for c in b"<status/>") + frame(0x80, b"</presence>"))
STANZA = frame(0x01, b"<presence xmlns='jabber:client'><status>") + frame(0x00, b"x" * 60000) * 10

rids = itertools.count(1000)


def begins_sessions(attacking):
    attacking.begin()
    begun = 0

    def once():
        nonlocal begun
        wire = attacking.wire("https", "127.0.1.1", tls=True)
        while attacking.going():
            body = (f"<body xmlns='http://jabber.org/protocol/httpbind' rid='{next(rids)}' to='{DOMAIN}' ver='1.6' "
                    "wait='60' hold='1' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'/>").encode()
            wire.say(b"POST /http-bind HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            wire.hear(b"</body>")
            begun += 1
    attacking.again(once)
    attacking.tell(begun=begun)


def asks_at_once(request, lines, wrong):
    """The same request on many connections, each again when it is answered. Answers that say `wrong`
    were tried; others only told that there are too many."""
    def attack(attacking):
        attacking.begin()
        answered, tried, wires = 0, 0, []
        while attacking.going():
            while len(wires) < lines and attacking.going():
                try:
                    wires.append(attacking.wire("https", "127.0.1.1", tls=True))
                    wires[-1].say(request)
                except OSError:
                    time.sleep(0.02)
            for wire in list(wires):
                try:
                    wire.listen()
                    if b"</html>" in wire.heard:
                        answered += 1
                        tried += wrong in wire.heard
                        wire.heard = b""
                        wire.say(request)
                except OSError:
                    wires.remove(wire)
            time.sleep(0.005)
        attacking.tell(answered=answered, tried=tried)
    return attack


def form(path, **fields):
    body = urlencode(fields).encode()
    return (f"POST {path} HTTP/1.1\r\n".encode() + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body)


def few_are_tried(_server, told, _seconds):
    tried = sum(one.get("tried", 0) for one in told)
    return [f"{tried} guesses were tried"] if tried > 30 else []


def uploads_nobody_asked_for(attacking):
    attacking.begin()
    sent = 0
    head = b"PUT /upload/" + b"a" * 40 + b"/x HTTP/1.1\r\n" + HOST + b"Content-Length: 100000000\r\n\r\n"

    def once():
        nonlocal sent
        wire = attacking.wire("http", "127.0.1.1")
        wire.say(head)
        while wire.pump(b"x" * 65536, attacking.end):
            sent += 65536
    attacking.again(once)
    attacking.tell(bytes_in=sent)


if __name__ == "__main__":
    main([
        Attack("one network opens 400 connections for HTTP", holds(400, silent), judge=has_no_more),
        Attack(f"{MANY} connections for HTTP wait", many_wait, judge=are_held, seconds=5, short=False),
        Attack("400 heads never end", holds(400, slow_head, each=5)),
        Attack("400 bodies never end", holds(400, slow_body, each=5), short=False),
        Attack("requests come as fast as they can", floods("http", GET), processes=2),
        Attack("answers are not read", unread, short=False),
        Attack("what comes is no HTTP", floods("http", b"\0\1\2\3 nonsense\r\n\r\n"), short=False),
        Attack("a WebSocket sends pings", sends(PINGS), ["mallory"]),
        Attack("a WebSocket sends pings and reads nothing", sends(PINGS, read=False), ["mallory"], short=False),
        Attack("messages in thousands of empty fragments", sends(FRAGMENTS), ["mallory"], short=False),
        Attack("messages over WebSocket that never end", sends(STANZA), ["mallory"], short=False),
        Attack("sessions over BOSH are begun and left", begins_sessions, processes=2),
        Attack("passwords are guessed at the console", asks_at_once(
            form("/admin/sign-in", address=f"carol@{DOMAIN}", password="guess"), 40, b"is wrong"), judge=few_are_tried,
            settings={"settings": "[console]\nadministrators = true\n"}),
        Attack("invitations are guessed", asks_at_once(form("/invite/aaaaaaaaaaaaaaaaaaaaaaaaaa", name="x"), 40, b"not valid"),
               judge=few_are_tried, short=False),
        Attack("files that nobody asked for are sent", uploads_nobody_asked_for, processes=2),
    ])
