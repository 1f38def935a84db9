"""The least of an XMPP client: PLAIN, stream management, iqs. Blocking, on a plain socket."""
import base64
import re
import socket
import time


class Client:
    def __init__(self, port, name, patience=1, address="127.0.0.1", tls=None, domain="example.test", password="secret"):
        """`tls`: an ssl.SSLContext, for a port with TLS from the start."""
        self.patience = patience
        self.name, self.domain = name, domain
        self.text = ""  # received and not yet looked at
        self.socket = socket.create_connection((address, port), timeout=10 * patience)
        if tls:
            self.socket = tls.wrap_socket(self.socket)
        self._open()
        secret = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
        self.expect(r"<success[^>]*>")
        self._open()

    def _open(self):
        self.send(f"<stream:stream xmlns='jabber:client' version='1.0' to='{self.domain}' "
                  "xmlns:stream='http://etherx.jabber.org/streams'>")
        self.expect(r"</stream:features>")

    def bind(self, resource):
        self.iq("set", f"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind>")
        return self

    def enable(self):
        """Turns stream management on; the id to resume with."""
        self.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
        return re.search(r"id=['\"]([^'\"]+)", self.expect(r"<enabled[^>]*>").group()).group(1)

    def resume(self, previous, handled):
        self.send(f"<resume xmlns='urn:xmpp:sm:3' previd='{previous}' h='{handled}'/>")
        return self.expect(r"<resumed[^>]*>|<failed.*?</failed>").group()

    def synchronise(self):
        """Returns when the server has handled, and stored, all that was sent."""
        self.send("<r xmlns='urn:xmpp:sm:3'/>")
        return int(re.search(r"h=['\"](\d+)", self.expect(r"<a [^>]*>").group()).group(1))

    def message(self, to, body):
        self.send(f"<message to='{to}' type='chat' id='{body}'><body>{body}</body></message>")

    def iq(self, kind, payload):
        """The answer, from its tag to its end."""
        self.send(f"<iq type='{kind}' id='q'>{payload}</iq>")
        return self.expect(r"<iq[^>]*\bid=['\"]q['\"][^>]*?(/>|>.*?</iq>)").group()

    def send(self, text):
        self.socket.sendall(text.encode())

    def expect(self, pattern):
        """Waits for the pattern and forgets what came up to its end."""
        end = time.monotonic() + 10 * self.patience
        while not (found := re.search(pattern, self.text, re.S)):
            if time.monotonic() > end:
                raise AssertionError(f"no {pattern} in: {self.text}")
            received = self.socket.recv(65536)
            if not received:
                raise AssertionError(f"the stream ended; no {pattern} in: {self.text}")
            self.text += received.decode()
        self.text = self.text[found.end():]
        return found

    def cut(self):
        """As when the network is gone: no goodbye."""
        self.socket.close()
