"""Many connections of clients, and passwords that are guessed."""
import itertools
import time

from scene import Attack, main
from wire import HEADER, auth

# What one network may have: [limits] c2s_connections_per_address.
PLACES = 200


def holds(count, what, each=1):
    """Opens connections and keeps them. `what(attacking, source)` makes one."""
    def attack(attacking):
        held, opened = [], 0
        attacking.begin()
        while attacking.going() and len(held) < count:
            try:
                held.append(what(attacking, f"127.0.{1 + opened % each}.1"))
            except (OSError, PermissionError):
                time.sleep(0.005)
            opened += 1
        while attacking.going():
            time.sleep(0.05)
        attacking.tell(tried=opened, held=sum(one.is_open() for one in held))
    return attack


def silent(attacking, source):
    return attacking.wire("c2s", source)


def silent_tls(attacking, source):
    return attacking.wire("c2s-tls", source)


def opened(attacking, source):
    wire = attacking.wire("c2s", source)
    wire.say(HEADER)
    return wire


turns = itertools.count()


def logged_in(attacking, source):
    turn = next(turns)
    return attacking.client(f"mallory{turn % 20}", source=source, resource=str(turn))


def has_no_more(_server, told, _seconds):
    held = sum(one.get("held", 0) for one in told)
    return [f"{held} connections of one network are open"] if held > PLACES else []


def floods(attacking):
    """Opens connections as fast as it can, and says nothing."""
    attacking.begin()
    opened = 0
    while attacking.going():
        try:
            attacking.wire("c2s", "127.0.1.1").cut()
        except OSError:
            pass
        opened += 1
    attacking.tell(opened=opened)


def guesses(attacking):
    """Somebody's password, over many connections."""
    attacking.begin()
    tried = refused = 0
    wires = []
    while attacking.going():
        while len(wires) < 20 and attacking.going():
            try:
                wire = attacking.wire("c2s-tls", "127.0.9.1")
                wire.say(HEADER)
                wire.hear(b"</stream:features>")
                wire.say(auth("carol", "guess"))
                wires.append(wire)
            except OSError:
                time.sleep(0.02)
        for wire in list(wires):
            try:
                wire.listen()
                if b"</failure>" in wire.heard:
                    tried += b"not-authorized" in wire.heard
                    refused += b"temporary-auth-failure" in wire.heard
                    wire.heard = b""
                    wire.say(auth("carol", "guess"))
            except OSError:
                wires.remove(wire)
        time.sleep(0.005)
    attacking.tell(tried=tried, refused=refused)


def few_are_tried(_server, told, _seconds):
    tried = sum(one.get("tried", 0) for one in told)
    return [f"{tried} passwords of one account were tried"] if tried > 30 else []


def goes_on_after_the_end(attacking):
    """The server has ended the stream; the client sends on, as fast as it can."""
    attacking.begin()
    sent = 0
    rest = b"<message/>" * 6000

    def once():
        nonlocal sent
        client = attacking.client("mallory")
        client.say(b"<message>&#x1A;</message>")
        while client.pump(rest, attacking.end, read=False):
            sent += len(rest)
    attacking.again(once)
    attacking.tell(bytes_in=sent)


def begins_and_aborts(attacking):
    attacking.begin()

    def once():
        one = attacking.wire()
        one.say(HEADER)
        one.hear(b"</stream:features>")
        packet = (b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>"
                  b"biwsbj1jYXJvbCxyPWFiYw==</auth>"
                  b"<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>") * 50
        while one.pump(packet, attacking.end):
            pass
    attacking.again(once)


ACCOUNTS = [f"mallory{i}" for i in range(20)]

if __name__ == "__main__":
    main([
        Attack("one network opens 400 connections and says nothing", holds(400, silent),
               judge=has_no_more, offender="127.0.1.1"),
        Attack("one network opens 400 connections with TLS", holds(400, silent_tls),
               judge=has_no_more, offender="127.0.1.1", short=False),
        Attack("one network opens 400 streams", holds(400, opened), judge=has_no_more,
               offender="127.0.1.1", short=False),
        Attack("one network logs in 400 times", holds(400, logged_in), ACCOUNTS, judge=has_no_more,
               offender="127.0.1.1", seconds=2.0, short=False),
        Attack("one network connects as fast as it can", floods, processes=2,
               offender="127.0.1.1"),
        Attack("one account's password is guessed over 40 connections", guesses, processes=2,
               judge=few_are_tried, offender="carol"),
        Attack("logins are begun and given up", begins_and_aborts, short=False),
        Attack("a client sends on after its stream was ended", goes_on_after_the_end, ["mallory"]),
        Attack("forty networks open 4,000 streams", holds(4000, opened, 40), short=False,
               seconds=2.0, promised=False),
    ])
