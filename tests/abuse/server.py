"""A clariond of its own for one attack: with TLS, on free ports, as it is by default; its memory,
its CPU time and its log."""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from ports import free_ports

CLARIOND = os.environ.get("CLARIOND", "")
CLARIONCTL = os.environ.get("CLARIONCTL", "")
# Under a sanitizer, or beside other tests, everything takes a few times as long.
PATIENCE = float(os.environ.get("CLARION_PATIENCE", "1"))
# A sanitizer keeps what was given back, so that memory says nothing.
SANITIZED = bool(os.environ.get("CLARION_SANITIZED"))

DOMAIN = "abuse.test"
PASSWORD = "secret"
LISTENERS = ("c2s", "c2s-tls", "s2s", "s2s-tls", "https", "http")


class Line:
    """One line of the log: when, how important, by which part of the server, what; and whom it is
    about."""

    fields = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')

    def __init__(self, text):
        self.text = text
        self.at, self.level, self.area, self.what, rest = (text.split(" ", 4) + [""] * 5)[:5]
        found = {key: value.strip('"') for key, value in self.fields.findall(rest)}
        names = ["account", "peer", "from", "jid", "session", "domain", "remote", "network",
                 "address"]
        if found.get("kind", "").startswith("s2s"):
            names.reverse()  # servers that have proved nothing say any name they like
        self.who = next((found[name] for name in names if found.get(name)), "").split("/")[0]

    @property
    def second(self):
        return self.at[:19]

    @property
    def kind(self):
        return f"{self.area} {self.what}"


class Server:
    """`settings`: sections of clarion.toml beyond the usual, as text. `sections`: more lines of the
    usual sections, by name."""

    def __init__(self, settings="", **sections):
        self.directory = Path(tempfile.mkdtemp(prefix="clarion-abuse-"))
        kinds = [*LISTENERS, *(["proxy65"] if "[proxy65." in settings else [])]
        self.ports = dict(zip(kinds, free_ports(len(kinds))))
        self.log = self.directory / "log"
        self.process = None
        key, certificate = self.directory / "key.pem", self.directory / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3", "-subj",
                        f"/CN={DOMAIN}", "-addext", f"subjectAltName=DNS:{DOMAIN}",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        usual = {
            "server": f'domains = ["{DOMAIN}"]\ndata_dir = "{self.directory}/data"\n'
                      f'admin_socket = "{self.directory}/admin.sock"\nshards = 2',
            "tls": f'certificate = "{certificate}"\nprivate_key = "{key}"',
            "log": 'level = "info"',
            "auth": "scram_iterations = 4096",
            # Nobody answers there, unless the attack brings its own name server.
            "dns": 'servers = ["127.0.0.1:9"]\ntimeout = "1s"',
        }
        for name, text in sections.items():
            usual[name] = text if name == "dns" else f"{usual.get(name, '')}\n{text}"
        listeners = "".join(f'[[listen]]\ntype = "{kind}"\naddress = "127.0.0.1"\nport = {port}\n'
                            for kind, port in self.ports.items())
        (self.directory / "clarion.toml").write_text(
            "".join(f"[{name}]\n{text}\n" for name, text in usual.items()) + listeners + settings)

    # --- the process --------------------------------------------------------------------------

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([CLARIOND, "--config", self.directory / "clarion.toml"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 20 * PATIENCE
        while " server ready " not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server does not start:\n{self.log.read_text()}")
            time.sleep(0.01)

    def is_alive(self):
        return self.process.poll() is None

    def stop(self):
        """Returns its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(30 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def last_words(self):
        """The end of its log, or what a sanitizer found first, which may be long before the end."""
        text = self.log.read_text(errors="replace")
        found = re.search(r"={17}|runtime error:", text)
        return text[found.start():][:8000] if found else text[-2000:]

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if os.environ.get("CLARION_KEEP"):
            print("kept:", self.directory, file=sys.stderr)
        else:
            shutil.rmtree(self.directory, ignore_errors=True)

    # --- administration -----------------------------------------------------------------------

    def ctl(self, *arguments, check=True):
        """What `clarionctl ARGUMENTS` prints."""
        done = subprocess.run([CLARIONCTL, "--socket", self.directory / "admin.sock", *arguments],
                              capture_output=True, text=True, timeout=60 * PATIENCE)
        if check and done.returncode != 0:
            raise RuntimeError(f"clarionctl {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def add_accounts(self, names):
        """All of them with the same password."""
        users = self.directory / "users"
        users.write_text("".join(f"{name}@{DOMAIN}\t{PASSWORD}\n" for name in names))
        self.ctl("user", "import", str(users))

    # --- what it costs ------------------------------------------------------------------------

    def memory(self):
        """Bytes of its own (RssAnon): no files, so no pages of the database."""
        try:
            text = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        found = re.search(r"RssAnon:\s+(\d+) kB", text)
        return int(found[1]) * 1024 if found else 0

    def cpu_seconds(self):
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def written(self):
        """Bytes it had the kernel write to the disk."""
        try:
            text = Path(f"/proc/{self.process.pid}/io").read_text()
        except OSError:
            return 0
        return int(re.search(r"\nwrite_bytes: (\d+)", text)[1])

    def lines(self, start=0):
        """What was logged from byte `start` on, at level info and above."""
        with open(self.log, "rb") as log:
            log.seek(start)
            texts = log.read().decode(errors="replace").splitlines()
        return [line for line in map(Line, texts) if line.level in ("info", "warning", "error")]


class MemoryWatch(threading.Thread):
    """Looks at the server's memory every 50 ms until it is stopped."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self._server = server
        self._over = threading.Event()
        self.before = self.most = server.memory()
        self.start()

    def run(self):
        while not self._over.wait(0.05):
            self.most = max(self.most, self._server.memory())

    def stop(self):
        """Returns by how much it grew at most, in bytes."""
        self._over.set()
        self.join()
        return self.most - self.before


class DiskWatch(threading.Thread):
    """How long the disk takes for 4 KB, twenty times a second: what an acknowledgement waits for at
    least, whoever keeps the disk busy."""

    def __init__(self, directory):
        super().__init__(daemon=True)
        self._file = os.open(directory / "disk", os.O_WRONLY | os.O_CREAT, 0o600)
        self._over = threading.Event()
        self._times = []
        self.start()

    def run(self):
        while not self._over.wait(0.05):
            began = time.monotonic()
            os.pwrite(self._file, b"x" * 4096, 0)
            os.fdatasync(self._file)
            self._times.append((time.monotonic() - began) * 1000)

    def stop(self):
        """Returns the longest of these times, in milliseconds."""
        self._over.set()
        self.join()
        os.close(self._file)
        return max(self._times, default=0.0)


def most_in_one_second(lines):
    counts = collections.Counter(line.second for line in lines)
    return max(counts.values(), default=0)


def most_of_one_kind(lines):
    """((who, kind), how many lines)."""
    counts = collections.Counter((line.who, line.kind) for line in lines)
    return max(counts.items(), key=lambda item: item[1], default=(("", ""), 0))
