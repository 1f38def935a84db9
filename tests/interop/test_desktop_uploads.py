"""Pictures that Gajim uploads over HTTP and shows (XEP-0363), on a screen that nobody sees; see
test_desktop_clients.py.

    desk (Gajim), phone (slixmpp): juliet --- Clarion --- romeo (Gajim, slixmpp)
"""
import unittest

from clients import text_of
from test_desktop_clients import picture
from upload_case import OOB, Uploading
from waiting import until
from windows_case import WindowsCase

RED, BLUE = picture(200, 30, 30), picture(30, 30, 200)
BOUND = 1 << 20


class DesktopUploads(Uploading, WindowsCase):
    upload_options = f"[upload]\nmax_file_size = {BOUND}\n"

    @classmethod
    def make_peers(cls, loopback):
        """Gajim asks the machine for names, which does not know ours: so files are at an address."""
        cls.listen_for_uploads(loopback)
        cls.more_names = [cls.clarion.address]
        cls.clarion.options += f"""
[http]
external_url = "https://{cls.clarion.address}:{cls.web_port}"
"""
        return super().make_peers(loopback)

    async def gajim(self, name, resource):
        """It has found where to upload."""
        window = await super().gajim(name, resource)
        await window.answers(BOUND, "largest_upload")
        return window

    async def hears_of_file(self, phone):
        """Returns its address, which is all that the message says."""
        def told():
            return [one for one in phone.messages if one.find(f"{OOB}x") is not None]
        message = (await until(told, f"{phone.boundjid} is told the address", 20))[0]
        url = message.findtext(f"{OOB}x/{OOB}url")
        self.assertEqual(text_of(message, "{jabber:client}body"), url)
        return url

    async def test_pictures(self):
        romeo, juliet = await self.phone(self.romeo), await self.phone(self.juliet)
        await self.befriend(romeo, juliet)
        desk = await self.gajim(self.juliet, "desk")
        await desk.sends_file(self.romeo_jid, "red rose é.png", RED)
        url = await self.hears_of_file(romeo)
        headers, content = await romeo.downloads(url)
        self.assertEqual(content, RED)
        self.assertEqual(headers["Content-Type"], "image/png")
        await desk.shows_picture(url, RED)

        file = self.directory / "violet.png"
        file.write_bytes(BLUE)
        url = await romeo.uploads(file)
        romeo.shares(self.juliet_jid, url)
        await self.hears_once(desk, url)
        await desk.shows_picture(url, BLUE)

    async def test_encrypted_picture(self):
        """Who keeps the file cannot see what it is: its key is in the message (XEP-0454)."""
        await self.are_friends()
        desk = await self.gajim(self.juliet, "desk")
        other = await self.gajim(self.romeo, "other")
        await desk.can_encrypt_for(self.romeo_jid, 1)
        await other.does("open_chat", jid=self.juliet_jid)
        await desk.says_encrypted(self.romeo_jid, "Look")
        await desk.sends_file(self.romeo_jid, "rose.png", RED)
        await until(lambda: len(other.heard()) == 2, lambda: f"the address\n{other.tail}", 20)
        url = other.heard()[1]
        self.assertTrue(url.startswith("aesgcm://"), url)
        await self.hears_encrypted(other, "Look", url)
        for window in desk, other:
            await window.shows_picture(url, RED)
        phone = await self.phone(self.romeo)
        headers, content = await phone.downloads(url.replace("aesgcm:", "https:").split("#")[0])
        self.assertEqual(len(content), len(RED) + 16)  # the tag of AES-GCM
        self.assertNotIn(RED, content)


if __name__ == "__main__":
    unittest.main()
