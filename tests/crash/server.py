"""A real clariond in a directory of its own: started, killed, stopped, asked."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from ports import free_port

CLARIOND = os.environ.get("CLARIOND", "")
CLARIONCTL = os.environ.get("CLARIONCTL", "")
FAULT_LAYER = os.environ.get("CLARION_FAULT_LAYER", "")
# Under a sanitizer everything takes a few times as long: CLARION_PATIENCE stretches the deadlines.
PATIENCE = float(os.environ.get("CLARION_PATIENCE", "1"))

DOMAIN = "crash.test"


class NotReady(Exception):
    """The server did not come up; the text has the end of its log."""


class Server:
    """`settings`: sections of clarion.toml beyond the usual, as text. `environment`: for the fault
    layer."""

    def __init__(self, settings="", durability="full", storage="", smacks="", c2s=""):
        self.directory = Path(tempfile.mkdtemp(prefix="clarion-crash-"))
        self.port = free_port()
        self.database = self.directory / "data" / "db"
        self.log = self.directory / "log"
        self.environment = {}
        self.process = None
        self.ready_times = []
        self.configure(settings, durability, storage, smacks, c2s)

    def configure(self, settings="", durability="full", storage="", smacks="", c2s=""):
        (self.directory / "clarion.toml").write_text(f"""
[server]
domains = ["{DOMAIN}"]
data_dir = "{self.directory}/data"
admin_socket = "{self.directory}/admin.sock"
account_idle_time = 1
shards = 2
[storage]
durability = "{durability}"
{storage}
[c2s]
require_encryption = false
allow_plain_without_encryption = true
{c2s}
[auth]
scram_iterations = 4096
[mam]
max_page = 1000
[offline]
max_messages = 1000000
[smacks]
max_queue_size = 100000
max_queue_bytes = 1000000000
max_account_queue_bytes = 1000000000
{smacks}
[[listen]]
type = "c2s"
address = "127.0.0.1"
port = {self.port}
{settings}""")

    # --- the process --------------------------------------------------------------------------

    def _command(self, *arguments):
        return [CLARIOND, "--config", str(self.directory / "clarion.toml"), *arguments]

    def spawn(self):
        """Starts it and does not wait."""
        with open(self.log, "a", encoding="utf-8") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(self._command(), stderr=log, stdout=log,
                                            env={**os.environ, **self.environment})
        self.spawned = time.monotonic()

    def wait_ready(self, within=20.0):
        end = self.spawned + within * PATIENCE
        while " server ready " not in self.new_log():
            if self.process.poll() is not None:
                raise NotReady(f"ended with {self.process.returncode}:\n{self.new_log()}")
            if time.monotonic() > end:
                raise NotReady(f"not ready after {within * PATIENCE:.0f} s:\n{self.new_log()}")
            time.sleep(0.005)
        self.ready_times.append(time.monotonic() - self.spawned)

    def start(self, within=20.0):
        self.spawn()
        self.wait_ready(within)

    def new_log(self):
        """What was logged since the last start."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            log.seek(self.log_start)
            return log.read()

    def kill(self):
        """The process is gone at once, as after SIGKILL or (with the fault layer) a power cut."""
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """Asks it to stop in order, and does not wait."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, within=30.0):
        return self.process.wait(within * PATIENCE)

    def run(self, *arguments, within=30.0):
        """clariond in the foreground until it ends by itself."""
        return subprocess.run(self._command(*arguments), capture_output=True, text=True,
                              timeout=within * PATIENCE, env={**os.environ, **self.environment})

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if os.environ.get("CLARION_KEEP"):
            print("kept:", self.directory, file=sys.stderr)
        else:
            shutil.rmtree(self.directory, ignore_errors=True)

    # --- administration -----------------------------------------------------------------------

    def ask(self, command, **arguments):
        """One command over the admin socket; its result, or RuntimeError with the answer."""
        body = json.dumps(arguments)
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(20 * PATIENCE)
            admin.connect(str(self.directory / "admin.sock"))
            admin.sendall(f"POST /v1/{command} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                          f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                          f"{body}".encode())
            answer = b""
            while True:
                some = admin.recv(65536)
                if not some:
                    break
                answer += some
        told = json.loads(answer.partition(b"\r\n\r\n")[2])
        if not told.get("ok"):
            raise RuntimeError(f"{command}: {answer.decode()}")
        return told.get("result")

    def add_accounts(self, names):
        """All of them with the password 'secret'."""
        users = self.directory / "users"
        users.write_text("".join(f"{name}@{DOMAIN}\tsecret\n" for name in names))
        done = subprocess.run([CLARIONCTL, "--socket", str(self.directory / "admin.sock"), "user",
                               "import", str(users)], capture_output=True, text=True,
                              timeout=60 * PATIENCE)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def is_asleep(self, name):
        return any(session["state"] == "asleep"
                   for session in self.ask("session/list", jid=f"{name}@{DOMAIN}"))
