"""The proxy for bytestreams (XEP-0065): connections that say nothing, wait for nobody, or move files as
fast as they can."""
import hashlib
import time

from connections import holds
from scene import Attack, main
from server import DOMAIN

PROXY = f"proxy.{DOMAIN}"
SETTINGS = {"settings": f'[proxy65."{PROXY}"]\n'}
UNBOUNDED = {"settings": SETTINGS["settings"] + "[bytestreams]\nbytes_per_second = 0\n"
                                                "bytes_per_second_per_account = 0\n"}
# What one network may have, and what may wait: [bytestreams] connections_per_address, max_waiting.
PLACES, WAITING = 50, 1000
STREAMS = 10  # of one account: max_streams_per_account


def silent(attacking, source):
    return attacking.wire("proxy65", source)


def ask(wire, address):
    """Wants to be joined with whoever else asks for that."""
    wire.say(b"\5\1\0")
    wire.hear(b"\5\0")
    wire.say(b"\5\1\0\3\x28" + address.encode() + b"\0\0")
    wire.hear(address.encode() + b"\0\0")
    return wire


def waits(attacking, source):
    digest = hashlib.sha1(f"{source} {time.monotonic()}".encode()).hexdigest()
    return ask(attacking.wire("proxy65", source), digest)


def has_no_more(places):
    def judge(_server, told, _seconds):
        held = sum(one.get("held", 0) for one in told)
        return [f"{held} connections are open"] if held > places else []
    return judge


def streams(attacking, client, count):
    """So many that are active, each as its two connections."""
    ends = []
    for number in range(count):
        target = f"nobody@{DOMAIN}"
        address = hashlib.sha1(f"s{number}{client.full_jid}{target}".encode()).hexdigest()
        ends.append([ask(attacking.wire("proxy65", f"127.0.{1 + one}.1"), address)
                     for one in range(2)])
        client.say((f"<iq type='set' id='s{number}' to='{PROXY}'><query sid='s{number}' "
                    "xmlns='http://jabber.org/protocol/bytestreams'>"
                    f"<activate>{target}</activate></query></iq>").encode())
        client.hear(f"id='s{number}'".encode())
    return ends


def moves_files(attacking):
    client = attacking.client("mallory")
    ends = streams(attacking, client, STREAMS)
    attacking.begin()
    piece, moved = bytes(65536), 0
    while attacking.going():
        for one, other in ends:
            one.say(piece)
        for one, other in ends:
            left = len(piece)
            while left > 0:
                left -= len(other.socket.recv(left))
            moved += len(piece)
    attacking.tell(megabytes=moved >> 20)


def nobody_reads(attacking):
    """What is sent fills whatever there is between here and the other end."""
    client = attacking.client("mallory")
    ends = streams(attacking, client, STREAMS)
    attacking.begin()
    piece, sent = bytes(1 << 20), 0
    for one, _ in ends:
        one.socket.setblocking(False)
    while attacking.going():
        for one, _ in ends:
            try:
                sent += one.socket.send(piece)
            except BlockingIOError:
                time.sleep(0.001)
    attacking.tell(megabytes=sent >> 20)


if __name__ == "__main__":
    main([
        Attack("one network connects to the proxy 400 times and says nothing", holds(400, silent),
               judge=has_no_more(PLACES), offender="127.0.1.1", settings=SETTINGS),
        Attack("a hundred networks connect to the proxy 5,000 times and say nothing",
               holds(5000, silent, 100), judge=has_no_more(5000), settings=SETTINGS, seconds=2.0),
        Attack("forty networks ask for 2,000 streams that nobody else asks for",
               holds(2000, waits, 40), judge=has_no_more(2000), settings=SETTINGS, seconds=2.0,
               short=False),
        Attack("an account moves files through ten streams", moves_files, ["mallory"],
               settings=SETTINGS),
        Attack("an account moves files as fast as the machine can", moves_files, ["mallory"],
               settings=UNBOUNDED, short=False),
        Attack("an account fills ten streams that nobody reads", nobody_reads, ["mallory"],
               settings=UNBOUNDED, short=False),
    ])
