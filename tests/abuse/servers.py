"""Servers that have proved nothing, and servers that have."""
import re
import time

from names import Trap
from scene import Attack, main
from server import DOMAIN
from wire import SERVER_HEADER

# What one network may have: [limits] s2s_unauthenticated_per_address.
UNPROVED = 100
# What the name server may be asked in a second because of strangers.
QUESTIONS = 2000
# Streams that one pair of domains has any use for.
STREAMS_OF_A_PAIR = 200

with_names = {"settings": lambda trap: {"dns": f'servers = ["{trap.dns}"]\ntimeout = "5s"'}}


def believed(trap):
    """Dialback in plain text, with domains that are on this machine."""
    return {"dns": f'servers = ["{trap.dns}"]',
            "s2s": "require_encryption = false\nallow_private_addresses = true"}


def header(domain):
    return SERVER_HEADER.format(domain, DOMAIN).encode()


def key(domain, number=0):
    return f"<db:result from='{domain}' to='{DOMAIN}'>{number:064d}</db:result>".encode()


def invented_domains(networks):
    """Keys of domains that nobody has: each has to be looked up, connected to and asked."""
    def attack(attacking):
        attacking.begin()
        sent = number = turn = 0

        def once():
            nonlocal sent, number, turn
            turn += 1
            wire = attacking.wire("s2s-tls", f"127.{30 + turn % networks}.{attacking.number}.1")
            wire.say(header(f"first{number}.example.test"))
            while attacking.going():
                packet = b"".join(key(f"d{attacking.number}x{number + i}.example.test")
                                  for i in range(50))
                number += 50
                if not wire.pump(packet, attacking.end):
                    break
                sent += len(packet)
        attacking.again(once)
        attacking.tell(bytes_in=sent)
    return attack


class Counted(Trap):
    """Keeps what it counted for judge()."""

    last = None

    def __enter__(self):
        Counted.last = self
        return super().__enter__()


def nobody_was_visited(_server, told, seconds):
    trap = Counted.last
    told.append({"dns_questions": trap.questions, "visits": trap.visits})
    problems = [f"{trap.visits} connections to our own machine"] if trap.visits else []
    if trap.questions > QUESTIONS * (seconds + 1):
        problems.append(f"{trap.questions} questions to the name server")
    return problems


def messages_to_invented_domains(attacking):
    """The same, by a client of ours."""
    client = attacking.client("mallory")
    attacking.begin()
    number = sent = 0
    while attacking.going():
        packet = "".join(f"<message to='a@m{number + i}.example.test'><body>x</body></message>"
                         for i in range(100)).encode()
        number += 100
        if not client.pump(packet, attacking.end):
            break
        sent += len(packet)
    attacking.tell(bytes_in=sent, domains=number)


def takes_places(say):
    """Connections that prove nothing and say something now and then."""
    def attack(attacking):
        held, tried = [], 0
        attacking.begin()
        while attacking.going():
            if len(held) < 1000:
                tried += 1
                try:
                    wire = attacking.wire("s2s", "127.40.1.1")
                    wire.say(header("slow.example.test"))
                    held.append(wire)
                except OSError:
                    time.sleep(0.005)
            if tried % 200 == 0:
                for wire in held:
                    try:
                        wire.say(say)
                    except OSError:
                        pass
        attacking.tell(tried=tried, held=sum(wire.is_open() for wire in held))
    return attack


def has_few(_server, told, _seconds):
    held = sum(one.get("held", 0) for one in told)
    return [f"{held} connections of one network have proved nothing"] if held > UNPROVED else []


def vouch(connection):
    """The server that says of every key that it is right."""
    connection.sendall(SERVER_HEADER.format("evil.test", DOMAIN).replace("<stream:stream",
                       "<?xml version='1.0'?><stream:stream id='v'").encode()
                       + b"<stream:features><dialback xmlns='urn:xmpp:features:dialback'/>"
                       b"</stream:features>")
    heard = b""
    while some := connection.recv(65536):
        heard += some
        for question in re.findall(rb"<db:verify ([^>]*)>[^<]*</db:verify>", heard):
            fields = dict(re.findall(rb"(\w+)=['\"]([^'\"]*)", question))
            connection.sendall(b"<db:verify from='%s' to='%s' id='%s' type='valid'/>"
                               % (fields[b"to"], fields[b"from"], fields[b"id"]))
        heard = heard[heard.rfind(b"</db:verify>") + 12:] if b"</db:verify>" in heard else heard


def idle_streams(networks, count):
    """Streams of one domain, proved and then left alone."""
    def attack(attacking):
        attacking.begin()
        held, proved, turn = [], 0, 0
        while attacking.going() and len(held) < count:
            turn += 1
            try:
                wire = attacking.wire("s2s", f"127.{50 + turn % networks}.1.1")
                wire.say(header("evil.test"))
                wire.hear(b"</stream:features>")
                wire.say(key("evil.test"))
                held.append(wire)
            except OSError:
                time.sleep(0.005)
        time.sleep(2)  # those that are one too many are ended within a second or so
        for wire in held:
            try:
                wire.listen()
            except OSError:
                continue
            if b"</stream:stream" in wire.heard:
                continue
            proved += b"type='valid'" in wire.heard or b'type="valid"' in wire.heard
        attacking.tell(opened=len(held), proved=proved)
    return attack


def few_streams(_server, told, _seconds):
    proved = sum(one.get("proved", 0) for one in told)
    if not proved:
        return ["no stream was proved: the attack itself does not work"]
    return [f"{proved} streams of one domain"] if proved > STREAMS_OF_A_PAIR else []


def floods_a_user(attacking):
    """A server that is who it says, and sends to one of ours as fast as it can."""
    wire = attacking.wire("s2s", "127.60.1.1")
    wire.say(header("evil.test"))
    wire.hear(b"</stream:features>")
    wire.say(key("evil.test"))
    wire.hear(b"valid")
    packet = "".join(f"<message from='a@evil.test' to='mallory@{DOMAIN}' type='chat'>"
                     f"<body>{i}</body></message>" for i in range(500)).encode()
    attacking.begin()
    attacking.send(wire, packet)


if __name__ == "__main__":
    main([
        Attack("keys of invented domains, looked up and led to this machine", invented_domains(1),
               background=Counted, judge=nobody_was_visited, **with_names),
        Attack("keys of invented domains, and no name server answers", invented_domains(1),
               background=lambda: Counted(answers=False), judge=nobody_was_visited, short=False,
               **with_names),
        Attack("keys of invented domains from twenty networks", invented_domains(20),
               processes=2, background=Counted, judge=nobody_was_visited, short=False,
               **with_names),
        Attack("messages of a client to invented domains", messages_to_invented_domains,
               ["mallory"], background=Counted, judge=nobody_was_visited, short=False,
               **with_names),
        Attack("one network takes the places of servers", takes_places(b" "), judge=has_few,
               offender="127.40.1.1"),
        Attack("one network takes the places of servers, with an element now and then",
               takes_places(b"<unknown xmlns='urn:x'/>"), judge=has_few, short=False),
        Attack("many idle streams of one proved domain", idle_streams(10, 1000),
               background=lambda: Trap(speak=vouch), settings=believed, judge=few_streams),
        Attack("a proved server sends as fast as it can", floods_a_user, ["mallory"],
               background=lambda: Trap(speak=vouch), settings=believed, short=False),
    ])
