"""What is stored is large, and is read again and again by small requests."""
from scene import Attack, main
from server import DOMAIN
from wire import Client

LARGE_BODY = f"<body>{'x' * 240000}</body>"


def large_messages(server, count, to="trudy"):
    """An archive of Mallory's with so many."""
    client = Client(server.ports["c2s-tls"], "mallory", source="127.99.1.1")
    for i in range(count):
        client.say(f"<message to='{to}@{DOMAIN}' type='chat' id='large{i}'>{LARGE_BODY}</message>"
                   .encode())
        client.discard()
    client.settle()
    client.close()


def resumes(attacking, payload=LARGE_BODY, count=24):
    """The queue of a sleeping session is sent, and nobody reads it."""
    name = f"juliet{attacking.number}"
    juliet = attacking.client(name, managed=True)
    juliet.available()
    juliet.settle()
    juliet.cut()
    trudy = attacking.client("trudy", resource=name, source="127.0.3.1")
    for i in range(count):
        trudy.say(f"<message to='{name}@{DOMAIN}' type='chat' id='q{i}'>{payload}</message>"
                  .encode())
        trudy.discard()
    trudy.settle()
    attacking.begin()
    resumed = 0

    def resume():
        nonlocal resumed
        again = attacking.client(name, resume=juliet.sm_id)
        resumed += b"<resumed" in again.answer
        again.cut()
    try:
        attacking.again(resume)
    finally:
        attacking.tell(resumed=resumed)


def retractions(attacking):
    client = attacking.client("mallory")
    packet = "".join(f"<message to='trudy@{DOMAIN}' type='chat' id='r{i}'><retract id='absent{i}' "
                     "xmlns='urn:xmpp:message-retract:1'/><body>gone</body></message>"
                     for i in range(100)).encode()
    attacking.begin()
    attacking.send(client, packet)


def pages(read, query):
    def attack(attacking):
        client = attacking.client("mallory")
        packet = "".join(f"<iq type='set' id='p{i}'><query xmlns='urn:xmpp:mam:2' queryid='f'>"
                         f"{query}</query></iq>" for i in range(20)).encode()
        attacking.begin()
        attacking.send(client, packet, read)
    return attack


def metadata(attacking):
    client = attacking.client("mallory")
    packet = "".join(f"<iq type='get' id='m{i}'><metadata xmlns='urn:xmpp:mam:2'/></iq>"
                     for i in range(200)).encode()
    attacking.begin()
    attacking.send(client, packet)


def paging(text):
    return f"<set xmlns='http://jabber.org/protocol/rsm'>{text}</set>"


def filtered(contact):
    return ("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>"
            f"urn:xmpp:mam:2</value></field><field var='with'><value>{contact}</value></field></x>")


def offline_logins(attacking):
    """Comes online, is sent what waits, and goes without taking it."""
    attacking.begin()
    came = 0

    def come():
        nonlocal came
        client = attacking.client("trudy")
        client.available()
        client.hear(b"<message")
        came += 1
        client.cut()
    try:
        attacking.again(come)
    finally:
        attacking.tell(came=came)


if __name__ == "__main__":
    main([
        Attack("a queue of large messages is resumed, and again", resumes,
               ["juliet0", "juliet1", "trudy"], processes=2),
        Attack("a queue of 4,900 messages is resumed, and again",
               lambda attacking: resumes(attacking, "<body>x</body>", 4900),
               ["juliet0", "juliet1", "trudy"], processes=2, short=False),
        Attack("retractions of what is not there, in an archive of large messages", retractions,
               ["mallory", "trudy"], prepare=lambda server: large_messages(server, 150)),
        Attack("archive pages of large messages, read", pages(True, paging("<max>250</max>")),
               ["mallory", "trudy"], prepare=lambda server: large_messages(server, 150)),
        Attack("archive pages of large messages, not read",
               pages(False, paging("<max>250</max><before/>")), ["mallory", "trudy"],
               prepare=lambda server: large_messages(server, 150), short=False),
        Attack("archive pages with a contact nobody wrote to",
               pages(True, filtered("nobody@example.test") + paging("<max>250</max>")),
               ["mallory", "trudy"], prepare=lambda server: large_messages(server, 150),
               short=False),
        Attack("archive pages that only count", pages(True, paging("<max>0</max>")),
               ["mallory", "trudy"], prepare=lambda server: large_messages(server, 150),
               short=False),
        Attack("questions for the archive's first and last message", metadata, ["mallory", "trudy"],
               prepare=lambda server: large_messages(server, 150), short=False),
        Attack("large messages wait offline, and are asked for again and again", offline_logins,
               ["mallory", "trudy"], prepare=lambda server: large_messages(server, 100),
               short=False),
    ])
