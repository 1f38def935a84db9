"""Gajim on a screen of its own: set up through its settings' database, told what to say with
gajim-remote, and asked what it heard through its history's database. What that cannot tell it, a
plug-in can (gajim_driver/)."""
import asyncio
import json
import shutil
import sqlite3
from pathlib import Path

from real_clients import HERE, not_as_root
from waiting import PATIENCE, until
from windowed_client import WindowedClient

ACCOUNT = "test"
ROOM_RECEIVED, CHAT_RECEIVED = 2, 4  # 'kind' in Gajim's history
SETTINGS = """
CREATE TABLE settings (name TEXT UNIQUE, settings TEXT);
CREATE TABLE account_settings (account TEXT UNIQUE, settings TEXT);
"""


class Gajim(WindowedClient):
    """`certificate`: the server's; Gajim looks into a store of its own, not into ours."""

    plugins = {}  # its settings of them

    def __init__(self, *arguments, certificate, resource="desk", **options):
        super().__init__(*arguments, **options)
        self.resource = resource
        self._nick = ""  # in rooms
        self._certificate = certificate
        self._config /= "gajim"
        self._data /= "gajim"

    def _set_up(self):
        self._config.mkdir(parents=True)
        (self._data / "cert_store").mkdir(parents=True)
        shutil.copy(self._certificate, self._data / "cert_store/server")
        connection = sqlite3.connect(self._config / "settings.sqlite")
        connection.executescript(SETTINGS)
        app = {"use_keyring": False, "remote_control": True, "is_window_visible": True,
               "show_notifications": False, "sounds_on": False}
        for name, value in [("app", app), ("soundevents", {}), ("status_presets", {}),
                            ("proxies", {}), ("plugins", self.plugins)]:
            connection.execute("INSERT INTO settings VALUES (?, ?)", (name, json.dumps(value)))
        account = {"name": self._name, "hostname": self.server.domain, "password": self._password,
                   "resource": self.resource, "savepass": True, "active": True,
                   "autoconnect": True, "use_custom_host": True,
                   "custom_host": self.server.address, "custom_port": self.server.client_port}
        connection.execute("INSERT INTO account_settings VALUES (?, ?)", (ACCOUNT, json.dumps(
            {"account": account, "contact": {}, "group_chat": {}})))
        connection.commit()
        connection.close()

    async def start(self):
        self._set_up()
        self.log.touch()
        self._give_away()
        await self._open_display()
        await self._launch(*not_as_root(), "dbus-daemon", "--session", "--nofork", "--nopidfile",
                           f"--address={self._environment['DBUS_SESSION_BUS_ADDRESS']}")
        await until((self._home / "bus").exists, "the session's D-Bus is there")
        await self._launch(*not_as_root(), "gajim", "--verbose")
        await until(self._is_online, lambda: f"Gajim is online\n{self.tail}", 60)

    async def remote(self, *command):
        """What gajim-remote prints."""
        process = await asyncio.create_subprocess_exec(
            *not_as_root(), "gajim-remote", *command, env=self._environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        out, _ = await asyncio.wait_for(process.communicate(), 20 * PATIENCE)
        return out.decode()

    async def _is_online(self):
        return "online" in await self.remote("get_status", ACCOUNT)

    async def says(self, to, body):
        answer = await self.remote("send_chat_message", to, body, ACCOUNT)
        assert "True" in answer, answer

    def heard(self):
        """Messages of others in its history, in the order of their coming."""
        return [body for body, _ in self._history()]

    def encrypted(self):
        """For each of them, whether it was (with OMEMO)."""
        return [json.loads(more or "{}").get("encrypted", {}).get("name") == "OMEMO"
                for _, more in self._history()]

    def _history(self):
        history = sqlite3.connect(f"file:{self._data}/logs.db?mode=ro", uri=True)
        try:
            return list(history.execute(
                "SELECT message, additional_data FROM logs WHERE kind = ? OR (kind = ? AND "
                "contact_name != ?) ORDER BY log_line_id",
                (CHAT_RECEIVED, ROOM_RECEIVED, self._nick)))
        finally:
            history.close()

    def avatars(self):
        """The ids of those it has fetched."""
        folder = self._home / "cache/gajim/avatars"
        return [file.name for file in folder.iterdir()] if folder.exists() else []


class DrivenGajim(Gajim):
    """With a plug-in that does as it is told, and with OMEMO."""

    plugins = {"gajim_driver": {"active": True}, "omemo": {"active": True}}

    def _set_up(self):
        super()._set_up()
        shutil.copytree(HERE / "gajim_driver", self._data / "plugins/gajim_driver")

    async def joins(self, room, nick):
        self._nick = nick
        await self.does("join", room=room, nick=nick)
        await self.answers(True, "is_in", room=room)

    async def says_in_room(self, room, body):
        answer = await self.remote("send_groupchat_message", room, body, ACCOUNT)
        assert "True" in answer, answer

    async def does(self, command, **values):
        """What the command of that name in gajim_driver/driver.py answers."""
        reader, writer = await asyncio.open_unix_connection(self._home / "driver")
        writer.write(json.dumps({"command": command, **values}).encode() + b"\n")
        answer = json.loads(await asyncio.wait_for(reader.readline(), 20 * PATIENCE))
        writer.close()
        await writer.wait_closed()
        if "error" in answer:
            raise AssertionError(f"{command}: {answer['error']}\n{self.tail}")
        return answer["answer"]

    async def answers(self, expected, command, within=20.0, **values):
        """Waits until it does."""
        seen = None

        async def look():
            nonlocal seen
            seen = await self.does(command, **values)
            return seen == expected
        await until(look, lambda: f"Gajim's {command} {values} is {expected}, is {seen}\n{self.tail}",
                    within)

    async def changes_profile(self, picture, nick):
        """In its window; the picture is the data of a PNG."""
        file = self._home / "picture.png"
        file.write_bytes(picture)
        await self.does("open_profile")
        await self.answers("profile", "shown_in_profile")
        await self.does("change_profile", picture=str(file), nick=nick)
        await self.answers("profile", "shown_in_profile")

    async def can_encrypt_for(self, jid, count):
        """Waits until it has keys of that many devices."""
        async def look():
            return len(await self.does("devices_of", jid=jid)) == count
        await until(look, lambda: f"Gajim has keys of {jid}\n{self.tail}", 20)

    async def says_encrypted(self, to, body):
        await self.does("open_chat", jid=to)
        await self.does("encrypt", method="OMEMO")
        assert await self.does("write", text=body), f"it was not sent\n{self.tail}"

    async def sends_file(self, to, name, content):
        """Chosen by the menu of their chat."""
        await self.does("open_chat", jid=to)
        file = self._home / name
        file.write_bytes(content)
        assert await self.does("choose_file", path=str(file)), f"uploads are not offered\n{self.tail}"
        await self.does("send_files")

    async def shows_picture(self, url, content):
        """Waits until its chat does, in place of that address."""
        seen = None

        async def look():
            nonlocal seen
            seen = await self.does("previews")
            return seen.get(url, {}).get("shown")
        await until(look, lambda: f"Gajim shows {url}, shows {seen}\n{self.tail}", 20)
        assert Path(seen[url]["file"]).read_bytes() == content, seen
