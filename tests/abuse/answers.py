"""One request, or one stanza, makes the server say much: to its sender, or to many others."""
from concurrent.futures import ThreadPoolExecutor

from scene import Attack, main
from server import DOMAIN
from wire import HEADER, Client, Wire, auth, bind

NEWS = "x" * 12000


def iqs(kind, payload, count, to=None):
    address = f" to='{to}'" if to else ""
    return "".join(f"<iq type='{kind}'{address} id='i{i}'>{payload}</iq>"
                   for i in range(count)).encode()


def asks(attacking, packet, read, client):
    attacking.begin()
    attacking.send(client, packet, read)


# --- what one account has much of -----------------------------------------------------------------

def fill_roster(client, most=1000000):
    """Nearly all that [roster] max_bytes allows, in items with many groups."""
    groups = "".join(f"<group>{i:02d}{'g' * 200}</group>" for i in range(4))
    for i in range(most // 1900):
        client.say(f"<iq type='set' id='f{i}'><query xmlns='jabber:iq:roster'><item "
                   f"jid='friend{i}@example.test' name='{'n' * 1000}'>{groups}</item></query></iq>"
                   .encode())
        client.discard()
    client.settle()


def own_roster(read):
    def attack(attacking):
        client = attacking.client("mallory")
        fill_roster(client)
        attacking.tell(answer_size=len(client.ask("get", "<query xmlns='jabber:iq:roster'/>")))
        asks(attacking, iqs("get", "<query xmlns='jabber:iq:roster'/>", 200), read, client)
    return attack


def own_blocklist(attacking):
    client = attacking.client("mallory")
    for part in range(25):
        items = "".join(f"<item jid='{'b' * 700}{part:02d}{i:02d}@{'d' * 50}.test'/>"
                        for i in range(50))
        client.say(f"<iq type='set' id='f{part}'><block xmlns='urn:xmpp:blocking'>{items}</block>"
                   "</iq>".encode())
        client.discard()
    client.settle()
    attacking.tell(answer_size=len(client.ask("get", "<blocklist xmlns='urn:xmpp:blocking'/>")))
    asks(attacking, iqs("get", "<blocklist xmlns='urn:xmpp:blocking'/>", 200), False, client)


def own_preferences(attacking):
    client = attacking.client("mallory")
    listed = "".join(f"<jid>{'p' * 180}{i:03d}@example.test</jid>" for i in range(1000))
    client.ask("set", f"<prefs xmlns='urn:xmpp:mam:2' default='roster'><always>{listed}</always>"
                      "<never/></prefs>")
    attacking.tell(answer_size=len(client.ask("get", "<prefs xmlns='urn:xmpp:mam:2'/>")))
    asks(attacking, iqs("get", "<prefs xmlns='urn:xmpp:mam:2'/>", 200), False, client)


def discovery(attacking):
    client = attacking.client("mallory")
    asks(attacking, iqs("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", 300,
                        DOMAIN), False, client)


# --- what goes to many ----------------------------------------------------------------------------

def subscribe(server, contacts):
    """Each contact gets to know Mallory's presence. Twenty at a time, a hundred of each network."""
    def log_in(name, i):
        wire = Wire(server.ports["c2s-tls"], f"127.88.{i // 100}.1")
        wire.say(HEADER)
        wire.hear(b"</stream:features>")
        wire.say(auth(name))
        wire.hear(b"<success")
        wire.hear(b">")
        wire.say(HEADER + bind("home"))
        wire.hear(b"</iq>")
        return wire

    def one(i):
        wire = log_in(f"contact{i}", i)
        wire.say(f"<presence type='subscribe' to='mallory@{DOMAIN}'/><iq type='get' id='settle'>"
                 "<ping xmlns='urn:xmpp:ping'/></iq>".encode())
        wire.hear(b"settle")
        wire.close()

    mallory = Client(server.ports["c2s-tls"], "mallory")
    for i in range(contacts):
        mallory.say(f"<presence type='subscribed' to='contact{i}@{DOMAIN}'/>".encode())
    mallory.settle()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(contacts)))
    mallory.close()


def contacts(count):
    return ["mallory", *(f"contact{i}" for i in range(count))]


def presence_to_contacts(attacking):
    client = attacking.client("mallory")
    packet = "".join(f"<presence><status>{NEWS}{i}</status></presence>" for i in range(20)).encode()
    asks(attacking, packet, True, client)


def small_presence_to_contacts(attacking):
    client = attacking.client("mallory")
    packet = "".join(f"<presence><status>{i}</status></presence>" for i in range(500)).encode()
    asks(attacking, packet, True, client)


def directed_then_unavailable(attacking):
    """A large farewell goes to each of a thousand servers that do not answer."""
    client = attacking.client("mallory")
    there = "".join(f"<presence to='a@far{i:04d}.example.test'/>" for i in range(1000)).encode()
    farewell = f"<presence type='unavailable'><status>{NEWS}</status></presence><presence/>"
    asks(attacking, there + farewell.encode(), True, client)


def messages_to_domains(attacking):
    """What waits for many servers that do not answer."""
    client = attacking.client("mallory")
    body = f"<body>{'x' * 100000}</body>"
    packet = "".join(f"<message to='a@far{i:04d}.example.test'>{body}</message>"
                     for i in range(100)).encode()
    asks(attacking, packet, True, client)


def carbons(attacking):
    """Large messages, copied to all sessions of the account, which read nothing."""
    others = [attacking.client("mallory", resource=f"r{i}", managed=i % 2 == 0) for i in range(25)]
    for other in others:
        other.ask("set", "<enable xmlns='urn:xmpp:carbons:2'/>")
        other.available()
        other.settle()
    client = attacking.client("trudy")
    packet = f"<message to='mallory@{DOMAIN}/r0' type='chat'><body>{'x' * 250000}</body></message>"
    asks(attacking, packet.encode() * 4, True, client)


if __name__ == "__main__":
    main([
        Attack("own roster of 1 MB, asked for 200 times in a packet, nothing read",
               own_roster(False), ["mallory"]),
        Attack("own roster of 1 MB, asked for all the time, all read",
               own_roster(True), ["mallory"], short=False),
        Attack("own blocklist of 1 MB, asked for 200 times in a packet", own_blocklist, ["mallory"],
               short=False),
        Attack("own archive preferences of 190 KB, asked for 200 times in a packet",
               own_preferences, ["mallory"], short=False),
        Attack("discovery, 300 questions in a packet", discovery, ["mallory"], short=False),
        Attack("small presence to 300 contacts in a row", small_presence_to_contacts,
               contacts(300), prepare=lambda server: subscribe(server, 300)),
        Attack("presence of 12 KB to 2,000 contacts in a row", presence_to_contacts, contacts(2000),
               prepare=lambda server: subscribe(server, 2000), short=False),
        Attack("small presence to 2,000 contacts in a row", small_presence_to_contacts,
               contacts(2000), prepare=lambda server: subscribe(server, 2000), short=False),
        Attack("presence to 1,000 servers, then a large farewell", directed_then_unavailable,
               ["mallory"]),
        Attack("large messages to 100 servers that do not answer", messages_to_domains, ["mallory"],
               short=False),
        Attack("large messages copied to 25 sessions that read nothing", carbons,
               ["mallory", "trudy"], short=False),
    ])
