"""The surroundings of every test here: two servers that federate, each with a component, Prosody
with rooms too (rooms.prosody.test).

    slixmpp clients --- Clarion --- S2S over TLS --- Prosody --- slixmpp clients
                           |                            |
                 push.clarion.test             push.prosody.test      (slixmpp components)

A test class has its own servers; every test makes accounts of its own."""
import itertools
import sys
import unittest
import xml.etree.ElementTree as ET

from certificates import Authority, self_signed
from clients import FORM, PUBSUB, PUSH, Client, Gateway, Transcript
from servers import Clarion, Dnsmasq, Loopback, Prosody, TemporaryDirectory
from waiting import stays

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
PASSWORD = "sesame"
SECRET = "component secret"

# What a client asks to be sent along with each publish (XEP-0357 section 5, publish-options): the
# server must not interpret it, so it has an attribute and an order no server would choose.
PUBLISH_OPTIONS = (
    "<x xmlns='jabber:x:data' type='submit'>"
    "<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value>"
    "</field><field var='secret' type='text-private' label='kept &amp; sent'>"
    "<value>eruio234vzxc2kla-91</value></field>"
    "<field var='pushModule'><value>interop</value></field></x>")


class FederationCase(unittest.IsolatedAsyncioTestCase):
    maxDiff = None

    # With an authority both trust, servers prove who they are by certificate (SASL EXTERNAL);
    # without one they encrypt with self-signed ones and prove it by dialback (XEP-0220).
    with_authority = True
    options = ""  # more of Clarion's configuration
    client_kind = Client
    more_names = ()  # names and addresses that are in certificates beside the domains

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.directory = TemporaryDirectory()
        cls.addClassCleanup(cls.directory.remove)
        cls.processes = []
        cls.transcript = Transcript(cls.directory / "transcript.log")
        cls.addClassCleanup(cls.transcript.close)
        try:
            cls._start_servers()
        except BaseException:
            cls._print_logs()
            raise

    @classmethod
    def _start_servers(cls):
        loopback = Loopback()
        cls.clarion = Clarion(cls.directory, loopback, 1, "clarion.test")
        cls.dns = Dnsmasq(cls.directory, loopback)
        cls.clarion.components["push.clarion.test"] = SECRET
        cls.clarion.options = cls.options
        cls.peers = cls.make_peers(loopback)
        for server in cls.clarion, *cls.peers:
            for domain in server.domains:
                cls.dns.xmpp_domain(domain, cls.host_of(server), server.address, server.s2s_port)
        cls._configure()
        for server in cls.dns, *cls.peers, cls.clarion:
            cls.processes.append(server)
            cls.addClassCleanup(server.stop)
            server.start()

    @classmethod
    def make_peers(cls, loopback):
        """The other servers, not yet configured; they have addresses 2 and above."""
        cls.prosody = Prosody(cls.directory, loopback, 2, "prosody.test")
        cls.prosody.components["push.prosody.test"] = SECRET
        cls.prosody.rooms.append("rooms.prosody.test")
        return [cls.prosody]

    @classmethod
    def host_of(cls, server):
        """The name of its machine."""
        return f"xmpp.{server.domain}"

    @classmethod
    def _configure(cls):
        cls.trusted_by_clients = {}
        cls.certificates = {}  # of each server, by its domain
        authority = Authority(cls.directory.path) if cls.with_authority else None
        for server in cls.clarion, *cls.peers:
            if authority:
                certificate = authority.certificate(
                    server.domain, [*server.domains, *cls.more_names])
                trusted = authority.file
            else:
                certificate = self_signed(cls.directory.path, server.domain, server.domains)
                trusted = certificate.chain
            cls.certificates[server.domain] = certificate
            cls.trusted_by_clients[server.domain] = str(trusted)
            server.configure(certificate, str(trusted), cls.dns,
                             require_valid_certificate=cls.with_authority)

    # --- who takes part ---------------------------------------------------------------------

    _numbers = itertools.count(1)

    async def account(self, server, name):
        """Makes an account that no other test uses and returns its name."""
        name = f"{name}{next(self._numbers)}"
        await server.add_user(name, PASSWORD)
        return name

    async def client(self, server, name, resource="client", **options):
        """A client, not yet logged in."""
        client = self.client_kind(server, name, PASSWORD, resource, transcript=self.transcript,
                                  trusted=self.trusted_by_clients[server.domain], **options)
        self.addAsyncCleanup(client.close)
        return client

    async def online(self, server, name, resource="client", **options):
        """A client of that account (made by account()), logged in as clients do it."""
        client = await self.client(server, name, resource, **options)
        await client.login()
        await client.request("get", "<query xmlns='jabber:iq:roster'/>")
        client.come_online()
        await client.settle()
        return client

    async def gateway(self, server, domain):
        gateway = Gateway(server, domain, SECRET, transcript=self.transcript)
        self.addAsyncCleanup(gateway.close)
        return await gateway.attach()

    # --- what must hold ---------------------------------------------------------------------

    def assert_correct_publish(self, publish, *, node, sender="clarion.test",
                               options=PUBLISH_OPTIONS, body="New Message!"):
        """Every element and attribute of it (XEP-0357 section 7), and nothing beside them."""
        iq = publish.iq
        self.assertEqual(iq.get("type"), "set")
        self.assertEqual(iq.get("from"), sender, "published by the user's bare domain")
        self.assertTrue(iq.get("id"))
        # Prosody hands on the language of the stream it came over.
        self.assertLessEqual(set(iq.attrib), {"type", "from", "to", "id", XML_LANG})
        pubsub = self.assert_only_child(iq, f"{PUBSUB}pubsub")
        self.assertEqual([child.tag for child in pubsub],
                         [f"{PUBSUB}publish", f"{PUBSUB}publish-options"])
        self.assertEqual(pubsub[0].attrib, {"node": node})
        item = self.assert_only_child(pubsub[0], f"{PUBSUB}item")
        self.assertEqual(item.attrib, {}, "the item has no id")
        notification = self.assert_only_child(item, f"{PUSH}notification")
        form = self.assert_only_child(notification, f"{FORM}x")
        self.assertIn(form.get("type"), ("submit", "form", "result"))
        summary = {"FORM_TYPE": "urn:xmpp:push:summary", "message-count": "1"}
        if body is not None:
            summary["last-message-body"] = body
        self.assertEqual(publish.summary, summary)
        sent = self.assert_only_child(pubsub[1], f"{FORM}x")
        self.assertEqual(canonical(sent), canonical(ET.fromstring(options)),
                         "publish-options go verbatim")

    def assert_only_child(self, element, tag):
        self.assertEqual([child.tag for child in element], [tag])
        return element[0]

    async def assert_nothing_more(self, gateway, count, during=1.5):
        """No further notification: longer than the time in which they are coalesced (1 s)."""
        await stays(lambda: len(gateway.published) == count,
                    lambda: f"{len(gateway.published)} notifications instead of {count}", during)

    # --- when it goes wrong -----------------------------------------------------------------

    def run(self, result=None):
        bad = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > bad:
            self._print_logs()
        return result

    @classmethod
    def _print_logs(cls):
        for source in [*cls.processes, cls.transcript]:
            path = getattr(source, "log", None) or source.path
            print(f"----- end of {path}\n{source.tail()}", file=sys.stderr)
        sys.stderr.flush()


def canonical(element):
    return ET.canonicalize(ET.tostring(element, encoding="unicode"), rewrite_prefixes=True)
