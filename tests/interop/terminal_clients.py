"""Clients in a terminal: typed to, and read from the screen."""
import asyncio
import re
import subprocess

from real_clients import RealClient, not_as_root
from waiting import until


class TerminalClient(RealClient):
    """In a terminal of its own (tmux)."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._starts = 0
        self._terminal = None  # the socket of its tmux
        self._environment.update(XDG_CONFIG_HOME=str(self._home / "config"),
                                 XDG_DATA_HOME=str(self._home / "data"),
                                 XDG_CACHE_HOME=str(self._home / "cache"), TERM="xterm")

    def _write(self, name, text):
        path = self._home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)

    async def _tmux(self, *command):
        process = await asyncio.create_subprocess_exec(
            "tmux", "-S", str(self._terminal), "-f", "/dev/null", *command, env=self._environment,
            stdout=asyncio.subprocess.PIPE, stderr=subprocess.DEVNULL)
        out, _ = await process.communicate()
        return out.decode(errors="replace")

    async def _open(self, command):
        # The terminal before may still be about to end, and a new session in it would end with it.
        self._starts += 1
        self._terminal = self._home / f"tmux{self._starts}"
        await self._tmux("new-session", "-d", "-x", "160", "-y", "60", command)

    async def screen(self):
        return await self._tmux("capture-pane", "-p")

    async def shows(self, text, within=20.0):
        async def look():
            self._seen = await self.screen()
            return text in self._seen
        await until(look, lambda: f"{type(self).__name__} shows {text!r}, shows\n{self._seen}",
                    within)

    async def types(self, line):
        await self._tmux("send-keys", "-l", line)
        await self._tmux("send-keys", "Enter")

    async def says(self, to, body):
        await self.types(f"/msg {to} {body}")

    async def says_in_room(self, room, body):
        """It shows the room's window, as it has joined it."""
        await self.types(body)

    async def quit(self):
        for number in range(1, self._starts + 1):
            self._terminal = self._home / f"tmux{number}"
            await self._tmux("kill-server")


def groups(**named):
    """The text of a file of groups of keys, as GLib reads it."""
    return "".join(f"[{group}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items())
                   for group, keys in named.items())


class Profanity(TerminalClient):
    resource = "terminal"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._own_names = {"me"}
        self._write("config/profanity/profrc", groups(
            connection={"reconnect": 1}, ui={"splash": "false", "enc.warn": "false"}))
        self._write("data/profanity/accounts", groups(**{self.bare: {
            "enabled": "true", "jid": self.bare, "server": self.server.address,
            "port": self.server.client_port, "resource": self.resource,
            "password": self._password, "presence.login": "online", "tls.policy": "force"}}))

    async def start(self):
        await self._open(f"profanity --account {self.bare} --log DEBUG --logfile {self.log}")
        await self.shows("logged in successfully")

    async def joins(self, room, nick):
        self._own_names.add(nick)
        await self.types("/occupants default hide")  # it would show them beside the text
        await self.types(f"/join {room} nick {nick}")

    async def heard(self):
        """What the open window shows of others: TIME - SENDER: BODY."""
        lines = re.findall(r"^[\d:]+ - (\S+): (.*?)\s*$", await self.screen(), re.MULTILINE)
        return [body for sender, body in lines if sender not in self._own_names]


class Mcabber(TerminalClient):
    resource = "mcabber"

    async def start(self):
        self._write(".mcabber/mcabberrc", f"""
set jid = {self.bare}
set password = {self._password}
set server = {self.server.address}
set port = {self.server.client_port}
set resource = {self.resource}
set tls = 1
set ssl_ignore_checks = 1
set tracelog_level = 2
set tracelog_file = {self.log}
""")
        await self._open(f"mcabber -f {self._home}/.mcabber/mcabberrc")
        await self.shows("{o} ")

    async def says(self, to, body):
        await self.types(f"/say_to {to} {body}")


class Poezio(TerminalClient):
    resource = "poezio"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._trusted = options["trusted"]

    async def start(self):
        self._write("config/poezio/poezio.cfg", groups(Poezio={
            "jid": f"{self.bare}/{self.resource}", "password": self._password,
            "custom_host": self.server.address, "custom_port": self.server.client_port,
            "ca_cert_path": self._trusted, "log_dir": self._home / "logs"}))
        self.log.touch()
        self._give_away()
        await self._open(" ".join([*not_as_root(), "poezio", "-d", str(self.log)]))
        await self.shows("Authentication success")

    async def types(self, line):
        """What comes at once is pasted, and a line's end in that sends nothing."""
        await self._tmux("send-keys", "-l", line)
        await self.shows(line[-20:])
        await self._tmux("send-keys", "Enter")

    async def joins(self, room, nick):
        await self._tmux("send-keys", "-l", "/")  # the list of contacts has no line to type in

        async def is_typed_to():
            return "Enter commands with" not in await self.screen()
        await until(is_typed_to, "poezio lets its user type")
        await self.types(f"join {room}/{nick}")
