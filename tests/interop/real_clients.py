"""Clients people use, each a process of its own with a home of its own: what a test needs of them
is the same for all."""
import asyncio
import json
import os
import shutil
import tempfile
from pathlib import Path

from clients import Client, Transcript, text_of
from waiting import PATIENCE, until

HERE = Path(__file__).resolve().parent
# Where packages of npm and PyPI are installed for the tests; see tools/install_packages.sh.
JS_PACKAGES = Path(os.environ.get("CLARION_JS_PACKAGES", HERE.parents[1] / "build/js_packages"))
PYTHON_PACKAGES = Path(os.environ.get("CLARION_PYTHON_PACKAGES",
                                      HERE.parents[1] / "build/python_packages"))


def not_as_root():
    """Some clients refuse to run as root: what to put before their command then."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


class RealClient:
    """An account's client. `server` is a Relay or a Clarion; `trusted` the file of authorities."""

    def __init__(self, server, name, password, *, directory, trusted):
        self.server = server
        self.bare = f"{name}@{server.domain}"
        self._name = name
        self._password = password
        self._home = Path(tempfile.mkdtemp(prefix=f"{type(self).__name__}-{name}-",
                                           dir=directory.path))
        self.log = self._home / "output.log"
        self._environment = {**os.environ, "HOME": str(self._home), "LANG": "C.UTF-8",
                             "SSL_CERT_FILE": trusted, "NODE_EXTRA_CA_CERTS": trusted}
        self._process = None

    async def _run(self, *command, stdin=asyncio.subprocess.PIPE):
        with open(self.log, "ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *map(str, command), stdin=stdin, stdout=asyncio.subprocess.PIPE, stderr=log,
                env=self._environment, limit=2**20)

    def _give_away(self):
        """To the user that not_as_root() makes of root."""
        if os.geteuid() != 0:
            return
        for path in [self._home, *self._home.rglob("*")]:
            shutil.chown(path, "nobody", "nogroup")
        os.chmod(self._home.parent, 0o711)

    async def comes_back(self):
        """After a cut. All but Slixmpp do it by themselves."""

    async def quit(self):
        """The program is there no more, however it took that."""
        if self._process and self._process.returncode is None:
            self._process.kill()
        if self._process:
            await self._process.wait()

    @property
    def tail(self):
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else "(no log)"


class Slixmpp:
    """The Client of all other tests, with the manners of those here."""

    resource = "slixmpp"

    def __init__(self, server, name, password, *, directory, trusted):
        self._transcript = Transcript(directory / f"{name}.log")
        self._client = Client(server, name, password, self.resource, stream_management=True,
                              transcript=self._transcript, trusted=trusted)
        self.bare = f"{name}@{server.domain}"

    async def start(self):
        await self._client.login()
        self._client.come_online()
        await self._client.settle()

    async def comes_back(self):
        await self._client.resume()

    async def says(self, to, body):
        self._client.say(to, body)

    def heard(self):
        return [body for one in self._client.messages
                if (body := text_of(one, "{jabber:client}body"))]

    @property
    def tail(self):
        return self._transcript.tail()

    async def quit(self):
        await self._client.close()
        self._transcript.close()


