"""What waits for somebody who does not take it: in sessions that acknowledge nothing, that
sleep, or are not there yet."""
import time

from scene import Attack, main
from server import DOMAIN
from wire import Closed

# As small as elements may be when there are many.
SMALL_ELEMENTS = f"<x xmlns='urn:x'>{'<aaaaaaaaaaaaaa/>' * 3500}</x>"
LARGE_BODY = f"<body>{'x' * 200000}</body>"
NO_STORE = "<no-store xmlns='urn:xmpp:hints'/>"


def messages(to, payload, count=1, more=""):
    return "".join(f"<message to='{to}' type='chat' id='n{i}'>{payload}{more}</message>"
                   for i in range(count)).encode()


def never_acknowledges(payload):
    """Writes to itself; logs in again when that was too much."""
    def attack(attacking):
        attacking.begin()

        def fill():
            client = attacking.client("mallory", managed=True)
            attacking.send(client, messages(client.full_jid, payload, 4))
        attacking.again(fill)
    return attack


def many_sessions(attacking):
    """Twenty sessions of one account, and none acknowledges anything."""
    sessions = [attacking.client("mallory", resource=f"r{i}", managed=True) for i in range(20)]
    for session in sessions:
        session.available()
        session.settle()
    attacking.begin()
    packet = messages(f"mallory@{DOMAIN}", SMALL_ELEMENTS, 2)
    sent = 0
    while attacking.going() and sessions:
        for session in list(sessions):
            try:
                until = min(attacking.end, time.monotonic() + 0.1)
                sent += len(packet) * session.pump(packet, until)
            except Closed:
                sessions.remove(session)
    attacking.tell(bytes_in=sent, sessions_left=len(sessions))


def falls_asleep(attacking):
    """With as much unacknowledged as it may have; and again, with a new session."""
    attacking.begin()
    slept = 0
    while attacking.going():
        try:
            client = attacking.client("mallory", managed=True)
            client.pump(messages(client.full_jid, LARGE_BODY, 25), attacking.end)
            client.settle()
            client.cut()
            slept += 1
        except (OSError, PermissionError):
            time.sleep(0.02)
    attacking.tell(slept=slept)


def sleeping_session(more, payload="<body>x</body>"):
    """A stranger writes to somebody who sleeps, who must be able to come back."""
    def attack(attacking):
        juliet = attacking.client("juliet", managed=True)
        juliet.available()
        juliet.settle()
        juliet.cut()
        time.sleep(0.3)
        trudy = attacking.client("trudy", source="127.0.3.1")
        packet = messages(f"juliet@{DOMAIN}/phone", payload, 400, more)
        attacking.begin()
        try:
            attacking.send(trudy, packet)
        except Closed:
            pass
        try:
            again = attacking.client("juliet", resume=juliet.sm_id)
            attacking.tell(resumed=int(b"<resumed" in again.answer))
        except OSError:
            attacking.tell(resumed=0)
    return attack


def comes_back(_server, told, _seconds):
    resumed = sum(one.get("resumed", 0) for one in told)
    return [] if resumed else ["the sleeping session cannot be resumed"]


def not_loaded(attacking):
    """Accounts that have to be read from the disk first."""
    client = attacking.client("trudy")
    packet = b"".join(messages(f"absent{i}@{DOMAIN}", LARGE_BODY) for i in range(300))
    attacking.begin()
    attacking.send(client, packet)


def one_not_loaded(attacking):
    client = attacking.client("trudy")
    attacking.begin()
    attacking.send(client, messages(f"absent0@{DOMAIN}", SMALL_ELEMENTS, 20))


def inactive(attacking):
    """A client that nobody looks at, sent what can wait."""
    client = attacking.client("mallory", managed=True)
    client.available()
    client.say(b"<inactive xmlns='urn:xmpp:csi:0'/>")
    client.settle()
    packet = "".join(f"<message to='{client.full_jid}' type='chat'>{SMALL_ELEMENTS}"
                     "<composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
                     for _ in range(4)).encode()
    attacking.begin()
    attacking.send(client, packet)


if __name__ == "__main__":
    main([
        Attack("a client that acknowledges nothing, messages of small elements",
               never_acknowledges(SMALL_ELEMENTS), ["mallory"], offender="mallory"),
        Attack("a client that acknowledges nothing, large messages",
               never_acknowledges(LARGE_BODY), ["mallory"], offender="mallory", short=False),
        Attack("twenty sessions that acknowledge nothing", many_sessions, ["mallory"], short=False),
        Attack("falling asleep with a full queue, again and again", falls_asleep, ["mallory"]),
        Attack("small messages to a session that sleeps", sleeping_session(""), ["juliet", "trudy"],
               judge=comes_back),
        Attack("small messages that are not archived, to a session that sleeps",
               sleeping_session(NO_STORE), ["juliet", "trudy"], judge=comes_back, short=False),
        Attack("messages of small elements to a session that sleeps",
               sleeping_session("", SMALL_ELEMENTS + "<body>x</body>"), ["juliet", "trudy"],
               judge=comes_back, short=False),
        Attack("large messages to 300 accounts that are not in memory", not_loaded,
               ["trudy", *(f"absent{i}" for i in range(300))]),
        Attack("messages of small elements to one account that is not there", one_not_loaded,
               ["trudy", "absent0"], short=False),
        Attack("chat states of small elements to an inactive client", inactive, ["mallory"],
               short=False),
    ])
