"""slixmpp's own uploads (XEP-0363) over https: it discovers the service, asks for a slot, sends the file
there, and whoever is told the address gets the same file."""
import random
import unittest

from slixmpp.exceptions import IqError
from slixmpp.plugins.xep_0363 import FileTooBig, UploadServiceNotFound

from federation_case import FederationCase
from test_desktop_clients import picture
from upload_case import OOB, Uploading

BOUND = 1 << 20


class UploadsToHost(Uploading, FederationCase):
    """The host itself is the service."""

    service = "clarion.test"
    strangers_get = "forbidden"
    upload_options = f"[upload]\nmax_file_size = {BOUND}\n"

    @classmethod
    def make_peers(cls, loopback):
        cls.listen_for_uploads(loopback)
        return super().make_peers(loopback)

    async def asyncSetUp(self):
        self.romeo = await self.online(self.clarion, await self.account(self.clarion, "romeo"))
        self.juliet = await self.online(self.clarion, await self.account(self.clarion, "juliet"))

    def file(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return path

    async def test_service_is_discovered(self):
        found = await self.romeo["xep_0363"].find_upload_service()
        self.assertEqual(found["from"], self.service)
        forms = [one["values"] for one in found["disco_info"]["substanzas"]
                 if one.name == "x"]
        self.assertEqual([one["max-file-size"] for one in forms
                          if one["FORM_TYPE"] == ["urn:xmpp:http:upload:0"]], [str(BOUND)])

    async def test_contact_gets_what_was_uploaded(self):
        image = picture(200, 30, 30)
        url = await self.romeo.uploads(self.file("red rose é.png", image))
        self.assertTrue(url.startswith(f"https://clarion.test:{self.web_port}/upload/"), url)
        self.romeo.shares(self.juliet.boundjid.bare, url)
        message = await self.juliet.hears(url)
        self.assertEqual(message.findtext(f"{OOB}x/{OOB}url"), url)
        headers, content = await self.juliet.downloads(url)
        self.assertEqual(content, image)
        self.assertEqual(headers["Content-Type"], "image/png")

    async def test_file_as_large_as_may_be(self):
        content = random.Random(1).randbytes(BOUND)
        url = await self.romeo.uploads(self.file("large.bin", content))
        self.assertEqual((await self.juliet.downloads(url))[1], content)

    async def test_file_that_is_too_large(self):
        """A client that has read the bound does not ask; one that has not is told when it does."""
        file = self.file("too-large.bin", bytes(BOUND + 1))
        with self.assertRaises(FileTooBig) as caught:
            await self.romeo.uploads(file)
        self.assertEqual(caught.exception.args, (BOUND + 1, BOUND))
        self.juliet["xep_0363"].upload_service = self.service
        with self.assertRaises(IqError) as caught:
            await self.juliet.uploads(file)
        self.assertEqual(caught.exception.condition, "not-acceptable")
        too_large = caught.exception.iq.xml.find(".//{urn:xmpp:http:upload:0}file-too-large")
        self.assertEqual(too_large.findtext("{urn:xmpp:http:upload:0}max-file-size"), str(BOUND))

    async def test_user_of_another_server_finds_nothing(self):
        paris = await self.online(self.prosody, await self.account(self.prosody, "paris"))
        with self.assertRaises(UploadServiceNotFound):
            await paris.uploads(self.file("paris.txt", b"for nobody"))
        with self.assertRaises(IqError) as caught:
            await paris["xep_0363"].request_slot(self.service, "paris.txt", 10, timeout=20)
        self.assertEqual(caught.exception.condition, self.strangers_get)


class UploadsToService(UploadsToHost):
    """A domain of its own is."""

    service = "upload.clarion.test"
    strangers_get = "remote-server-not-found"  # it is in no DNS
    upload_options = f'[upload."{service}"]\nmax_file_size = {BOUND}\n'


if __name__ == "__main__":
    unittest.main()
