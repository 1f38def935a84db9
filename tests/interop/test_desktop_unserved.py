"""The same as test_unserved_requests.py with clients that need more packages
(tools/install_packages.sh --desktop; ctest -C desktop -L desktop)."""
import unittest

from gajim_client import Gajim
from terminal_clients import Mcabber, Poezio
from test_unserved_requests import UnservedCase
from waiting import until


class DesktopUnservedRequests(UnservedCase):
    async def test_mcabber(self):
        await self.asks_only_for_what_is_served(self.of_juliet(Mcabber))

    async def logs_in_and_asks_only_for_what_is_served(self, client):
        await client.start()
        await until(self.sessions, "it logs in", 20)
        await self.grows_quiet()
        self.assertEqual(self.refused(client.bare), {}, client.tail)

    async def test_poezio(self):
        await self.logs_in_and_asks_only_for_what_is_served(self.of_juliet(Poezio))

    async def test_gajim(self):
        await self.asks_only_for_what_is_served(self.of_juliet(
            Gajim, certificate=self.certificates[self.clarion.domain].chain))


if __name__ == "__main__":
    unittest.main()
