"""A client with windows, on a screen of its own that nobody sees."""
import asyncio

from real_clients import RealClient
from waiting import PATIENCE


class WindowedClient(RealClient):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._programs = []  # in the order of their start
        self._config = self._home / "config"
        self._data = self._home / "data"
        self._environment.update(
            XDG_CONFIG_HOME=str(self._config), XDG_DATA_HOME=str(self._data),
            XDG_CACHE_HOME=str(self._home / "cache"), XDG_RUNTIME_DIR=str(self._home),
            DBUS_SESSION_BUS_ADDRESS=f"unix:path={self._home}/bus",
            GDK_BACKEND="x11", NO_AT_BRIDGE="1", GSETTINGS_BACKEND="memory")

    async def _launch(self, *command, stdout=None):
        with open(self.log, "ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=stdout or log, stderr=log,
                env=self._environment)
        self._programs.append(process)
        return process

    async def _open_display(self):
        display = await self._launch("Xvfb", "-displayfd", "1", "-screen", "0", "1200x800x24",
                                     "-nolisten", "tcp", "-ac", stdout=asyncio.subprocess.PIPE)
        number = await asyncio.wait_for(display.stdout.readline(), 20 * PATIENCE)
        self._environment["DISPLAY"] = f":{number.decode().strip()}"

    async def screenshot(self, file):
        process = await asyncio.create_subprocess_exec(
            "import", "-window", "root", str(file), env=self._environment)
        await process.wait()

    @staticmethod
    async def _end(program):
        if program.returncode is None:
            program.terminate()
        await asyncio.wait_for(program.wait(), 20 * PATIENCE)

    async def quit(self):
        for program in reversed(self._programs):
            await self._end(program)
