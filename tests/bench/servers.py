"""The servers that tests/bench/peers.py measures: clariond, Prosody and ejabberd, each started from
Debian's package or our build in a temporary directory of its own, on free ports, with the same
features (stream management, carbons, archive of every message) and the same accounts. Each can be
kept to one core (`core`), so that CPU time means the same for all.

TMPDIR says where these directories are; /dev/shm takes the disk out of the comparison.
Nothing of the system's own services is touched; a server is stopped by the process id we started.
"""
import hashlib
import hmac
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = "localhost"
COMPONENT = "push.localhost"
ROOMS = "rooms.localhost"
SECRET = "bench-secret"
PASSWORD = "bench-password"
ITERATIONS = 4096  # of SCRAM, the same for all: logging in is not what is compared


def ports_for(*uses):
    return dict(zip(uses, free_ports(len(uses))))


def fetch_cloud_notify(directory):
    """A plugin directory with nothing but mod_cloud_notify of Debian's prosody-modules, which need not
    be installed."""
    subprocess.run(["apt-get", "download", "-q", "prosody-modules"], cwd=directory, check=True,
                   capture_output=True)
    package, = Path(directory).glob("prosody-modules_*.deb")
    subprocess.run(["dpkg", "-x", package, Path(directory) / "unpacked"], check=True)
    plugins = Path(directory) / "plugins"
    shutil.copytree(Path(directory) / "unpacked/usr/lib/prosody/modules/mod_cloud_notify",
                    plugins / "mod_cloud_notify")
    return plugins


def package_version(package):
    """Debian's, without its revision: "0.12.3"."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], check=True,
                          capture_output=True, text=True)
    return done.stdout.split("-")[0]


class Server:
    """One server under test. Accounts outlive stop() and start(), so that a fresh process is measured."""
    name = ""
    realtime = False  # whether it goes before everything else that runs on the machine; needs root

    def __init__(self, archive=True, core=None, sqlite=None):
        """`sqlite` is a directory for SQLite files, if not with the rest."""
        self.archive = archive
        self.core = core
        self.directory = Path(tempfile.mkdtemp(prefix=f"bench-{self.name}-"))
        self.sqlite = Path(tempfile.mkdtemp(prefix="bench-sqlite-", dir=sqlite or self.directory))
        self.ports = ports_for("c2s", "c2s-tls", "component", "http")
        self.process = None
        subprocess.run([ROOT / "tools/dev_cert.sh", self.directory, DOMAIN], check=True,
                       stdout=subprocess.DEVNULL)

    def path(self, name):
        return self.directory / name

    def write(self, name, text):
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)

    def start(self):
        self.launch()
        self.wait_for_port(self.ports["c2s"])
        time.sleep(1)

    def launch(self):
        pinned = ["taskset", "-c", str(self.core)] if self.core is not None else []
        first = ["chrt", "-r", "1"] if self.realtime else []
        with open(self.path("output.log"), "ab") as log:
            self.process = subprocess.Popen([*first, *pinned, *self.command()], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.directory,
                                            env={**os.environ, **self.environment()})

    def wait_for_port(self, port, patience=60):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {self.log_tail()}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"{self.name} does not listen: {self.log_tail()}")

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self):
        """Without a chance to put anything in order."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.sqlite, ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def log_tail(self):
        return self.path("output.log").read_text(errors="replace")[-2000:]

    def environment(self):
        return {}


