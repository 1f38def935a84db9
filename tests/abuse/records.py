"""Small changes to what is large on the disk, as fast as can be."""
from answers import fill_roster
from scene import Attack, main
from server import DOMAIN


def sends(packet, prepare=None, managed=False):
    def attack(attacking):
        client = attacking.client("mallory", managed=managed)
        if prepare:
            prepare(client)
        attacking.begin()
        attacking.send(client, packet.encode() if isinstance(packet, str) else packet)
    return attack


def directed(count, length):
    """To so many addresses, and taken back. Stored, so that they are told after a crash."""
    addresses = [f"{i:04d}{'a' * (length - 4 - len(DOMAIN) - 1)}@{DOMAIN}" for i in range(count)]
    return "".join(f"<presence to='{to}'/>" for to in addresses) + \
        "".join(f"<presence to='{to}' type='unavailable'/>" for to in addresses)


def roster_changes():
    return "".join(f"<iq type='set' id='c{i}'><query xmlns='jabber:iq:roster'><item "
                   f"jid='friend{i}@example.test' name='{'n' * 1000}'/></query></iq>"
                   for i in range(100))


def block_much(client):
    for part in range(25):
        items = "".join(f"<item jid='{'b' * 700}{part:02d}{i:02d}@{'d' * 50}.test'/>"
                        for i in range(50))
        client.ask("set", f"<block xmlns='urn:xmpp:blocking'>{items}</block>")


def blocks():
    return "".join(f"<iq type='set' id='b{i}'><{word} xmlns='urn:xmpp:blocking'><item "
                   f"jid='one@example.test'/></{word}></iq>"
                   for i in range(50) for word in ("block", "unblock"))


def preferences():
    listed = "".join(f"<jid>{'p' * 180}{i:03d}@example.test</jid>" for i in range(1000))
    return "".join(f"<iq type='set' id='a{i}'><prefs xmlns='urn:xmpp:mam:2' default='{default}'>"
                   f"<always>{listed}</always><never/></prefs></iq>"
                   for i, default in enumerate(("roster", "always")))


def push_registrations():
    return "".join(f"<iq type='set' id='e{i}'><enable xmlns='urn:xmpp:push:0' jid='{DOMAIN}' "
                   f"node='{'n' * 4000}{i}'/></iq>" for i in range(50))


def passwords():
    return "".join(f"<iq type='set' id='w{i}' to='{DOMAIN}'><query xmlns='jabber:iq:register'>"
                   "<username>mallory</username><password>secret</password></query></iq>"
                   for i in range(50))


def archived():
    return f"<message to='trudy@{DOMAIN}' type='chat'><body>{'x' * 240000}</body></message>" * 4


def small_archived():
    return "".join(f"<message to='trudy@{DOMAIN}' type='chat'><body>{i}</body></message>"
                   for i in range(200))


if __name__ == "__main__":
    main([
        Attack("directed presence to 700 long addresses, there and back",
               sends(directed(700, 90), managed=True),
               ["mallory"]),
        Attack("directed presence to 1,000 addresses, there and back",
               sends(directed(1000, 60), managed=True),
               ["mallory"], short=False),
        Attack("changes of a large roster", sends(roster_changes(), fill_roster), ["mallory"]),
        Attack("changes of a large blocklist", sends(blocks(), block_much), ["mallory"],
               short=False),
        Attack("archive preferences of 190 KB, changed", sends(preferences()), ["mallory"]),
        Attack("push registrations with long nodes", sends(push_registrations()), ["mallory"],
               short=False),
        Attack("password changes", sends(passwords()), ["mallory"], short=False),
        Attack("large messages, archived", sends(archived()), ["mallory", "trudy"], short=False),
        Attack("small messages, archived", sends(small_archived()), ["mallory", "trudy"],
               short=False),
    ])
