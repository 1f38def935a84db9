"""What attackers hold: a socket with or without TLS, and a client that is logged in. Blocking, and
as plain as can be: who attacks sends bytes that were made before."""
import base64
import re
import select
import socket
import ssl
import struct
import time

from server import DOMAIN, PASSWORD

HEADER = (f"<stream:stream to='{DOMAIN}' version='1.0' xmlns='jabber:client' "
          "xmlns:stream='http://etherx.jabber.org/streams'>").encode()
SERVER_HEADER = ("<stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
                 "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' from='{}' "
                 "to='{}'>")
ENABLE = b"<enable xmlns='urn:xmpp:sm:3' resume='true'/>"
REQUEST_ACK = b"<r xmlns='urn:xmpp:sm:3'/>"


def tls_context():
    """Believes every certificate: the server's is made for the test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def plain_token(name, password=PASSWORD):
    return base64.b64encode(f"\0{name}\0{password}".encode()).decode()


def auth(name, password=PASSWORD):
    return ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
            f"{plain_token(name, password)}</auth>").encode()


def bind(resource):
    return ("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            f"<resource>{resource}</resource></bind></iq>").encode()


class Closed(ConnectionError):
    """The server ended the connection; the text has the last it said."""


class Wire:
    """One connection. `source`: the address it comes from, any of 127.0.0.0/8."""

    def __init__(self, port, source="127.0.0.1", tls=True, timeout=20.0):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.settimeout(timeout)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard = b""
        if tls:
            self.socket = tls_context().wrap_socket(self.socket)

    def say(self, data):
        self.socket.sendall(data)

    def hear(self, *parts):
        """Reads until one of `parts` has come; returns everything up to and with it."""
        while True:
            for part in parts:
                at = self.heard.find(part)
                if at >= 0:
                    said, self.heard = self.heard[:at + len(part)], self.heard[at + len(part):]
                    return said
            some = self.socket.recv(262144)
            if not some:
                raise Closed(self.heard[-300:].decode(errors="replace"))
            self.heard += some

    def listen(self):
        """Reads what is there now into `heard`. Does not wait."""
        before = self.socket.gettimeout()
        self.socket.settimeout(0)
        try:
            while True:
                some = self.socket.recv(262144)
                if not some:
                    raise Closed(self.heard[-300:].decode(errors="replace"))
                self.heard += some
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        finally:
            self.socket.settimeout(before)

    def discard(self):
        """Reads and forgets what is there now."""
        self.listen()
        self.heard = b""

    def pump(self, data, until, read=True):
        """Sends `data`, once; reads and forgets what comes meanwhile unless `read` is False. Gives
        up at `until` (time.monotonic). Returns whether all was sent; raises Closed at the end."""
        view = memoryview(data)
        self.socket.settimeout(0)
        try:
            while view:
                left = until - time.monotonic()
                if left <= 0:
                    return False
                reading, _, _ = select.select([self.socket] if read else [], [self.socket], [],
                                              min(left, 0.1))
                if reading:
                    self._forget_some()
                try:
                    view = view[self.socket.send(view[:65536]):]
                except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    select.select([self.socket] if read else [], [self.socket], [], min(left, 0.05))
            return True
        except (ConnectionError, ssl.SSLError) as error:
            raise Closed(str(error)) from error
        finally:
            self.socket.settimeout(20)

    def _forget_some(self):
        try:
            for _ in range(16):
                some = self.socket.recv(262144)
                if not some or some.endswith(b"</stream:stream>"):
                    raise Closed(some[-300:].decode(errors="replace"))
        except (BlockingIOError, ssl.SSLWantReadError):
            pass

    def cut(self):
        """A reset without any goodbye, as when the network is gone."""
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
        except OSError:
            pass

    def close(self):
        self.socket.close()

    def is_open(self):
        """Whether the server has not closed it."""
        try:
            self.listen()
            return True
        except (OSError, ssl.SSLError):
            return False

    def has_ended(self):
        """Whether the server has at least said that it ends the stream."""
        return not self.is_open() or b"</stream:stream>" in self.heard


class Client(Wire):
    """A session that is bound, by direct TLS. `managed`: with stream management; nothing that comes
    is acknowledged."""

    def __init__(self, port, name, resource="phone", source="127.0.0.1", managed=False,
                 password=PASSWORD, resume=None):
        super().__init__(port, source)
        self.name, self.jid = name, f"{name}@{DOMAIN}"
        self.full_jid = f"{self.jid}/{resource}"
        self.sm_id = None
        self.say(HEADER)
        self.hear(b"</stream:features>")
        self.say(auth(name, password))
        if b"<success" not in self.hear(b"</success>", b"<success xmlns="
                                        b"'urn:ietf:params:xml:ns:xmpp-sasl'/>", b"</failure>"):
            raise PermissionError(name)
        self.say(HEADER)
        self.hear(b"</stream:features>")
        if resume:
            self.resume(resume)
            return
        self.say(bind(resource))
        self.hear(b"</iq>")
        if managed:
            self.say(ENABLE)
            self.sm_id = re.search(rb" id=['\"]([^'\"]*)", self.hear(b"/>"))[1].decode()

    def resume(self, sm_id, h=0):
        self.say(f"<resume xmlns='urn:xmpp:sm:3' previd='{sm_id}' h='{h}'/>".encode())
        self.answer = self.hear(b"<resumed", b"</failed>", b"<failed")
        self.sm_id = sm_id

    def available(self):
        self.say(b"<presence/>")

    def ask(self, kind, payload, number="q"):
        """Sends a request and waits for its answer; returns all that was said meanwhile."""
        self.say(f"<iq type='{kind}' id='{number}'>{payload}</iq>".encode())
        return self.settle()

    def settle(self):
        """When this returns, the server has handled all that was sent. Returns what it said."""
        self.say(b"<iq type='get' id='settle'><ping xmlns='urn:xmpp:ping'/></iq>")
        return self.hear(b"settle") + self.hear(b">")