class DrivenClient(RealClient):
    """A library in a program of ours that takes commands and tells events, as lines of JSON."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.events = []  # what the driver told
        self._reader = None

    async def _drive(self, *command):
        await self._run(*command)
        self._reader = asyncio.create_task(self._read())

    async def _read(self):
        async for line in self._process.stdout:
            self.events.append(json.loads(line))

    def count(self, event):
        return sum(1 for one in self.events if one["event"] == event)

    async def tells(self, event, times=1):
        await until(lambda: self.count(event) >= times,
                    lambda: f"{type(self).__name__} tells {event}, has told {self.events}\n"
                            f"{self.tail}")

    async def _command(self, command, **more):
        self._process.stdin.write(json.dumps({"command": command, **more}).encode() + b"\n")
        await self._process.stdin.drain()

    async def says(self, to, body):
        await self._command("say", to=to, body=body)

    async def ping(self):
        """Asks the server something and waits for the answer."""
        before = self.count("pong")
        await self._command("ping")
        await self.tells("pong", before + 1)

    def heard(self):
        return [one["body"] for one in self.events if one["event"] == "message"]

    async def quit(self):
        await super().quit()
        if self._reader:
            await self._reader


class XmppJs(DrivenClient):
    """@xmpp/client from npm, driven by xmpp_js/client.js."""

    resource = "js"

    @property
    def service(self):
        return f"xmpp://{self.server.address}:{self.server.client_port}"

    async def start(self):
        # Node looks for packages beside the script, so that is copied to where they are.
        script = self._home / "client.js"
        shutil.copy(HERE / "xmpp_js/client.js", script)
        shutil.copy(HERE / "xmpp_js/package.json", self._home)
        (self._home / "node_modules").symlink_to(JS_PACKAGES / "node_modules")
        await self._drive("node", "--preserve-symlinks", "--experimental-global-webcrypto", script,
                          self.service, self.server.domain, self._name, self._password,
                          self.resource)
        await self.tells("online")
        await self.tells("enabled")  # it is online before it could resume


class Omemo(DrivenClient):
    """slixmpp with its OMEMO plug-in, driven by omemo/client.py: it says and hears only what is
    encrypted. Its keys stay when it is started anew."""

    def __init__(self, *arguments, resource="omemo", **options):
        super().__init__(*arguments, **options)
        self.resource = resource
        self._trusted = options["trusted"]

    async def start(self):
        online = self.count("online") + 1
        await self._drive(PYTHON_PACKAGES / "bin/python", HERE / "omemo/client.py",
                          self.server.address, self.server.client_port, self._trusted,
                          f"{self.bare}/{self.resource}", self._password, self._home / "keys.json")
        await self.tells("online", online)

    async def befriends(self, other):
        await self._command("subscribe", to=other.bare)

    async def says(self, to, body):
        before = self.count("sent")
        await super().says(to, body)
        await self.tells("sent", before + 1)

    def encrypted(self):
        """For each message that it heard, whether it was."""
        return [one["encrypted"] for one in self.events if one["event"] == "message"]

    async def knows_devices(self, other, count):
        """Waits until it knows that many of the other's account."""
        async def look():
            before = self.count("devices")
            await self._command("devices", of=other.bare)
            await self.tells("devices", before + 1)
            last = [one for one in self.events if one["event"] == "devices"][-1]
            return last["count"] == count
        await until(look, lambda: f"{self.bare} knows {count} devices of {other.bare}, "
                                  f"told {self.events[-1]}\n{self.tail}")


class GoSendxmpp(RealClient):
    """go-sendxmpp, as it is used in scripts: one process sends, or one listens and prints."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._lines = []
        self._reader = None

    def _arguments(self):
        return ["go-sendxmpp", "-u", self.bare, "-p", self._password,
                "-j", f"{self.server.address}:{self.server.client_port}"]

    async def start(self):
        """Listens."""
        await self._run(*self._arguments(), "--listen", stdin=asyncio.subprocess.DEVNULL)
        self._reader = asyncio.create_task(self._read())

    async def _read(self):
        async for line in self._process.stdout:
            self._lines.append(line.decode())

    async def says(self, to, body):
        await self._run(*self._arguments(), to)
        out, _ = await asyncio.wait_for(self._process.communicate(body.encode() + b"\n"),
                                        20 * PATIENCE)
        if self._process.returncode != 0:
            raise AssertionError(f"go-sendxmpp: {self._process.returncode}\n{out}\n{self.tail}")

    def heard(self):
        """It prints TIME SENDER: BODY."""
        return [line.rstrip("\n").split(": ", 1)[1] for line in self._lines if ": " in line]

    async def quit(self):
        await super().quit()
        if self._reader:
            await self._reader