class Clarion(Server):
    name = "clarion"

    def __init__(self, archive=True, build=None, core=None, server="", more=""):
        """`server` is TOML for the table [server]; `more` is further tables."""
        super().__init__(archive, core)
        self.ready_seconds = None  # from the start of the process to "ready"
        self.build = Path(build or ROOT / "build/release/bin").resolve()
        self.write("clarion.toml", f"""
[server]
domains = ["{DOMAIN}"]
data_dir = "{self.path('data')}"
admin_socket = "{self.path('admin.sock')}"
{"shards = 1" if core is not None else ""}
{server}
[log]
level = "warning"
[tls]
certificate = "{self.path('cert.pem')}"
private_key = "{self.path('key.pem')}"
[c2s]
require_encryption = false
max_work_percent = 0
allow_plain_without_encryption = true
[auth]
scram_iterations = {ITERATIONS}
[limits]
c2s_connections_per_address = 0
new_connections_per_second = 0
c2s_bytes_per_second = 0
s2s_bytes_per_second = 0
[modules]
disabled = [{"" if archive else '"mam"'}]
[component."{COMPONENT}"]
secret = "{SECRET}"
[[listen]]
type = "c2s"
address = "127.0.0.1"
port = {self.ports['c2s']}
[[listen]]
type = "c2s-tls"
address = "127.0.0.1"
port = {self.ports['c2s-tls']}
[[listen]]
type = "component"
address = "127.0.0.1"
port = {self.ports['component']}
{more}
""")
        self.path("data").mkdir()
        self.leave_out_unknown_options()

    def leave_out_unknown_options(self):
        """Of an older build that others are compared with."""
        done = subprocess.run([self.build / "clariond", "--check", "--config",
                               self.path("clarion.toml")], capture_output=True, text=True)
        unknown = {int(line) for line in
                   re.findall(r"clarion\.toml:(\d+): .*: no such option", done.stdout + done.stderr)}
        lines = self.path("clarion.toml").read_text().splitlines(keepends=True)
        self.write("clarion.toml", "".join(line for number, line in enumerate(lines, 1)
                                           if number not in unknown))

    def start(self, patience=120):
        """Until clariond tells its service manager, which is us, that it is ready."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            self.path("notify.sock").unlink(missing_ok=True)
            manager.bind(str(self.path("notify.sock")))
            manager.settimeout(0.2)
            began = time.monotonic()
            self.launch()
            while time.monotonic() < began + patience:
                try:
                    if b"READY=1" in manager.recv(4096):
                        self.ready_seconds = time.monotonic() - began
                        return
                except TimeoutError:
                    if self.process.poll() is not None:
                        raise RuntimeError(f"{self.name} ended: {self.log_tail()}") from None
        raise RuntimeError(f"{self.name} does not become ready: {self.log_tail()}")

    def environment(self):
        return {"NOTIFY_SOCKET": str(self.path("notify.sock"))}

    def ctl(self, *arguments):
        """What `clarionctl ARGUMENTS` prints."""
        done = subprocess.run([self.build / "clarionctl", "--socket", self.path("admin.sock"),
                               *arguments], capture_output=True, text=True, timeout=1800)
        if done.returncode != 0:
            raise RuntimeError(f"clarionctl {arguments[0]}: {done.stderr}")
        return done.stdout

    @staticmethod
    def version(build):
        done = subprocess.run([Path(build) / "clariond", "--version"], check=True,
                              capture_output=True, text=True)
        return done.stdout.split()[-1]

    def command(self):
        return [self.build / "clariond", "--config", self.path("clarion.toml")]

    def add_accounts(self, count):
        subprocess.run([self.build / "clarion-bench", "accounts", "-n", str(count), "--domain", DOMAIN,
                        "--password", PASSWORD, "--database", self.path("data")], check=True)


class Prosody(Server):
    name = "prosody"

    def __init__(self, archive=True, core=None, sqlite=None, plugins=None, storage="sql"):
        """`storage` of archives: "sql" (SQLite) or "internal" (files)."""
        super().__init__(archive, core, sqlite)
        modules = ["roster", "saslauth", "tls", "disco", "carbons", "smacks", "csi", "ping",
                   "version", "offline", "pep"]
        modules += ["mam"] if archive else []
        modules += ["cloud_notify"] if plugins else []
        listed = "; ".join(f'"{module}"' for module in modules)
        self.write("prosody.cfg.lua", f"""
