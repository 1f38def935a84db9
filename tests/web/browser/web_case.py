"""What the tests of browsers share: Clarion with a web side, one Chromium for a class, and a chat page.

    romeo (slixmpp) --- Clarion --- https --- Relay, which can be cut --- Chromium

To the browser the server is at https://clarion.test/: it is told to find that at the relay."""
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "interop"))

from federation_case import PASSWORD, PUBLISH_OPTIONS
from real_clients import JS_PACKAGES, XmppJs
from relay import Relay
from room_case import ROOMS
from test_real_clients import ClientCase
from waiting import until
from browser import Browser, Converse, Driver, Page

PAGE = HERE.parents[2] / "conf/converse"
CONVERSE = JS_PACKAGES / "node_modules/converse.js/dist"
NOT_SERVED = shutil.ignore_patterns("*.map", "website*")  # large, and nothing asks for them


class WebListener:
    """The https listener of a server, as a Relay wants to know it."""

    def __init__(self, server, port):
        self.domain = server.domain
        self.address = server.address
        self.client_port = port


class WebCase(ClientCase):
    web_options = ""

    @classmethod
    def make_peers(cls, loopback):
        super().make_peers(loopback)
        cls.web_port, cls.relay_port = (loopback.port(cls.clarion.address) for _ in range(2))
        cls.site = cls.make_site()
        cls.clarion.services.append(ROOMS)
        cls.clarion.options += f"""
[[listen]]
type = "https"
address = "{cls.clarion.address}"
port = {cls.web_port}
[http]
external_url = "https://{cls.clarion.domain}"
[web]
directory = "{cls.site}"
[muc."{ROOMS}"]
{cls.web_options}"""
        return []

    @classmethod
    def make_site(cls):
        """What users get to see: the page for them, and those of the tests."""
        site = cls.directory / "site"
        shutil.copytree(PAGE, site)
        shutil.copytree(CONVERSE, site / "converse", ignore=NOT_SERVED)
        shutil.copytree(HERE / "pages", site, dirs_exist_ok=True)
        shutil.copy(JS_PACKAGES / "node_modules/@xmpp/client/dist/xmpp.min.js", site)
        return site

    def make_relay(self):
        return Relay(WebListener(self.clarion, self.web_port), self.relay_port)


class BrowserCase(WebCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = Browser(cls.directory, {
            f"{cls.clarion.domain}:443": f"{cls.clarion.address}:{cls.relay_port}"})
        cls.processes.append(cls.browser)
        cls.addClassCleanup(cls.browser.stop)
        cls.browser.start()

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.driver = await Driver(self.browser).connect()
        self.addAsyncCleanup(self.driver.close)

    async def converse(self, name=None, *, path="/", **options):
        """Converse.js, logged in; in juliet's account if none is named."""
        page = Converse(self.driver, self.clarion, name or self.juliet, PASSWORD, path=path)
        await page.start(**options)
        return page
