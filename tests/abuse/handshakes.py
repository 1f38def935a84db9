"""What is not logged in yet: TLS handshakes, and bytes before a login."""
import ssl
import time

from scene import Attack, main
from wire import HEADER, Wire, tls_context


def client_hello(version=None):
    """The bytes a client begins with: the server's answer costs it a signature."""
    context = tls_context()
    if version:
        context.maximum_version = version
    said = ssl.MemoryBIO()
    session = context.wrap_bio(ssl.MemoryBIO(), said, server_hostname="abuse.test")
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return said.read()


def hellos(networks, version=None):
    """Each connection says hello and waits until the answer begins; that is all it costs."""
    def attack(attacking):
        hello = client_hello(version)
        port = attacking.ports["c2s-tls"]
        attacking.begin()
        answered = refused = 0
        turn = attacking.number
        while attacking.going():
            turn += 1
            try:
                wires = [Wire(port, f"127.{10 + (turn + i) % networks if networks > 1 else 10}.0.1",
                              tls=False, timeout=2.0) for i in range(8)]
            except OSError:
                refused += 8
                continue
            for wire in wires:
                try:
                    wire.say(hello)
                except OSError:
                    pass
            for wire in wires:
                try:
                    answered += bool(wire.socket.recv(1))
                except OSError:
                    refused += 1
                wire.cut()
        attacking.tell(handshakes=answered, refused=refused)
    return attack


def unfinished(payload, networks, each):
    """Connections that say the beginning of something and then nothing more."""
    def attack(attacking):
        attacking.begin()
        held = []
        for i in range(each):
            for network in range(networks):
                if not attacking.going():
                    break
                try:
                    wire = Wire(attacking.ports["c2s"], f"127.{20 + network}.0.1", tls=False)
                    wire.say(HEADER + payload)
                    held.append(wire)
                except OSError:
                    pass
        while attacking.going():
            time.sleep(0.05)
        attacking.tell(connections=len(held))
    return attack


def white_space(tls):
    """More and more, and nothing else."""
    def attack(attacking):
        attacking.begin()
        sent, most, spaces = 0, 0, b" " * 16384

        def once():
            nonlocal sent, most
            wire = Wire(attacking.ports["c2s-tls" if tls else "c2s"], "127.0.5.1", tls=tls)
            wire.say(HEADER)
            here = 0
            try:
                while wire.pump(spaces, attacking.end):
                    here += len(spaces)
            finally:
                sent += here
                most = max(most, here)
        attacking.again(once)
        attacking.tell(bytes_in=sent, most_of_one=most)
    return attack


def little_is_taken(_server, told, _seconds):
    """64 KB, and what the two kernels keep."""
    most = max((one.get("most_of_one", 0) for one in told), default=0)
    return [f"one connection could send {most} bytes"] if most > 8 << 20 else []


SMALL = b"<iq type='set'><q>" + b"<a/>" * 1000
LONG = b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + b"A" * 9000

if __name__ == "__main__":
    main([
        Attack("one network begins TLS handshakes as fast as it can", hellos(1), processes=2,
               offender="127.10.0.1"),
        Attack("one network begins handshakes of TLS 1.2",
               hellos(1, ssl.TLSVersion.TLSv1_2), processes=2, offender="127.10.0.1", short=False),
        Attack("twenty networks begin TLS handshakes as fast as they can", hellos(20), processes=2,
               short=False, promised=False),
        Attack("unfinished stanzas of small elements", unfinished(SMALL, 10, 200), seconds=1.5),
        Attack("unfinished stanzas of small elements, of forty networks",
               unfinished(SMALL, 40, 200), seconds=3.0, short=False),
        Attack("unfinished long elements, of forty networks", unfinished(LONG, 40, 200),
               seconds=3.0, short=False, promised=False),
        Attack("white space before the login", white_space(True), judge=little_is_taken,
               offender="127.0.5.1"),
        Attack("white space before the login, without TLS", white_space(False),
               judge=little_is_taken, offender="127.0.5.1", short=False),
    ])
