"""What the tests of uploads (XEP-0363) share: Clarion with a listener for https, and a client that uploads
and downloads with what slixmpp has for it."""
import asyncio
import socket
import ssl
from unittest.mock import patch

from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver
from slixmpp.plugins.xep_0363 import http_upload

from event_client import EventClient
from waiting import PATIENCE

OOB = "{jabber:x:oob}"


class OneServer(AbstractResolver):
    """Knows the name of one server: it is in no DNS that the machine asks."""

    def __init__(self, server):
        self._server = server

    async def resolve(self, host, port=0, family=socket.AF_INET):
        if host != self._server.domain:
            raise OSError(f"who is {host}?")
        return [{"hostname": host, "host": self._server.address, "port": port,
                 "family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST}]

    async def close(self):
        pass


class UploadClient(EventClient):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        for plugin in "xep_0363", "xep_0066":
            self.register_plugin(plugin)
        # slixmpp 1.8.3 hands what this returns to asyncio.wait, which wants tasks since Python 3.11.
        get_info = self["xep_0030"].get_info
        self["xep_0030"].get_info = lambda *jid, **options: asyncio.ensure_future(
            get_info(*jid, **options))

    def _session(self, **options):
        """One for HTTP that trusts and finds whom the client does."""
        return ClientSession(connector=TCPConnector(
            resolver=OneServer(self._server),
            ssl=ssl.create_default_context(cafile=self.ca_certs)), **options)

    async def uploads(self, file):
        """Returns the address that others get it from."""
        with patch.object(http_upload, "ClientSession", self._session), open(file, "rb") as content:
            return await asyncio.wait_for(
                self["xep_0363"].upload_file(file, input_file=content), 20 * PATIENCE)

    async def downloads(self, url):
        """Returns the headers and what is in the file."""
        async with self._session(raise_for_status=True) as session:
            async with session.get(url, timeout=20 * PATIENCE) as answer:
                return answer.headers, await answer.read()

    def shares(self, to, url):
        """As clients say that a message is nothing but a file (XEP-0066, section 3)."""
        message = self.make_message(mto=to, mbody=url, mtype="chat")
        message["oob"]["url"] = url
        message.send()


class Uploading:
    """For a test case: `upload_options` are more of the configuration."""

    client_kind = UploadClient
    upload_options = ""

    @classmethod
    def listen_for_uploads(cls, loopback):
        cls.web_port = loopback.port(cls.clarion.address)
        cls.clarion.options += f"""
[[listen]]
type = "https"
address = "{cls.clarion.address}"
port = {cls.web_port}
{cls.upload_options}"""
