"""Dino on a screen of its own. It finds its server by its domain's name and believes the system's
authorities only, so it has a mount namespace with files of its own for both; its account is put into
its database, and what it heard is read from there. What it shall say is typed."""
import asyncio
import sqlite3

from waiting import PATIENCE, until
from windowed_client import WindowedClient

PORT = 5222  # what it connects to when DNS has no SRV records
RECEIVED, SENT = 0, 1  # 'direction' in its table of messages
OMEMO = 2  # 'encryption' there, and in that of conversations
COMPOSING = "{http://jabber.org/protocol/chatstates}:composing"
# The last thing that it makes of its database when it is new.
LAST_MADE = "settings_conversationid_key"

# What a new mount namespace gets in place of the system's files, and then the program.
IN_NAMESPACE = """
set -e
for file in etc/hosts etc/resolv.conf etc/ssl/certs/ca-certificates.crt; do
    mount --bind "$1/$(basename $file)" /$file
done
shift
exec "$@"
"""


class Dino(WindowedClient):
    """The server must listen on PORT of its address."""

    resource = "dino"

    def __init__(self, *arguments, trusted, **options):
        super().__init__(*arguments, trusted=trusted, **options)
        self._database = self._data / "dino/dino.db"
        self._environment["GSK_RENDERER"] = "cairo"
        with open(trusted, encoding="ascii") as authorities:
            self._files = {
                "hosts": f"{self.server.address} {self.server.domain}\n",
                "resolv.conf": f"nameserver {self.server.address}\n",  # where nobody answers
                "ca-certificates.crt": authorities.read()}

    async def start(self):
        for name, text in self._files.items():
            (self._home / name).write_text(text)
        await self._open_display()
        await self._make_database()
        self._write("INSERT INTO account (bare_jid, resourcepart, password, enabled) "
                    "VALUES (?, ?, ?, 1)", self.bare, self.resource, self._password)
        await self._come_online()

    async def restart_with_omemo(self):
        """From then on, all chats that there are by now are encrypted."""
        await self._end(self._programs[-1])
        self._write("UPDATE conversation SET encryption = ?", OMEMO)
        await self._come_online()

    async def _come_online(self):
        before = len(self._said())
        await self._launch_dino()
        # It asks for its roster when it is.
        await until(lambda: "jabber:iq:roster" in self._said()[before:],
                    lambda: f"Dino is online\n{self.tail}", 60)

    def _said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    async def _launch_dino(self):
        return await self._launch(
            "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", IN_NAMESPACE, "sh",
            str(self._home), "dino-im", "--print-xmpp=all")

    async def _make_database(self):
        """It does that itself when it is first started."""
        program = await self._launch_dino()
        await until(self._has_database, lambda: f"Dino has made its database\n{self.tail}", 30)
        await self._end(program)

    def _has_database(self):
        return self._database.exists() and self._read(
            "SELECT 1 FROM sqlite_master WHERE name = ?", LAST_MADE)

    def _connect(self):
        return sqlite3.connect(self._database, timeout=20)

    def _read(self, query, *values):
        connection = self._connect()
        try:
            return list(connection.execute(query, values))
        finally:
            connection.close()

    def _write(self, query, *values):
        connection = self._connect()
        with connection:
            connection.execute(query, values)
        connection.close()

    def _messages(self, column, direction):
        return [value for value, in self._read(
            f"SELECT {column} FROM message WHERE direction = ? ORDER BY id", direction)]

    def heard(self):
        return self._messages("body", RECEIVED)

    def encrypted(self):
        """For each of them, whether it was (with OMEMO)."""
        return [one == OMEMO for one in self._messages("encryption", RECEIVED)]

    async def says(self, body):
        """In the conversation that it shows."""
        before = len(self._said())

        async def is_typed_to():
            await self._xdotool("key", "x")
            return COMPOSING in self._said()[before:]
        await until(is_typed_to, lambda: f"Dino lets its user type\n{self.tail}", 20)
        sent = len(self._messages("body", SENT))
        await self._xdotool("key", "ctrl+a", "type", "--delay", "20", body)
        await self._xdotool("key", "Return")
        await until(lambda: self._messages("body", SENT)[sent:] == [body],
                    lambda: f"Dino says {body!r}, said {self._messages('body', SENT)}", 20)

    async def _xdotool(self, *words):
        process = await asyncio.create_subprocess_exec("xdotool", *words, env=self._environment)
        assert await asyncio.wait_for(process.wait(), 20 * PATIENCE) == 0, words

    def avatar_of(self, jid):
        """The id of the one that it has of them, or None."""
        found = self._read("SELECT hash FROM contact_avatar JOIN jid ON jid.id = jid_id "
                           "WHERE bare_jid = ?", jid)
        return found[0][0] if found else None
