"""Chromium, shared by the tests of a class, and pages in it. driver.mjs stands between."""
import asyncio
import itertools
import json
import shutil
from pathlib import Path

from real_clients import JS_PACKAGES
from servers import Process
from waiting import PATIENCE, until

HERE = Path(__file__).resolve().parent


class Browser(Process):
    """Chromium and its driver. Believes every certificate."""

    def __init__(self, directory, found_at):
        """`found_at`: host:port as pages ask for it -> address:port of who answers."""
        super().__init__(directory / "browser.log")
        self._home = directory / "browser"
        self._home.mkdir()
        self.socket = self._home / "driver.sock"
        self.traffic = directory / "browser-traffic.log"
        # What is not named here is not found: pages reach nobody but the servers under test.
        self._rules = ",".join([*(f"MAP {name} {place}" for name, place in found_at.items()),
                                "MAP * ~NOTFOUND", "EXCLUDE 127.*"])

    def start(self):
        # Node looks for packages beside the script.
        for script in HERE.glob("*.mjs"):
            shutil.copy(script, self._home)
        (self._home / "node_modules").symlink_to(JS_PACKAGES / "node_modules")
        self.launch(["node", "--preserve-symlinks", self._home / "driver.mjs", self.socket,
                     self.traffic, shutil.which("chromium"), f"--host-resolver-rules={self._rules}"],
                    env={"HOME": str(self._home)})
        self.wait_ready(self.socket.exists, "the browser", 60.0)

    def tail(self, lines=60):
        traffic = self.traffic.read_text().splitlines() if self.traffic.exists() else []
        return super().tail(lines) + "\n" + "\n".join(one[:2000] for one in traffic[-lines:])


class Driver:
    """A test's connection to the browser: its pages end with it."""

    def __init__(self, browser):
        self.browser = browser
        self._ids = itertools.count(1)
        self._answers = {}

    async def connect(self):
        self._reader, self._writer = await asyncio.open_unix_connection(
            str(self.browser.socket), limit=2**22)
        self._task = asyncio.create_task(self._read())
        return self

    async def _read(self):
        async for line in self._reader:
            answer = json.loads(line)
            self._answers.pop(answer["id"]).set_result(answer)

    async def ask(self, command, **more):
        number = next(self._ids)
        future = self._answers[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"id": number, "command": command, **more}).encode() + b"\n")
        answer = await asyncio.wait_for(future, 60 * PATIENCE)
        if "error" in answer:
            raise AssertionError(f"{command}: {answer['error']}")
        return answer["result"]

    async def close(self):
        self._writer.close()
        await self._task


class Page:
    """A page with nothing stored, as in a browser of its own. What it can do is in
    actions.mjs: page.visit(url=...)."""

    def __init__(self, driver, name):
        self._driver = driver
        self.name = name

    def __getattr__(self, command):
        if command.startswith("_"):
            raise AttributeError(command)

        async def run(**more):
            return await self._driver.ask(command, page=self.name, **more)
        return run


class Converse(Page):
    """Converse.js with an account: a client like those of real_clients.py. `heard()` is what others
    wrote in the conversation that is open."""

    def __init__(self, driver, server, name, password, *, path):
        super().__init__(driver, name)
        self.bare = f"{name}@{server.domain}"
        self.url = f"https://{server.domain}{path}"
        self._password = password

    async def start(self, *, width=1280, height=800, phone=False):
        self.width = width
        await self.open(width=width, height=height, phone=phone)
        await self.visit(url=self.url)
        await self.login(jid=self.bare, password=self._password)

    async def says(self, to, body):
        await self.chat(jid=to)
        await self.say(body=body)

    async def hears_last(self, body):
        async def look():
            return (await self.heard())[-1:] == [body]
        await until(look, f"{self.name} hears {body!r}")

    async def comes_back(self):
        """It connects again by itself."""

    async def sees(self, *bodies):
        """The conversation that is open has these messages, of whoever wrote them, and no other."""
        shown = []

        async def look():
            nonlocal shown
            shown = await self.conversation()
            return len(shown) >= len(bodies)
        await until(look, lambda: f"{self.name} sees {bodies}, sees {shown}", 20)
        if shown != list(bodies):
            raise AssertionError(f"{self.name} sees {shown} instead of {list(bodies)}")

    @property
    def tail(self):
        return self._driver.browser.tail()