run_as_root = true
daemonize = false
pidfile = "{self.path('prosody.pid')}"
data_path = "{self.path('data')}"
plugin_paths = {{ {f'"{plugins}"' if plugins else ''} }}
log = {{ warn = "{self.path('prosody.log')}" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {self.ports['c2s']} }}
c2s_direct_tls_ports = {{ {self.ports['c2s-tls']} }}
component_ports = {{ {self.ports['component']} }}
component_interfaces = {{ "127.0.0.1" }}
http_ports = {{ }}
https_ports = {{ }}
modules_enabled = {{ {listed} }}
modules_disabled = {{ "s2s" }}
authentication = "internal_hashed"
password_hash = "SHA-256"
storage = {{ archive = "{storage}" }}
default_storage = "internal"
pep_max_items = 100000
sql = {{ driver = "SQLite3", database = "{self.sqlite / 'archive'}" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
ssl = {{ certificate = "{self.path('cert.pem')}"; key = "{self.path('key.pem')}" }}
VirtualHost "{DOMAIN}"
Component "{COMPONENT}"
    component_secret = "{SECRET}"
Component "{ROOMS}" "muc"
    modules_enabled = {{ {'"muc_mam"' if archive else ''} }}
    muc_room_default_persistent = true
""")

    @staticmethod
    def version(_build):
        package_version("lua-dbi-sqlite3")
        return package_version("prosody")

    def command(self):
        return ["/usr/bin/prosody", "-F", "--config", self.path("prosody.cfg.lua")]

    def add_accounts(self, count):
        """Written as mod_auth_internal_hashed keeps them; one salt for all saves minutes."""
        salt = "bench-salt"
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt.encode(), ITERATIONS)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        stored = hashlib.sha256(client_key).hexdigest()
        server = hmac.digest(salted, b"Server Key", "sha256").hex()
        text = (f'return {{ ["iteration_count"] = {ITERATIONS}; ["salt"] = "{salt}"; '
                f'["stored_key"] = "{stored}"; ["server_key"] = "{server}"; }};\n')
        for i in range(count):
            self.write(f"data/{DOMAIN}/accounts/user{i}.dat", text)


class Ejabberd(Server):
    name = "ejabberd"

    def __init__(self, archive=True, core=None, sqlite=None):
        super().__init__(archive, core, sqlite)
        self.write("both.pem", self.path("cert.pem").read_text() + self.path("key.pem").read_text())
        mam = f"""
  mod_mam:
    default: always
    db_type: sql""" if archive else ""
        self.write("ejabberd.yml", f"""
hosts: ["{DOMAIN}"]
loglevel: warning
certfiles: ["{self.path('both.pem')}"]
auth_method: internal
auth_password_format: scram
auth_scram_hash: sha256
sql_type: sqlite
sql_database: "{self.sqlite / 'archive'}"
access_rules:
  everybody:
    allow: all
api_permissions:
  "bench":
    from: [mod_http_api]
    who: all
    what: "*"
listen:
  - {{port: {self.ports['c2s']}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true,
     access: everybody, shaper: none, max_stanza_size: 262144, backlog: 1024}}
  - {{port: {self.ports['c2s-tls']}, ip: "127.0.0.1", module: ejabberd_c2s, tls: true,
     access: everybody, shaper: none, max_stanza_size: 262144, backlog: 1024}}
  - {{port: {self.ports['http']}, ip: "127.0.0.1", module: ejabberd_http,
     request_handlers: {{/api: mod_http_api}}}}
  - port: {self.ports['component']}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: everybody
    shaper: none
    hosts:
      "{COMPONENT}": {{password: "{SECRET}"}}
modules:
  mod_roster: {{}}
  mod_disco: {{}}
  mod_carboncopy: {{}}
  mod_stream_mgmt: {{}}
  mod_client_state: {{}}
  mod_ping: {{}}
  mod_version: {{}}
  mod_offline: {{}}
  mod_caps: {{}}
  mod_pubsub:
    plugins: [pep]
    max_items_node: 100000
  mod_muc:
    host: "{ROOMS}"
    max_users: 5000
    max_user_conferences: 5000
    default_room_options: {{mam: {"true" if archive else "false"}, persistent: true, max_users: 5000}}
  mod_push: {{}}{mam}
""")
        self.path("spool").mkdir()

    def environment(self):
        return {"ERL_LIBS": "/usr/lib/x86_64-linux-gnu",
                "EJABBERD_CONFIG_PATH": str(self.path("ejabberd.yml")),
                "EJABBERD_LOG_PATH": str(self.path("ejabberd.log")),
                "ERL_CRASH_DUMP": str(self.path("crash.dump")),
                "HOME": str(self.directory)}

    @staticmethod
    def version(_build):
        package_version("erlang-p1-sqlite3")
        return package_version("ejabberd")

    def command(self):
        """As ejabberdctl runs it, without a node name: so no epmd, and nothing to be shared."""
        return ["/usr/bin/erl", "+K", "true", "+P", "250000", "-noinput", "-mnesia", "dir",
                f'"{self.path("spool")}"', "-s", "ejabberd"]

    def add_accounts(self, count):
        self.start()
        self.wait_for_port(self.ports["http"])
        url = f"http://127.0.0.1:{self.ports['http']}/api/register"

        def register(i):
            body = json.dumps({"user": f"user{i}", "host": DOMAIN, "password": PASSWORD}).encode()
            headers = {"Content-Type": "application/json"}
            urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60).read()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(register, range(count)))
        self.stop()
