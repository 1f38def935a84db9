"""What is written after something was waited for: is the account still there? The administrator
deletes accounts while their clients change them, as fast as they can."""
import time

from scene import Attack, main
from server import DOMAIN, PASSWORD
from wire import HEADER, auth

NAMES = [f"mallory{i}" for i in range(10)]


def deleted(server, name):
    server.ctl("user", "delete", f"{name}@{DOMAIN}", "--yes")


def exists(server, name):
    return f"{name}@{DOMAIN}" in server.ctl("user", "list")


def password_change(name, password):
    return (f"<iq type='set' id='w' to='{DOMAIN}'><query xmlns='jabber:iq:register'>"
            f"<username>{name}</username><password>{password}</password></query></iq>")


def changed_while_deleted(change):
    """`change(name)`: what the client says, again and again, while its account goes."""
    def attack(attacking):
        attacking.begin()
        back = tries = 0
        for name in NAMES:
            if not attacking.going():
                break
            client = attacking.client(name)
            packet = change(name).encode() * 30
            client.say(packet)
            tries += 1
            time.sleep(tries * 0.002)
            deleted(attacking.server, name)
            try:
                client.pump(packet, time.monotonic() + 0.2)
            except ConnectionError:
                pass
            client.cut()
        time.sleep(0.3)
        back = sum(exists(attacking.server, name) for name in NAMES[:tries])
        attacking.tell(tries=tries, back=back)
    return attack


def logged_in_while_deleted(attacking):
    """Logins that are under way when the account goes."""
    attacking.begin()
    tries = inside = 0
    for name in NAMES:
        if not attacking.going():
            break
        sockets = [attacking.wire() for _ in range(5)]
        for one in sockets:
            one.say(HEADER)
            one.hear(b"</stream:features>")
        for one in sockets:
            one.say(auth(name))
        deleted(attacking.server, name)
        tries += 1
        time.sleep(0.1)
        inside += f"{name}@{DOMAIN}" in attacking.server.ctl("session", "list",
                                                             f"{name}@{DOMAIN}", check=False)
        for one in sockets:
            one.cut()
    back = sum(exists(attacking.server, name) for name in NAMES[:tries])
    attacking.tell(tries=tries, back=back, inside=inside)


def stays_away(_server, told, _seconds):
    back = sum(one.get("back", 0) for one in told)
    inside = sum(one.get("inside", 0) for one in told)
    problems = [f"{back} deleted accounts are there again"] if back else []
    problems += [f"{inside} deleted accounts have a session"] if inside else []
    if not sum(one.get("tries", 0) for one in told):
        problems.append("nothing was tried")
    return problems


def others_after_password_change(attacking):
    """A thief's session must not survive that the owner changes the password."""
    attacking.begin()
    tries = survived = 0
    for turn in range(len(NAMES)):
        if not attacking.going():
            break
        name = NAMES[turn]
        thieves = [attacking.client(name, resource=f"thief{i}", managed=True) for i in range(4)]
        asleep = thieves.pop()
        asleep.cut()
        owner = attacking.client(name, resource="owner")
        owner.ask("set", f"<query xmlns='jabber:iq:register'><username>{name}</username>"
                         f"<password>other</password></query>")
        time.sleep(0.1)
        tries += 1
        survived += sum(not thief.has_ended() for thief in thieves)
        try:
            again = attacking.client(name, password="other", resume=asleep.sm_id)
            survived += b"<resumed" in again.answer
        except ConnectionError:
            pass
        assert not owner.has_ended()
    attacking.tell(tries=tries, survived=survived)


def end(_server, told, _seconds):
    survived = sum(one.get("survived", 0) for one in told)
    tries = sum(one.get("tries", 0) for one in told)
    return [f"{survived} sessions outlived the password they logged in with"] if survived \
        else [] if tries else ["nothing was tried"]


if __name__ == "__main__":
    main([
        Attack("a password is changed while the account is deleted",
               changed_while_deleted(lambda name: password_change(name, PASSWORD)), NAMES,
               judge=stays_away),
        Attack("a roster is changed while the account is deleted",
               changed_while_deleted(lambda name: "<iq type='set' id='c'><query xmlns='"
                                     "jabber:iq:roster'><item jid='a@example.test'/></query></iq>"),
               NAMES, judge=stays_away, short=False),
        Attack("push is switched on while the account is deleted",
               changed_while_deleted(lambda name: "<iq type='set' id='e'><enable xmlns="
                                     f"'urn:xmpp:push:0' jid='{DOMAIN}' node='n'/></iq>"),
               NAMES, judge=stays_away, short=False),
        Attack("logins are under way while the account is deleted", logged_in_while_deleted, NAMES,
               judge=stays_away),
        Attack("sessions of others when the password changes", others_after_password_change, NAMES,
               judge=end),
    ])
