"""All the ways in which a push service cannot be reached, each noticed by an attempt that somebody
counts: one for a step of back-off, however many notifications wait."""
import asyncio
import ssl
import unittest

from certificates import self_signed
from test_push_outages import OutageCase

STREAM = (b"<stream:stream xmlns='jabber:server' version='1.0' id='1' "
          b"xmlns:stream='http://etherx.jabber.org/streams'>")


class UnreachableServices(OutageCase):
    @classmethod
    def make_peers(cls, loopback):
        cls.clarion.s2s_options = 'retry_delay = "100ms"\nnegotiation_timeout = 2'
        cls.address = loopback.address(3)
        cls.ports = {kind: loopback.port(cls.address)
                     for kind in ("refusing", "mute", "hanging-up", "ignorant", "false")}
        for kind, port in cls.ports.items():
            cls.dns.xmpp_domain(f"{kind}.test", cls.address, cls.address, port)
        return []

    async def asyncSetUp(self):
        self.sender = await self.romeo()

    async def listen(self, kind, talk):
        """A server that lets `talk` handle connections; returns the list of when they came."""
        came = []

        async def take(reader, writer):
            came.append(asyncio.get_running_loop().time())
            try:
                await talk(reader, writer)
            except ConnectionError:
                pass
            writer.close()

        server = await asyncio.start_server(take, self.address, self.ports[kind])
        self.addCleanup(server.close)
        return came

    async def assert_tried_once(self, domain, tries):
        """`tries()`: how often the other side was asked."""
        service = f"app@{domain}"
        phones = await self.two_phones(service)
        await self.both_back_off(service, phones, "somebody?")
        asked = tries()
        self.assertGreater(asked, 0)
        await self.assert_no_more_attempts(service, phones)
        self.assertEqual(tries(), asked)
        # The other's may have come to wait a moment after that attempt.
        self.assertEqual(max([await self.errors_of(phone) for phone in phones]), 1)
        return asked

    async def test_domain_that_does_not_exist(self):
        """DNS is part of an attempt."""
        def questions():
            return self.dns.log.read_text(errors="replace").count(
                "query[SRV] _xmpp-server._tcp.nowhere.test ")
        await self.assert_tried_once("nowhere.test", questions)

    async def test_port_where_nobody_listens(self):
        def refusals():
            return len(self.log_lines(" s2s unreachable ", "remote=refusing.test"))
        self.assertEqual(await self.assert_tried_once("refusing.test", refusals), 1)

    async def test_server_that_says_nothing(self):
        async def talk(reader, _):
            await reader.read()
        came = await self.listen("mute", talk)
        self.assertEqual(await self.assert_tried_once("mute.test", lambda: len(came)), 1)

    async def test_server_that_hangs_up(self):
        async def talk(*_):
            pass
        came = await self.listen("hanging-up", talk)
        self.assertEqual(await self.assert_tried_once("hanging-up.test", lambda: len(came)), 1)

    async def test_server_without_that_domain(self):
        async def talk(reader, writer):
            await reader.readuntil(b"version")
            writer.write(STREAM + b"<stream:error>"
                         b"<host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                         b"</stream:error></stream:stream>")
            await reader.read()
        came = await self.listen("ignorant", talk)
        self.assertEqual(await self.assert_tried_once("ignorant.test", lambda: len(came)), 1)

    async def test_server_with_a_certificate_that_nobody_trusts(self):
        certificate = self_signed(self.directory.path, "false.test", ["false.test"])
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate.chain, certificate.key)
        secured = []

        async def talk(reader, writer):
            await reader.readuntil(b"version")
            writer.write(STREAM + b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:"
                         b"xmpp-tls'><required/></starttls></stream:features>")
            await reader.readuntil(b"starttls")
            await reader.readuntil(b">")
            writer.write(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            await writer.start_tls(tls)
            secured.append(writer)
            await reader.read()

        came = await self.listen("false", talk)
        self.assertEqual(await self.assert_tried_once("false.test", lambda: len(came)), 1)
        self.assertEqual(len(secured), 1, "it failed when TLS was there")


if __name__ == "__main__":
    unittest.main()
