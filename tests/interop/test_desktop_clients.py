"""Clients with windows, on a screen that nobody sees. Not in the default suite: they need some
hundred megabytes of packages (tools/install_packages.sh --desktop; ctest -C desktop -L desktop)."""
import os
import unittest

from gajim_client import Gajim
from test_real_clients import ClientCase


class DesktopClients(ClientCase):
    async def gajim(self):
        client = self.of_juliet(Gajim, certificate=self.certificates[self.clarion.domain].chain)
        await client.start()
        self.addAsyncCleanup(self._take_screenshot, client)
        return client

    async def _take_screenshot(self, client):
        if directory := os.environ.get("CLARION_SCREENSHOTS"):
            await client.screenshot(f"{directory}/{self._testMethodName}.png")

    async def test_gajim(self):
        await self.chats_is_cut_and_resumes(await self.gajim())

    async def test_gajim_resumes_after_a_planned_restart(self):
        await self.resumes_after_a_planned_restart(await self.gajim())


if __name__ == "__main__":
    unittest.main()
